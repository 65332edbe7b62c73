// SPDX-License-Identifier: GPL-3.0-or-later
/* Into a FIFO that another process reads. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);

	get(way_open(&way), bytes, sizeof(bytes));
	put((int)need(open(argv[4], O_WRONLY), argv[4]), bytes, way.size);
	return 0;
}
