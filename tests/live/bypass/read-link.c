// SPDX-License-Identifier: GPL-3.0-or-later
/* A hard link elsewhere, made and read by the product. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	int fd;

	need(link(way.file, argv[4]), "link");
	fd = (int)need(open(argv[4], O_RDONLY), argv[4]);
	unlink(argv[4]);
	return way_send(&way, bytes, get(fd, bytes, sizeof(bytes)));
}
