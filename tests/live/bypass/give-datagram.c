// SPDX-License-Identifier: GPL-3.0-or-later
/* By unix datagrams, to a name. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int sock = (int)need(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");
	size_t size = get(way_open(&way), bytes, sizeof(bytes));

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", argv[4]);
	for (size_t at = 0; at < size; at += 1000)
		need(sendto(sock, bytes + at, size - at < 1000 ? size - at : 1000, 0, (struct sockaddr *)&to,
			    sizeof(to)),
		     "sendto");
	need(sendto(sock, bytes, 0, 0, (struct sockaddr *)&to, sizeof(to)), "the end");
	return 0;
}
