// SPDX-License-Identifier: GPL-3.0-or-later
#include "damage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "../util/file.h"
#include "bundle.h"
#include "checkpoint.h"
#include "hashes.h"
#include "statement.h"
#include "tree.h"

typedef unsigned long long ull;

#define CHECK "entries"

struct damage {
	int dir;
	struct checkpoint checkpoint;
	struct hashes tiles;  /* as the tiles of level 0 have them */
	struct ranges absent; /* what need not be there: pruned, or not in this cut */
	bool cut;
	struct verdict *verdict;
	uint64_t found, missed; /* entries: damaged; absent, and they need not be there */
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

	return !file_read_plain_at(damage->dir, "checkpoint", &note, 65536) && note.size &&
	       !checkpoint_read(&damage->checkpoint, note.data, note.size);
}

static bool read_tiles(struct damage *damage)
{
	for (uint64_t index = 0; index * TILE_WIDTH < damage->checkpoint.size; index++) {
		_cleanup_(buf_free) struct buf bytes = {};
		unsigned int width = width_at(damage, index);
		char path[LAYOUT_PATH];

		layout_tile(path, 0, index, width);
		if (file_read_plain_at(damage->dir, path, &bytes, TILE_BYTES) ||
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

/* ---- what need not be there ---- */

static bool is_entry(const struct damage *damage, uint64_t number, const struct entry *entry)
{
	uint8_t hash[DIGEST_SIZE];

	tree_leaf(entry->at, entry->size, hash);
	return !memcmp(hash, damage->tiles.levels[0].at[number], DIGEST_SIZE);
}

/** What an entry's last PRUNE names, if it has one. */
static bool read_prune(struct unpacker *unpacker, const struct entry *entry, struct ranges *absent)
{
	struct block block;
	size_t off = sizeof(block.head);
	bool any = false;

	if (unpack(unpacker, entry, &block))
		return false;
	for (uint32_t i = 0; i < block.head.count; i++) {
		const struct ev_head *event = (const struct ev_head *)(block.bytes + off);

		if (event_check(event, block.size - off))
			break;
		if (event->kind == EV_PRUNE && event->channel == CHANNEL_USER) {
			ranges_free(absent);
			any = !ranges_pruned(absent, event);
		}
		off += event->size;
	}
	return any;
}

/** The same of a bundle's entries, those that are what they were. */
static bool find_prune(struct damage *damage, struct unpacker *unpacker, uint64_t index)
{
	_cleanup_(buf_free) struct buf bytes = {};
	unsigned int width = width_at(damage, index);
	char path[LAYOUT_PATH];
	struct entry entry;
	size_t off = 0;
	bool any = false;

	layout_bundle(path, index, width);
	if (file_read_plain_at(damage->dir, path, &bytes, BUNDLE_BYTES))
		return false;
	for (unsigned int i = 0; i < width; i++) {
		if (!bundle_entry((const uint8_t *)bytes.data, bytes.size, &off, &entry))
			break;
		if (is_entry(damage, index * TILE_WIDTH + i, &entry))
			any |= read_prune(unpacker, &entry, &damage->absent);
	}
	return any;
}

static void find_pruned(struct damage *damage)
{
	struct unpacker *unpacker = unpacker_new();
	uint64_t index = (damage->checkpoint.size + TILE_WIDTH - 1) / TILE_WIDTH;

	while (index && !find_prune(damage, unpacker, index - 1))
		index--;
	unpacker_free(&unpacker);
}

static bool read_cut(struct damage *damage)
{
	_cleanup_(cut_free) struct cut cut = {};
	_cleanup_(buf_free) struct buf text = {};

	damage->cut = !file_read_plain_at(damage->dir, CUT_FILE, &text, 1 << 24) && text.size &&
		      !cut_read(&cut, text.data, text.size) && cut.size == damage->checkpoint.size &&
		      !strcmp(cut.origin, damage->checkpoint.origin);
	if (damage->cut)
		ranges_without(&damage->absent, damage->checkpoint.size, &cut.entries);
	return damage->cut;
}

/** Whether a bundle that is not there need not be. */
static bool may_be_absent(struct damage *damage, uint64_t index, unsigned int width)
{
	const struct entry_range *range = ranges_find(&damage->absent, index * TILE_WIDTH);

	return range && range->to >= index * TILE_WIDTH + width;
}

/* ---- what is not as it was ---- */

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

		there = there && bundle_entry((const uint8_t *)bundle->data, bundle->size, &off, &entry);
		if (there && is_entry(damage, first + i, &entry)) {
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
	r = file_read_plain_at(damage->dir, path, &bytes, BUNDLE_BYTES);
	if (!r) {
		compare(damage, path, &bytes, index * TILE_WIDTH, width);
		return;
	}
	if (r == -ENOENT && may_be_absent(damage, index, width)) {
		damage->missed += width;
		return;
	}
	damage->found += width;
	verdict_say(damage->verdict, VERDICT_DOUBT, CHECK, "entries %llu to %llu (%s): %s",
		    (ull)index * TILE_WIDTH, (ull)index * TILE_WIDTH + width - 1, path, strerror(-r));
}

static void say_missed(struct damage *damage)
{
	_cleanup_(buf_free) struct buf text = {};

	ranges_text(&damage->absent, &text);
	verdict_say(damage->verdict, VERDICT_LIMIT, CHECK,
		    damage->cut ? "entries %s are not in this cut" :
				  "entries %s were pruned, as an entry says that is not damaged",
		    text.data);
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
	if (!read_cut(damage))
		find_pruned(damage);
	for (uint64_t index = 0; index * TILE_WIDTH < damage->checkpoint.size; index++)
		check_bundle(damage, index);
	if (damage->missed)
		say_missed(damage);
	if (damage->found)
		verdict_say(damage->verdict, VERDICT_PROVED, CHECK,
			    "the other %llu of %llu entries%s are those of the checkpoint",
			    (ull)(damage->checkpoint.size - damage->missed - damage->found),
			    (ull)(damage->checkpoint.size - damage->missed),
			    damage->missed ? " that should be there" : "");
}

void damage_locate(const char *path, struct verdict *verdict)
{
	struct damage damage = {.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .verdict = verdict};

	if (damage.dir >= 0)
		locate(&damage);
	hashes_free(&damage.tiles);
	ranges_free(&damage.absent);
	closep(&damage.dir);
}
