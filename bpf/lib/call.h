/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls by number: what each does with bytes, and where its descriptors
 * stand. What the kernel says of a call is believed, what the caller's memory
 * says is not: it could be changed meanwhile.
 */
#ifndef CUSTODES_BPF_CALL_H
#define CUSTODES_BPF_CALL_H

#include "registers.h"

#include <asm/unistd.h>

static const struct call calls_native[CALLS] = {
	[__NR_read] = {.act = ACT_READ, .memory = MEMORY_BUFFER},
	[__NR_pread64] = {.act = ACT_READ, .at = 3},
	[__NR_readv] = {.act = ACT_READ, .memory = MEMORY_VECTOR},
	[__NR_preadv] = {.act = ACT_READ, .at = 3},
	[__NR_preadv2] = {.act = ACT_READ, .at = 3},
	[__NR_recvfrom] = {.act = ACT_READ, .memory = MEMORY_BUFFER},
	[__NR_recvmsg] = {.act = ACT_READ, .memory = MEMORY_MESSAGE},
	[__NR_write] = {.act = ACT_WRITE, .memory = MEMORY_BUFFER},
	[__NR_pwrite64] = {.act = ACT_WRITE},
	[__NR_writev] = {.act = ACT_WRITE, .memory = MEMORY_VECTOR},
	[__NR_pwritev] = {.act = ACT_WRITE},
	[__NR_pwritev2] = {.act = ACT_WRITE},
	[__NR_sendto] = {.act = ACT_WRITE, .memory = MEMORY_BUFFER},
	[__NR_sendmsg] = {.act = ACT_WRITE, .memory = MEMORY_MESSAGE},
	[__NR_sendmmsg] = {.act = ACT_MESSAGES_SENT, .memory = MEMORY_MESSAGE},
	[__NR_recvmmsg] = {.act = ACT_MESSAGES_RECEIVED, .memory = MEMORY_MESSAGE},
	[__NR_vmsplice] = {.act = ACT_WRITE},
	[__NR_sendfile] = {.act = ACT_MOVE, .fd = 1, .to = 0},
	[__NR_splice] = {.act = ACT_MOVE, .fd = 0, .to = 2},
	[__NR_tee] = {.act = ACT_MOVE, .fd = 0, .to = 1},
	[__NR_copy_file_range] = {.act = ACT_MOVE, .fd = 0, .to = 2},
	[__NR_mmap] = {.act = ACT_MAP, .fd = 4},
	[__NR_shmat] = {.act = ACT_ATTACH},
#ifdef __NR_open
	[__NR_open] = {.act = ACT_OPEN},
	[__NR_creat] = {.act = ACT_OPEN},
#endif
	[__NR_openat] = {.act = ACT_OPEN},
	[__NR_openat2] = {.act = ACT_OPEN},
	[__NR_open_by_handle_at] = {.act = ACT_OPEN},
	[__NR_ioctl] = {.act = ACT_IOCTL},
	[__NR_io_submit] = {.act = ACT_BATCH},
	[__NR_ptrace] = {.act = ACT_PTRACE},
	[__NR_process_vm_readv] = {.act = ACT_MEMORY_READ},
	[__NR_process_vm_writev] = {.act = ACT_MEMORY_WRITE},
};

/** A call that is over, as the kernel kept it. */
struct called {
	struct call call;
	__u64 args[8]; /* six; a power of two for the verifier */
};

/** Whether no call of this number, of whatever ABI, moves bytes: most end here. */
static __always_inline bool call_moves_nothing(const struct pt_regs *regs)
{
	__u32 number = regs->REGS_NUMBER;

	if (number >= CALLS)
		return number_is_final(number);
	barrier_var(number);
	number &= CALLS - 1;
	return calls_native[number].act == ACT_NONE && calls_compat[number].act == ACT_NONE;
}

/** What a number stands for in a native or a 32-bit program; ACT_NONE where it moves nothing. */
static __always_inline struct call call_of(__u32 number, bool compat)
{
	struct call none = {};

	if (!compat)
		number = number_plain(number);
	if (number >= CALLS)
		return none;
	barrier_var(number);
	number &= CALLS - 1; /* for verifiers that lose the bound on the way */
	return compat ? calls_compat[number] : calls_native[number];
}

static __always_inline bool call_read(struct called *called, struct pt_regs *regs)
{
	bool compat = call_is_compat();

	called->call = call_of(regs->REGS_NUMBER, compat);
	if (called->call.act == ACT_NONE)
		return false;
	regs_arguments(called->args, regs, compat);
	return true;
}

static __always_inline __u64 call_arg(const struct called *called, __u32 place)
{
	return called->args[place & 7];
}

#endif
