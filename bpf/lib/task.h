/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who acts: the one question that every network hook asks first. */
#ifndef CUSTODES_BPF_TASK_H
#define CUSTODES_BPF_TASK_H

#include "emit.h"

/**
 * A lineage ends with its last task, and only then: user space may have missed
 * that one was born.
 */
static __always_inline void lineage_leave(__u64 lineage)
{
	__u64 *count = bpf_map_lookup_elem(&lineage_tasks, &lineage);

	if (!count)
		return;
	__sync_fetch_and_add(count, -1);
	if (*count)
		return;
	bpf_map_delete_elem(&lineage_tasks, &lineage);
	bpf_map_delete_elem(&lineages, &lineage);
}

static __always_inline void lineage_enter(__u64 lineage)
{
	__u64 none = 0, *count;

	bpf_map_update_elem(&lineage_tasks, &lineage, &none, BPF_NOEXIST);
	count = bpf_map_lookup_elem(&lineage_tasks, &lineage);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		lose(LOSS_LINEAGES); /* it is watched, but its end will not be seen */
}

/** 0 where the entry is gone by this call. */
static __always_inline long task_drop(__u32 tgid, __u64 lineage)
{
	long r = bpf_map_delete_elem(&tasks, &tgid);

	if (r)
		return r;
	filter_add(&task_filter, tgid, -1);
	lineage_leave(lineage);
	return 0;
}

/**
 * Whether a process is in a lineage that is watched. An unwatched one costs a
 * load, of its filter's slot. A lineage without an entry was let go: its tasks
 * are dropped when they are next met.
 */
static __always_inline bool task_watched(__u32 tgid, struct owner *owner)
{
	struct task_entry *task;
	__u32 yes = 1;

	if (filter_none(&task_filter, tgid))
		return false;
	task = bpf_map_lookup_elem(&tasks, &tgid);
	if (!task)
		return false;
	owner->lineage = task->lineage;
	owner->start = task->start;
	owner->tgid = tgid;
	owner->tid = tgid;
	if (bpf_map_lookup_elem(&lineages, &owner->lineage))
		return true;
	bpf_map_update_elem(&orphans, &owner->lineage, &yes, BPF_ANY);
	task_drop(tgid, owner->lineage);
	return false;
}

/** Quicker than its look-up, for the hook that every call of the host passes. */
static __always_inline bool current_unknown(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return filter_none(&task_filter, READ(task, tgid));
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
	struct task_entry *before = bpf_map_lookup_elem(&tasks, &tgid);
	__u64 left = before ? before->lineage : 0;

	lineage_enter(lineage);
	filter_add(&task_filter, tgid, 1);
	if (!bpf_map_update_elem(&tasks, &tgid, &entry, BPF_NOEXIST))
		return true;
	filter_add(&task_filter, tgid, -1);
	if (!bpf_map_update_elem(&tasks, &tgid, &entry, BPF_EXIST)) {
		lineage_leave(left);
		return true;
	}
	lineage_leave(lineage);
	lose(LOSS_TASKS);
	return false;
}

#endif
