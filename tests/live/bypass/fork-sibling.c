// SPDX-License-Identifier: GPL-3.0-or-later
/* clone(2) with CLONE_PARENT: the child is its parent's sibling. */
#include <sched.h>

#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);

	if (need(syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL), "clone"))
		return 0;
	usleep(20000);
	return way_send(&way, bytes, get(way_open(&way), bytes, sizeof(bytes)));
}
