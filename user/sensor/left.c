// SPDX-License-Identifier: GPL-3.0-or-later
#include "left.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uthash.h>

#include "../util/cleanup.h"
#include "../util/clock.h"
#include "../util/memory.h"
#include "device.h"

#define WAIT_NS (10 * NSEC_PER_SEC)
/** So many wait; the oldest is looked at early. */
#define WAITING_MAX 16384
/** In so many entries of its directory a file is looked for that is not where it was. */
#define ENTRIES_MAX 65536

struct waiting {
	struct left_file file;
	uint64_t due;
	char *path;
	UT_hash_handle hh; /* in the order in which they are due */
};

struct left {
	struct waiting *waiting;
};

struct left *left_new(void)
{
	return need(calloc(1, sizeof(struct left)));
}

static void waiting_free(struct waiting *waiting)
{
	free(waiting->path);
	free(waiting);
}

void left_free(struct left **left)
{
	struct waiting *each, *next;

	if (!*left)
		return;
	HASH_ITER(hh, (*left)->waiting, each, next) {
		HASH_DEL((*left)->waiting, each);
		waiting_free(each);
	}
	free(TAKE_PTR(*left));
}

void left_wait(struct left *left, uint64_t now, const struct left_file *file, const char *path)
{
	struct waiting *waiting;

	HASH_FIND(hh, left->waiting, &file->object, sizeof(file->object), waiting);
	if (waiting) {
		HASH_DEL(left->waiting, waiting);
		waiting_free(waiting);
	}
	waiting = need(calloc(1, sizeof(*waiting)));
	waiting->file = *file;
	waiting->due = now + WAIT_NS;
	waiting->path = need(strdup(path));
	HASH_ADD(hh, left->waiting, file.object, sizeof(waiting->file.object), waiting);
}

/* ---- whether it is still there ---- */

/** Another file may have its inode by now: who unpacks one file after another uses one again and again. */
static bool same_generation(const struct waiting *waiting, int path)
{
	_cleanup_close_ int fd = -1;
	char name[32];
	uint32_t generation;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", path);
	fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 || !generation_of(fd, &generation) || generation == waiting->file.object.gen;
}

static bool is_it(const struct waiting *waiting, int fd, struct stat *st)
{
	return fd >= 0 && !fstat(fd, st) && S_ISREG(st->st_mode) && st->st_ino == waiting->file.object.ino &&
	       device_of_file(fd, st->st_dev) == waiting->file.object.dev && same_generation(waiting, fd);
}

/** Under another name, in the directory where it was made. */
static bool renamed(const struct waiting *waiting, int at, char *name, size_t room, struct stat *st)
{
	DIR *directory = fdopendir(at);
	const struct dirent *entry;
	bool there = false;

	for (int i = 0; directory && !there && i < ENTRIES_MAX && (entry = readdir(directory)); i++) {
		_cleanup_close_ int fd = -1;

		if (entry->d_ino != waiting->file.object.ino)
			continue;
		fd = openat(dirfd(directory), entry->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		there = is_it(waiting, fd, st);
		snprintf(name, room, "%s", entry->d_name);
	}
	if (directory)
		closedir(directory);
	else
		close(at);
	return there;
}

/** By a path that leads there from our own root, or from its process's: what it is called there now. */
static bool stands(const struct waiting *waiting, const char *root, char *name, size_t room, struct stat *st)
{
	_cleanup_(buf_free) struct buf path = {};
	const char *slash = strrchr(waiting->path, '/'), *called = slash ? slash + 1 : waiting->path;
	_cleanup_close_ int fd = -1;
	int at;

	buf_printf(&path, "%s%.*s/", root, (int)(called - waiting->path), waiting->path);
	at = open(path.data, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return false;
	fd = openat(at, called, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	snprintf(name, room, "%s", called);
	if (is_it(waiting, fd, st))
		return close(at), true;
	close(fd);
	fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(at);
	return fd >= 0 && renamed(waiting, TAKE_FD(fd), name, room, st);
}

static const struct ev_head *tell(const struct waiting *waiting, const char *name, const struct stat *st,
				  struct draft *draft)
{
	_cleanup_(buf_free) struct buf path = {};
	struct ev_left *event = DRAFT(draft, LEFT, left, clock_boot());
	const char *slash = strrchr(waiting->path, '/');

	buf_printf(&path, "%.*s%s", slash ? (int)(slash + 1 - waiting->path) : 0, waiting->path, name);
	event->head.lineage = waiting->file.lineage;
	event->head.tgid = waiting->file.tgid;
	event->object = waiting->file.object;
	event->size = (uint64_t)st->st_size;
	draft_str(draft, &event->path, path.data, path.size);
	return draft_end(draft);
}

static const struct ev_head *look(const struct waiting *waiting, struct draft *draft)
{
	char root[32], name[NAME_MAX + 1];
	struct stat st;

	snprintf(root, sizeof(root), "/proc/%u/root", waiting->file.tgid);
	if (!stands(waiting, "", name, sizeof(name), &st) && !stands(waiting, root, name, sizeof(name), &st))
		return NULL;
	return tell(waiting, name, &st, draft);
}

const struct ev_head *left_next(struct left *left, uint64_t now, struct draft *draft)
{
	struct waiting *waiting;
	const struct ev_head *event = NULL;

	while (!event && (waiting = left->waiting)) {
		if (waiting->due > now && HASH_COUNT(left->waiting) <= WAITING_MAX)
			break;
		event = look(waiting, draft);
		HASH_DEL(left->waiting, waiting); /* NOLINT: it stands in the table */
		waiting_free(waiting);
	}
	return event;
}
