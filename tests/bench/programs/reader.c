// SPDX-License-Identifier: GPL-3.0-or-later
/* Reads every file of a tree, and does nothing with it: says how many bytes. */
#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

#include "bench.h"

static char bytes[128 << 10];
static uint64_t total;

static int one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	ssize_t got;
	int fd;

	(void)st, (void)at;
	if (type != FTW_F)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		bench_die(path);
	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		total += (uint64_t)got;
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2 || nftw(argv[1], one, 64, FTW_PHYS))
		bench_die("reader DIRECTORY");
	printf("%llu\n", (unsigned long long)total);
	return 0;
}
