// SPDX-License-Identifier: GPL-3.0-or-later
/* Through another process's /proc/PID/fd. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/proc/%s/fd/%s", argv[4], argv[5]);
	fd = (int)need(open(name, O_RDONLY), name);
	return way_send(&way, bytes, get(fd, bytes, sizeof(bytes)));
}
