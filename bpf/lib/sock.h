/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets: an entry lives from the first act of a watched process on it until
 * the kernel drops the socket, or a tick finds it gone. It is keyed by the
 * socket's address, which goes to no event: kernel pointers are not for logs.
 */
#ifndef CUSTODES_BPF_SOCK_H
#define CUSTODES_BPF_SOCK_H

#include "task.h"

/** What a cgroup hook answers: every one lets everything pass. */
#define PASS 1

static __always_inline void addr_v4(struct ev_addr *to, __be32 addr, __be16 port)
{
	__builtin_memset(to, 0, sizeof(*to));
	__builtin_memcpy(to->addr, &addr, sizeof(addr));
	to->port = port;
	to->family = 4;
}

/** Takes the 16 bytes as four words, as the cgroup hooks hand them out. */
static __always_inline void addr_v6(struct ev_addr *to, const __be32 words[4], __be16 port)
{
	if (!words[0] && !words[1] && words[2] == bpf_htonl(0xffff)) {
		addr_v4(to, words[3], port);
		return;
	}
	__builtin_memset(to, 0, sizeof(*to));
	__builtin_memcpy(to->addr, words, 16);
	to->port = port;
	to->family = 6;
}

/** The peer of a connected socket; family 0 where it has none, as a raw socket. */
static __always_inline void addr_remote(struct ev_addr *to, const struct sock *sk)
{
	__be16 port = BPF_CORE_READ(sk, __sk_common.skc_dport);
	__be32 words[4];
	bool none;

	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET) {
		addr_v4(to, BPF_CORE_READ(sk, __sk_common.skc_daddr), port);
		none = !BPF_CORE_READ(sk, __sk_common.skc_daddr);
	} else {
		bpf_core_read(words, sizeof(words), &sk->__sk_common.skc_v6_daddr);
		addr_v6(to, words, port);
		none = !words[0] && !words[1] && !words[2] && !words[3];
	}
	if (none && !port)
		to->family = 0;
}

/** Of the local port, inet_sport is what is left when the socket has closed. */
static __always_inline void addr_local(struct ev_addr *to, const struct sock *sk)
{
	const struct inet_sock *inet = (const void *)sk;
	__be16 port = BPF_CORE_READ(inet, inet_sport);
	__be32 words[4];

	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET) {
		addr_v4(to, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr), port);
		return;
	}
	bpf_core_read(words, sizeof(words), &sk->__sk_common.skc_v6_rcv_saddr);
	addr_v6(to, words, port);
}

/**
 * The socket of a cgroup hook as a plain address: the verifier lets nobody read
 * beyond the context's own fields through its typed pointer.
 */
static __always_inline const struct sock *plain_sock(__u64 key)
{
	const struct sock *sk = NULL;

	bpf_probe_read_kernel(&sk, sizeof(sk), &key);
	return sk;
}

static __always_inline __u32 current_netns(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, nsproxy, net_ns, ns.inum);
}

/** A socket's address has none of the lower bits. */
static __always_inline void sock_filter_add(__u64 key, int more)
{
	filter_add(&sock_filter, (__u64)plain_sock(key) >> 6, more);
}

static __always_inline struct sock_entry *sock_begin(__u64 key, __u64 cookie, const struct owner *owner,
						     __u32 netns, __u16 proto, __u8 flags)
{
	struct sock_entry entry = {
		.flow = unique_id(),
		.cookie = cookie,
		.owner = *owner,
		.netns = netns,
		.proto = proto,
		.flags = flags,
	};
	struct sock_entry *begun;

	sock_filter_add(key, 1);
	if (bpf_map_update_elem(&socks, &key, &entry, BPF_NOEXIST))
		sock_filter_add(key, -1);
	begun = bpf_map_lookup_elem(&socks, &key); /* ours, or of a thread that was first */
	if (!begun)
		lose(LOSS_SOCKS);
	return begun;
}

static __always_inline void connect_emit(const struct sock_entry *entry, __u32 channel,
					 const struct owner *owner, const struct ev_addr *remote)
{
	struct ev_connect *event = EMIT_RESERVE(channel, EV_CONNECT, ev_connect, owner);

	if (!event)
		return;
	event->head.flags = entry->flags & FLOW_ADOPTED ? CONNECT_ADOPTED : 0;
	event->flow = entry->flow;
	event->remote = *remote;
	event->netns = entry->netns;
	event->proto = entry->proto;
	event->pad = 0;
	emit_submit(event);
}

struct sock_totals {
	__u64 sent;
	__u64 received;
};

