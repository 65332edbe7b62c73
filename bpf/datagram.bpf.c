// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes as the socket layer counts them, call by call: exact for datagrams,
 * whatever the system call (io_uring, sendfile and splice included). The same
 * hooks take over streams that a watched process did not open itself.
 */
#include "lib/charge.h"
#include "lib/other.h"

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

/**
 * Where this datagram went: to the address given with it, else to the socket's
 * peer, else, corked, to where its first part was sent.
 */
static __always_inline void aimed_at(struct ev_addr *remote, struct sock *sk, struct sock_entry *entry)
{
	struct pending_key key = {.sock = (__u64)sk, .pid_tgid = bpf_get_current_pid_tgid()};
	struct ev_addr *given = bpf_map_lookup_elem(&pending, &key);

	if (!given) {
		addr_remote(remote, sk);
		if (!remote->family)
			*remote = entry->aimed;
		return;
	}
	*remote = entry->aimed = *given;
	bpf_map_delete_elem(&pending, &key);
}

/** What a watched process uses, whoever opened it. */
static __always_inline struct sock_entry *used(struct sock *sk, __u64 cookie, __u32 channel,
					       const struct owner *owner)
{
	struct sock_entry *entry = sock_adopt(sk, cookie, channel, owner);

	if (entry && !entry->local.family)
		addr_local(&entry->local, sk);
	return entry;
}

/** A function of its own: the stack is too small for both branches. */
static __noinline int addressed_sent(struct sock *sk, const struct owner *owner, __u64 cookie, int bytes)
{
	struct sock_entry *entry = used(sk, cookie, CHANNEL_LENGTH_SENT, owner);
	struct ev_addr remote;

	if (!entry)
		return 0;
	if (entry->proto == IPPROTO_TCP) {
		if (bytes > 0)
			__sync_fetch_and_add(&entry->sent, bytes);
		return 0;
	}
	aimed_at(&remote, sk, entry);
	if (bytes >= 0)
		charge(CHANNEL_LENGTH_SENT, (__u64)sk, entry, owner, &remote, bytes);
	return 0;
}

static __noinline int addressed_received(struct sock *sk, const struct owner *owner, __u64 cookie, int bytes)
{
	struct sock_entry *entry = used(sk, cookie, CHANNEL_LENGTH_RECEIVED, owner);

	if (entry)
		__sync_fetch_and_add(&entry->received, bytes);
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(datagram_sent, struct sock *sk, int bytes, int flags)
{
	struct moving moving = {.channel = CHANNEL_LENGTH_SENT, .scratch = SCRATCH_SENT};

	if (!current_watched(&moving.owner))
		return 0;
	if (addressed(sk))
		return addressed_sent(sk, &moving.owner, bpf_get_socket_cookie(sk), bytes);
	moving.written = bytes > 0 ? bytes : 0;
	return other_moved(sk, &moving);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(datagram_received, struct sock *sk, int bytes, int flags)
{
	struct moving moving = {.channel = CHANNEL_LENGTH_RECEIVED, .scratch = SCRATCH_RECEIVED};

	if (bytes <= 0 || flags & MSG_PEEK || !current_watched(&moving.owner))
		return 0;
	if (addressed(sk))
		return addressed_received(sk, &moving.owner, bpf_get_socket_cookie(sk), bytes);
	moving.read = bytes;
	return other_moved(sk, &moving);
}
