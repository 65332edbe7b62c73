/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets of entries of a log, such as those whose content is not there. */
#ifndef CUSTODES_CAPTURE_RANGES_H
#define CUSTODES_CAPTURE_RANGES_H

#include "../event/event.h"

/** Ascending; no two touch. */
struct ranges {
	struct entry_range *items;
	size_t count;
};

void ranges_free(struct ranges *ranges);
/** Adds the entries from `from` up to, not including, `to`. */
void ranges_add(struct ranges *ranges, uint64_t from, uint64_t to);
/** Adds all of `others`. */
void ranges_join(struct ranges *ranges, const struct ranges *others);
/** The range that this entry is in; or NULL. */
const struct entry_range *ranges_find(const struct ranges *ranges, uint64_t entry);
/** Whether all of `others` is in it. */
bool ranges_cover(const struct ranges *ranges, const struct ranges *others);
/** Adds all entries of a log of this size but those of `others`. */
void ranges_without(struct ranges *ranges, uint64_t size, const struct ranges *others);
/** How many entries there are in it. */
uint64_t ranges_total(const struct ranges *ranges);
/** "0 to 511, 768 to 1023": the first few, and how many more. */
void ranges_text(const struct ranges *ranges, struct buf *to);

/** Entries that one PRUNE can name: as many ranges as an event has room for. */
#define PRUNE_RANGES_MAX 900
/**
 * Reads which entries are not there, by a PRUNE event; appends to `absent`. 0, or -EBADMSG: it names no
 * whole bundles, or not in order.
 */
int ranges_pruned(struct ranges *absent, const struct ev_head *event);

#endif
