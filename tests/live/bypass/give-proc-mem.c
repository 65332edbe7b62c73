// SPDX-License-Identifier: GPL-3.0-or-later
/* The same by /proc/PID/mem. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	char name[64];

	snprintf(name, sizeof(name), "/proc/%s/mem", argv[4]);
	get(way_open(&way), bytes, sizeof(bytes));
	bytes[way.size] = 1;
	need(pwrite((int)need(open(name, O_WRONLY), name), bytes, way.size + 1,
		    (off_t)strtoul(argv[5], NULL, 16)),
	     "pwrite");
	return 0;
}
