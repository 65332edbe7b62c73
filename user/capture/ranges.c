// SPDX-License-Identifier: GPL-3.0-or-later
#include "ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../util/memory.h"
#include "layout.h"

void ranges_free(struct ranges *ranges)
{
	free(ranges->items);
	*ranges = (struct ranges){};
}

/** The first range that ends at this entry or behind it. */
static size_t place(const struct ranges *ranges, uint64_t entry)
{
	size_t low = 0, high = ranges->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->items[middle].to < entry)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void ranges_add(struct ranges *ranges, uint64_t from, uint64_t to)
{
	size_t at = place(ranges, from), end = at;
	struct entry_range all = {from, to};

	if (from >= to)
		return;
	for (; end < ranges->count && ranges->items[end].from <= to; end++) {
		all.from = ranges->items[end].from < all.from ? ranges->items[end].from : all.from;
		all.to = ranges->items[end].to > all.to ? ranges->items[end].to : all.to;
	}
	if (at == end) {
		GROW(ranges->items, ranges->count);
		end = at + 1;
		memmove(&ranges->items[end], &ranges->items[at],
			(ranges->count - end) * sizeof(*ranges->items));
	} else {
		memmove(&ranges->items[at + 1], &ranges->items[end],
			(ranges->count - end) * sizeof(*ranges->items));
		ranges->count -= end - at - 1;
	}
	ranges->items[at] = all;
}

void ranges_join(struct ranges *ranges, const struct ranges *others)
{
	for (size_t i = 0; i < others->count; i++)
		ranges_add(ranges, others->items[i].from, others->items[i].to);
}

const struct entry_range *ranges_find(const struct ranges *ranges, uint64_t entry)
{
	size_t at = place(ranges, entry + 1);

	return at < ranges->count && ranges->items[at].from <= entry ? &ranges->items[at] : NULL;
}

bool ranges_cover(const struct ranges *ranges, const struct ranges *others)
{
	for (size_t i = 0; i < others->count; i++) {
		const struct entry_range *range = ranges_find(ranges, others->items[i].from);

		if (!range || range->to < others->items[i].to)
			return false;
	}
	return true;
}

void ranges_without(struct ranges *ranges, uint64_t size, const struct ranges *others)
{
	uint64_t at = 0;

	for (size_t i = 0; i < others->count && others->items[i].from < size; i++) {
		ranges_add(ranges, at, others->items[i].from);
		at = others->items[i].to;
	}
	ranges_add(ranges, at, size);
}

uint64_t ranges_total(const struct ranges *ranges)
{
	uint64_t total = 0;

	for (size_t i = 0; i < ranges->count; i++)
		total += ranges->items[i].to - ranges->items[i].from;
	return total;
}

void ranges_text(const struct ranges *ranges, struct buf *to)
{
	for (size_t i = 0; i < ranges->count; i++) {
		if (i == 8) {
			buf_printf(to, " and %zu more ranges", ranges->count - i);
			break;
		}
		buf_printf(to, "%s%llu to %llu", i ? ", " : "", (unsigned long long)ranges->items[i].from,
			   (unsigned long long)ranges->items[i].to - 1);
	}
}

int ranges_pruned(struct ranges *absent, const struct ev_head *event)
{
	struct view list = event_view(event, ((const struct ev_prune *)event)->absent);
	uint64_t last = 0;

	if (list.size % sizeof(struct entry_range))
		return -EBADMSG;
	for (size_t off = 0; off < list.size; off += sizeof(struct entry_range)) {
		struct entry_range range;

		memcpy(&range, list.at + off, sizeof(range));
		if (range.from < last || range.from >= range.to || range.from % TILE_WIDTH ||
		    range.to % TILE_WIDTH)
			return -EBADMSG;
		ranges_add(absent, range.from, range.to);
		last = range.to;
	}
	return 0;
}
