/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one call sent or received, charged to the socket and where it leads. */
#ifndef CUSTODES_BPF_LENGTH_H
#define CUSTODES_BPF_LENGTH_H

#include "charge.h"
#include "other.h"

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

/**
 * A function of its own: the stack is too small for both branches. Whether it is a stream
 * that may have passed a mark.
 */
static __noinline int addressed_sent(struct sock *sk, const struct moving *moving, __u64 cookie, int bytes)
{
	struct sock_entry *entry = used(sk, cookie, moving->channel, &moving->owner);
	struct ev_addr remote;

	if (!entry)
		return 0;
	if (entry->proto == IPPROTO_TCP) {
		if (bytes > 0)
			__sync_fetch_and_add(&entry->sent, bytes);
		return entry->sent >= mark_above(entry->told_sent);
	}
	aimed_at(&remote, sk, entry);
	if (bytes >= 0)
		charge(moving->channel, (__u64)sk, entry, &moving->owner, &remote, bytes);
	return 0;
}

static __noinline int addressed_received(struct sock *sk, const struct moving *moving, __u64 cookie,
					 int bytes)
{
	struct sock_entry *entry = used(sk, cookie, moving->channel, &moving->owner);

	if (entry)
		__sync_fetch_and_add(&entry->received, bytes);
	return 0;
}

/** By way of perf the kernel makes none: 0 where there is none yet. */
static __always_inline __u64 cookie_of(struct sock *sk, bool by_perf)
{
	return by_perf ? sk->__sk_common.skc_cookie.counter : bpf_get_socket_cookie(sk);
}

static __always_inline void sent(struct sock *sk, int bytes, __u32 channel, __u32 scratch)
{
	struct moving moving = {.channel = channel, .scratch = scratch};

	if (!current_watched(&moving.owner))
		return;
	moving.written = bytes > 0 ? bytes : 0;
	if (addressed(sk)) {
		if (addressed_sent(sk, &moving, cookie_of(sk, channel == CHANNEL_LENGTH_SENT_PERF), bytes))
			stream_marked(sk, channel);
	} else
		other_moved(sk, &moving);
}

static __always_inline void received(struct sock *sk, int bytes, int flags, __u32 channel, __u32 scratch)
{
	struct moving moving = {.channel = channel, .scratch = scratch};

	if (bytes <= 0 || flags & MSG_PEEK || !current_watched(&moving.owner))
		return;
	moving.read = bytes;
	if (addressed(sk))
		addressed_received(sk, &moving, cookie_of(sk, channel == CHANNEL_LENGTH_RECEIVED_PERF),
				   bytes);
	else
		other_moved(sk, &moving);
}

#endif
