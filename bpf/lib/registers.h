/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs by architecture in a system call: where its number and arguments
 * stand, and the calls of 32-bit programs, which a 64-bit product may run, or be.
 */
#ifndef CUSTODES_BPF_REGISTERS_H
#define CUSTODES_BPF_REGISTERS_H

#include "kernel.h"

#include <asm/unistd.h>

enum act {
	ACT_NONE,
	ACT_READ,
	ACT_WRITE,
	ACT_MOVE, /* from one descriptor to another, without passing through the process */
	ACT_MAP,
	ACT_ATTACH, /* System V shared memory */
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
	[397] = {.act = ACT_ATTACH},	    /* shmat */
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

static __always_inline __u32 number_plain(__u32 number)
{
	__u32 plain = number & ~X32_SYSCALL;

	if (!(number & X32_SYSCALL) || plain < X32_FIRST)
		return plain;
	plain -= X32_FIRST;
	return plain < 64 && calls_x32[plain] ? calls_x32[plain] : CALLS;
}

/** Whether a number beyond the tables stands for nothing else. */
static __always_inline bool number_is_final(__u32 number)
{
	return !(number & X32_SYSCALL);
}

#define REGS_NUMBER	 orig_ax
#define REGS_THIRD(regs) (regs)->dx /* of every ABI */
#define NR_COMPAT_MMAP	 192

static __always_inline void regs_arguments(__u64 args[6], const struct pt_regs *regs, bool compat)
{
	args[0] = compat ? (__u32)regs->bx : regs->di;
	args[1] = compat ? (__u32)regs->cx : regs->si;
	args[2] = compat ? (__u32)regs->dx : regs->dx;
	args[3] = compat ? (__u32)regs->si : regs->r10;
	args[4] = compat ? (__u32)regs->di : regs->r8;
	args[5] = compat ? (__u32)regs->bp : regs->r9;
}

#else /* arm64 */

/* By the numbers of 32-bit programs; a 64-bit argument begins at an even place. */
static const struct call calls_compat[CALLS] = {
	[3] = {.act = ACT_READ},	    /* read */
	[180] = {.act = ACT_READ, .at = 4}, /* pread64 */
	[145] = {.act = ACT_READ},	    /* readv */
	[361] = {.act = ACT_READ, .at = 3}, /* preadv */
	[392] = {.act = ACT_READ, .at = 3}, /* preadv2 */
	[291] = {.act = ACT_READ},	    /* recv */
	[292] = {.act = ACT_READ},	    /* recvfrom */
	[297] = {.act = ACT_READ},	    /* recvmsg */
	[4] = {.act = ACT_WRITE},	    /* write */
	[181] = {.act = ACT_WRITE},	    /* pwrite64 */
	[146] = {.act = ACT_WRITE},	    /* writev */
	[362] = {.act = ACT_WRITE},	    /* pwritev */
	[393] = {.act = ACT_WRITE},	    /* pwritev2 */
	[289] = {.act = ACT_WRITE},	    /* send */
	[290] = {.act = ACT_WRITE},	    /* sendto */
	[296] = {.act = ACT_WRITE},	    /* sendmsg */
	[343] = {.act = ACT_WRITE},	    /* vmsplice */
	[187] = {.act = ACT_MOVE, .fd = 1}, /* sendfile */
	[239] = {.act = ACT_MOVE, .fd = 1}, /* sendfile64 */
	[340] = {.act = ACT_MOVE, .to = 2}, /* splice */
	[342] = {.act = ACT_MOVE, .to = 1}, /* tee */
	[391] = {.act = ACT_MOVE, .to = 2}, /* copy_file_range */
	[192] = {.act = ACT_MAP, .fd = 4},  /* mmap2 */
	[305] = {.act = ACT_ATTACH},	    /* shmat */
	[5] = {.act = ACT_OPEN},	    /* open */
	[8] = {.act = ACT_OPEN},	    /* creat */
	[322] = {.act = ACT_OPEN},	    /* openat */
	[437] = {.act = ACT_OPEN},	    /* openat2 */
	[371] = {.act = ACT_OPEN},	    /* open_by_handle_at */
	[54] = {.act = ACT_IOCTL},	    /* ioctl */
	[246] = {.act = ACT_BATCH},	    /* io_submit */
	[26] = {.act = ACT_PTRACE},	    /* ptrace */
	[376] = {.act = ACT_MEMORY_READ},   /* process_vm_readv */
	[377] = {.act = ACT_MEMORY_WRITE},  /* process_vm_writev */
};

#define TIF_32BIT 22

static __always_inline bool call_is_compat(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return READ(task, thread_info.flags) & 1ul << TIF_32BIT;
}

static __always_inline __u32 number_plain(__u32 number)
{
	return number;
}

static __always_inline bool number_is_final(__u32 number)
{
	return true;
}

#define REGS_NUMBER	 syscallno
#define REGS_THIRD(regs) (regs)->regs[2]
#define NR_COMPAT_MMAP	 192

static __always_inline void regs_arguments(__u64 args[6], const struct pt_regs *regs, bool compat)
{
	args[0] = compat ? (__u32)regs->orig_x0 : regs->orig_x0;
	for (int i = 1; i < 6; i++)
		args[i] = compat ? (__u32)regs->regs[i] : regs->regs[i];
}

#endif

#endif
