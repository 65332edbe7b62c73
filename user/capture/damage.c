// SPDX-License-Identifier: GPL-3.0-or-later
#include "damage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "../util/file.h"
#include "bundle.h"
#include "checkpoint.h"
#include "hashes.h"
#include "tree.h"

typedef unsigned long long ull;

#define CHECK "entries"

struct damage {
	int dir;
	struct checkpoint checkpoint;
	struct hashes tiles; /* as the tiles of level 0 have them */
	struct verdict *verdict;
	uint64_t found;
};

/** Entries behind each other in one bundle that are not those of its tile. */
struct run {
	uint64_t first, count;
	size_t offset;
};

static unsigned int width_at(const struct damage *damage, uint64_t index)
{
	uint64_t left = damage->checkpoint.size - index * TILE_WIDTH;

	return left < TILE_WIDTH ? (unsigned int)left : TILE_WIDTH;
}

static bool read_checkpoint(struct damage *damage)
{
	_cleanup_(buf_free) struct buf note = {};

	return !file_read_at(damage->dir, "checkpoint", &note, 65536) && note.size &&
	       !checkpoint_read(&damage->checkpoint, note.data, note.size);
}

static bool read_tiles(struct damage *damage)
{
	for (uint64_t index = 0; index * TILE_WIDTH < damage->checkpoint.size; index++) {
		_cleanup_(buf_free) struct buf bytes = {};
		unsigned int width = width_at(damage, index);
		char path[LAYOUT_PATH];

		layout_tile(path, 0, index, width);
		if (file_read_at(damage->dir, path, &bytes, TILE_BYTES) ||
		    bytes.size != width * (size_t)DIGEST_SIZE)
			return false;
		for (unsigned int i = 0; i < width; i++)
			hashes_add(&damage->tiles, (const uint8_t *)bytes.data + i * (size_t)DIGEST_SIZE);
	}
	return true;
}

static bool tiles_are_signed(const struct damage *damage)
{
	uint8_t root[DIGEST_SIZE];

	hashes_root(&damage->tiles, damage->checkpoint.size, root);
	return !memcmp(root, damage->checkpoint.root, DIGEST_SIZE);
}

/** `open`: nothing that is right follows in this bundle. */
static void say_run(struct damage *damage, const char *bundle, struct run *run, bool open)
{
	damage->found += run->count;
	if (run->count == 1)
		verdict_say(damage->verdict, VERDICT_DOUBT, CHECK,
			    "entry %llu (%s, from byte %zu) is not what its tile of hashes says",
			    (ull)run->first, bundle, run->offset);
	else if (run->count && open)
		verdict_say(damage->verdict, VERDICT_DOUBT, CHECK,
			    "entry %llu (%s, from byte %zu) is not what its tile of hashes says, nor can the "
			    "%llu behind it be told apart",
			    (ull)run->first, bundle, run->offset, (ull)run->count - 1);
	else if (run->count)
		verdict_say(damage->verdict, VERDICT_DOUBT, CHECK,
			    "entries %llu to %llu (%s, from byte %zu) are not what their tile of hashes says",
			    (ull)run->first, (ull)(run->first + run->count - 1), bundle, run->offset);
	*run = (struct run){};
}

static void compare(struct damage *damage, const char *path, const struct buf *bundle, uint64_t first,
		    unsigned int width)
{
	struct entry entry;
	struct run run = {};
	bool there = true;
	size_t off = 0;

	for (unsigned int i = 0; i < width; i++) {
		size_t from = off;
		uint8_t hash[DIGEST_SIZE];

		there = there && bundle_entry((const uint8_t *)bundle->data, bundle->size, &off, &entry);
		if (there)
			tree_leaf(entry.at, entry.size, hash);
		if (there && !memcmp(hash, damage->tiles.levels[0].at[first + i], DIGEST_SIZE)) {
			say_run(damage, path, &run, false);
			continue;
		}
		if (!run.count++)
			run.first = first + i, run.offset = from;
	}
	say_run(damage, path, &run, true);
}

static void check_bundle(struct damage *damage, uint64_t index)
{
	_cleanup_(buf_free) struct buf bytes = {};
	unsigned int width = width_at(damage, index);
	char path[LAYOUT_PATH];
	int r;

	layout_bundle(path, index, width);
	r = file_read_at(damage->dir, path, &bytes, BUNDLE_BYTES);
	if (!r) {
		compare(damage, path, &bytes, index * TILE_WIDTH, width);
		return;
	}
	damage->found += width;
	verdict_say(damage->verdict, VERDICT_DOUBT, CHECK, "entries %llu to %llu (%s): %s",
		    (ull)index * TILE_WIDTH, (ull)index * TILE_WIDTH + width - 1, path, strerror(-r));
}

static void locate(struct damage *damage)
{
	if (!read_checkpoint(damage) || !read_tiles(damage))
		return;
	if (!tiles_are_signed(damage)) {
		verdict_say(damage->verdict, VERDICT_LIMIT, CHECK,
			    "which entries are damaged: the tiles of hashes do not lead to the checkpoint's "
			    "root either");
		return;
	}
	for (uint64_t index = 0; index * TILE_WIDTH < damage->checkpoint.size; index++)
		check_bundle(damage, index);
	if (damage->found)
		verdict_say(damage->verdict, VERDICT_PROVED, CHECK,
			    "the other %llu of %llu entries are those of the checkpoint",
			    (ull)(damage->checkpoint.size - damage->found), (ull)damage->checkpoint.size);
}

void damage_locate(const char *path, struct verdict *verdict)
{
	struct damage damage = {.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .verdict = verdict};

	if (damage.dir >= 0)
		locate(&damage);
	hashes_free(&damage.tiles);
	closep(&damage.dir);
}