/**
 * Application bytes of a stream: what was sent once, and what was received less
 * the FIN, which bytes_received counts as one byte (SOCK_DONE says it came). What
 * was queued in repair mode is sent as if again: the peer's acknowledgement tells
 * it, less SYN and FIN. The lesser is read first, since both grow meanwhile.
 */
static __always_inline void tcp_totals(struct sock_totals *totals, const struct sock *sk)
{
	const struct tcp_sock *tcp = (const void *)sk;
	__u64 again = BPF_CORE_READ(tcp, bytes_retrans), acked = BPF_CORE_READ(tcp, bytes_acked);

	totals->sent = BPF_CORE_READ(tcp, bytes_sent) - again;
	if (acked > totals->sent + 2)
		totals->sent = acked - 2;
	totals->received = BPF_CORE_READ(tcp, bytes_received);
	if (totals->received && BPF_CORE_READ(sk, __sk_common.skc_flags) & 1ul << SOCK_DONE)
		totals->received--;
}

/** Whether the peer of a stream ever answered: its SYN counts, until a disconnect clears all. */
static __always_inline bool tcp_answered(const struct sock *sk)
{
	const struct tcp_sock *tcp = (const void *)sk;

	return BPF_CORE_READ(tcp, bytes_acked) || BPF_CORE_READ(tcp, bytes_received);
}

/** A socket has no cookie until somebody asks for one: a system call cannot. */
static __always_inline bool cookie_fits(const struct sock_entry *entry, __u64 cookie)
{
	return !entry->cookie || entry->cookie == cookie;
}

/** Whether the socket is still the one of the entry. Nobody refers to one that is freed. */
static __always_inline bool sock_same(const struct sock_entry *entry, const struct sock *sk)
{
	return cookie_fits(entry, BPF_CORE_READ(sk, __sk_common.skc_cookie.counter)) &&
	       BPF_CORE_READ(sk, __sk_common.skc_refcnt.refs.counter);
}

static __always_inline __u64 larger(__u64 a, __u64 b)
{
	return a > b ? a : b;
}

/** What the socket has moved by now; false where it is gone, and only its entry can tell. */
static __always_inline bool sock_account(struct sock_totals *totals, struct sock_entry *entry,
					 const struct sock *sk)
{
	bool same = sock_same(entry, sk), answered = false;

	*totals = (struct sock_totals){};
	if (same && entry->proto == IPPROTO_TCP) {
		tcp_totals(totals, sk);
		answered = tcp_answered(sk);
	}
	if (!answered) {
		totals->sent = larger(totals->sent, entry->sent);
		totals->received = larger(totals->received, entry->received);
	}
	totals->sent = larger(totals->sent, entry->told_sent);
	totals->received = larger(totals->received, entry->told_received);
	if (entry->proto == IPPROTO_TCP && (answered || totals->sent || totals->received))
		entry->flags |= FLOW_ESTABLISHED;
	return same;
}

static __always_inline void account_fill(struct ended_entry *account, const struct sock_entry *entry,
					 __u8 flags, const struct sock_totals *totals, const struct sock *sk)
{
	account->owner = entry->owner;
	account->sent = totals->sent;
	account->received = totals->received;
	account->remote = (struct ev_addr){};
	account->local = entry->local;
	if (sk) {
		addr_remote(&account->remote, sk);
		addr_local(&account->local, sk);
	}
	account->netns = entry->netns;
	account->proto = entry->proto;
	account->flags = (entry->flags & ((1 << SENDS_SHIFT) - 1)) | flags;
	account->pad = 0;
}

static __always_inline bool account_emit(__u64 flow, __u32 channel, const struct ended_entry *account)
{
	struct ev_flow *event = EMIT_RESERVE(channel, EV_FLOW, ev_flow, &account->owner);

	if (!event)
		return false;
	event->head.flags = account->flags;
	event->flow = flow;
	event->sent = account->sent;
	event->received = account->received;
	event->remote = account->remote;
	event->local = account->local;
	event->netns = account->netns;
	event->proto = account->proto;
	event->pad = 0;
	emit_submit(event);
	return true;
}

/** sk: NULL where it is gone. */
static __always_inline bool flow_emit(const struct sock_entry *entry, __u32 channel,
				      const struct sock_totals *totals, const struct sock *sk)
{
	struct ended_entry account;

	account_fill(&account, entry, 0, totals, sk);
	return account_emit(entry->flow, channel, &account);
}

/** Each 16 KiB up to 64, then doublings: what is sent is told there at once, no leak waits for a tick. */
static __always_inline __u64 mark_above(__u64 told)
{
	return told < 64 << 10 ? (told | 0x3fff) + 1 : 2 * told;
}

