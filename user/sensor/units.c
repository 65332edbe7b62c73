// SPDX-License-Identifier: GPL-3.0-or-later
#include "units.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "../util/cleanup.h"

/** Deeper than any hierarchy is. */
#define DEPTH_MAX 32

static bool ends_with(const char *at, size_t length, const char *suffix)
{
	size_t wanted = strlen(suffix);

	return length > wanted && !memcmp(at + length - wanted, suffix, wanted);
}

void units_of(const char *cgroup, struct buf *unit)
{
	for (const char *at = cgroup; *at;) {
		size_t length;

		at += *at == '/';
		length = strcspn(at, "/");
		if (ends_with(at, length, ".service") || ends_with(at, length, ".scope") ||
		    ends_with(at, length, ".socket")) {
			buf_clear(unit);
			buf_bytes(unit, at, length);
		}
		at += length;
	}
}

struct walk {
	struct buf path;
	void (*tell)(void *context, uint64_t id, const char *unit);
	void *context;
};

static void tell_of(struct walk *walk, int dir)
{
	_cleanup_(buf_free) struct buf unit = {};
	struct stat st;

	if (fstat(dir, &st))
		return;
	units_of(walk->path.data ? walk->path.data : "", &unit);
	walk->tell(walk->context, st.st_ino, unit.data ? unit.data : "");
}

static void walk_from(struct walk *walk, int at, const char *name, unsigned int depth)
{
	_cleanup_closedir_ DIR *dir = NULL;
	const struct dirent *entry;
	size_t length = walk->path.size;
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return; /* it has gone meanwhile */
	tell_of(walk, fd);
	dir = fdopendir(fd);
	while (dir && depth && (entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		buf_byte(&walk->path, '/');
		buf_str(&walk->path, entry->d_name);
		walk_from(walk, dirfd(dir), entry->d_name, depth - 1);
		walk->path.size = length;
		walk->path.data[length] = '\0';
	}
}

void units_each(int cgroups, void (*tell)(void *context, uint64_t id, const char *unit), void *context)
{
	struct walk walk = {.tell = tell, .context = context};

	walk_from(&walk, cgroups, ".", DEPTH_MAX);
	buf_free(&walk.path);
}
