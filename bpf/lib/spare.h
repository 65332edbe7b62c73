/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels after 6.18 may take the CPU away inside a tracing program, and skip that
 * program for whoever runs there meanwhile. By way of perf a program keeps its CPU; but
 * it is skipped while a task that lost its CPU in a system call for a map stands there.
 * So such kernels have both: the one by way of perf leads, and leaves a mark; the other
 * is its spare, and acts where there is none. How often it did is counted: whom the
 * kernel skipped beyond that, both have missed, which is a loss.
 */
#ifndef CUSTODES_BPF_SPARE_H
#define CUSTODES_BPF_SPARE_H

#include "maps.h"

/** Until both are attached neither acts: who runs alone is skipped in silence. */
static __always_inline bool armed(__u32 channel)
{
	__u32 *both = bpf_map_lookup_elem(&spares_armed, &channel);

	return both && *(volatile __u32 *)both;
}

/** Where a program leaves its mark for the current task, wherever that goes on: others seldom share it. */
static __always_inline __u64 *mark_of(__u32 channel)
{
	__u64 hash = bpf_get_current_task() * 0x9e3779b97f4a7c15ull;
	__u32 place = channel * MARKS + (hash >> 32) % MARKS;

	return armed(channel) ? bpf_map_lookup_elem(&marks, &place) : NULL;
}

/** For a program that leads: leaves the mark. False where it is not to act yet. */
static __always_inline bool leads(__u32 channel)
{
	__u64 *mark = mark_of(channel);

	if (!mark)
		return false;
	*(volatile __u64 *)mark = bpf_get_current_task();
	return true;
}

static __always_inline void count_acted(__u32 channel, __s64 times)
{
	__u64 *count = bpf_map_lookup_elem(&spares_acted, &channel);

	if (count)
		__sync_fetch_and_add(count, times);
}

/** For one that leads, and cannot do the work here: its spare is to do it, and does not count that. */
static __always_inline void hand_on(__u32 channel)
{
	__u64 *mark = mark_of(channel);

	if (mark)
		*(volatile __u64 *)mark = 0;
	count_acted(channel, -1);
}

/** For a spare, also where nothing leads: whether it is to act for this task. */
static __always_inline bool on_duty(__u32 channel)
{
	__u64 *mark;

	if (!led)
		return true;
	mark = mark_of(channel);
	if (!mark)
		return false;
	if (*(volatile __u64 *)mark == bpf_get_current_task()) {
		*(volatile __u64 *)mark = 0;
		return false;
	}
	count_acted(channel, 1);
	return true;
}

#endif