/** Of a stream what the kernel has taken for sent: what still waits may never leave. */
static __noinline int stream_marked(struct sock *sk, __u32 channel)
{
	__u64 key = (__u64)sk;
	struct sock_entry *entry = bpf_map_lookup_elem(&socks, &key);
	struct sock_totals totals;

	if (!entry || !sock_account(&totals, entry, sk) || totals.sent < mark_above(entry->told_sent))
		return 0;
	if (!flow_emit(entry, channel, &totals, sk))
		return 0;
	entry->told_sent = totals.sent;
	entry->told_received = totals.received;
	return 0;
}

/**
 * The last account of a socket; its entry goes first, so that nobody else tells it
 * too. Where the ring has no room, it waits for a tick: no flood makes it go.
 */
static __always_inline void sock_end(const struct sock *sk, __u32 channel)
{
	__u64 key = (__u64)sk, flow;
	struct sock_entry *entry = bpf_map_lookup_elem(&socks, &key);
	struct sock_totals totals;
	struct ended_entry account;

	if (!entry)
		return;
	if (!sock_account(&totals, entry, sk))
		sk = NULL;
	account_fill(&account, entry, FLOW_CLOSED, &totals, sk);
	flow = entry->flow;
	if (bpf_map_delete_elem(&socks, &key))
		return;
	sock_filter_add(key, -1);
	if (!account_emit(flow, channel, &account) &&
	    bpf_map_update_elem(&ended, &flow, &account, BPF_NOEXIST))
		lose(LOSS_ENDED);
}

/** Whether a hook that meets every socket of the host need look for this one. */
static __always_inline bool sock_known(__u64 key)
{
	return !filter_none(&sock_filter, key >> 6);
}

/** The entry of this very socket: what another left behind at its address ends now. */
static __always_inline struct sock_entry *sock_find(const struct sock *sk, __u64 cookie, __u32 channel)
{
	__u64 key = (__u64)sk;
	struct sock_entry *entry = bpf_map_lookup_elem(&socks, &key);

	if (!entry)
		return NULL;
	if (cookie_fits(entry, cookie)) {
		entry->cookie = cookie;
		return entry;
	}
	sock_end(sk, channel);
	return NULL;
}

/** No socket changes hands more often: two lineages that share one would flood the log. */
#define MOVES_MAX 16

/**
 * A socket that another lineage under watch has opened goes over to the one that
 * uses it now, with its whole account: an upper bound. Between two products it
 * stays where it is, since its bytes are charged to a product already.
 */
static __always_inline void sock_move(struct sock_entry *entry, struct sock *sk, __u32 channel,
				      const struct owner *owner)
{
	struct lineage_entry *from = bpf_map_lookup_elem(&lineages, &entry->owner.lineage);
	struct lineage_entry *to = bpf_map_lookup_elem(&lineages, &owner->lineage);
	struct ev_addr remote;

	if (from && from->state == LINEAGE_WATCHED)
		return;
	/* Into a product's hands it goes however often it went before. */
	if (entry->moves >= MOVES_MAX && !(to && to->state == LINEAGE_WATCHED))
		return;
	if (entry->moves < MOVES_MAX)
		entry->moves++;
	entry->owner = *owner;
	entry->flags |= FLOW_ADOPTED;
	addr_remote(&remote, sk);
	connect_emit(entry, channel, owner, &remote);
}

/** A socket that this lineage did not open, met when it is first used. */
static __always_inline struct sock_entry *sock_adopt(struct sock *sk, __u64 cookie, __u32 channel,
						     const struct owner *owner)
{
	struct sock_entry *entry = sock_find(sk, cookie, channel);
	struct ev_addr remote;
	__u16 proto = BPF_CORE_READ(sk, sk_protocol);

	if (entry) {
		if (entry->owner.lineage != owner->lineage)
			sock_move(entry, sk, channel, owner);
		return entry;
	}
	if (proto == IPPROTO_TCP && BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_CLOSE)
		return NULL; /* nothing flows on it, and its account may be closed already */
	/* A stream's counters reach back to its birth, a datagram's begin here. */
	entry = sock_begin((__u64)sk, cookie, owner, BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum),
			   proto, proto == IPPROTO_TCP ? FLOW_ADOPTED | FLOW_ESTABLISHED : 0);
	if (!entry || proto != IPPROTO_TCP)
		return entry;
	addr_remote(&remote, sk);
	connect_emit(entry, channel, owner, &remote);
	return entry;
}

#endif
