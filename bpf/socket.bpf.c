// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sockets: where a watched process connects to, and the account of each socket
 * when it closes. Every hook lets everything pass.
 */
#include "lib/sock.h"

/** MPTCP connects its subflows from within: the connection is counted as a whole. */
static __always_inline bool subflow(__u64 key)
{
	const struct tcp_sock *tcp = (const void *)plain_sock(key);

	return bpf_core_field_exists(tcp->is_mptcp) && BPF_CORE_READ_BITFIELD_PROBED(tcp, is_mptcp);
}

static __always_inline void connecting(struct bpf_sock_addr *ctx, const struct owner *owner,
				       const struct ev_addr *remote)
{
	__u64 key = (__u64)ctx->sk, cookie = bpf_get_socket_cookie(ctx);
	const struct sock *sk = plain_sock(key);
	struct sock_entry *entry = NULL;

	if (ctx->protocol != IPPROTO_TCP)
		entry = sock_find(sk, cookie, CHANNEL_CONNECT);
	else if (subflow(key))
		return;
	else /* A stream connects once: an entry is of an attempt that failed, or was disconnected. */
		sock_end(sk, CHANNEL_CONNECT);
	if (!entry)
		entry = sock_begin(key, cookie, owner, current_netns(), ctx->protocol, 0);
	if (entry)
		connect_emit(entry, CHANNEL_CONNECT, owner, remote);
}

SEC("cgroup/connect4")
int socket_connect4(struct bpf_sock_addr *ctx)
{
	struct owner owner;
	struct ev_addr remote;

	if (!ctx->sk || !current_watched(&owner))
		return PASS;
	addr_v4(&remote, ctx->user_ip4, ctx->user_port);
	connecting(ctx, &owner, &remote);
	return PASS;
}

SEC("cgroup/connect6")
int socket_connect6(struct bpf_sock_addr *ctx)
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
	connecting(ctx, &owner, &remote);
	return PASS;
}

/*
 * The two that follow run for every stream of the host, in whatever context:
 * only the entry knows whose it is.
 */

/** Last of all. One that an interrupt makes the kernel skip, a tick finds gone. */
SEC("raw_tp/tcp_destroy_sock")
int socket_destroy(struct bpf_raw_tracepoint_args *ctx)
{
	if (sock_known(ctx->args[0]))
		sock_end((void *)ctx->args[0], CHANNEL_DESTROY);
	return 0;
}

/**
 * A disconnect clears a stream's counters. Where no call's bytes are counted,
 * before 6.3, the account is taken when it closes, whatever becomes of it then.
 */
SEC("raw_tp/inet_sock_set_state")
int socket_state(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 key = ctx->args[0];
	int state = ctx->args[2];
	struct sock_entry *entry;

	if ((state != TCP_CLOSE && state != TCP_ESTABLISHED) || !sock_known(key))
		return 0;
	if (state == TCP_CLOSE) {
		sock_end((void *)key, CHANNEL_STATE);
		return 0;
	}
	entry = bpf_map_lookup_elem(&socks, &key);
	if (entry)
		entry->flags |= FLOW_ESTABLISHED;
	return 0;
}
