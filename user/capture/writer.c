// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The order on disk makes every instant safe: entries, then hashes, then the
 * checkpoint that speaks for both. What stands behind the last checkpoint was
 * never promised to anybody and is cut off when the log is opened again.
 */
#include "writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <zstd.h>

#include "../util/file.h"
#include "../util/log.h"
#include "../util/memory.h"
#include "../util/worker.h"
#include "bundle.h"
#include "statement.h"
#include "tree.h"

/** Blocks that wait for the worker, and the one that is being filled. */
#define BLOCKS 2

struct block_buf {
	size_t size;
	_Alignas(8) uint8_t bytes[BLOCK_MAX];
};

struct writer {
	char *path;
	int dir;
	int bundle; /* the bundle that is being filled; -1: none yet */
	struct checkpoint checkpoint;
	struct buf note; /* the checkpoint as it stands on disk */
	const struct key *key;
	struct tree tree;
	uint64_t position;
	ZSTD_CCtx *context;
	struct block_head head;
	struct block_buf *block; /* that is being filled */
	struct block_buf blocks[BLOCKS];
	/* What follows, the tree and the bundle are the worker's while it works. */
	struct worker *worker;	/* NULL: the caller does it all */
	struct block_buf *full; /* the next one that is made an entry */
	uint8_t entry[2 + ENTRY_MAX];
};

/* ---- names and directories ---- */

static int put_file(const struct writer *writer, const char *path, const void *bytes, size_t size)
{
	int r = file_make_parents_at(writer->dir, path);

	if (!r)
		r = file_replace_at(writer->dir, path, bytes, size);
	return r ? r : file_sync_parent_at(writer->dir, path);
}

/* ---- entries ---- */

/** Under which name the bundle that is being filled lies: that of the last seal, or "new". */
static bool bundle_name(const struct writer *writer, char path[LAYOUT_PATH])
{
	uint64_t index = writer->tree.size / TILE_WIDTH, sealed = writer->checkpoint.size;
	bool begun = sealed / TILE_WIDTH == index && sealed % TILE_WIDTH;

	if (begun)
		layout_bundle(path, index, sealed % TILE_WIDTH);
	else
		layout_new_bundle(path, index);
	return begun;
}

static int bundle_open(struct writer *writer)
{
	char path[LAYOUT_PATH];
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, r;

	if (writer->bundle >= 0)
		return 0;
	if (!bundle_name(writer, path))
		flags |= O_TRUNC; /* what a crash left there was never promised to anybody */
	r = file_make_parents_at(writer->dir, path);
	if (r)
		return r;
	writer->bundle = openat(writer->dir, path, flags, 0600);
	return writer->bundle < 0 ? -errno : 0;
}

/**
 * Gives the bundle the name of its new width. The name that the checkpoint
 * speaks of stays beside it until the next checkpoint stands, so that the log
 * can be read at every instant.
 */
static int bundle_publish(struct writer *writer, uint64_t index, unsigned int width)
{
	char from[LAYOUT_PATH], to[LAYOUT_PATH];
	bool begun = bundle_name(writer, from);

	layout_bundle(to, index, width);
	if (fsync(writer->bundle))
		return -errno;
	if (begun && unlinkat(writer->dir, to, 0) && errno != ENOENT)
		return -errno;
	if (begun ? linkat(writer->dir, from, writer->dir, to, 0) :
		    renameat(writer->dir, from, writer->dir, to))
		return -errno;
	return file_sync_parent_at(writer->dir, to);
}

static int tile_write(const struct writer *writer, unsigned int level, uint64_t index, unsigned int width)
{
	char path[LAYOUT_PATH];

	layout_tile(path, level, index, width);
	return put_file(writer, path, writer->tree.edge[level], (size_t)width * DIGEST_SIZE);
}

/** Tiles that this entry made full, from the lowest level up. */
static int write_full_tiles(const struct writer *writer, unsigned int levels)
{
	for (unsigned int level = 0; level < levels; level++) {
		int r = tile_write(writer, level, (writer->tree.size >> 8 * (level + 1)) - 1, TILE_WIDTH);

		if (r)
			return r;
	}
	return 0;
}

