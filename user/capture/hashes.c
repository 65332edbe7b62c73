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

/** A whole tile's hash, or one entry's, if it is exactly that. */
static const uint8_t *known(const struct hashes *hashes, uint64_t from, uint64_t count)
{
	for (unsigned int level = 0; level < TREE_LEVELS; level++)
		if (count == (uint64_t)1 << 8 * level && from % count == 0)
			return hashes->levels[level].at[from / count];
	return NULL;
}

void hashes_over(const struct hashes *hashes, uint64_t from, uint64_t to, uint8_t root[DIGEST_SIZE])
{
	const uint8_t *whole = known(hashes, from, to - from);
	uint8_t left[DIGEST_SIZE], right[DIGEST_SIZE];
	uint64_t split = 1;

	if (whole) {
		memcpy(root, whole, DIGEST_SIZE);
		return;
	}
	while (split * 2 < to - from)
		split *= 2;
	hashes_over(hashes, from, from + split, left);
	hashes_over(hashes, from + split, to, right);
	tree_node(left, right, root);
}

void hashes_root(const struct hashes *hashes, uint64_t size, uint8_t root[DIGEST_SIZE])
{
	if (size)
		hashes_over(hashes, 0, size, root);
	else
		digest_of("", 0, root);
}
