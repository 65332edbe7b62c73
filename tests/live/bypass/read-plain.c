// SPDX-License-Identifier: GPL-3.0-or-later
/* The way without a trick, that the others are held against. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);

	return way_send(&way, bytes, get(way_open(&way), bytes, sizeof(bytes)));
}
