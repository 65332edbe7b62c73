// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ticks of what was touched: user space reads these iterators once a second. What has grown since it
 * was last told becomes an event, and what rests ends.
 */
#include "lib/access.h"

static __always_inline bool object_rests(const struct access_key *key, const struct access_entry *entry)
{
	if (key->object.dev == OBJECT_OTHERS)
		return !bpf_map_lookup_elem(&lineages, &key->lineage);
	return bpf_ktime_get_boot_ns() - entry->used > ACCESS_REST_NS;
}

/**
 * The room in the ring comes first, so that an entry goes only when it is told. What is
 * added behind the mark is added elsewhere too; once it is gone, its place is another's.
 */
static __always_inline int tick_access(void *table, const struct access_key *met)
{
	struct access_key key;
	struct access_entry *entry, copy;
	struct ev_access *event;
	bool rests;

	barrier_var(met);
	if (!met)
		return 0;
	key = *met;
	entry = bpf_map_lookup_elem(table, &key);
	if (!entry)
		return 0;
	rests = object_rests(&key, entry);
	if (!rests && total_of(entry) == entry->told)
		return 0;
	event = EMIT_RESERVE(CHANNEL_TICK_ACCESSES, EV_ACCESS, ev_access, &entry->owner);
	if (!event)
		return 0;
	if (rests)
		__sync_fetch_and_add(&entry->ending, 1); /* atomic: the copy is not read ahead of it */
	copy = *entry;
	access_fill(event, &key, &copy);
	event->head.flags = copy.flags | (rests ? ACCESS_LAST : 0);
	emit_submit(event);
	if (rests)
		bpf_map_delete_elem(table, &key);
	else
		entry->told = total_of(&copy);
	return 0;
}

SEC("iter/bpf_map_elem")
int tick_accesses(struct bpf_iter__bpf_map_elem *ctx)
{
	return tick_access(&accesses, ctx->key);
}

SEC("iter/bpf_map_elem")
int tick_others(struct bpf_iter__bpf_map_elem *ctx)
{
	return tick_access(&others, ctx->key);
}
