// SPDX-License-Identifier: GPL-3.0-or-later
/* Staged in a file, for another process to send. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);

	get(way_open(&way), bytes, sizeof(bytes));
	put((int)need(open(argv[4], O_WRONLY | O_CREAT, 0644), argv[4]), bytes, way.size);
	return 0;
}
