// SPDX-License-Identifier: GPL-3.0-or-later
/* In PID, mount and user namespaces of its own. */
#include <sched.h>

#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	int sock = way_out(&way), fd = way_open(&way);
	pid_t child;

	need(unshare(CLONE_NEWPID | CLONE_NEWNS), "unshare");
	child = (pid_t)need(fork(), "fork");
	if (!child) {
		put(sock, bytes, get(fd, bytes, sizeof(bytes)));
		_exit(0);
	}
	await_child(child);
	return 0;
}
