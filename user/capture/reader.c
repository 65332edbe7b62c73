// SPDX-License-Identifier: GPL-3.0-or-later
#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../util/file.h"
#include "../util/log.h"
#include "../util/memory.h"
#include "bundle.h"
#include "statement.h"
#include "tree.h"

/** One bundle, mapped: read once in order, it costs no copy. */
struct mapped {
	const uint8_t *bytes;
	size_t size;
};

struct reader {
	struct source source;
	char *path;
	int dir;
	struct checkpoint checkpoint;
	struct buf note;
	uint64_t behind[2]; /* bytes that are no entry's: of the last bundle, of whole ones */
	struct unpacker *unpacker;
	struct mapped tail; /* the last bundle: its name goes when the log grows */
	struct mapped bundle;
	size_t bundle_off;
	uint64_t entry; /* the next one to unpack */
	struct block block;
	size_t block_off;
	uint32_t block_left;	      /* events */
	uint64_t position;	      /* of the next event */
	struct cut cut;		      /* what it was cut out of; no origin: it is a whole log */
	struct ranges absent, pruned; /* entries without content; those that the log itself says are pruned */
	bool skipped;		      /* some of those stand right before the next event */
	bool behind_gap;	      /* and before the one that was given last */
};

static void unmap(struct mapped *mapped)
{
	if (mapped->bytes)
		munmap((void *)mapped->bytes, mapped->size);
	*mapped = (struct mapped){};
}

static unsigned int bundle_width(const struct reader *reader, uint64_t index)
{
	uint64_t left = reader->checkpoint.size - index * TILE_WIDTH;

	return left < TILE_WIDTH ? (unsigned int)left : TILE_WIDTH;
}

static int map_file(const struct reader *reader, const char *path, struct mapped *mapped)
{
	_cleanup_close_ int fd = file_open_plain(reader->dir, path);
	struct stat st;
	void *bytes;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		return -errno;
	if (!st.st_size)
		return -EBADMSG;
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	*mapped = (struct mapped){bytes, (size_t)st.st_size};
	return 0;
}

/** A whole bundle, or the tail, which is mapped already and stays the reader's. -ENOENT: it is not there. */
static int bundle_map(const struct reader *reader, uint64_t index, struct mapped *mapped)
{
	char path[LAYOUT_PATH];
	int r;

	if (bundle_width(reader, index) < TILE_WIDTH) {
		*mapped = reader->tail;
		return reader->tail.bytes ? 0 : -ENOENT;
	}
	layout_bundle(path, index, TILE_WIDTH);
	r = map_file(reader, path, mapped);
	if (r && r != -ENOENT)
		log_error(r, "%s/%s", reader->path, path);
	return r && r != -ENOENT ? -EBADMSG : r; /* the checkpoint says that it exists */
}

static void bundle_unmap(const struct reader *reader, struct mapped *mapped)
{
	if (mapped->bytes != reader->tail.bytes)
		unmap(mapped);
	*mapped = (struct mapped){};
}

/** Of entries whose bundle is not there the hashes are taken from their tile: the root is over them as well.
 */
static int verify_absent(struct reader *reader, uint64_t index, struct tree *tree, struct reader_watch *watch)
{
	unsigned int width = bundle_width(reader, index);
	_cleanup_(buf_free) struct buf tile = {};
	char path[LAYOUT_PATH];

	layout_tile(path, 0, index, width);
	if (file_read_plain_at(reader->dir, path, &tile, TILE_BYTES) ||
	    tile.size != (size_t)width * DIGEST_SIZE)
		return log_error(-EBADMSG,
				 "%s: entries %llu to %llu are not there, nor is the tile of their hashes",
				 reader->path, (unsigned long long)tree->size,
				 (unsigned long long)tree->size + width - 1);
	ranges_add(&reader->absent, tree->size, tree->size + width);
	for (unsigned int i = 0; i < width; i++) {
		const uint8_t *hash = (const uint8_t *)tile.data + (size_t)i * DIGEST_SIZE;

		if (watch)
			watch->entry(watch, tree->size, reader->checkpoint.size, hash);
		tree_add(tree, hash);
	}
	return 0;
}

