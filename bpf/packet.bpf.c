// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Datagrams where the kernel has no sock_send_length (before 6.3): counted
 * packet by packet. As exact for what is sent; what is received counts when it
 * reaches the socket, read or not. A stream that was not opened under watch is
 * seen once a call uses it (lib/payload.h).
 */
#include "lib/charge.h"

#define ETH_P_IP   0x0800
#define UDP_HEADER 8

struct packet {
	struct ev_addr remote;
	__u32 payload;
};

static __always_inline bool packet_v4(struct packet *packet, struct __sk_buff *skb)
{
	__u8 first;
	__be32 daddr;
	__be16 port;
	__u32 header;

	if (bpf_skb_load_bytes(skb, 0, &first, 1) || bpf_skb_load_bytes(skb, 16, &daddr, 4))
		return false;
	header = (first & 0x0f) * 4;
	if (bpf_skb_load_bytes(skb, header + 2, &port, 2) || skb->len < header + UDP_HEADER)
		return false;
	addr_v4(&packet->remote, daddr, port);
	packet->payload = skb->len - header - UDP_HEADER;
	return true;
}

static __always_inline bool packet_v6(struct packet *packet, struct __sk_buff *skb)
{
	const __u32 header = 40;
	__be32 words[4];
	__be16 port;

	if (bpf_skb_load_bytes(skb, 24, words, 16) || bpf_skb_load_bytes(skb, header + 2, &port, 2) ||
	    skb->len < header + UDP_HEADER)
		return false;
	addr_v6(&packet->remote, words, port);
	packet->payload = skb->len - header - UDP_HEADER;
	return true;
}

static __always_inline bool packet_read(struct packet *packet, struct __sk_buff *skb)
{
	return skb->protocol == bpf_htons(ETH_P_IP) ? packet_v4(packet, skb) : packet_v6(packet, skb);
}

static __always_inline struct sock_entry *packet_entry(struct __sk_buff *skb, __u64 *key)
{
	struct bpf_sock *sk = skb->sk;
	struct sock_entry *entry;

	if (!sk)
		return NULL;
	*key = (__u64)sk;
	entry = bpf_map_lookup_elem(&socks, key);
	if (!entry || entry->proto == IPPROTO_TCP || !cookie_fits(entry, bpf_get_socket_cookie(skb)))
		return NULL;
	return entry;
}

SEC("cgroup_skb/egress")
int packet_out(struct __sk_buff *skb)
{
	struct packet packet;
	struct owner owner;
	__u64 key;
	struct sock_entry *entry = packet_entry(skb, &key);

	if (!entry || !packet_read(&packet, skb))
		return PASS;
	owner = entry->owner;
	charge(CHANNEL_PACKET_OUT, key, entry, &owner, &packet.remote, packet.payload);
	return PASS;
}

SEC("cgroup_skb/ingress")
int packet_in(struct __sk_buff *skb)
{
	struct packet packet;
	__u64 key;
	struct sock_entry *entry = packet_entry(skb, &key);

	if (entry && packet_read(&packet, skb))
		__sync_fetch_and_add(&entry->received, packet.payload);
	return PASS;
}

/** Where it goes, for whoever asks what it says. */
static __always_inline void packet_aim(struct bpf_sock_addr *ctx, const struct owner *owner,
				       const struct ev_addr *remote)
{
	__u64 key = (__u64)ctx->sk;
	struct sock_entry *entry;

	sock_own(ctx, owner);
	entry = bpf_map_lookup_elem(&socks, &key);
	if (entry)
		entry->aimed = *remote;
}

SEC("cgroup/sendmsg4")
int packet_sendmsg4(struct bpf_sock_addr *ctx)
{
	struct owner owner;
	struct ev_addr remote;

	if (!ctx->sk || !current_watched(&owner))
		return PASS;
	addr_v4(&remote, ctx->user_ip4, ctx->user_port);
	packet_aim(ctx, &owner, &remote);
	return PASS;
}

SEC("cgroup/sendmsg6")
int packet_sendmsg6(struct bpf_sock_addr *ctx)
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
	packet_aim(ctx, &owner, &remote);
	return PASS;
}
