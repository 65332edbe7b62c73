/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bundle of entries as it lies on disk: u16 big-endian length, bytes, again. */
#ifndef CUSTODES_CAPTURE_BUNDLE_H
#define CUSTODES_CAPTURE_BUNDLE_H

#include "../util/buf.h"
#include "layout.h"

struct entry {
	const uint8_t *at;
	size_t size;
};

/** The entry at *off; moves *off behind it. False at the end or where it is cut short. */
bool bundle_entry(const uint8_t *bytes, size_t size, size_t *off, struct entry *entry);

/** A block's events, unpacked into a buffer of BLOCK_MAX bytes. */
struct block {
	struct block_head head;
	uint8_t *bytes; /* head and events */
	size_t size;
};

struct unpacker;
struct unpacker *unpacker_new(void);
void unpacker_free(struct unpacker **unpacker);

/**
 * Unpacks an entry; the block is valid until the next call. 0; -EBADMSG where it
 * is no sound block; -EPROTO where a newer version wrote it.
 */
int unpack(struct unpacker *unpacker, const struct entry *entry, struct block *block);

#endif
