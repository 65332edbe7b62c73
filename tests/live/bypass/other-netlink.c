// SPDX-License-Identifier: GPL-3.0-or-later
/* Over netlink, from process to process. */
#include <linux/netlink.h>

#include "way.h"

static int bound(struct sockaddr_nl *name)
{
	int sock = (int)need(socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK), "socket");
	socklen_t size = sizeof(*name);

	*name = (struct sockaddr_nl){.nl_family = AF_NETLINK};
	need(bind(sock, (struct sockaddr *)name, sizeof(*name)), "bind");
	need(getsockname(sock, (struct sockaddr *)name, &size), "getsockname");
	return sock;
}

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	struct sockaddr_nl from, to;
	int out = bound(&from), in = bound(&to);
	size_t size = get(way_open(&way), bytes, sizeof(bytes));
	char back[1000];

	for (size_t at = 0; at < size; at += 1000) {
		need(sendto(out, bytes + at, size - at < 1000 ? size - at : 1000, 0, (struct sockaddr *)&to,
			    sizeof(to)),
		     "sendto");
		need(recv(in, back, sizeof(back), 0), "recv");
	}
	return 0;
}
