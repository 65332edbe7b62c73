// SPDX-License-Identifier: GPL-3.0-or-later
/* Through an overlay of the directory that it lies in. */
#include <libgen.h>
#include <sched.h>
#include <sys/mount.h>

#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	char directory[4096], empty[4096], layers[8300];

	snprintf(directory, sizeof(directory), "%s", way.file);
	snprintf(empty, sizeof(empty), "%s/none", argv[4]);
	snprintf(layers, sizeof(layers), "lowerdir=%s:%s", dirname(directory), empty);
	need(mkdir(argv[4], 0700), argv[4]);
	need(mkdir(empty, 0700), empty);
	need(unshare(CLONE_NEWNS), "unshare");
	need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
	if (mount("overlay", argv[4], "overlay", 0, layers))
		return 77;
	need(chdir(argv[4]), argv[4]);
	return way_send(
		&way, bytes,
		get((int)need(open(strrchr(way.file, '/') + 1, O_RDONLY), way.file), bytes, sizeof(bytes)));
}
