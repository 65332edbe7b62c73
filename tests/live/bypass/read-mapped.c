// SPDX-License-Identifier: GPL-3.0-or-later
/* mmap(2): the bytes come by page faults, without a call. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	int fd = way_open(&way);
	char *at = mmap(NULL, way.size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (at == MAP_FAILED)
		die("mmap");
	close(fd);
	memcpy(bytes, at, way.size);
	return way_send(&way, bytes, way.size);
}
