// SPDX-License-Identifier: GPL-3.0-or-later
/* The same by /proc/PID/mem. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/proc/%s/mem", argv[4]);
	fd = (int)need(open(name, O_RDONLY), name);
	return way_send(&way, bytes,
			(size_t)need(pread(fd, bytes, way.size, (off_t)strtoul(argv[5], NULL, 16)), "pread"));
}
