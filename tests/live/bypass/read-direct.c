// SPDX-License-Identifier: GPL-3.0-or-later
/* O_DIRECT: past the page cache. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	int fd = (int)need(open(way.file, O_RDONLY | O_DIRECT), way.file);

	return way_send(&way, bytes, get(fd, bytes, sizeof(bytes)));
}