static int verify_bundle(struct reader *reader, uint64_t index, struct tree *tree, struct reader_watch *watch)
{
	unsigned int width = bundle_width(reader, index);
	struct mapped mapped = {};
	struct entry entry;
	uint8_t hash[DIGEST_SIZE];
	size_t off = 0;
	int r = bundle_map(reader, index, &mapped);

	if (r == -ENOENT)
		return verify_absent(reader, index, tree, watch);
	for (unsigned int i = 0; !r && i < width; i++) {
		if (!bundle_entry(mapped.bytes, mapped.size, &off, &entry)) {
			r = log_error(-EBADMSG, "%s: entry %llu is cut short", reader->path,
				      (unsigned long long)tree->size);
			break;
		}
		tree_leaf(entry.at, entry.size, hash);
		if (watch)
			watch->entry(watch, tree->size, reader->checkpoint.size, hash);
		tree_add(tree, hash);
	}
	reader->behind[width == TILE_WIDTH] += mapped.size - off;
	if (mapped.bytes)
		bundle_unmap(reader, &mapped);
	return r;
}

static int verify(struct reader *reader, struct reader_watch *watch)
{
	_cleanup_free_ struct tree *tree = need(calloc(1, sizeof(*tree)));
	uint8_t root[DIGEST_SIZE];
	int r = 0;

	for (uint64_t i = 0; !r && i * TILE_WIDTH < reader->checkpoint.size; i++)
		r = verify_bundle(reader, i, tree, watch);
	if (r)
		return r;
	tree_root(tree, root);
	if (memcmp(root, reader->checkpoint.root, sizeof(root)))
		return log_error(-EBADMSG, "%s: the entries do not hash to the checkpoint's root",
				 reader->path);
	return 0;
}

static int open_checkpoint(struct reader *reader)
{
	struct buf *text = &reader->note;
	int r;

	buf_clear(text);
	r = file_read_plain_at(reader->dir, "checkpoint", text, 65536);
	if (r == -ENOENT)
		return log_error(r, "%s: not a capture: it has no checkpoint", reader->path);
	if (r)
		return log_error(r, "%s/checkpoint", reader->path);
	if (checkpoint_read(&reader->checkpoint, text->data ? text->data : "", text->size))
		return log_error(-EBADMSG, "%s/checkpoint: not a checkpoint", reader->path);
	return 0;
}

/**
 * The checkpoint and the bundle that it ends in. Of a log that is being written
 * to, the next checkpoint may take both away in between: then they are read again.
 */
static int open_end(struct reader *reader)
{
	char path[LAYOUT_PATH];
	int r;

	for (int attempt = 0;; attempt++) {
		unsigned int width;

		r = open_checkpoint(reader);
		if (r)
			return r;
		width = reader->checkpoint.size % TILE_WIDTH;
		if (!width)
			return 0;
		layout_bundle(path, reader->checkpoint.size / TILE_WIDTH, width);
		r = map_file(reader, path, &reader->tail);
		if (r == -ENOENT && *reader->cut.origin)
			return 0;
		if (r != -ENOENT || attempt == 100)
			break;
	}
	if (r)
		log_error(r, "%s/%s", reader->path, path);
	return r ? -EBADMSG : 0;
}

/** A cut says so itself; anything else in its place is damage. */
static int open_cut(struct reader *reader)
{
	_cleanup_(buf_free) struct buf text = {};
	int r = file_read_plain_at(reader->dir, CUT_FILE, &text, 1 << 24);

	if (r == -ENOENT)
		return 0;
	if (r)
		return log_error(r, "%s/" CUT_FILE, reader->path);
	r = cut_read(&reader->cut, text.data ? text.data : "", text.size);
	return r ? log_error(r, "%s/" CUT_FILE ": not the statement of a cut", reader->path) : 0;
}

