/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams: bytes summed up in the kernel by socket and destination. */
#ifndef CUSTODES_BPF_CHARGE_H
#define CUSTODES_BPF_CHARGE_H

#include "sock.h"

static __always_inline void sock_own(struct bpf_sock_addr *ctx, const struct owner *owner)
{
	__u64 key = (__u64)ctx->sk, cookie = bpf_get_socket_cookie(ctx);

	if (!sock_find(plain_sock(key), cookie, CHANNEL_CONNECT))
		sock_begin(key, cookie, owner, current_netns(), ctx->protocol, 0);
}

static __always_inline void send_emit(__u32 channel, const struct sock_entry *entry,
				      const struct owner *owner, const struct ev_addr *remote, __u64 bytes,
				      __u8 flags)
{
	struct ev_send *event = EMIT_RESERVE(channel, EV_SEND, ev_send, owner);

	if (!event)
		return;
	event->head.flags = flags;
	event->flow = entry->flow;
	event->bytes = bytes;
	event->remote = *remote;
	event->netns = entry->netns;
	event->proto = entry->proto;
	event->pad = 0;
	emit_submit(event);
}

static __always_inline bool destination_emit(__u32 channel, const struct destination_key *key,
					     const struct destination_entry *total, __u64 sent, __u8 flags)
{
	struct ev_flow *event = EMIT_RESERVE(channel, EV_FLOW, ev_flow, &total->owner);

	if (!event)
		return false;
	__builtin_memset(&event->flow, 0, sizeof(*event) - sizeof(event->head));
	event->head.flags = FLOW_DESTINATION | flags;
	event->flow = key->flow;
	event->sent = sent;
	event->remote = key->remote;
	event->netns = total->netns;
	event->proto = total->proto;
	emit_submit(event);
	return true;
}

static __always_inline void destination_add(__u32 channel, const struct destination_key *key,
					    struct destination_entry *total, __u64 bytes)
{
	__u64 sent;

	__sync_fetch_and_add(&total->sent, bytes); /* what it returns, 5.10 cannot give */
	sent = total->sent;
	if (sent >= mark_above(total->told) && destination_emit(channel, key, total, sent, 0))
		total->told = sent;
}

static __always_inline void charge(__u32 channel, __u64 sock, const struct sock_entry *entry,
				   const struct owner *owner, const struct ev_addr *remote, __u64 bytes)
{
	struct destination_key key = {.flow = entry->flow, .remote = *remote};
	struct destination_entry *total, first = {
						 .sock = sock,
						 .owner = *owner,
						 .sent = bytes,
						 .netns = entry->netns,
						 .proto = entry->proto,
					 };

	total = bpf_map_lookup_elem(&destinations, &key);
	if (total) {
		destination_add(channel, &key, total, bytes);
		return;
	}
	if (!bpf_map_update_elem(&destinations, &key, &first, BPF_NOEXIST)) {
		send_emit(channel, entry, owner, remote, bytes, 0);
		return;
	}
	total = bpf_map_lookup_elem(&destinations, &key); /* another thread was first */
	if (total) {
		destination_add(channel, &key, total, bytes);
		return;
	}
	lose(LOSS_DESTINATIONS);
	send_emit(channel, entry, owner, remote, bytes, SEND_SINGLE);
}

#endif
