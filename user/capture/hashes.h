/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every hash of a log's tiles in memory: of each entry, and of each whole tile. About 32 bytes an entry. */
#ifndef CUSTODES_CAPTURE_HASHES_H
#define CUSTODES_CAPTURE_HASHES_H

#include "layout.h"

struct hashes_level {
	uint8_t (*at)[DIGEST_SIZE];
	size_t count, room;
};

struct hashes {
	struct hashes_level levels[TREE_LEVELS];
};

void hashes_free(struct hashes *hashes);
/** Adds an entry's hash, and those above it that become whole. */
void hashes_add(struct hashes *hashes, const uint8_t hash[DIGEST_SIZE]);

static inline uint64_t hashes_size(const struct hashes *hashes)
{
	return hashes->levels[0].count;
}

/** Where the hashes of a log's tiles come from: the `index`-th of a level. 0 or a negative errno. */
struct hash_source {
	int (*get)(void *context, unsigned int level, uint64_t index, uint8_t hash[DIGEST_SIZE]);
	void *context;
};

/** As hashes_over(), of hashes that lie elsewhere. 0 or what the source said. */
int hash_source_over(const struct hash_source *source, uint64_t from, uint64_t to, uint8_t root[DIGEST_SIZE]);

/** Root over the entries from `from` up to, not including, `to`: a subtree of the log's tree. */
void hashes_over(const struct hashes *hashes, uint64_t from, uint64_t to, uint8_t root[DIGEST_SIZE]);
/** Root of the log as it was at this size, which is at most what it has now. */
void hashes_root(const struct hashes *hashes, uint64_t size, uint8_t root[DIGEST_SIZE]);

#endif
