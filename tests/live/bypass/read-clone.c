// SPDX-License-Identifier: GPL-3.0-or-later
/* FICLONE: a copy that shares the blocks, where the filesystem can. */
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	int fd = way_open(&way), copy = (int)need(open(argv[4], O_RDWR | O_CREAT, 0600), argv[4]);

	if (ioctl(copy, FICLONE, fd))
		return 77;
	return way_send(&way, bytes, get(copy, bytes, sizeof(bytes)));
}
