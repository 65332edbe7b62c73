/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls by number: what each does with bytes, and where its descriptors
 * stand. What the kernel says of a call is believed, what the caller's memory
 * says is not: it could be changed meanwhile.
 */
#ifndef CUSTODES_BPF_CALL_H
#define CUSTODES_BPF_CALL_H

#include "kernel.h"

#include <asm/unistd.h>

enum act {
	ACT_NONE,
	ACT_READ,
	ACT_WRITE,
	ACT_MOVE, /* from one descriptor to another, without passing through the process */
	ACT_MAP,
	ACT_OPEN,
	ACT_IOCTL,
	ACT_MESSAGES_SENT, /* sendmmsg(2): the result counts messages */
	ACT_MESSAGES_RECEIVED,
	ACT_BATCH, /* asynchronous reads and writes that were handed in */
	ACT_PTRACE,
	ACT_MEMORY_READ,
	ACT_MEMORY_WRITE,
};

/** Where the bytes of a message are: the second argument points to them, ... */
enum memory {
	MEMORY_NONE,
	MEMORY_BUFFER,
	MEMORY_VECTOR,	/* ... to a struct iovec, */
	MEMORY_MESSAGE, /* ... or to a struct msghdr, which has one */
};

/** Places of arguments, from 0; `at` is that of the offset, 0: the file has its own. */
struct call {
	__u8 act;
	__u8 fd; /* of ACT_MOVE the one that is read */
	__u8 to; /* of ACT_MOVE the one that is written */
	__u8 at;
	__u8 memory;
	__u8 pad[3];
};

#define CALLS 512

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

#ifdef __TARGET_ARCH_x86
/* By the numbers of 32-bit programs, which any program may use (int $0x80). */
static const struct call calls_compat[CALLS] = {
	[3] = {.act = ACT_READ},	    /* read */
	[180] = {.act = ACT_READ, .at = 3}, /* pread64 */
	[145] = {.act = ACT_READ},	    /* readv */
	[333] = {.act = ACT_READ, .at = 3}, /* preadv */
	[378] = {.act = ACT_READ, .at = 3}, /* preadv2 */
	[371] = {.act = ACT_READ},	    /* recvfrom */
	[372] = {.act = ACT_READ},	    /* recvmsg */
	[4] = {.act = ACT_WRITE},	    /* write */
	[181] = {.act = ACT_WRITE},	    /* pwrite64 */
	[146] = {.act = ACT_WRITE},	    /* writev */
	[334] = {.act = ACT_WRITE},	    /* pwritev */
	[379] = {.act = ACT_WRITE},	    /* pwritev2 */
	[369] = {.act = ACT_WRITE},	    /* sendto */
	[370] = {.act = ACT_WRITE},	    /* sendmsg */
	[316] = {.act = ACT_WRITE},	    /* vmsplice */
	[187] = {.act = ACT_MOVE, .fd = 1}, /* sendfile */
	[239] = {.act = ACT_MOVE, .fd = 1}, /* sendfile64 */
	[313] = {.act = ACT_MOVE, .to = 2}, /* splice */
	[315] = {.act = ACT_MOVE, .to = 1}, /* tee */
	[377] = {.act = ACT_MOVE, .to = 2}, /* copy_file_range */
	[192] = {.act = ACT_MAP, .fd = 4},  /* mmap2 */
	[5] = {.act = ACT_OPEN},	    /* open */
	[8] = {.act = ACT_OPEN},	    /* creat */
	[295] = {.act = ACT_OPEN},	    /* openat */
	[437] = {.act = ACT_OPEN},	    /* openat2 */
	[342] = {.act = ACT_OPEN},	    /* open_by_handle_at */
	[54] = {.act = ACT_IOCTL},	    /* ioctl */
	[248] = {.act = ACT_BATCH},	    /* io_submit */
	[26] = {.act = ACT_PTRACE},	    /* ptrace */
	[347] = {.act = ACT_MEMORY_READ},   /* process_vm_readv */
	[348] = {.act = ACT_MEMORY_WRITE},  /* process_vm_writev */
};

