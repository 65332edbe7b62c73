// SPDX-License-Identifier: GPL-3.0-or-later
/* One operation: vfork, exec of a static program (bare/nothing.c), its end, wait. */
#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>

#include "bench.h"

static void op(void *context)
{
	char *argv[] = {context, NULL}, *envp[] = {NULL};
	pid_t child;
	int status;

	errno = posix_spawn(&child, context, NULL, NULL, argv, envp);
	if (errno)
		bench_die(context);
	if (waitpid(child, &status, 0) < 0 || status)
		bench_die("waitpid");
}

int main(int argc, char **argv)
{
	double seconds = bench_seconds(argc, argv, 3, "SECONDS PROGRAM");

	bench_run(seconds, 16, op, argv[2]);
	return 0;
}
