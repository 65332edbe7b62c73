// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What was there before the hooks: user space reads these iterators once they are
 * attached. What a hook has told meanwhile stands.
 */
#include "lib/access.h"
#include "lib/exe.h"

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
	if (!exec_place(&facts))
		return 0;
	if (task_watched(BPF_CORE_READ(task, real_parent, tgid), &parent))
		facts.parent_lineage = parent.lineage;
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
