// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes as the socket layer counts them, call by call: exact for datagrams,
 * whatever the system call (io_uring, sendfile and splice included). The same
 * hooks take over streams that a watched process did not open itself.
 */
#include "lib/length.h"
#include "lib/spare.h"

static __always_inline void aim(struct bpf_sock_addr *ctx, const struct owner *owner,
				const struct ev_addr *remote)
{
	struct pending_key key = {.sock = (__u64)ctx->sk, .pid_tgid = bpf_get_current_pid_tgid()};

	sock_own(ctx, owner);
	if (bpf_map_update_elem(&pending, &key, remote, BPF_ANY))
		lose(LOSS_PENDING);
}

SEC("cgroup/sendmsg4")
int datagram_sendmsg4(struct bpf_sock_addr *ctx)
{
	struct owner owner;
	struct ev_addr remote;

	if (!ctx->sk || !current_watched(&owner))
		return PASS;
	addr_v4(&remote, ctx->user_ip4, ctx->user_port);
	aim(ctx, &owner, &remote);
	return PASS;
}

SEC("cgroup/sendmsg6")
int datagram_sendmsg6(struct bpf_sock_addr *ctx)
{
	struct owner owner;
	struct ev_addr remote;
	__be32 words[4];

	if (!ctx->sk || !current_watched(&owner))
		return PASS;
	words[0] = ctx->user_ip6[0];
	words[1] = ctx->user_ip6[1];
	words[2] = ctx->user_ip6[2];
	words[3] = ctx->user_ip6[3];
	addr_v6(&remote, words, ctx->user_port);
	aim(ctx, &owner, &remote);
	return PASS;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(datagram_sent, struct sock *sk, int bytes, int flags)
{
	if (on_duty(CHANNEL_LENGTH_SENT))
		sent(sk, bytes, CHANNEL_LENGTH_SENT, SCRATCH_SENT);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(datagram_received, struct sock *sk, int bytes, int flags)
{
	if (on_duty(CHANNEL_LENGTH_RECEIVED))
		received(sk, bytes, flags, CHANNEL_LENGTH_RECEIVED, SCRATCH_RECEIVED);
	return 0;
}

static __always_inline bool nameless(struct sock *sk)
{
	return addressed(sk) && !cookie_of(sk, true);
}

SEC("tracepoint/sock/sock_send_length")
int datagram_sent_perf(struct trace_event_raw_sock_msg_length *ctx)
{
	struct sock *sk = bpf_rdonly_cast(ctx->sk, bpf_core_type_id_kernel(struct sock));

	if (!leads(CHANNEL_LENGTH_SENT))
		return 0;
	if (nameless(sk))
		hand_on(CHANNEL_LENGTH_SENT);
	else
		sent(sk, ctx->ret, CHANNEL_LENGTH_SENT_PERF, SCRATCH_SENT_PERF);
	return 0;
}

SEC("tracepoint/sock/sock_recv_length")
int datagram_received_perf(struct trace_event_raw_sock_msg_length *ctx)
{
	struct sock *sk = bpf_rdonly_cast(ctx->sk, bpf_core_type_id_kernel(struct sock));

	if (!leads(CHANNEL_LENGTH_RECEIVED))
		return 0;
	if (nameless(sk))
		hand_on(CHANNEL_LENGTH_RECEIVED);
	else
		received(sk, ctx->ret, ctx->flags, CHANNEL_LENGTH_RECEIVED_PERF, SCRATCH_RECEIVED_PERF);
	return 0;
}