/** The statement of a cut is of this very log. */
static int check_cut(const struct reader *reader)
{
	const struct cut *cut = &reader->cut;

	if (!*cut->origin ||
	    (!strcmp(cut->origin, reader->checkpoint.origin) && cut->size == reader->checkpoint.size))
		return 0;
	return log_error(-EBADMSG, "%s/" CUT_FILE ": it is of another log, or of another size of it",
			 reader->path);
}

/** Steps over entries that are not there; those behind them begin in a bundle of their own. */
static void step_over(struct reader *reader)
{
	const struct entry_range *gap = ranges_find(&reader->absent, reader->entry);

	if (!gap)
		return;
	reader->entry = gap->to;
	reader->skipped = true;
}

static int next_entry(struct reader *reader, struct entry *entry)
{
	if (reader->entry % TILE_WIDTH == 0)
		step_over(reader);
	if (reader->entry == reader->checkpoint.size)
		return SOURCE_END;
	if (reader->entry % TILE_WIDTH == 0) {
		int r;

		bundle_unmap(reader, &reader->bundle);
		reader->bundle_off = 0;
		r = bundle_map(reader, reader->entry / TILE_WIDTH, &reader->bundle);
		if (r == -ENOENT)
			return log_error(-ESTALE, "%s: pruned while it was read: begin again", reader->path);
		if (r)
			return r;
	}
	if (!bundle_entry(reader->bundle.bytes, reader->bundle.size, &reader->bundle_off, entry))
		return log_error(-EBADMSG, "%s: changed while it was read", reader->path);
	reader->entry++;
	return 0;
}

static int unpack_next(struct reader *reader)
{
	unsigned long long number;
	struct entry entry;
	int r = next_entry(reader, &entry);

	if (r)
		return r;
	number = reader->entry - 1;
	r = unpack(reader->unpacker, &entry, &reader->block);
	if (r == -EPROTO)
		return log_error(r, "%s: entry %llu is of event version %u, newer than this program's %d",
				 reader->path, number, reader->block.head.abi, ABI_VERSION);
	if (r)
		return log_error(r, "%s: entry %llu is no block of events", reader->path, number);
	reader->block_off = sizeof(reader->block.head);
	reader->block_left = reader->block.head.count;
	return 0;
}

static int next_block(struct reader *reader)
{
	int r = unpack_next(reader);

	if (!r && reader->skipped && reader->block.head.position > reader->position)
		reader->position = reader->block.head.position;
	if (!r && reader->block.head.position != reader->position)
		return log_error(-EBADMSG, "%s: entry %llu begins at event %llu, expected %llu", reader->path,
				 (unsigned long long)reader->entry - 1,
				 (unsigned long long)reader->block.head.position,
				 (unsigned long long)reader->position);
	return r;
}

static int reader_next(struct source *source, const struct ev_head **event)
{
	struct reader *reader = (struct reader *)source;
	const uint8_t *at;

	while (!reader->block_left) {
		int r = next_block(reader);

		if (r)
			return r;
	}
	at = reader->block.bytes + reader->block_off;
	if (event_check(at, reader->block.size - reader->block_off))
		return log_error(-EBADMSG, "%s: event %llu is malformed", reader->path,
				 (unsigned long long)reader->position);
	*event = (const struct ev_head *)at;
	reader->block_off += (*event)->size;
	reader->block_left--;
	reader->position++;
	reader->behind_gap = reader->skipped;
	reader->skipped = false;
	if (!reader->block_left && reader->block_off != reader->block.size)
		return log_error(-EBADMSG, "%s: bytes behind the last event of entry %llu", reader->path,
				 (unsigned long long)reader->entry - 1);
	return SOURCE_EVENT;
}

/* ---- elsewhere than in order ---- */

/** This entry is unpacked, whatever was read before. -ENODATA: it is not there. */
static int go_to(struct reader *reader, uint64_t number)
{
	struct entry entry;
	int r = 0;

	if (ranges_find(&reader->absent, number))
		return -ENODATA;

	reader->entry = number - number % TILE_WIDTH;
	while (!r && reader->entry < number)
		r = next_entry(reader, &entry);
	if (!r)
		r = unpack_next(reader);
	reader->position = reader->block.head.position;
	reader->skipped = false;
	return r;
}

