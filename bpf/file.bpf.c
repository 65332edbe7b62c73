// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What system calls moved, looked at when they are over: the descriptor tells the
 * object, the return value the bytes. Every call of the host passes: attached on demand.
 */
#include "lib/mapping.h"
#include "lib/payload.h"
#include "lib/spare.h"

/* Each says whether the step has bytes to charge. */

static __noinline int on_transfer(struct step *step)
{
	const struct call *call = &step->called.call;
	struct file *file = file_of(call_arg(&step->called, call->fd));

	if (!file || !step->result)
		return 0;
	if (file_is(file, S_IFSOCK))
		return on_socket(step, file, call->act == ACT_WRITE);
	/* A pipe's reading end may be given to what usually writes: vmsplice(2). */
	if (call->act == ACT_WRITE && file_mode(file) & FMODE_WRITE) {
		step->to = file;
		step->written = step->result;
		return 1;
	}
	if (file_has_offsets(file)) {
		step->moving.from =
			call->at ? call_arg(&step->called, call->at) : file_position(file) - step->result;
		step->moving.to = step->moving.from + step->result;
	}
	step->from = file, step->read = step->result;
	return 1;
}

static __noinline int on_move(struct step *step)
{
	step->from = file_of(call_arg(&step->called, step->called.call.fd));
	step->to = file_of(call_arg(&step->called, step->called.call.to));
	step->read = step->written = step->result;
	return step->result > 0;
}

static __noinline int on_open(struct step *step)
{
	step->from = file_of(step->result);
	return 1;
}

static __always_inline int step_take(struct step *step)
{
	switch (step->called.call.act) {
	case ACT_READ:
	case ACT_WRITE:
		return on_transfer(step);
	case ACT_MOVE:
		return on_move(step);
	case ACT_MAP:
		return on_map(step);
	case ACT_ATTACH:
		return on_attach(step);
	case ACT_OPEN:
		return on_open(step);
	case ACT_IOCTL:
		return on_ioctl(step);
	case ACT_MESSAGES_SENT:
	case ACT_MESSAGES_RECEIVED:
		return on_messages(step);
	case ACT_BATCH:
		return on_batch(step);
	case ACT_PTRACE:
		return on_ptrace(step);
	default:
		return on_memory(step);
	}
}

/** Charges what came from one object, what went to another, and who was taken hold of. */
static __always_inline void step_charge(struct step *step)
{
	if (step->target)
		access_task(step->target, &step->moving);
	step->moving.read = step->read;
	if (step->from)
		access_file(step->from, &step->moving);
	step->moving.read = step->moving.mapped = step->moving.from = step->moving.to = 0;
	step->moving.written = step->written;
	if (step->to) {
		access_file(step->to, &step->moving);
		step->target = memory_owner(step->to);
		step->how = JOIN_MEMORY;
	}
	if (step->target && step->how)
		join(step->target, &step->moving, step->how);
}

/** A function of its own: whoever is not watched pays for no register of it. */
static __noinline int called(struct pt_regs *regs, long result, __u32 channel)
{
	__u32 leading = channel == CHANNEL_CALL_PERF;
	struct owner owner = {};
	bool watched = current_watched(&owner);
	struct step *step;

	if (!watched && !loads_code(regs))
		return 0;
	step = bpf_map_lookup_elem(&steps, &leading);
	if (!step)
		return 0;
	__builtin_memset(step, 0, sizeof(*step));
	step->moving = (struct moving){.owner = owner, .channel = channel, .scratch = SCRATCH_CALL + leading};
	step->result = result;
	if (!call_read(&step->called, regs))
		return 0;
	if (watched && step_take(step))
		step_charge(step);
	if (loads_code(regs))
		code_loaded(step, watched);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(file_call, struct pt_regs *regs, long result)
{
	if (on_duty(CHANNEL_CALL) && !call_ignored(regs, result))
		called(regs, result, CHANNEL_CALL);
	return 0;
}

SEC("tracepoint/raw_syscalls/sys_exit")
int file_call_perf(struct trace_event_raw_sys_exit *ctx)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());

	if (leads(CHANNEL_CALL) && !call_ignored(regs, ctx->ret))
		called(regs, ctx->ret, CHANNEL_CALL_PERF);
	return 0;
}
