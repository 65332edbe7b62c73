/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Influence without kinship: who writes another process's memory, or traces it,
 * can have it do anything. From then on that process is of the same lineage.
 */
#ifndef CUSTODES_BPF_JOIN_H
#define CUSTODES_BPF_JOIN_H

#include "access.h"
#include "exe.h"

#define PTRACE_ATTACH 16
#define PTRACE_SEIZE  0x4206

/* Since 6.2. */
extern struct task_struct *bpf_task_from_pid(__s32 pid) __ksym __weak;
extern void bpf_task_release(struct task_struct *task) __ksym __weak;

/** What the process runs, as if it had been met at the start. */
static __always_inline void joined_emit(struct task_struct *task, const struct owner *owner,
					const struct moving *moving)
{
	struct exec_facts facts = {
		.owner = *owner,
		.channel = moving->channel,
		.scratch = moving->scratch,
		.flags = EXEC_EXISTING,
	};
	struct lineage_entry *lineage = bpf_map_lookup_elem(&lineages, &facts.owner.lineage);
	struct file *file = BPF_CORE_READ(task, mm, exe_file);

	if (!lineage || !file)
		return;
	facts.state = lineage->state;
	EXE_IDENTIFY(&facts.exe, file, BPF_CORE_READ);
	exec_emit(task, file, &facts);
}

/** Whether a process is some product's already: what is merely not judged yet may be had. */
static __always_inline bool is_taken(__u32 tgid, __u64 by)
{
	struct lineage_entry *entry;
	struct owner there;

	if (!task_watched(tgid, &there))
		return false;
	entry = bpf_map_lookup_elem(&lineages, &there.lineage);
	return there.lineage == by || !entry || entry->state == LINEAGE_WATCHED;
}

/** Into the lineage of who acts, unless another product has it under watch already. */
static __noinline int join(struct task_struct *task, const struct moving *moving, __u32 how)
{
	struct owner owner = moving->owner;
	struct ev_join *event;
	__u32 tgid = BPF_CORE_READ(task, tgid);

	if (is_taken(tgid, owner.lineage))
		return 0;
	owner.tgid = tgid;
	owner.tid = BPF_CORE_READ(task, pid);
	owner.start = BPF_CORE_READ(task, group_leader, start_boottime);
	joined_emit(task, &owner, moving); /* what it does from the next line on, it is known to do */
	if (!task_join(tgid, owner.lineage, owner.start))
		return 0;
	event = EMIT_RESERVE(moving->channel, EV_JOIN, ev_join, &owner);
	if (!event)
		return 0;
	event->by_start = moving->owner.start;
	event->by_tgid = moving->owner.tgid;
	event->how = how;
	emit_submit(event);
	return 0;
}

/** It is not judged yet, and its author is not, or has ended: told, for who knows more of that one. */
static __always_inline void waits_emit(const struct owner *owner, __u64 author, __u32 channel, __u8 flags)
{
	struct ev_join *event = EMIT_RESERVE(channel, EV_JOIN, ev_join, owner);

	if (!event)
		return;
	event->head.flags = flags;
	event->by_start = author;
	event->by_tgid = 0;
	event->how = JOIN_WAITS;
	emit_submit(event);
}

/** Of a task that has loaded what another has written. */
static __noinline int join_later(struct task_struct *task, const struct moving *moving)
{
	__u32 tgid = BPF_CORE_READ(task, tgid);
	struct owner there;

	if (!task_watched(tgid, &there) || there.lineage == moving->owner.lineage)
		return 0;
	there.tgid = tgid;
	there.tid = BPF_CORE_READ(task, pid);
	there.start = BPF_CORE_READ(task, group_leader, start_boottime);
	waits_emit(&there, moving->owner.lineage, moving->channel, 0);
	return 0;
}

/**
 * The process that has a number, if the caller is in the host's PID namespace. It
 * is given back at once: what is read of it stays until the program ends.
 */
static __always_inline struct task_struct *task_of(__s32 pid)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 plain;

	if (!bpf_task_from_pid || !bpf_task_release || READ(task, thread_pid, level))
		return NULL;
	task = bpf_task_from_pid(pid);
	if (!task)
		return NULL;
	plain = (__u64)task;
	bpf_task_release(task);
	return (struct task_struct *)plain;
}

/** Whom the caller traces now: the kernel puts the latest first. */
static __always_inline struct task_struct *latest_traced(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	void *first = BPF_CORE_READ(task, ptraced.next);

	if (!first || first == (void *)task + bpf_core_field_offset(struct task_struct, ptraced))
		return NULL;
	return first - bpf_core_field_offset(struct task_struct, ptrace_entry);
}

/** Whether a file is some /proc/PID/mem. */
static __always_inline bool is_memory(struct file *file)
{
	char name[4] = {};

	if (BPF_CORE_READ(file, f_inode, i_sb, s_magic) != PROC_SUPER_MAGIC)
		return false;
	bpf_probe_read_kernel(name, sizeof(name), BPF_CORE_READ(file, f_path.dentry, d_name.name));
	return name[0] == 'm' && name[1] == 'e' && name[2] == 'm' && !name[3];
}

/** Whose memory a file is; NULL: nobody's. */
static __always_inline struct task_struct *memory_owner(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct proc_inode *proc = (void *)inode - bpf_core_field_offset(struct proc_inode, vfs_inode);
	void *link = is_memory(file) ? BPF_CORE_READ(proc, pid, tasks[0].first) : NULL;

	return link ? link - bpf_core_field_offset(struct task_struct, pid_links) : NULL;
}

#endif
