// SPDX-License-Identifier: GPL-3.0-or-later
#include "tree.h"

#include <string.h>

void tree_leaf(const void *entry, size_t size, uint8_t hash[DIGEST_SIZE])
{
	struct digest *digest = digest_begin();

	digest_add(digest, "\0", 1);
	digest_add(digest, entry, size);
	digest_end(&digest, hash);
}

void tree_node(const uint8_t left[DIGEST_SIZE], const uint8_t right[DIGEST_SIZE], uint8_t hash[DIGEST_SIZE])
{
	uint8_t both[1 + 2 * DIGEST_SIZE] = {1};

	memcpy(both + 1, left, DIGEST_SIZE);
	memcpy(both + 1 + DIGEST_SIZE, right, DIGEST_SIZE);
	digest_of(both, sizeof(both), hash);
}

void tree_over(const uint8_t (*hashes)[DIGEST_SIZE], size_t count, uint8_t root[DIGEST_SIZE])
{
	uint8_t left[DIGEST_SIZE], right[DIGEST_SIZE];
	size_t split = 1;

	if (count == 1) {
		memcpy(root, hashes[0], DIGEST_SIZE);
		return;
	}
	while (split * 2 < count)
		split *= 2;
	tree_over(hashes, split, left);
	tree_over(hashes + split, count - split, right);
	tree_node(left, right, root);
}

unsigned int tree_add(struct tree *tree, const uint8_t hash[DIGEST_SIZE])
{
	uint8_t up[DIGEST_SIZE];
	unsigned int level = 0;

	memcpy(up, hash, DIGEST_SIZE);
	for (;;) {
		unsigned int width = tree_width(tree, level);

		memcpy(tree->edge[level][width], up, DIGEST_SIZE);
		if (width + 1 < TILE_WIDTH || level + 1 == TREE_LEVELS)
			break;
		tree_over((const uint8_t(*)[DIGEST_SIZE])tree->edge[level], TILE_WIDTH, up);
		level++;
	}
	tree->size++;
	return level;
}

void tree_root(const struct tree *tree, uint8_t root[DIGEST_SIZE])
{
	bool any = false;

	if (!tree->size) {
		digest_of("", 0, root);
		return;
	}
	/* From the right: each level's edge is a run of whole subtrees, and the
	 * powers of two of its width, greatest first, are the tree's own. */
	for (unsigned int level = 0; level < TREE_LEVELS; level++) {
		unsigned int width = tree_width(tree, level);

		for (unsigned int bit = 1; bit < TILE_WIDTH; bit *= 2) {
			uint8_t part[DIGEST_SIZE];

			if (!(width & bit))
				continue;
			width -= bit;
			tree_over((const uint8_t(*)[DIGEST_SIZE])tree->edge[level] + width, bit, part);
			if (any)
				tree_node(part, root, root);
			else
				memcpy(root, part, DIGEST_SIZE);
			any = true;
		}
	}
}
