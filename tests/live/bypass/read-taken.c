// SPDX-License-Identifier: GPL-3.0-or-later
/* pidfd_getfd(2): the descriptor is taken out of a process that has the file open. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	int process = (int)need(syscall(SYS_pidfd_open, atoi(argv[4]), 0), "pidfd_open");
	int fd = (int)need(syscall(SYS_pidfd_getfd, process, atoi(argv[5]), 0), "pidfd_getfd");

	lseek(fd, 0, SEEK_SET);
	return way_send(&way, bytes, get(fd, bytes, sizeof(bytes)));
}
