// SPDX-License-Identifier: GPL-3.0-or-later
#include "current.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../util/cleanup.h"
#include "../util/log.h"

#define DIRECTORY "/run/custodes"
#define LINK	  DIRECTORY "/capture"

void current_set(const char *capture)
{
	_cleanup_free_ char *path = realpath(capture, NULL);

	if (mkdir(DIRECTORY, 0700) && errno != EEXIST) {
		log_warning("%s cannot be made: ledger --live does not find this capture", DIRECTORY);
		return;
	}
	unlink(LINK);
	if (!path || symlink(path, LINK))
		log_warning("%s cannot be made: ledger --live does not find this capture", LINK);
}

void current_clear(const char *capture)
{
	_cleanup_free_ char *path = realpath(capture, NULL);
	_cleanup_(buf_free) struct buf there = {};

	current_capture(&there);
	if (path && there.data && !strcmp(path, there.data))
		unlink(LINK);
}

int current_capture(struct buf *path)
{
	char target[PATH_MAX];
	ssize_t size = readlink(LINK, target, sizeof(target));

	if (size < 0)
		return -errno;
	buf_printf(path, "%.*s", (int)size, target);
	return 0;
}
