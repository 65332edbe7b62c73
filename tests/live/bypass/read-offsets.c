// SPDX-License-Identifier: GPL-3.0-or-later
/* pread64(2) from the end backwards: the file's own offset never moves. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	int fd = way_open(&way);
	size_t left = way.size;

	while (left) {
		size_t n = left < 4096 ? left : 4096;

		left -= (size_t)need(pread(fd, bytes + left - n, n, (off_t)(left - n)), "pread");
	}
	return way_send(&way, bytes, way.size);
}
