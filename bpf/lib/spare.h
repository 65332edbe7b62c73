/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels after 6.18 may take the CPU away inside a tracing program, and skip that
 * program for whoever runs there meanwhile. So each has a spare behind it, which acts
 * where the first one has left no mark. A task that loses its CPU between the two may
 * be charged by both; who is skipped by both is a loss, which user space counts.
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

/** For a program that has a spare: leaves the mark. False where it is not to act yet. */
static __always_inline bool on_duty(__u32 channel)
{
	__u64 *met;

	if (!preempted)
		return true;
	met = bpf_map_lookup_elem(&spares_met, &channel);
	if (!met || !armed(channel))
		return false;
	*(volatile __u64 *)met = bpf_get_current_task();
	return true;
}

/** For a spare: whether the program of this channel was skipped for this task. */
static __always_inline bool was_skipped(__u32 channel)
{
	__u64 *met = bpf_map_lookup_elem(&spares_met, &channel);

	if (!met || !armed(channel))
		return false;
	if (*(volatile __u64 *)met != bpf_get_current_task())
		return true;
	*(volatile __u64 *)met = 0;
	return false;
}

#endif
