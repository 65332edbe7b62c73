// SPDX-License-Identifier: GPL-3.0-or-later
/* splice(2), file to pipe to socket. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	int fd = way_open(&way), sock = way_out(&way), ends[2];

	need(pipe(ends), "pipe");
	for (size_t left = way.size; left;) {
		ssize_t n = need(splice(fd, NULL, ends[1], NULL, left < 65536 ? left : 65536, 0), "splice");

		left -= (size_t)n;
		while (n)
			n -= need(splice(ends[0], NULL, sock, NULL, (size_t)n, 0), "splice");
	}
	return 0;
}
