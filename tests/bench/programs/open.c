// SPDX-License-Identifier: GPL-3.0-or-later
/* One operation: open a small file, read from it, close it. */
#include <fcntl.h>
#include <unistd.h>

#include "bench.h"

static void op(void *context)
{
	char bytes[64];
	int fd = open(context, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, bytes, sizeof(bytes)) < 0)
		bench_die(context);
	close(fd);
}

int main(int argc, char **argv)
{
	double seconds = bench_seconds(argc, argv, 3, "SECONDS FILE");

	bench_run(seconds, 256, op, argv[2]);
	return 0;
}
