// SPDX-License-Identifier: GPL-3.0-or-later
/* One operation: the cheapest system call there is, with nothing of libc's around it. */
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

static void op(void *context)
{
	(void)context;
	syscall(SYS_getppid);
}

int main(int argc, char **argv)
{
	bench_run(bench_seconds(argc, argv, 2, "SECONDS"), 4096, op, NULL);
	return 0;
}
