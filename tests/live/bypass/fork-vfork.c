// SPDX-License-Identifier: GPL-3.0-or-later
/* vfork(2), and exec in the borrowed memory. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	int sock = way_out(&way);
	pid_t child = vfork();

	if (!child) {
		dup2(sock, STDOUT_FILENO);
		execl("/bin/cat", "cat", way.file, (char *)NULL);
		_exit(EXIT_BROKEN);
	}
	close(sock);
	await_child((pid_t)need(child, "vfork"));
	return 0;
}
