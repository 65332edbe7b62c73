// SPDX-License-Identifier: GPL-3.0-or-later
/* Forks twice, in a session of its own, and goes on when both forebears are gone. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);

	if (need(fork(), "fork"))
		return 0;
	setsid();
	if (need(fork(), "fork"))
		_exit(0);
	while (getppid() != 1)
		usleep(1000);
	return way_send(&way, bytes, get(way_open(&way), bytes, sizeof(bytes)));
}