/** The first entry from here on that is there; the size of the log if there is none. */
static uint64_t there_from(const struct reader *reader, uint64_t number)
{
	const struct entry_range *gap = ranges_find(&reader->absent, number);

	return gap ? gap->to : number;
}

int reader_rewind(struct reader *reader)
{
	uint64_t first = there_from(reader, 0);

	return first < reader->checkpoint.size ? go_to(reader, first) : 0;
}

int reader_seek(struct reader *reader, uint64_t position)
{
	uint64_t low = there_from(reader, 0), high = reader->checkpoint.size;
	const struct ev_head *event;
	int r = 0;

	/* The last entry that is there and begins at or before it. */
	while (!r && high > low + 1) {
		uint64_t middle = low + (high - low) / 2, there = there_from(reader, middle);

		if (there < high)
			r = go_to(reader, there);
		if (there < high && reader->position <= position)
			low = there;
		else
			high = middle;
	}
	if (!r && low < reader->checkpoint.size)
		r = go_to(reader, low);
	while (!r && reader->position < position)
		r = reader_next(&reader->source, &event);
	if (!r && reader->position > position)
		return log_error(-ENODATA,
				 "%s: event %llu is not there: it was pruned, or is not in this cut",
				 reader->path, (unsigned long long)position);
	return r == SOURCE_END ? 0 : r;
}

int reader_take(struct reader *reader, uint64_t number, struct buf *to)
{
	struct entry entry = {};
	int r = go_to(reader, number);

	if (r)
		return r;
	reader->entry = number - number % TILE_WIDTH;
	do
		r = next_entry(reader, &entry);
	while (!r && reader->entry <= number);
	if (!r)
		buf_bytes(to, entry.at, entry.size);
	return r;
}

int reader_bundle(struct reader *reader, uint64_t index, struct buf *to, unsigned int *width)
{
	struct mapped mapped = {};
	struct entry entry;
	size_t off = 0;
	int r = bundle_map(reader, index, &mapped);

	*width = bundle_width(reader, index);
	for (unsigned int i = 0; !r && i < *width; i++)
		if (!bundle_entry(mapped.bytes, mapped.size, &off, &entry))
			r = log_error(-EBADMSG, "%s: changed while it was read", reader->path);
	if (!r)
		buf_bytes(to, mapped.bytes, off);
	if (mapped.bytes)
		bundle_unmap(reader, &mapped);
	return r;
}

/** Of the block that is unpacked, the last event of this kind before a position. */
static int last_in_block(struct reader *reader, uint16_t kind, uint64_t before, uint64_t *found)
{
	const struct ev_head *event;
	int r = SOURCE_END;

	while (reader->block_left && reader->position < before) {
		int next = reader_next(&reader->source, &event);

		if (next)
			return next;
		if (event->kind != kind) /* NOLINT: an event that is malformed is an error */
			continue;
		*found = reader->position - 1;
		r = 0;
	}
	return r;
}

int reader_last(struct reader *reader, uint16_t kind, uint64_t before)
{
	uint64_t found = 0;
	int r = SOURCE_END;

	for (uint64_t entry = reader->checkpoint.size; entry && r == SOURCE_END; entry--) {
		r = go_to(reader, entry - 1);
		if (r == -ENODATA)
			r = SOURCE_END;
		else if (!r)
			r = last_in_block(reader, kind, before, &found);
	}
	return r ? r : reader_seek(reader, found);
}

/* ---- what is not there ---- */

static void rewind_(struct reader *reader)
{
	bundle_unmap(reader, &reader->bundle);
	reader->entry = reader->position = 0;
	reader->block_left = 0;
	reader->skipped = reader->behind_gap = false;
}

/** What the last PRUNE names is all that was pruned until then. */
static int read_pruned(struct reader *reader)
{
	uint64_t before = UINT64_MAX;
	const struct ev_head *event;
	int r;

	do {
		r = reader_last(reader, EV_PRUNE, before);
		before = reader->position;
		if (!r)
			r = reader_next(&reader->source, &event);
	} while (!r && event->channel != CHANNEL_USER); /* NOLINT: an event that is malformed is an error */
	if (!r)
		r = ranges_pruned(&reader->pruned, event);
	rewind_(reader);
	return r == SOURCE_END ? 0 : r;
}

