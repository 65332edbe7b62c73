// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes: fork, exec and exit. */
#include "lib/argument.h"
#include "lib/join.h"
#include "lib/spare.h"

static __always_inline void forked(struct task_struct *parent, struct task_struct *child, __u32 channel)
{
	struct owner owner;
	struct ev_fork *event;
	__u32 parent_tgid = parent->tgid;
	__u64 parent_start;

	if (child->tgid == parent->tgid) /* a thread: it is its process already */
		return;
	if (!task_watched(parent_tgid, &owner))
		return;
	parent_start = owner.start;
	owner.tgid = child->tgid;
	owner.tid = child->pid;
	owner.start = child->start_boottime;
	if (!task_join(owner.tgid, owner.lineage, owner.start))
		return;
	event = EMIT_RESERVE(channel, EV_FORK, ev_fork, &owner);
	if (!event)
		return;
	event->parent_tgid = parent_tgid;
	event->parent_start = parent_start;
	event->pad = 0;
	emit_submit(event);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	if (on_duty(CHANNEL_FORK))
		forked(parent, child, CHANNEL_FORK);
	return 0;
}

SEC("tracepoint/sched/sched_process_fork")
int process_fork_perf(struct trace_event_raw_sched_process_fork *ctx)
{
	struct task_struct *child;

	if (!leads(CHANNEL_FORK))
		return 0;
	child = bpf_task_from_pid(ctx->child_pid);
	if (!child) {
		hand_on(CHANNEL_FORK);
		return 0;
	}
	forked(bpf_get_current_task_btf(), child, CHANNEL_FORK_PERF);
	bpf_task_release(child);
	return 0;
}

static __always_inline void executed(struct task_struct *task, struct file *file, const char *name,
				     bool script, __u32 channel, __u32 which)
{
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &which);
	struct exec_facts facts = {
		.owner = {.tgid = task->tgid, .tid = task->pid, .start = task->start_boottime},
		.channel = channel,
		.scratch = which,
	};
	struct file *opened = scratch && script ? script_of(scratch, task) : NULL;
	__u64 waits_for = 0;
	__u32 verdict;

	EXE_IDENTIFY(&facts.exe, file, TYPED);
	facts.any_name = !started_place(&facts.exe, task, name, opened);
	facts.cgroup = bpf_get_current_cgroup_id();
	verdict = exec_verdict(&facts);
	if (verdict == EXE_INTERPRETER && scratch)
		verdict = argument_verdict(&facts, scratch, task);
	if (!exec_place(&facts, verdict, file, opened, &waits_for))
		return;
	if (scratch && facts.unjudged && !(facts.flags & EXEC_ARGUMENT))
		started_emit(scratch, task, name, &facts);
	if (waits_for)
		waits_emit(&facts.owner, waits_for, channel, JOIN_RUNS);
	exec_emit(task, file, &facts);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	if (on_duty(CHANNEL_EXEC))
		executed(task, bprm->file, bprm->filename, bprm->interp != bprm->filename, CHANNEL_EXEC,
			 SCRATCH_EXEC);
	return 0;
}

SEC("tracepoint/sched/sched_process_exec")
int process_exec_perf(struct trace_event_raw_sched_process_exec *ctx)
{
	const char *name = (const char *)ctx + (ctx->__data_loc_filename & 0xffff);
	struct task_struct *task = bpf_get_current_task_btf();

	if (leads(CHANNEL_EXEC))
		executed(task, task->mm->exe_file, name, true, CHANNEL_EXEC_PERF, SCRATCH_EXEC_PERF);
	return 0;
}

static __always_inline void exited(struct task_struct *task, __u32 channel)
{
	struct owner owner;
	struct ev_exit *event;
	__u32 tgid = task->tgid;
	int code;

	if (task->signal->live.counter) /* its process goes on */
		return;
	if (!task_watched(tgid, &owner) || task_drop(tgid, owner.lineage))
		return; /* another thread that ended with it was first */
	event = EMIT_RESERVE(channel, EV_EXIT, ev_exit, &owner);
	if (!event)
		return;
	code = task->signal->group_exit_code;
	event->code = code ? code : task->exit_code;
	event->pad = 0;
	emit_submit(event);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	if (on_duty(CHANNEL_EXIT))
		exited(task, CHANNEL_EXIT);
	return 0;
}

SEC("tracepoint/sched/sched_process_exit")
int process_exit_perf(void *ctx)
{
	if (leads(CHANNEL_EXIT))
		exited(bpf_get_current_task_btf(), CHANNEL_EXIT_PERF);
	return 0;
}
