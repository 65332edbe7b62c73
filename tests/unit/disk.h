/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disk below one directory: what the kernel shows of it, and what it has promised to keep. */
#ifndef CUSTODES_TESTS_DISK_H
#define CUSTODES_TESTS_DISK_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../user/util/buf.h"
#include "../../user/util/digest.h"
#include "../../user/util/memory.h"

#define PATH 128
#define FDS  256

/** A file or a directory, whatever its names are. */
struct node {
	bool directory;
	struct buf now, safe; /* what the kernel shows; what the disk has promised */
};

enum change { NAMED, UNNAMED, RENAMED };

/** A change of a directory. */
struct op {
	enum change change;
	char path[PATH], to[PATH]; /* below the log; `to` of RENAMED */
	size_t node;		   /* of NAMED */
	bool safe;
};

struct name {
	char path[PATH];
	size_t node;
};

/** What may have become of bytes that were not fsynced. */
enum fate { LOST, WHOLE, TORN, ZEROS, FATES };

static struct {
	bool watching;
	char base[PATH], log[PATH], after[PATH], full[PATH];
	struct node *nodes;
	size_t node_count;
	struct op *ops;
	size_t op_count;
	size_t open[FDS]; /* node + 1 */
	uint64_t calls, fails_at;
	uint64_t promised, given; /* events: sealed; handed over */
	bool begun;		  /* the writer has said that the log stands */
	uint8_t (*seen)[DIGEST_SIZE];
	size_t seen_count;
	uint64_t states;
} disk;

/* ---- names ---- */

static struct name *find(struct name *names, size_t count, const char *path)
{
	while (count--)
		if (!strcmp(names[count].path, path))
			return &names[count];
	return NULL;
}

static void apply(const struct op *op, struct name **names, size_t *count)
{
	struct name *from = op->change == NAMED ? NULL : find(*names, *count, op->path), *to;
	struct name name = {.node = op->node};

	strcpy(name.path, op->change == RENAMED ? op->to : op->path);
	if (op->change != NAMED) {
		if (!from)
			return; /* the name itself has not reached the disk */
		name.node = from->node;
		*from = (*names)[--*count];
	}
	if (op->change == UNNAMED)
		return;
	to = find(*names, *count, name.path);
	if (!to)
		to = GROW(*names, *count);
	*to = name;
}

static bool in_directory(const char *path, const char *directory)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;

	return strlen(directory) == length && !memcmp(path, directory, length);
}

/** A path below the log; false: it is elsewhere. */
static bool below(int at, const char *path, char to[PATH])
{
	char whole[2 * PATH], link[64];
	ssize_t length;
	size_t log = strlen(disk.log);

	if (!disk.watching)
		return false;
	if (*path == '/' || at == AT_FDCWD) {
		snprintf(whole, sizeof(whole), "%s", path);
	} else {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", at);
		length = readlink(link, whole, PATH);
		assert_in_range(length, 1, PATH - 1);
		snprintf(whole + length, sizeof(whole) - (size_t)length, *path ? "/%s" : "%s", path);
	}
	if (strncmp(whole, disk.log, log) || (whole[log] && whole[log] != '/'))
		return false;
	snprintf(to, PATH, "%s", whole[log] ? whole + log + 1 : "");
	return true;
}

static size_t node_add(bool directory)
{
	struct node *node = GROW(disk.nodes, disk.node_count);

	memset(node, 0, sizeof(*node));
	node->directory = directory;
	return disk.node_count - 1;
}

static void op_add(enum change change, const char *path, const char *to, size_t node)
{
	struct op *op = GROW(disk.ops, disk.op_count);

	memset(op, 0, sizeof(*op));
	op->change = change;
	op->node = node;
	strcpy(op->path, path);
	strcpy(op->to, to);
}

/** Which node has this name now; SIZE_MAX: none. */
static size_t node_at(const char *path)
{
	struct name *names = NULL, *name;
	size_t count = 0, node;

	for (size_t i = 0; i < disk.op_count; i++)
		apply(&disk.ops[i], &names, &count);
	name = find(names, count, path);
	node = name ? name->node : SIZE_MAX;
	free(names);
	return node;
}

#endif
