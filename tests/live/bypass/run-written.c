// SPDX-License-Identifier: GPL-3.0-or-later
/* Writes a program, which somebody else starts. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);

	if (argc > 5) { /* started by the other */
		way_send(&way, bytes, get(way_open(&way), bytes, sizeof(bytes)));
		way_mark(argv[4]);
		return 0;
	}
	way_write(argv[4], bytes,
		  get((int)need(open("/proc/self/exe", O_RDONLY), "itself"), bytes, sizeof(bytes)));
	way_await_mark(argv[4]);
	return 0;
}
