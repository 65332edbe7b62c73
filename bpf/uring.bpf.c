// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What io_uring moved: no system call tells it, the request's completion does.
 * Worker threads of the kernel belong to the process that they work for.
 */
#include "lib/access.h"
#include "lib/spare.h"

#define OP_READV	  1
#define OP_WRITEV	  2
#define OP_READ_FIXED	  4
#define OP_WRITE_FIXED	  5
#define OP_OPENAT	  18
#define OP_READ		  22
#define OP_WRITE	  23
#define OP_OPENAT2	  28
#define OP_SPLICE	  30
#define OP_TEE		  33
#define OP_READ_MULTISHOT 49

#define SPLICE_F_FD_IN_FIXED (1u << 31)

enum direction { UNTOUCHED, READS, WRITES, OPENS, MOVES };

static const __u8 directions[64] = {
	[OP_READV] = READS,   [OP_READ_FIXED] = READS,	 [OP_READ] = READS,   [OP_READ_MULTISHOT] = READS,
	[OP_WRITEV] = WRITES, [OP_WRITE_FIXED] = WRITES, [OP_WRITE] = WRITES, [OP_OPENAT] = OPENS,
	[OP_OPENAT2] = OPENS, [OP_SPLICE] = MOVES,	 [OP_TEE] = MOVES,
};

/** What a request came to. */
struct moved {
	struct file *from; /* or what was opened */
	struct file *to;
};

/** Of a registered file that is spliced from, only its place in a table is known: its bytes go untold. */
static __always_inline void uring_splice(struct io_kiocb *request, struct moved *moved)
{
	struct io_splice *splice = (void *)request;

	moved->to = BPF_CORE_READ(splice, file_out);
	if (BPF_CORE_READ(splice, flags) & SPLICE_F_FD_IN_FIXED)
		lose(LOSS_REGISTERED);
	else
		moved->from = file_of(BPF_CORE_READ(splice, splice_fd_in));
}

static __noinline int uring_take(struct io_kiocb *request, __u32 opcode, struct moved *moved, __s32 result)
{
	__u8 direction = directions[opcode & 63];

	if (opcode > 63)
		return 0;
	if (direction == OPENS) {
		moved->from = file_of(result);
		return 0;
	}
	if (direction == READS)
		moved->from = BPF_CORE_READ(request, file);
	else if (direction == WRITES)
		moved->to = BPF_CORE_READ(request, file);
	else if (direction == MOVES && result > 0)
		uring_splice(request, moved);
	return result > 0 ? result : 0;
}

static __always_inline void uring_moved(struct io_kiocb *request, __u32 opcode, struct moving *moving,
					__s32 result)
{
	struct moved moved = {};
	__u64 bytes;

	if (result < 0)
		return;
	bytes = uring_take(request, opcode, &moved, result);
	moving->read = bytes;
	if (moved.from)
		access_file(moved.from, moving);
	moving->read = 0;
	moving->written = bytes;
	if (moved.to)
		access_file(moved.to, moving);
}

static __always_inline void completed(struct io_kiocb *request, __s32 result, __u32 channel)
{
	struct moving moving = {
		.channel = channel,
		.scratch = channel == CHANNEL_URING ? SCRATCH_URING : SCRATCH_URING_PERF,
	};

	if (request && current_watched(&moving.owner))
		uring_moved(request, BPF_CORE_READ(request, opcode), &moving, result);
}

/* (context, request, completion) as on 6.18; (context, request, user data, result, ...) as on 6.1 and 6.12.
 */
SEC("raw_tp/io_uring_complete")
int uring_complete(struct bpf_raw_tracepoint_args *ctx)
{
	__s32 result = BPF_CORE_READ((struct io_uring_cqe *)ctx->args[2], res);

	if (on_duty(CHANNEL_URING))
		completed((void *)ctx->args[1], result, CHANNEL_URING);
	return 0;
}

SEC("tracepoint/io_uring/io_uring_complete")
int uring_complete_perf(struct trace_event_raw_io_uring_complete *ctx)
{
	if (leads(CHANNEL_URING))
		completed(ctx->req, ctx->res, CHANNEL_URING_PERF);
	return 0;
}

SEC("raw_tp/io_uring_complete")
int uring_complete_v6_0(struct bpf_raw_tracepoint_args *ctx)
{
	completed((void *)ctx->args[1], ctx->args[3], CHANNEL_URING);
	return 0;
}

/** Where a completion does not say whose it is (before 6.0), what was handed in counts: at most the file. */
SEC("raw_tp/io_uring_submit_sqe")
int uring_submit(struct bpf_raw_tracepoint_args *ctx)
{
	struct moving moving = {.channel = CHANNEL_URING, .scratch = SCRATCH_URING, .flags = ACCESS_AT_MOST};
	struct io_kiocb *request = (void *)ctx->args[1];
	struct file *file;

	if (!request || !current_watched(&moving.owner))
		return 0;
	if (directions[ctx->args[2] & 63] == MOVES) { /* both its files are not known yet */
		lose(LOSS_REGISTERED);
		return 0;
	}
	file = BPF_CORE_READ(request, file);
	if (file)
		uring_moved(request, ctx->args[2], &moving, file_size(file));
	return 0;
}
