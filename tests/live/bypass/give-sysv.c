// SPDX-License-Identifier: GPL-3.0-or-later
/* Through a System V segment that two processes have attached. */
#include "way.h"

#include <sys/shm.h>

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	int segment = (int)need(shmget((key_t)atol(argv[4]), 0, 0), "shmget");
	char *at = shmat(segment, NULL, 0);

	if ((long)at == -1)
		die("shmat");
	get(way_open(&way), at, way.size);
	at[way.size] = 1;
	return 0;
}
