/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who acts: the one question that every network hook asks first. */
#ifndef CUSTODES_BPF_TASK_H
#define CUSTODES_BPF_TASK_H

#include "emit.h"

/**
 * Whether a process is in a lineage that is watched. An unwatched one costs
 * one lookup. A lineage without an entry was let go: its tasks are dropped
 * when they are next met.
 */
static __always_inline bool task_watched(__u32 tgid, struct owner *owner)
{
	struct task_entry *task = bpf_map_lookup_elem(&tasks, &tgid);

	if (!task)
		return false;
	owner->lineage = task->lineage;
	owner->start = task->start;
	owner->tgid = tgid;
	owner->tid = tgid;
	if (bpf_map_lookup_elem(&lineages, &owner->lineage))
		return true;
	bpf_map_delete_elem(&tasks, &tgid);
	return false;
}

static __always_inline bool current_watched(struct owner *owner)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	if (!task_watched(pid_tgid >> 32, owner))
		return false;
	owner->tid = (__u32)pid_tgid;
	return true;
}

static __always_inline bool task_join(__u32 tgid, __u64 lineage, __u64 start)
{
	struct task_entry entry = {.lineage = lineage, .start = start};

	if (!bpf_map_update_elem(&tasks, &tgid, &entry, BPF_ANY))
		return true;
	lose(LOSS_TASKS);
	return false;
}

#endif