static int entry_write(struct writer *writer, size_t size)
{
	uint64_t index = writer->tree.size / TILE_WIDTH;
	uint8_t hash[DIGEST_SIZE];
	unsigned int full;
	int r = bundle_open(writer);

	if (r)
		return r;
	writer->entry[0] = (uint8_t)(size >> 8);
	writer->entry[1] = (uint8_t)size;
	r = file_write(writer->bundle, writer->entry, 2 + size);
	if (r)
		return r;
	tree_leaf(writer->entry + 2, size, hash);
	if (writer->tree.size % TILE_WIDTH == TILE_WIDTH - 1) {
		r = bundle_publish(writer, index, TILE_WIDTH);
		closep(&writer->bundle);
		writer->bundle = -1;
	}
	full = tree_add(&writer->tree, hash);
	return r ? r : write_full_tiles(writer, full);
}

static struct block_buf *next_block(struct writer *writer, const struct block_buf *block)
{
	return &writer->blocks[(size_t)(block - writer->blocks + 1) % BLOCKS];
}

/** Makes an entry of a full block. */
static int block_write(void *context)
{
	struct writer *writer = context;
	const struct block_buf *block = writer->full;
	size_t size =
		ZSTD_compress2(writer->context, writer->entry + 2, ENTRY_MAX, block->bytes, block->size);

	writer->full = next_block(writer, block);
	if (ZSTD_isError(size))
		return log_error(-EIO, "%s: zstd: %s", writer->path, ZSTD_getErrorName(size));
	return entry_write(writer, size);
}

/** Once it has returned with none left, tree and bundle are the caller's. */
static int blocks_written(const struct writer *writer, unsigned int left)
{
	return writer->worker ? worker_wait(writer->worker, left) : 0;
}

static int block_end(struct writer *writer)
{
	int r;

	if (!writer->head.count)
		return 0;
	memcpy(writer->block->bytes, &writer->head, sizeof(writer->head));
	writer->head.position += writer->head.count;
	writer->head.count = 0;
	if (writer->worker) {
		worker_ask(writer->worker);
		r = blocks_written(writer, BLOCKS - 1); /* so that one is free */
	} else {
		r = block_write(writer);
	}
	writer->block = next_block(writer, writer->block);
	writer->block->size = sizeof(writer->head);
	return r;
}

int writer_append(struct writer *writer, const struct ev_head *event)
{
	int r = 0;

	if (writer->block->size + event->size > BLOCK_MAX)
		r = block_end(writer);
	if (r)
		return log_error(r, "%s", writer->path);
	memcpy(writer->block->bytes + writer->block->size, event, event->size);
	writer->block->size += event->size;
	writer->head.count++;
	writer->position++;
	return 0;
}

/* ---- the seal ---- */

static int bundle_seal(struct writer *writer)
{
	unsigned int width = writer->tree.size % TILE_WIDTH;

	return width ? bundle_publish(writer, writer->tree.size / TILE_WIDTH, width) : 0;
}

/** The partial tiles of the new size; those of the old size go when the checkpoint stands. */
static int tiles_seal(const struct writer *writer)
{
	for (unsigned int level = 0; level < TREE_LEVELS; level++) {
		uint64_t index = level + 1 < TREE_LEVELS ? writer->tree.size >> 8 * (level + 1) : 0;
		unsigned int width = tree_width(&writer->tree, level);
		int r;

		if (!width || writer->tree.size >> 8 * level == writer->checkpoint.size >> 8 * level)
			continue;
		r = tile_write(writer, level, index, width);
		if (r)
			return r;
	}
	return 0;
}

/** Removes a partial tile or bundle, and its directory if nothing else is in it. */
static void drop(const struct writer *writer, char path[LAYOUT_PATH])
{
	unlinkat(writer->dir, path, 0);
	*strrchr(path, '/') = '\0';
	unlinkat(writer->dir, path, AT_REMOVEDIR);
}

