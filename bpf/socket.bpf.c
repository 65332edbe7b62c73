// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sockets: where a watched process connects to, and the account of each socket
 * when it closes. Every hook lets everything pass.
 */
#include "lib/sock.h"

char LICENSE[] SEC("license") = "GPL";

#define PASS 1

/** MPTCP connects its subflows from within: the connection is counted as a whole. */
static __always_inline bool subflow(__u64 key)
{
	const struct tcp_sock *tcp = (const void *)plain_sock(key);

	return bpf_core_field_exists(tcp->is_mptcp) && BPF_CORE_READ_BITFIELD_PROBED(tcp, is_mptcp);
}

static __always_inline void connecting(__u64 key, __u16 proto, const struct owner *owner,
				       const struct ev_addr *remote)
{
	struct sock_entry *entry = bpf_map_lookup_elem(&socks, &key);

	if (proto == IPPROTO_TCP) {
		if (subflow(key))
			return;
		/* A stream connects once: an entry of before is of an attempt that failed. */
		sock_end(plain_sock(key), CHANNEL_CONNECT, 0);
		entry = NULL;
	}
	if (!entry)
		entry = sock_begin(key, owner, current_netns(), proto, 0);
	if (entry)
		connect_emit(entry, CHANNEL_CONNECT, owner, remote);
}

SEC("cgroup/connect4")
int socket_connect4(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	struct owner owner;
	struct ev_addr remote;

	if (!sk || !current_watched(&owner))
		return PASS;
	addr_v4(&remote, ctx->user_ip4, ctx->user_port);
	connecting((__u64)sk, ctx->protocol, &owner, &remote);
	return PASS;
}

SEC("cgroup/connect6")
int socket_connect6(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	struct owner owner;
	struct ev_addr remote;
	__be32 words[4];

	if (!sk || !current_watched(&owner))
		return PASS;
	words[0] = ctx->user_ip6[0];
	words[1] = ctx->user_ip6[1];
	words[2] = ctx->user_ip6[2];
	words[3] = ctx->user_ip6[3];
	addr_v6(&remote, words, ctx->user_port);
	connecting((__u64)sk, ctx->protocol, &owner, &remote);
	return PASS;
}

/*
 * The three that follow run for every stream of the host, in whatever context:
 * only the entry knows whose it is.
 */

SEC("raw_tp/inet_sock_set_state")
int socket_state(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 key = ctx->args[0];
	int state = ctx->args[2];
	struct sock_entry *entry;

	if (state != TCP_CLOSE && state != TCP_ESTABLISHED)
		return 0;
	if (state == TCP_CLOSE) {
		sock_end((void *)key, CHANNEL_STATE, 0);
		return 0;
	}
	entry = bpf_map_lookup_elem(&socks, &key);
	if (entry)
		entry->flags |= FLOW_ESTABLISHED;
	return 0;
}

/**
 * Last of all, also for a socket that never reached its peer. There are two of it:
 * where an interrupt destroys a socket while one is running, the kernel skips
 * that one, and the other takes the account; what is taken twice is gone by then.
 */
SEC("raw_tp/tcp_destroy_sock")
int socket_destroy(struct bpf_raw_tracepoint_args *ctx)
{
	sock_end((void *)ctx->args[0], CHANNEL_DESTROY, 0);
	return 0;
}

SEC("raw_tp/tcp_destroy_sock")
int socket_destroy_twin(struct bpf_raw_tracepoint_args *ctx)
{
	sock_end((void *)ctx->args[0], CHANNEL_DESTROY_TWIN, 0);
	return 0;
}

/** Datagram sockets end here; a stream ends by its state. */
SEC("cgroup/sock_release")
int socket_release(struct bpf_sock *ctx)
{
	__u64 key = (__u64)ctx;
	struct sock_entry *entry;
	struct ev_flow *event;

	if (ctx->protocol == IPPROTO_TCP)
		return PASS;
	entry = bpf_map_lookup_elem(&socks, &key);
	if (!entry)
		return PASS;
	event = EMIT_RESERVE(CHANNEL_RELEASE, EV_FLOW, ev_flow, &entry->owner);
	if (event) {
		__builtin_memset(&event->flow, 0, sizeof(*event) - sizeof(event->head));
		event->head.flags = entry->flags | FLOW_CLOSED;
		event->flow = entry->flow;
		event->received = entry->received;
		addr_local(&event->local, plain_sock(key));
		event->netns = entry->netns;
		event->proto = entry->proto;
		emit_submit(event);
	}
	bpf_map_delete_elem(&socks, &key);
	return PASS;
}
