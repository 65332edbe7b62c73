/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One call under way; and calls whose descriptor and result do not tell what they moved. */
#ifndef CUSTODES_BPF_STEP_H
#define CUSTODES_BPF_STEP_H

#include "call.h"
#include "join.h"
#include "other.h"

#define FICLONE	     0x40049409
#define FICLONERANGE 0x4020940d
#define BATCH_MAX    64

/** What a call was, and what it comes to. */
struct step {
	struct called called;
	struct moving moving;
	__u64 result;
	struct file *from; /* what bytes came from, or was opened or mapped */
	struct file *to;   /* what they went to */
	__u64 read;
	__u64 written;
	struct task_struct *target; /* whose memory it was */
	__u64 how;		    /* enum join_how: it was taken hold of; 0: it was not */
};

/** The program's and that of the one which leads: too large for the stack, beside those of the functions that
 * it is handed to. */
PER_CPU(steps, struct step, 2);

/** Blocks that two files share from now on: read from one, written to the other. */
static __noinline int on_ioctl(struct step *step)
{
	__u64 command = call_arg(&step->called, 1), source = call_arg(&step->called, 2);

	if (command == FICLONERANGE && bpf_probe_read_user(&source, sizeof(source), (void *)source))
		return 0;
	if (command != FICLONE && command != FICLONERANGE)
		return 0;
	step->from = file_of(source);
	step->to = file_of(call_arg(&step->called, 0));
	if (!step->from || !step->to)
		return 0;
	step->read = step->written = file_size(step->from);
	step->moving.flags = ACCESS_AT_MOST;
	return 1;
}

/** As linux/aio_abi.h has it. */
struct iocb {
	__u64 data;
	__u32 key;
	__u32 rw_flags;
	__u16 opcode;
	__s16 priority;
	__u32 fd;
	__u64 buffer;
	__u64 bytes;
	__s64 offset;
};

/** Always true: each stands for itself. */
static __noinline int batch_step(struct step *step, __u64 place)
{
	struct iocb iocb = {};
	struct file *file;
	__u64 at = 0;
	long failed = call_is_compat() ? bpf_probe_read_user(&at, 4, (void *)place) :
					 bpf_probe_read_user(&at, 8, (void *)place);

	if (failed || bpf_probe_read_user(&iocb, sizeof(iocb), (void *)at)) {
		lose(LOSS_BATCH);
		return 1;
	}
	file = file_of(iocb.fd);
	if (!file)
		return 1;
	/* A vector's bytes are not here: the file's size bounds them. IOCB_CMD_PWRITE and PWRITEV are odd. */
	step->moving.read = iocb.opcode & 1 ? 0 : file_size(file);
	step->moving.written = iocb.opcode & 1 ? iocb.bytes : 0;
	access_unnamed(file, &step->moving);
	return 1;
}

/**
 * Handed in, not done yet: at most that much. The list lies in the caller's memory.
 * So many paths the verifier does not let us walk; the opens have told them.
 */
static __noinline int on_batch(struct step *step)
{
	__u64 list = call_arg(&step->called, 2);
	__u32 count = step->result, each = call_is_compat() ? 4 : 8;

	step->moving.flags = ACCESS_AT_MOST;
	REPEAT(i, count, BATCH_MAX, batch_step(step, list + i * each));
	if (count > BATCH_MAX && !REPEATS_ALL)
		lose(LOSS_BATCH);
	return 0;
}

static __noinline int on_memory(struct step *step)
{
	bool write = step->called.call.act == ACT_MEMORY_WRITE;
	__u64 who = bpf_get_current_pid_tgid();
	struct process_id *aim = bpf_map_lookup_elem(&aims, &who);

	step->moving.written = write ? step->result : 0;
	step->moving.read = write ? 0 : step->result;
	step->how = write ? JOIN_MEMORY : 0;
	if (aim) { /* bpf/memory.bpf.c has met it, and joined it */
		access_process(aim, &step->moving);
		bpf_map_delete_elem(&aims, &who);
		return 0;
	}
	step->target = task_of(call_arg(&step->called, 0));
	if (!step->target)
		lose(LOSS_MEMORY);
	return 1;
}

static __noinline int on_ptrace(struct step *step)
{
	__u64 request = call_arg(&step->called, 0);

	if (request != PTRACE_ATTACH && request != PTRACE_SEIZE)
		return 0;
	step->target = latest_traced();
	step->how = JOIN_PTRACE;
	return 1;
}

#define PROT_EXEC 4

/** mmap(2), as a loader calls it: also by whom nobody watches. */
static __always_inline bool loads_code(const struct pt_regs *regs)
{
	__u32 number = regs->REGS_NUMBER;

	return (number == __NR_mmap || number == NR_COMPAT_MMAP) && REGS_THIRD(regs) & PROT_EXEC;
}

/** In the order of what it costs to find out. */
static __always_inline bool call_ignored(const struct pt_regs *regs, long result)
{
	/* Not by its sign: of a 32-bit program's address that is the highest bit. */
	return (__u64)result >= (__u64)-MAX_ERRNO || call_moves_nothing(regs) ||
	       (current_unknown() && !loads_code(regs));
}

#endif
