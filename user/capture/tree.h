/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Merkle tree over a log's entries (RFC 6962, section 2.1), kept as the
 * right edge of its tiles: what the next entry still changes.
 */
#ifndef CUSTODES_CAPTURE_TREE_H
#define CUSTODES_CAPTURE_TREE_H

#include "layout.h"

struct tree {
	uint64_t size; /* entries */
	uint8_t edge[TREE_LEVELS][TILE_WIDTH][DIGEST_SIZE];
};

/** Hash of an entry: SHA-256(0x00 || entry). */
void tree_leaf(const void *entry, size_t size, uint8_t hash[DIGEST_SIZE]);
/** Hash of a node: SHA-256(0x01 || left || right). */
void tree_node(const uint8_t left[DIGEST_SIZE], const uint8_t right[DIGEST_SIZE], uint8_t hash[DIGEST_SIZE]);
/** Root over up to TILE_WIDTH hashes of one level. */
void tree_over(const uint8_t (*hashes)[DIGEST_SIZE], size_t count, uint8_t root[DIGEST_SIZE]);

/**
 * Adds an entry's hash. Returns how many levels' tiles became full by it (0
 * mostly): those stand whole in edge[0..n-1] until the next call.
 */
unsigned int tree_add(struct tree *tree, const uint8_t hash[DIGEST_SIZE]);

/** Hashes that stand in the edge of this level. */
static inline unsigned int tree_width(const struct tree *tree, unsigned int level)
{
	return (unsigned int)(tree->size >> 8 * level & (TILE_WIDTH - 1));
}

/** Root of the whole; of an empty tree, SHA-256 of nothing. */
void tree_root(const struct tree *tree, uint8_t root[DIGEST_SIZE]);

#endif