bool reader_grown(const struct reader *reader)
{
	_cleanup_(buf_free) struct buf now = {};
	const struct buf *then = &reader->note;

	return !file_read_plain_at(reader->dir, "checkpoint", &now, 65536) &&
	       (now.size != then->size || memcmp(now.data, then->data, now.size));
}

/** Entries may be absent where the log itself says that they were pruned, or else in a cut. */
static int check_absent(struct reader *reader)
{
	_cleanup_(ranges_free) struct ranges known = {};
	_cleanup_(buf_free) struct buf text = {};
	int r;

	if (!reader->absent.count)
		return 0;
	if (*reader->cut.origin) {
		ranges_without(&known, reader->cut.size, &reader->cut.entries);
		if (ranges_cover(&known, &reader->absent))
			return 0;
	} else {
		r = read_pruned(reader);
		if (r || ranges_cover(&reader->pruned, &reader->absent))
			return r;
		if (reader_grown(reader))
			return log_error(-ESTALE, "%s: pruned while it was read: begin again", reader->path);
	}
	ranges_text(&reader->absent, &text);
	return log_error(-EBADMSG,
			 "%s: entries are not there (of %s), and nothing says that they need not be",
			 reader->path, text.data);
}

static void reader_free(struct source *source)
{
	struct reader *reader = (struct reader *)source;

	bundle_unmap(reader, &reader->bundle);
	unmap(&reader->tail);
	unpacker_free(&reader->unpacker);
	closep(&reader->dir);
	buf_free(&reader->note);
	cut_free(&reader->cut);
	ranges_free(&reader->absent);
	ranges_free(&reader->pruned);
	free(reader->path);
	free(reader);
}

static const struct source_ops reader_ops = {.next = reader_next, .free = reader_free};

int reader_open(struct reader **reader, const char *path)
{
	return reader_open_watched(reader, path, NULL);
}

int reader_open_watched(struct reader **reader, const char *path, struct reader_watch *watch)
{
	struct reader *r = need(calloc(1, sizeof(*r)));
	int error;

	*reader = NULL;
	r->source.ops = &reader_ops;
	r->path = need(strdup(path));
	r->unpacker = unpacker_new();
	r->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	error = r->dir < 0 ? log_error(-errno, "%s", path) : open_cut(r);
	if (!error)
		error = open_end(r);
	if (!error)
		error = check_cut(r);
	if (!error)
		error = verify(r, watch);
	if (!error)
		error = check_absent(r);
	if (error)
		reader_free(&r->source);
	else
		*reader = r;
	return error;
}

struct source *reader_source(struct reader *reader)
{
	return &reader->source;
}

uint64_t reader_position(const struct reader *reader)
{
	return reader->position - 1;
}

uint64_t reader_entry(const struct reader *reader)
{
	return reader->entry - 1;
}

const struct buf *reader_note(const struct reader *reader)
{
	return &reader->note;
}

const struct checkpoint *reader_checkpoint(const struct reader *reader)
{
	return &reader->checkpoint;
}

const struct ranges *reader_absent(const struct reader *reader)
{
	return &reader->absent;
}

const struct ranges *reader_pruned(const struct reader *reader)
{
	return &reader->pruned;
}

const struct cut *reader_cut(const struct reader *reader)
{
	return *reader->cut.origin ? &reader->cut : NULL;
}

bool reader_behind_gap(const struct reader *reader)
{
	return reader->behind_gap;
}

double reader_progress(const struct reader *reader)
{
	return reader->checkpoint.size ? (double)reader->entry / (double)reader->checkpoint.size : 1;
}

uint64_t reader_behind(const struct reader *reader, bool whole)
{
	return reader->behind[whole];
}

void reader_close(struct reader **reader)
{
	if (*reader)
		reader_free(&(*reader)->source);
	*reader = NULL;
}
