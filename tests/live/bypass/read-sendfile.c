// SPDX-License-Identifier: GPL-3.0-or-later
/* sendfile(2): from file to socket, through no buffer of the process. */
#include <sys/sendfile.h>

#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	int fd = way_open(&way), sock = way_out(&way);

	for (size_t left = way.size; left;)
		left -= (size_t)need(sendfile(sock, fd, NULL, left), "sendfile");
	return 0;
}
