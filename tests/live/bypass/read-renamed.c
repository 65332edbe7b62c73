// SPDX-License-Identifier: GPL-3.0-or-later
/* Renamed out of its directory before it is read. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);

	need(rename(way.file, argv[4]), "rename");
	return way_send(&way, bytes, get((int)need(open(argv[4], O_RDONLY), argv[4]), bytes, sizeof(bytes)));
}