/** What the checkpoint before this one spoke of, and this one does not. */
static void drop_partials(const struct writer *writer, uint64_t old)
{
	char path[LAYOUT_PATH];

	if (old % TILE_WIDTH) {
		layout_bundle(path, old / TILE_WIDTH, old % TILE_WIDTH);
		drop(writer, path);
	}
	for (unsigned int level = 0; level + 1 < TREE_LEVELS; level++) {
		unsigned int width = (unsigned int)(old >> 8 * level & (TILE_WIDTH - 1));

		if (!width || old >> 8 * level == writer->tree.size >> 8 * level)
			continue;
		layout_tile(path, level, old >> 8 * (level + 1), width);
		drop(writer, path);
	}
}

static int checkpoint_seal(struct writer *writer)
{
	struct checkpoint next = writer->checkpoint;
	_cleanup_(buf_free) struct buf note = {};
	struct buf before = writer->note;
	int r;

	next.size = writer->tree.size;
	tree_root(&writer->tree, next.root);
	r = checkpoint_write(&next, writer->key, &note);
	if (!r)
		r = put_file(writer, "checkpoint", note.data, note.size);
	if (r)
		return r;
	writer->checkpoint = next;
	writer->note = note;
	note = before;
	return 0;
}

int writer_seal(struct writer *writer)
{
	uint64_t old = writer->checkpoint.size;
	int r = block_end(writer);

	if (!r)
		r = blocks_written(writer, 0);
	if (!r && writer->tree.size == old)
		return 0;
	if (!r)
		r = bundle_seal(writer);
	if (!r)
		r = tiles_seal(writer);
	if (!r)
		r = checkpoint_seal(writer);
	if (r)
		return log_error(r, "%s", writer->path);
	drop_partials(writer, old);
	return 0;
}

/* ---- opening ---- */

static int begin(struct writer *writer)
{
	uint8_t random[16];
	_cleanup_(buf_free) struct buf origin = {};
	int r;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return log_error(-EIO, "getrandom");
	buf_str(&origin, "custodes/");
	buf_hex(&origin, random, sizeof(random));
	memcpy(writer->checkpoint.origin, origin.data, origin.size + 1);
	r = checkpoint_seal(writer);
	return r ? log_error(r, "%s", writer->path) : 0;
}

static int contradiction(const struct writer *writer, const char *what)
{
	return log_error(-EBADMSG, "%s: %s; it is not continued", writer->path, what);
}

/** Puts whole tiles' roots into the edges above level 0. */
static int load_upper_edges(struct writer *writer)
{
	for (unsigned int level = 1; level < TREE_LEVELS; level++) {
		uint64_t width = tree_width(&writer->tree, level);
		uint64_t first = writer->tree.size >> 8 * level;

		first -= width;
		for (uint64_t i = 0; i < width; i++) {
			char path[LAYOUT_PATH];
			_cleanup_(buf_free) struct buf tile = {};

			layout_tile(path, level - 1, first + i, TILE_WIDTH);
			if (file_read_at(writer->dir, path, &tile, TILE_BYTES) || tile.size != TILE_BYTES)
				return contradiction(writer, "a tile is missing or cut short");
			tree_over((const uint8_t(*)[DIGEST_SIZE])tile.data, TILE_WIDTH,
				  writer->tree.edge[level][i]);
		}
	}
	return 0;
}

static int last_position(struct writer *writer, const struct entry *entry)
{
	struct unpacker *unpacker = unpacker_new();
	struct block block;
	int r = unpack(unpacker, entry, &block);

	if (!r)
		writer->position = block.head.position + block.head.count;
	unpacker_free(&unpacker);
	if (r == -EPROTO)
		return log_error(r, "%s: a newer version wrote it", writer->path);
	return r ? contradiction(writer, "its last entry is no block of events") : 0;
}

/** Hashes the last bundle's entries; *end is where the last of them ends. */
static int load_last_bundle(struct writer *writer, size_t *end)
{
	unsigned int width = writer->tree.size % TILE_WIDTH;
	_cleanup_(buf_free) struct buf bytes = {};
	char path[LAYOUT_PATH];
	struct entry entry;
	size_t off = 0;
	int r;

	layout_bundle(path, (writer->tree.size - 1) / TILE_WIDTH, width);
	r = file_read_at(writer->dir, path, &bytes, (size_t)TILE_WIDTH * (2 + ENTRY_MAX));
	if (r == -ENOENT)
		return contradiction(writer, "its last bundle is missing");
	if (r)
		return log_error(r, "%s/%s", writer->path, path);
	for (unsigned int i = 0; i < (width ? width : TILE_WIDTH); i++) {
		if (!bundle_entry((const uint8_t *)bytes.data, bytes.size, &off, &entry))
			return contradiction(writer, "an entry is cut short");
		tree_leaf(entry.at, entry.size, writer->tree.edge[0][i]);
	}
	*end = off;
	return last_position(writer, &entry);
}

