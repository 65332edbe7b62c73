/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A counting filter before a table: how many entries share a slot. Where that is
 * none, a load has answered instead of a hash, and most processes and sockets
 * are nobody's. A count is never below the truth: it rises before an entry comes
 * and falls after it has gone.
 */
#ifndef CUSTODES_BPF_FILTER_H
#define CUSTODES_BPF_FILTER_H

#include "maps.h"

static __always_inline __u32 filter_slot(__u64 key)
{
	return (key ^ key >> 6 ^ key >> 20) & (FILTER_SLOTS - 1);
}

static __always_inline bool filter_none(void *filter, __u64 key)
{
	__u32 slot = filter_slot(key);
	__u32 *count = bpf_map_lookup_elem(filter, &slot);

	return !count || !*count;
}

static __always_inline void filter_add(void *filter, __u64 key, int more)
{
	__u32 slot = filter_slot(key);
	__u32 *count = bpf_map_lookup_elem(filter, &slot);

	if (count)
		__sync_fetch_and_add(count, more);
}

#endif
