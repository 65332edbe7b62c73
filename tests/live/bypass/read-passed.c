// SPDX-License-Identifier: GPL-3.0-or-later
/* The descriptor comes from a process that nobody watches, over a unix socket. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int sock = (int)need(socket(AF_UNIX, SOCK_STREAM, 0), "socket");

	if (argc < 5)
		die("PEER");
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", argv[4]);
	need(connect(sock, (struct sockaddr *)&to, sizeof(to)), "connect");
	return way_send(&way, bytes, get(receive_passed(sock), bytes, sizeof(bytes)));
}
