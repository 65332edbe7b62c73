// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Sorted, with a short unsorted tail of what came last. A walk adds millions one
 * after the other: the tail then grows with the whole, and is sorted in when it is
 * first asked for.
 */
#include "index.h"

#include <stdlib.h>

#include "../util/cleanup.h"
#include "../util/memory.h"

/** A tail no longer than this is searched as it is. */
#define TAIL_MAX 256

struct entry {
	uint64_t ino;
	uint32_t dev;
	uint32_t tag;
};

struct index {
	struct entry *entries;
	size_t count, room, sorted;
};

struct index *index_new(void)
{
	return need(calloc(1, sizeof(struct index)));
}

void index_free(struct index **index)
{
	if (*index)
		free((*index)->entries);
	free(TAKE_PTR(*index));
}

static int by_inode(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return (x->dev > y->dev) - (x->dev < y->dev);
}

/** Of entries for one inode the first one of the run stays: equal ones keep their order by their tags. */
static int by_inode_and_tag(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = by_inode(a, b);

	return order ? order : (x->tag > y->tag) - (x->tag < y->tag);
}

static void sort_in(struct index *index)
{
	size_t kept = 0;

	qsort(index->entries, index->count, sizeof(*index->entries), by_inode_and_tag);
	for (size_t i = 0; i < index->count; i++)
		if (!kept || by_inode(&index->entries[kept - 1], &index->entries[i]))
			index->entries[kept++] = index->entries[i];
	index->count = index->sorted = kept;
}

void index_add(struct index *index, uint64_t ino, uint32_t dev, uint32_t tag)
{
	if (index->count == index->room) {
		index->room = index->room ? 2 * index->room : 64;
		index->entries = need(reallocarray(index->entries, index->room, sizeof(*index->entries)));
	}
	index->entries[index->count++] = (struct entry){ino, dev, tag};
}

bool index_find(struct index *index, uint64_t ino, uint32_t dev, uint32_t *tag)
{
	const struct entry wanted = {.ino = ino, .dev = dev}, *found;

	if (index->count - index->sorted > TAIL_MAX)
		sort_in(index);
	found = bsearch(&wanted, index->entries, index->sorted, sizeof(wanted), by_inode);
	for (size_t i = index->sorted; !found && i < index->count; i++)
		if (!by_inode(&wanted, &index->entries[i]))
			found = &index->entries[i];
	if (found)
		*tag = found->tag;
	return found;
}

size_t index_count(const struct index *index)
{
	return index->count;
}