/** Cuts off what a crash left in the last bundle behind the last checkpoint. */
static int cut_last_bundle(const struct writer *writer, size_t end)
{
	char path[LAYOUT_PATH];
	_cleanup_close_ int fd = -1;
	struct stat st;

	layout_bundle(path, (writer->tree.size - 1) / TILE_WIDTH, writer->tree.size % TILE_WIDTH);
	fd = openat(writer->dir, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) ||
	    ((size_t)st.st_size > end && (ftruncate(fd, (off_t)end) || fsync(fd))))
		return log_error(-errno, "%s/%s", writer->path, path);
	return 0;
}

/** Empties the directory of one bundle's partial names, but for what the checkpoint speaks of. */
static bool clean_partials(const struct writer *writer, uint64_t index, unsigned int kept)
{
	char path[LAYOUT_PATH];
	_cleanup_closedir_ DIR *dir = NULL;
	const struct dirent *name;
	int fd;

	layout_new_bundle(path, index);
	*strrchr(path, '/') = '\0';
	fd = openat(writer->dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && (name = readdir(dir)))
		if (name->d_name[0] != '.' && (!kept || strtoul(name->d_name, NULL, 10) != kept))
			unlinkat(fd, name->d_name, 0);
	if (!kept)
		unlinkat(writer->dir, path, AT_REMOVEDIR);
	return dir;
}

/** Removes what a crash left behind the last checkpoint: bundles that no checkpoint speaks for. */
static void clean_up(const struct writer *writer)
{
	uint64_t index = writer->tree.size / TILE_WIDTH;
	char path[LAYOUT_PATH];
	bool any;

	clean_partials(writer, index, writer->tree.size % TILE_WIDTH);
	do {
		layout_bundle(path, index, TILE_WIDTH);
		any = !unlinkat(writer->dir, path, 0);
		any |= clean_partials(writer, ++index, 0);
	} while (any);
}

/** Nothing is changed before all of it is known to be sound. */
static int resume(struct writer *writer)
{
	uint8_t root[DIGEST_SIZE];
	size_t end = 0;
	int r = 0;

	writer->tree.size = writer->checkpoint.size;
	if (writer->tree.size)
		r = load_last_bundle(writer, &end);
	if (!r)
		r = load_upper_edges(writer);
	if (r)
		return r;
	tree_root(&writer->tree, root);
	if (memcmp(root, writer->checkpoint.root, sizeof(root)))
		return contradiction(writer, "its entries do not hash to the checkpoint's root");
	clean_up(writer);
	return writer->tree.size ? cut_last_bundle(writer, end) : 0;
}