#define TS_COMPAT   0x0002
#define X32_SYSCALL 0x40000000
#define X32_FIRST   512

static __always_inline bool call_is_compat(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return READ(task, thread_info.status) & TS_COMPAT;
}

/** x32 has numbers of its own for calls whose arguments are laid out otherwise. */
static const __u16 calls_x32[64] = {
	[2] = __NR_ioctl,
	[3] = __NR_readv,
	[4] = __NR_writev,
	[5] = __NR_recvfrom,
	[6] = __NR_sendmsg,
	[7] = __NR_recvmsg,
	[9] = __NR_ptrace,
	[20] = __NR_vmsplice,
	[22] = __NR_preadv,
	[23] = __NR_pwritev,
	[27] = __NR_process_vm_readv,
	[28] = __NR_process_vm_writev,
	[32] = __NR_io_submit,
	[34] = __NR_preadv2,
	[35] = __NR_pwritev2,
};

static __always_inline __u32 call_number(__u64 number)
{
	__u32 plain = (__u32)number & ~X32_SYSCALL;

	if (!((__u32)number & X32_SYSCALL) || plain < X32_FIRST)
		return plain;
	plain -= X32_FIRST;
	return plain < 64 && calls_x32[plain] ? calls_x32[plain] : CALLS;
}
#endif

/** A call that is over, as the kernel kept it. */
struct called {
	struct call call;
	__u64 args[8]; /* six; a power of two for the verifier */
};

#ifdef __TARGET_ARCH_x86
/** Whether no call of this number, of whatever ABI, moves bytes: most end here. */
static __always_inline bool call_moves_nothing(const struct pt_regs *regs)
{
	__u32 number = regs->orig_ax;

	if (number >= CALLS)
		return false;
	barrier_var(number);
	number &= CALLS - 1;
	return calls_native[number].act == ACT_NONE && calls_compat[number].act == ACT_NONE;
}

static __always_inline bool call_read(struct called *called, struct pt_regs *regs)
{
	bool compat = call_is_compat();
	__u32 number = compat ? (__u32)regs->orig_ax : call_number(regs->orig_ax);

	if (number >= CALLS)
		return false;
	barrier_var(number);
	number &= CALLS - 1; /* for verifiers that lose the bound on the way */
	called->call = compat ? calls_compat[number] : calls_native[number];
	if (called->call.act == ACT_NONE)
		return false;
	called->args[0] = compat ? (__u32)regs->bx : regs->di;
	called->args[1] = compat ? (__u32)regs->cx : regs->si;
	called->args[2] = compat ? (__u32)regs->dx : regs->dx;
	called->args[3] = compat ? (__u32)regs->si : regs->r10;
	called->args[4] = compat ? (__u32)regs->di : regs->r8;
	called->args[5] = compat ? (__u32)regs->bp : regs->r9;
	return true;
}
#else
static __always_inline bool call_moves_nothing(const struct pt_regs *regs)
{
	__u32 number = regs->syscallno;

	if (number >= CALLS)
		return true;
	barrier_var(number);
	return calls_native[number & (CALLS - 1)].act == ACT_NONE;
}

static __always_inline bool call_read(struct called *called, struct pt_regs *regs)
{
	__u32 number = regs->syscallno;

	if (number >= CALLS)
		return false;
	barrier_var(number);
	number &= CALLS - 1; /* for verifiers that lose the bound on the way */
	called->call = calls_native[number];
	if (called->call.act == ACT_NONE)
		return false;
	called->args[0] = regs->orig_x0;
	for (int i = 1; i < 6; i++)
		called->args[i] = regs->regs[i];
	return true;
}
#endif

static __always_inline __u64 call_arg(const struct called *called, __u32 place)
{
	return called->args[place & 7];
}

#endif
