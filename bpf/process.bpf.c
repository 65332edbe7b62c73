// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes: fork, exec and exit. */
#include "lib/exe.h"

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct owner owner;
	struct ev_fork *event;
	__u32 parent_tgid = parent->tgid;
	__u64 parent_start;

	if (child->tgid == parent->tgid) /* a thread: it is its process already */
		return 0;
	if (!task_watched(parent_tgid, &owner))
		return 0;
	parent_start = owner.start;
	owner.tgid = child->tgid;
	owner.tid = child->pid;
	owner.start = child->start_boottime;
	if (!task_join(owner.tgid, owner.lineage, owner.start))
		return 0;
	event = EMIT_RESERVE(CHANNEL_FORK, EV_FORK, ev_fork, &owner);
	if (!event)
		return 0;
	event->parent_tgid = parent_tgid;
	event->parent_start = parent_start;
	event->pad = 0;
	emit_submit(event);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct exec_facts facts = {
		.owner = {.tgid = task->tgid, .tid = task->pid, .start = task->start_boottime},
		.channel = CHANNEL_EXEC,
		.scratch = SCRATCH_EXEC,
	};

	EXE_IDENTIFY(&facts.exe, bprm->file, TYPED);
	if (!exec_place(&facts))
		return 0;
	facts.cgroup = bpf_get_current_cgroup_id();
	exec_emit(task, bprm->file, &facts);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	struct owner owner;
	struct ev_exit *event;
	__u32 tgid = task->tgid;
	int code;

	if (task->signal->live.counter) /* its process goes on */
		return 0;
	if (!task_watched(tgid, &owner) || task_drop(tgid, owner.lineage))
		return 0; /* another thread that ended with it was first */
	event = EMIT_RESERVE(CHANNEL_EXIT, EV_EXIT, ev_exit, &owner);
	if (!event)
		return 0;
	code = task->signal->group_exit_code;
	event->code = code ? code : task->exit_code;
	event->pad = 0;
	emit_submit(event);
	return 0;
}
