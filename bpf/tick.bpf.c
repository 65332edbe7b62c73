// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ticks: user space reads these iterators once a second, and what has grown since it was last told
 * becomes an event. So a connection that never closes is counted, in every network namespace, and
 * what has closed unseen ends: datagram sockets always do.
 */
#include "lib/charge.h"

SEC("iter/bpf_map_elem")
int tick_socks(struct bpf_iter__bpf_map_elem *ctx)
{
	const __u64 *met = ctx->key;
	struct sock_totals totals;
	struct sock_entry *entry, copy;
	const struct sock *sk;
	__u64 key;
	bool there;

	barrier_var(met);
	if (!met)
		return 0;
	key = *met;
	entry = bpf_map_lookup_elem(&socks, &key);
	if (!entry)
		return 0;
	copy = *entry;
	sk = (const struct sock *)key;
	there = sock_account(&totals, &copy, sk);
	if (there && totals.sent <= copy.told_sent && totals.received <= copy.told_received)
		return 0;
	/* If it ended meanwhile, what was read may be another's. */
	entry = bpf_map_lookup_elem(&socks, &key);
	if (!entry || entry->flow != copy.flow)
		return 0;
	if (!there) {
		sock_end(sk, CHANNEL_TICK_SOCKS);
		return 0;
	}
	if (!flow_emit(&copy, CHANNEL_TICK_SOCKS, &totals, sk))
		return 0; /* the next tick tells it */
	entry->told_sent = totals.sent;
	entry->told_received = totals.received;
	return 0;
}

SEC("iter/bpf_map_elem")
int tick_ended(struct bpf_iter__bpf_map_elem *ctx)
{
	const __u64 *met = ctx->key;
	struct ended_entry *account;
	__u64 flow;

	barrier_var(met);
	if (!met)
		return 0;
	flow = *met;
	account = bpf_map_lookup_elem(&ended, &flow);
	if (account && account_emit(flow, CHANNEL_TICK_SOCKS, account))
		bpf_map_delete_elem(&ended, &flow);
	return 0;
}

SEC("iter/bpf_map_elem")
int tick_destinations(struct bpf_iter__bpf_map_elem *ctx)
{
	const struct destination_key *met = ctx->key;
	struct destination_key key;
	struct destination_entry *total;
	struct sock_entry *sock;
	__u64 sent;
	bool closed;

	barrier_var(met);
	if (!met)
		return 0;
	key = *met;
	total = bpf_map_lookup_elem(&destinations, &key);
	if (!total)
		return 0;
	sock = bpf_map_lookup_elem(&socks, &total->sock);
	closed = !sock || sock->flow != key.flow;
	sent = total->sent;
	if (sent <= total->told && !closed)
		return 0;
	if (!destination_emit(CHANNEL_TICK_DESTINATIONS, &key, total, sent, closed ? FLOW_CLOSED : 0))
		return 0; /* the next tick tells it */
	total->told = sent;
	if (closed) /* here: a tick that comes before this one is read must not tell it again */
		bpf_map_delete_elem(&destinations, &key);
	return 0;
}
