// SPDX-License-Identifier: GPL-3.0-or-later
/* Over a unix stream socket. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int sock = (int)need(socket(AF_UNIX, SOCK_STREAM, 0), "socket");

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", argv[4]);
	need(connect(sock, (struct sockaddr *)&to, sizeof(to)), "connect");
	get(way_open(&way), bytes, sizeof(bytes));
	put(sock, bytes, way.size);
	return 0;
}
