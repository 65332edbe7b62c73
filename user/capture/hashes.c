// SPDX-License-Identifier: GPL-3.0-or-later
#include "hashes.h"

#include <string.h>

#include "../util/memory.h"
#include "tree.h"

void hashes_free(struct hashes *hashes)
{
	for (size_t level = 0; level < TREE_LEVELS; level++)
		free(hashes->levels[level].at);
	*hashes = (struct hashes){};
}

static void append(struct hashes_level *level, const uint8_t hash[DIGEST_SIZE])
{
	if (level->count == level->room) {
		level->room = level->room ? level->room * 2 : TILE_WIDTH;
		level->at = need(reallocarray(level->at, level->room, DIGEST_SIZE));
	}
	memcpy(level->at[level->count++], hash, DIGEST_SIZE);
}

void hashes_add(struct hashes *hashes, const uint8_t hash[DIGEST_SIZE])
{
	uint8_t up[DIGEST_SIZE];

	memcpy(up, hash, DIGEST_SIZE);
	for (size_t i = 0; i < TREE_LEVELS; i++) {
		struct hashes_level *level = &hashes->levels[i];

		append(level, up);
		if (level->count % TILE_WIDTH)
			break;
		tree_over((const uint8_t(*)[DIGEST_SIZE])level->at + level->count - TILE_WIDTH, TILE_WIDTH,
			  up);
	}
}

/** The level at which so many entries have one hash: a whole tile's, or an entry's. Else TREE_LEVELS. */
static unsigned int whole(uint64_t from, uint64_t count)
{
	for (unsigned int level = 0; level < TREE_LEVELS; level++)
		if (count == (uint64_t)1 << 8 * level && from % count == 0)
			return level;
	return TREE_LEVELS;
}

int hash_source_over(const struct hash_source *source, uint64_t from, uint64_t to, uint8_t root[DIGEST_SIZE])
{
	unsigned int level = whole(from, to - from);
	uint8_t left[DIGEST_SIZE], right[DIGEST_SIZE];
	uint64_t split = 1;
	int r;

	if (level < TREE_LEVELS)
		return source->get(source->context, level, from >> 8 * level, root);
	while (split * 2 < to - from)
		split *= 2;
	r = hash_source_over(source, from, from + split, left);
	if (!r)
		r = hash_source_over(source, from + split, to, right);
	if (!r)
		tree_node(left, right, root);
	return r;
}

static int get(void *context, unsigned int level, uint64_t index, uint8_t hash[DIGEST_SIZE])
{
	const struct hashes *hashes = context;

	memcpy(hash, hashes->levels[level].at[index], DIGEST_SIZE);
	return 0;
}

void hashes_over(const struct hashes *hashes, uint64_t from, uint64_t to, uint8_t root[DIGEST_SIZE])
{
	const struct hash_source source = {get, (void *)hashes};

	hash_source_over(&source, from, to, root);
}

void hashes_root(const struct hashes *hashes, uint64_t size, uint8_t root[DIGEST_SIZE])
{
	if (size)
		hashes_over(hashes, 0, size, root);
	else
		digest_of("", 0, root);
}
