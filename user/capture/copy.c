// SPDX-License-Identifier: GPL-3.0-or-later
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "../util/file.h"
#include "../util/log.h"
#include "bundle.h"
#include "statement.h"

#define NOTE_BYTES 65536
#define RETRIES	   100

/** A file that the next checkpoint may take away: a tile, or the bundle, that is not whole yet. */
struct part {
	char path[LAYOUT_PATH];
	struct buf bytes;
	bool there;
};

struct copy {
	const char *path;
	int from, to;
	struct buf note;
	struct checkpoint checkpoint;
	struct part parts[TREE_LEVELS + 1];
	size_t part_count;
};

/* ---- files ---- */

static int read_file(const struct copy *copy, const char *path, struct buf *bytes, size_t limit)
{
	_cleanup_close_ int fd = file_open_beneath(copy->from, path);

	return fd < 0 ? fd : file_read(fd, bytes, limit);
}

static int write_file(const struct copy *copy, const char *path, const struct buf *bytes)
{
	_cleanup_close_ int fd = -1;
	int r = file_make_parents_at(copy->to, path);

	if (r)
		return log_error(r, "the copy of %s/%s", copy->path, path);
	fd = openat(copy->to, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : file_write(fd, bytes->data, bytes->size);
	return r ? log_error(r, "the copy of %s/%s", copy->path, path) : 0;
}

/** Says that a file which the checkpoint covers cannot be had. */
static int missing(const struct copy *copy, const char *path, int error)
{
	log_error(error, "%s/%s", copy->path, path);
	return error == -ENOENT || error == -EFBIG ? -EBADMSG : error;
}

static int copy_file(const struct copy *copy, const char *path, size_t limit)
{
	_cleanup_(buf_free) struct buf bytes = {};
	int r = read_file(copy, path, &bytes, limit);

	return r ? missing(copy, path, r) : write_file(copy, path, &bytes);
}

/* ---- the checkpoint, and what goes with the next one ---- */

static int read_checkpoint(struct copy *copy)
{
	int r;

	buf_clear(&copy->note);
	r = read_file(copy, "checkpoint", &copy->note, NOTE_BYTES);
	if (r == -ENOENT)
		return log_error(r, "%s: not a capture: it has no checkpoint", copy->path);
	if (r)
		return log_error(r, "%s/checkpoint", copy->path);
	if (checkpoint_read(&copy->checkpoint, copy->note.data ? copy->note.data : "", copy->note.size))
		return log_error(-EBADMSG, "%s/checkpoint: not a checkpoint", copy->path);
	return 0;
}

static void forget_parts(struct copy *copy)
{
	for (size_t i = 0; i < copy->part_count; i++)
		buf_free(&copy->parts[i].bytes);
	copy->part_count = 0;
}

/** Of a bundle that goes on behind so many entries, those entries. */
static void cut(struct buf *bundle, unsigned int entries)
{
	struct entry entry;
	size_t off = 0;

	while (entries && bundle_entry((const uint8_t *)bundle->data, bundle->size, &off, &entry))
		entries--;
	if (!entries)
		bundle->size = off;
}

static int take_part(struct copy *copy, struct part *part, size_t limit)
{
	int r = read_file(copy, part->path, &part->bytes, limit);

	copy->part_count++;
	part->there = !r;
	return r && r != -ENOENT ? missing(copy, part->path, r) : 0;
}

static int take_parts(struct copy *copy)
{
	unsigned int width;
	int r = 0;

	for (unsigned int level = 0; !r && level < TREE_LEVELS; level++) {
		uint64_t hashes = copy->checkpoint.size >> 8 * level;
		struct part *part = &copy->parts[copy->part_count];

		width = hashes % TILE_WIDTH;
		if (!width)
			continue;
		layout_tile(part->path, level, hashes / TILE_WIDTH, width);
		r = take_part(copy, part, TILE_BYTES);
	}
	width = copy->checkpoint.size % TILE_WIDTH;
	if (r || !width)
		return r;
	layout_bundle(copy->parts[copy->part_count].path, copy->checkpoint.size / TILE_WIDTH, width);
	r = take_part(copy, &copy->parts[copy->part_count], BUNDLE_BYTES);
	cut(&copy->parts[copy->part_count - 1].bytes, width);
	return r;
}

static bool all_there(const struct copy *copy)
{
	for (size_t i = 0; i < copy->part_count; i++)
		if (!copy->parts[i].there)
			return false;
	return true;
}

static bool has_grown(const struct copy *copy)
{
	_cleanup_(buf_free) struct buf now = {};

	return !read_file(copy, "checkpoint", &now, NOTE_BYTES) && now.size &&
	       (now.size != copy->note.size || memcmp(now.data, copy->note.data, now.size) != 0);
}

/** All of one checkpoint. Where the next one came in between, all of that one. */
static int take_end(struct copy *copy)
{
	int r = 0;

	for (int attempt = 0; !r && attempt < RETRIES; attempt++) {
		forget_parts(copy);
		r = read_checkpoint(copy);
		if (!r)
			r = take_parts(copy);
		if (all_there(copy) || !has_grown(copy))
			break;
	}
	for (size_t i = 0; !r && i < copy->part_count; i++)
		if (copy->parts[i].there)
			r = write_file(copy, copy->parts[i].path, &copy->parts[i].bytes);
		else if (i + 1 < copy->part_count) /* the last is a bundle, which a cut may be without */
			r = missing(copy, copy->parts[i].path, -ENOENT);
	return r ? r : write_file(copy, "checkpoint", &copy->note);
}

/* ---- what no later checkpoint changes ---- */

static int copy_tiles(const struct copy *copy)
{
	char path[LAYOUT_PATH];
	int r = 0;

	for (unsigned int level = 0; level < TREE_LEVELS; level++) {
		uint64_t whole = level + 1 < TREE_LEVELS ? copy->checkpoint.size >> 8 * (level + 1) : 0;

		for (uint64_t index = 0; !r && index < whole; index++) {
			layout_tile(path, level, index, TILE_WIDTH);
			r = copy_file(copy, path, TILE_BYTES);
		}
	}
	return r;
}

/** What was pruned, or is not in a cut, is not there; who reads the copy finds out whether it may be so. */
static int copy_bundles(const struct copy *copy, copy_step *step, void *context)
{
	char path[LAYOUT_PATH];
	int r = 0;

	for (uint64_t index = 0; !r && index < copy->checkpoint.size / TILE_WIDTH; index++) {
		r = step(context, index * TILE_WIDTH);
		layout_bundle(path, index, TILE_WIDTH);
		if (!r && !faccessat(copy->from, path, F_OK, AT_SYMLINK_NOFOLLOW))
			r = copy_file(copy, path, BUNDLE_BYTES);
	}
	if (!r && !faccessat(copy->from, CUT_FILE, F_OK, AT_SYMLINK_NOFOLLOW))
		r = copy_file(copy, CUT_FILE, NOTE_BYTES);
	return r ? r : step(context, copy->checkpoint.size);
}

static int open_from(struct copy *copy, const char *from)
{
	*copy = (struct copy){.path = from, .from = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	return copy->from < 0 ? log_error(-errno, "%s", from) : 0;
}

static void close_from(struct copy *copy)
{
	closep(&copy->from);
	forget_parts(copy);
	buf_free(&copy->note);
}

int copy_checkpoint(const char *from, struct checkpoint *checkpoint)
{
	struct copy copy;
	int r = open_from(&copy, from);

	if (!r)
		r = read_checkpoint(&copy);
	*checkpoint = copy.checkpoint;
	close_from(&copy);
	return r;
}

int copy_log(const char *from, int to, struct checkpoint *checkpoint, copy_step *step, void *context)
{
	struct copy copy;
	int r = open_from(&copy, from);

	copy.to = to;
	if (!r)
		r = take_end(&copy);
	if (!r)
		r = copy_tiles(&copy);
	if (!r)
		r = copy_bundles(&copy, step, context);
	*checkpoint = copy.checkpoint;
	close_from(&copy);
	return r;
}
