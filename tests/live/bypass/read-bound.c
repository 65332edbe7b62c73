// SPDX-License-Identifier: GPL-3.0-or-later
/* A bind mount elsewhere, in a mount namespace of its own. */
#include <sched.h>
#include <sys/mount.h>

#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);

	need(unshare(CLONE_NEWNS), "unshare");
	need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
	close((int)need(open(argv[4], O_CREAT | O_WRONLY, 0600), argv[4]));
	need(mount(way.file, argv[4], NULL, MS_BIND, NULL), "mount");
	return way_send(&way, bytes, get((int)need(open(argv[4], O_RDONLY), argv[4]), bytes, sizeof(bytes)));
}
