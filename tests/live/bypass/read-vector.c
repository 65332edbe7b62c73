// SPDX-License-Identifier: GPL-3.0-or-later
/* readv(2), preadv(2) and preadv2(2), a third each. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	int fd = way_open(&way);
	size_t third = way.size / 3, at = third;
	struct iovec parts[2] = {{bytes, 1000}, {bytes + 1000, third - 1000}};

	need(readv(fd, parts, 2), "readv");
	parts[0] = (struct iovec){bytes + at, third};
	at += (size_t)need(preadv(fd, parts, 1, (off_t)at), "preadv");
	parts[0] = (struct iovec){bytes + at, way.size - at};
	at += (size_t)need(preadv2(fd, parts, 1, (off_t)at, RWF_HIPRI), "preadv2");
	return way_send(&way, bytes, at);
}
