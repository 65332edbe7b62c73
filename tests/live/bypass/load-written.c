// SPDX-License-Identifier: GPL-3.0-or-later
/* Writes what somebody else loads as code, as a library that is preloaded. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);

	(void)way;
	way_write(argv[4], bytes, 4096);
	way_await_mark(argv[4]);
	return 0;
}
