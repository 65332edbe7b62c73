/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where things lie in a capture. A capture is a C2SP tlog-tiles log in a
 * directory (c2sp.org/tlog-tiles):
 *
 *   checkpoint                    origin, number of entries, root hash
 *   tile/<level>/<index>          256 hashes, or <index>.p/<width> while fewer
 *   tile/entries/<index>          256 entries, each behind its length (u16, big-endian)
 *
 * An entry is one zstd frame that holds a block: struct block_head, then events
 * one after another, as bpf/abi/event.h has them. docs/FORMAT.md says it all.
 */
#ifndef CUSTODES_CAPTURE_LAYOUT_H
#define CUSTODES_CAPTURE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../util/digest.h"

#define TILE_WIDTH 256
/** Bytes of a whole tile of hashes. */
#define TILE_BYTES  ((size_t)TILE_WIDTH * DIGEST_SIZE)
#define TREE_LEVELS 8 /* 256^8 entries: every 64-bit size */
#define ENTRY_MAX   65535

/** A bundle has no more bytes than this. */
#define BUNDLE_BYTES ((size_t)TILE_WIDTH * (2 + ENTRY_MAX))

/** ZSTD_compressBound() of this is below ENTRY_MAX: every block fits its entry. */
#define BLOCK_MAX   65000
#define BLOCK_MAGIC "custodes"

struct block_head {
	char magic[8];
	uint32_t abi;	   /* ABI_VERSION of the events */
	uint32_t count;	   /* of events */
	uint64_t position; /* of the first one, in the whole log */
};

#define LAYOUT_PATH 96

/** "tile/<level>/x001/x234/067[.p/<width>]"; width 0 or TILE_WIDTH: a whole tile. */
void layout_tile(char path[LAYOUT_PATH], unsigned int level, uint64_t index, unsigned int width);
/** "tile/entries/..." likewise. */
void layout_bundle(char path[LAYOUT_PATH], uint64_t index, unsigned int width);
/** A bundle of which nothing is sealed yet: "tile/entries/<index>.p/new". */
void layout_new_bundle(char path[LAYOUT_PATH], uint64_t index);

#endif
