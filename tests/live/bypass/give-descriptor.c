// SPDX-License-Identifier: GPL-3.0-or-later
/* Not the bytes but the descriptor: another process reads. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int sock = (int)need(socket(AF_UNIX, SOCK_STREAM, 0), "socket");

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", argv[4]);
	need(connect(sock, (struct sockaddr *)&to, sizeof(to)), "connect");
	pass(sock, way_open(&way));
	return 0;
}
