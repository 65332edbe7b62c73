// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may read or write another process's memory, met before anything is moved: what a
 * process does that is written to is the writer's doing from then on. By trampolines, which not every kernel
 * has; file.bpf.c says the same when the call is over.
 */
#include "lib/join.h"
#include "lib/step.h"

#define FOLL_WRITE  1
#define THREAD_SIZE 16384 /* of x86-64 and arm64, if nothing is debugged */

/** With which the caller came into the kernel; before 5.15 nobody helps, and they lie at the stack's end. */
static __always_inline struct pt_regs *current_regs(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return BPF_CORE_READ(task, stack) + THREAD_SIZE - bpf_core_type_size(struct pt_regs);
}

/** process_vm_readv(2) and process_vm_writev(2) are allowed to; nothing is moved yet. */
SEC("fexit/mm_access")
int BPF_PROG(memory_allowed, struct task_struct *task, unsigned int mode, struct mm_struct *mm)
{
	struct moving moving = {.channel = CHANNEL_MEMORY_ALLOWED, .scratch = SCRATCH_ALLOWED};
	__u64 who = bpf_get_current_pid_tgid();
	struct process_id aim;
	__u8 act;

	if (!mm || (unsigned long)mm >= (unsigned long)-MAX_ERRNO || !current_watched(&moving.owner))
		return 0;
	act = call_of(READ(current_regs(), REGS_NUMBER), call_is_compat()).act;
	if (act != ACT_MEMORY_READ && act != ACT_MEMORY_WRITE)
		return 0;
	identify(&aim, task);
	bpf_map_update_elem(&aims, &who, &aim, BPF_ANY);
	if (act == ACT_MEMORY_WRITE)
		join(task, &moving, JOIN_MEMORY);
	return 0;
}

/** What is written through a /proc/PID/mem. */
SEC("fentry/access_remote_vm")
int BPF_PROG(memory_written, struct mm_struct *mm, unsigned long address, void *buffer, int length,
	     unsigned int flags)
{
	struct moving moving = {.channel = CHANNEL_MEMORY_WRITTEN, .scratch = SCRATCH_WRITTEN};
	struct task_struct *task;

	if (!(flags & FOLL_WRITE) || !current_watched(&moving.owner))
		return 0;
	task = bpf_core_field_exists(mm->owner) ? BPF_CORE_READ(mm, owner) : NULL;
	if (task)
		join(task, &moving, JOIN_MEMORY);
	return 0;
}
