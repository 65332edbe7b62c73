// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What was there before the hooks: user space reads these iterators once they are
 * attached. What a hook has told meanwhile stands.
 */
#include "lib/join.h"

#define E2BIG 7

SEC("iter/task")
int process_existing(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct mm_struct *mm;
	struct file *file;
	struct inode *inode;
	struct owner parent;
	struct exec_facts facts = {
		.flags = EXEC_EXISTING,
		.channel = CHANNEL_EXISTING,
		.scratch = SCRATCH_EXISTING,
	};
	__u64 waits_for = 0;

	/* Of each process its first thread, or any that is left where that one has ended. */
	if (!task || (task->pid != task->tgid && BPF_CORE_READ(task, group_leader, mm)))
		return 0;
	facts.owner.tgid = facts.owner.tid = task->tgid;
	facts.owner.start = BPF_CORE_READ(task, group_leader, start_boottime);
	mm = task->mm;
	file = mm ? mm->exe_file : NULL;
	inode = file ? file->f_inode : NULL;
	if (!inode || task_watched(facts.owner.tgid, &parent))
		return 0;
	EXE_IDENTIFY(&facts.exe, file, TYPED);
	facts.cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	if (!exec_place(&facts, exec_verdict(&facts), file, NULL, &waits_for))
		return 0;
	if (!(facts.flags & EXEC_AUTHORED) && task_watched(BPF_CORE_READ(task, real_parent, tgid), &parent))
		facts.parent_lineage = parent.lineage;
	if (waits_for)
		waits_emit(&facts.owner, waits_for, facts.channel, JOIN_RUNS);
	exec_emit(task, file, &facts);
	return 0;
}

/** How far an open file was read or written, its offset tells, unless it was told to jump. */
SEC("iter/task_file")
int file_existing(struct bpf_iter__task_file *ctx)
{
	struct moving moving = {
		.channel = CHANNEL_EXISTING_FILES,
		.scratch = SCRATCH_FILES,
		.flags = ACCESS_EXISTING | ACCESS_AT_MOST,
	};
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;

	if (!task || !file || !task_watched(task->tgid, &moving.owner))
		return 0;
	if (file_has_offsets(file) && file_mode(file) & FMODE_READ)
		moving.read = file_position(file);
	if (file_has_offsets(file) && file_mode(file) & FMODE_WRITE)
		moving.written = file_position(file);
	access_existing(file, &moving);
	return 0;
}

/**
 * Whether it is a fanotify group that may be asked before a file is opened: such a
 * group is of a class above the one that is merely told.
 */
static __always_inline bool answers_opens(struct file *file)
{
	struct fsnotify_group___v6_12 *group = (void *)BPF_CORE_READ(file, private_data);
	static const char wanted[] = "[fanotify]";
	char name[sizeof(wanted)] = {};

	if (BPF_CORE_READ(file, f_inode, i_sb, s_magic) != ANON_INODE_FS_MAGIC)
		return false;
	bpf_probe_read_kernel(name, sizeof(name), BPF_CORE_READ(file, f_path.dentry, d_name.name));
	for (__u32 i = 0; i < sizeof(name); i++)
		if (name[i] != wanted[i])
			return false;
	if (bpf_core_field_exists(group->priority))
		return BPF_CORE_READ(group, priority);
	return BPF_CORE_READ((struct fsnotify_group *)group, priority);
}

/** An on-access scanner, whatever it is called. */
SEC("iter/task_file")
int scanner_existing(struct bpf_iter__task_file *ctx)
{
	struct exec_facts facts = {
		.flags = EXEC_EXISTING | EXEC_SCANNER,
		.channel = CHANNEL_EXISTING,
		.scratch = SCRATCH_EXISTING,
	};
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file, *exe;
	long told;

	if (!task || !file || task->pid != task->tgid || !answers_opens(file))
		return 0;
	exe = task->mm ? task->mm->exe_file : NULL;
	facts.owner.tgid = facts.owner.tid = task->tgid;
	facts.owner.start = task->start_boottime;
	if (!exe)
		return 0;
	told = bpf_map_update_elem(&scanners, &facts.owner.start, &facts.owner.tgid, BPF_NOEXIST);
	if (told == -E2BIG)
		lose(LOSS_SCANNERS);
	if (told)
		return 0;
	EXE_IDENTIFY(&facts.exe, exe, BPF_CORE_READ);
	if (met_place(&facts))
		exec_emit(task, exe, &facts);
	return 0;
}

#define VM_SHARED 0x8

/** The descriptor may be closed: what is mapped stays readable, all of it. */
SEC("iter/task_vma")
int memory_existing(struct bpf_iter__task_vma *ctx)
{
	struct moving moving = {
		.channel = CHANNEL_EXISTING_FILES,
		.scratch = SCRATCH_FILES,
		.flags = ACCESS_EXISTING | ACCESS_AT_MOST,
	};
	struct task_struct *task = ctx->task;
	struct vm_area_struct *vma = ctx->vma;
	struct file *file = vma ? vma->vm_file : NULL;

	if (!task || !file || task->pid != task->tgid || !task_watched(task->tgid, &moving.owner))
		return 0;
	moving.mapped = file_size(file);
	if (vma->vm_flags & VM_SHARED && file_mode(file) & FMODE_WRITE)
		moving.flags |= ACCESS_SHARED;
	access_file(file, &moving);
	return 0;
}