static int open_log(struct writer *writer)
{
	bool made = !mkdir(writer->path, 0700);
	int r;

	if (!made && errno != EEXIST)
		return log_error(-errno, "%s", writer->path);
	writer->dir = open(writer->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (writer->dir < 0)
		return log_error(-errno, "%s", writer->path);
	if (made && file_sync_parent_at(writer->dir, "../"))
		return log_error(-errno, "%s/..", writer->path);
	if (flock(writer->dir, LOCK_EX | LOCK_NB))
		return log_error(-errno, "%s: another custodes writes to it", writer->path);
	if (!faccessat(writer->dir, CUT_FILE, F_OK, AT_SYMLINK_NOFOLLOW))
		return log_error(-EINVAL, "%s: a cut of another capture; it is not continued", writer->path);
	r = file_read_at(writer->dir, "checkpoint", &writer->note, 65536);
	if (r == -ENOENT && !faccessat(writer->dir, "tile", F_OK, AT_SYMLINK_NOFOLLOW))
		return contradiction(writer, "its checkpoint is missing");
	if (r == -ENOENT)
		return begin(writer);
	if (r)
		return log_error(r, "%s/checkpoint", writer->path);
	if (checkpoint_read(&writer->checkpoint, writer->note.data ? writer->note.data : "",
			    writer->note.size))
		return contradiction(writer, "its checkpoint is none");
	return resume(writer);
}

int writer_open(struct writer **writer, const char *path, const struct key *key)
{
	struct writer *w = need(calloc(1, sizeof(*w)));
	int r;

	*writer = NULL;
	w->path = need(strdup(path));
	w->dir = w->bundle = -1;
	w->key = key;
	w->context = need(ZSTD_createCCtx());
	w->block = w->full = w->blocks;
	w->block->size = sizeof(w->head);
	memcpy(w->head.magic, BLOCK_MAGIC, sizeof(w->head.magic));
	w->head.abi = ABI_VERSION;
	/* Level 3 saves one byte in a hundred more, and takes a third more time. */
	ZSTD_CCtx_setParameter(w->context, ZSTD_c_compressionLevel, 1);
	/* Blocks are small: larger tables are memory for nothing. */
	ZSTD_CCtx_setParameter(w->context, ZSTD_c_hashLog, 14);
	ZSTD_CCtx_setParameter(w->context, ZSTD_c_chainLog, 13);
	r = open_log(w);
	w->head.position = w->position;
	if (r)
		writer_close(&w);
	*writer = w;
	return r;
}

int writer_beside(struct writer *writer)
{
	int r = worker_begin(&writer->worker, block_write, writer);

	return r ? log_error(r, "%s: no thread", writer->path) : 0;
}

const char *writer_origin(const struct writer *writer)
{
	return writer->checkpoint.origin;
}

uint64_t writer_sealed(const struct writer *writer)
{
	return writer->checkpoint.size;
}

const struct buf *writer_note(const struct writer *writer)
{
	return &writer->note;
}

/* ---- hashes of what was written ---- */

struct tile_reader {
	const struct writer *writer;
	char path[LAYOUT_PATH]; /* of the tile that was read last */
	struct buf tile;
};

/** What the next entry still changes is in memory; whole tiles are on disk. */
static int tile_get(void *context, unsigned int level, uint64_t index, uint8_t hash[DIGEST_SIZE])
{
	struct tile_reader *reader = context;
	const struct tree *tree = &reader->writer->tree;
	char path[LAYOUT_PATH];
	int r = 0;

	if (index / TILE_WIDTH == (tree->size >> 8 * level) / TILE_WIDTH) {
		memcpy(hash, tree->edge[level][index % TILE_WIDTH], DIGEST_SIZE);
		return 0;
	}
	layout_tile(path, level, index / TILE_WIDTH, TILE_WIDTH);
	if (strcmp(path, reader->path) != 0) {
		buf_clear(&reader->tile);
		r = file_read_at(reader->writer->dir, path, &reader->tile, TILE_BYTES);
		if (!r && reader->tile.size != TILE_BYTES)
			r = -EBADMSG;
		snprintf(reader->path, sizeof(reader->path), "%s", r ? "" : path);
	}
	if (r)
		return log_error(r, "%s/%s", reader->writer->path, path);
	memcpy(hash, reader->tile.data + index % TILE_WIDTH * DIGEST_SIZE, DIGEST_SIZE);
	return 0;
}

int writer_consistency(const struct writer *writer, uint64_t old, uint8_t path[PROOF_MAX][DIGEST_SIZE])
{
	struct tile_reader reader = {.writer = writer};
	const struct hash_source source = {tile_get, &reader};
	int r = proof_consistency(&source, old, writer->checkpoint.size, path);

	buf_free(&reader.tile);
	return r;
}

uint64_t writer_position(const struct writer *writer)
{
	return writer->position;
}

void writer_close(struct writer **writer)
{
	struct writer *w = *writer;

	if (!w)
		return;
	worker_end(&w->worker);
	ZSTD_freeCCtx(w->context);
	closep(&w->bundle);
	closep(&w->dir);
	buf_free(&w->note);
	free(w->path);
	free(w);
	*writer = NULL;
}
