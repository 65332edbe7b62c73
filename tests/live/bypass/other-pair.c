// SPDX-License-Identifier: GPL-3.0-or-later
/* Through a socket pair, to a child. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	int ends[2];
	pid_t child;

	need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	child = (pid_t)need(fork(), "fork");
	if (!child) {
		close(ends[0]);
		exit(way_send(&way, bytes, get(ends[1], bytes, sizeof(bytes))));
	}
	close(ends[1]);
	get(way_open(&way), bytes, sizeof(bytes));
	put(ends[0], bytes, way.size);
	close(ends[0]);
	await_child(child);
	return 0;
}
