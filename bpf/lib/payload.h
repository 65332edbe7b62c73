/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages that name a destination: what is sent to and received from port 53,
 * and what begins a TLS handshake. They are read from the caller's memory: a name
 * is a hint, and never decides what is counted.
 */
#ifndef CUSTODES_BPF_PAYLOAD_H
#define CUSTODES_BPF_PAYLOAD_H

#include "charge.h"
#include "other.h"
#include "step.h"

#define PORT_DNS 53
/** sendmmsg(2) asks for both kinds of address at once. Before 6.4 the first messages of a call are looked at.
 */
#define MESSAGES_MAX 4

#define TLS_HANDSHAKE 0x16
#define TLS_MAJOR     0x03

struct iovec {
	__u64 base;
	__u64 size;
};

/** As 64-bit programs lay them out. */
struct message {
	__u64 name;
	__u64 name_size;
	__u64 vector;
	__u64 vector_size;
	__u64 control;
	__u64 control_size;
	__u64 flags;
	__u64 size; /* of struct mmsghdr; its lower half */
};

/** Where a message lies: in one piece, or with a few octets in front, such as its length over TCP. */
struct pieces {
	struct iovec front; /* size 0: there is none */
	struct iovec rest;
};

#define FRONT_MAX 16

static __always_inline void pieces_of(struct pieces *pieces, __u8 memory, __u64 at, __u64 size)
{
	struct message message = {};
	struct iovec parts[2] = {};

	pieces->front = (struct iovec){};
	pieces->rest = (struct iovec){at, size};
	if (memory == MEMORY_BUFFER)
		return;
	if (memory == MEMORY_MESSAGE) {
		bpf_probe_read_user(&message, 6 * sizeof(__u64), (void *)at);
		at = message.vector;
	}
	if (bpf_probe_read_user(&parts, sizeof(parts), (void *)at))
		bpf_probe_read_user(&parts[0], sizeof(parts[0]), (void *)at);
	pieces->rest = parts[0];
	if (parts[0].size < size && parts[0].size <= FRONT_MAX) {
		pieces->front = parts[0];
		pieces->rest = parts[1];
		size -= parts[0].size;
	}
	if (size < pieces->rest.size)
		pieces->rest.size = size;
}

static __always_inline __u32 bounded(__u64 size, __u32 most)
{
	__u32 bound = size < most ? size : most;

	barrier_var(bound);
	return bound > most ? most : bound;
}

static __noinline int payload_emit(struct step *step, const struct sock_entry *entry,
				   const struct pieces *pieces, __u8 flags)
{
	__u32 which = step->moving.scratch, front = bounded(pieces->front.size, FRONT_MAX);
	__u32 rest = bounded(pieces->rest.size, PAYLOAD_MAX - FRONT_MAX);
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &which);
	struct ev_payload *event;

	if (!scratch || (front && bpf_probe_read_user(scratch->strings, front, (void *)pieces->front.base)) ||
	    bpf_probe_read_user(scratch->strings + front, rest, (void *)pieces->rest.base))
		return 0;
	event = &scratch->event.payload.event;
	emit_head(&event->head, step->moving.channel, EV_PAYLOAD, 0, &step->moving.owner);
	event->head.flags = flags | (rest < pieces->rest.size ? PAYLOAD_CUT : 0);
	event->flow = entry->flow;
	event->remote = entry->aimed;
	event->size = pieces->front.size + pieces->rest.size;
	event->proto = entry->proto;
	event->pad = 0;
	event->bytes.off = sizeof(*event);
	event->bytes.len = front + rest;
	event->pad2 = 0;
	__builtin_memset(scratch->strings + front + rest, 0, 8);
	event->head.size = (sizeof(*event) + front + rest + 7) & ~7u;
	emit_whole(event, event->head.size, wake_flags());
	return 0;
}

/** Whether it begins as a TLS handshake does; a stream is not asked for ever. */
static __always_inline bool begins_tls(struct sock_entry *entry, __u64 at)
{
	__u8 begin[2] = {};

	if (entry->proto != IPPROTO_TCP || entry->flags >> SENDS_SHIFT >= SENDS_MAX)
		return false;
	entry->flags += 1 << SENDS_SHIFT;
	bpf_probe_read_user(begin, sizeof(begin), (void *)at);
	return begin[0] == TLS_HANDSHAKE && begin[1] == TLS_MAJOR;
}

static __noinline int payload_look(struct step *step, struct sock *sk, __u64 at, __u64 size, bool sends)
{
	__u64 key = (__u64)sk;
	struct sock_entry *entry = bpf_map_lookup_elem(&socks, &key);
	struct pieces pieces;
	struct ev_addr remote;

	if (!entry || !size)
		return 0;
	addr_remote(&remote, sk);
	if (!remote.family)
		remote = entry->aimed;
	pieces_of(&pieces, step->called.call.memory, at, size);
	if (remote.port != bpf_htons(PORT_DNS) && !(sends && begins_tls(entry, pieces.rest.base)))
		return 0;
	entry->aimed = remote;
	return payload_emit(step, entry, &pieces, sends ? PAYLOAD_SENT : 0);
}

/** Of one message so many are looked at before 6.4; more are counted as lost. */
#define NAMED_MAX 8

/** As struct cmsghdr; the descriptors stand behind it. */
struct passing {
	__u64 size;
	__u32 level;
	__u32 type;
};
#define SOL_SOCKET 1
#define SCM_RIGHTS 1
#define SCM_MAX_FD 253

/** Always true: each stands for itself. */
static __noinline int named_one(struct step *step, __u64 at)
{
	struct file *file;
	__s32 fd = -1;

	bpf_probe_read_user(&fd, sizeof(fd), (void *)at);
	file = file_of(fd);
	if (!file)
		return 1;
	step->moving.mapped = file_size(file);
	access_unnamed(file, &step->moving);
	return 1;
}

/**
 * Descriptors that a message names, as the caller's memory has them: the peer may
 * have taken them from its queue already. Both are looked at.
 */
static __noinline int descriptors_named(struct step *step, __u64 at)
{
	struct message message = {};
	struct passing passing = {};
	__u32 count;

	if (bpf_probe_read_user(&message, 6 * sizeof(__u64), (void *)at) ||
	    message.control_size < sizeof(passing) ||
	    bpf_probe_read_user(&passing, sizeof(passing), (void *)message.control))
		return 0;
	if (passing.level != SOL_SOCKET || passing.type != SCM_RIGHTS || passing.size < sizeof(passing))
		return 0;
	count = (passing.size - sizeof(passing)) / sizeof(__s32);
	if (count > SCM_MAX_FD)
		count = SCM_MAX_FD;
	if (count > NAMED_MAX && !REPEATS_ALL)
		lose(LOSS_BATCH);
	at = message.control + sizeof(passing);
	step->moving.flags = ACCESS_AT_MOST | ACCESS_GIVEN;
	step->moving.read = step->moving.written = 0;
	REPEAT(i, count, NAMED_MAX, named_one(step, at + i * sizeof(__s32)));
	return 0;
}

static __always_inline bool is_unix(struct sock *sk)
{
	return READ(sk, __sk_common.skc_family) == AF_UNIX;
}

/** One call, one message. */
static __always_inline int on_payload(struct step *step, struct sock *sk, bool sends)
{
	return step->called.call.memory ?
		       payload_look(step, sk, call_arg(&step->called, 1), step->result, sends) :
		       0;
}

/** Each was told how long it was. Always true. */
static __noinline int message_one(struct step *step, struct sock *sk, __u64 at)
{
	bool sends = step->called.call.act == ACT_MESSAGES_SENT;
	__u32 size = 0;

	if (is_unix(sk)) {
		if (sends)
			descriptors_named(step, at);
		return 1;
	}
	bpf_probe_read_user(&size, sizeof(size), (void *)at + __builtin_offsetof(struct message, size));
	payload_look(step, sk, at, size, sends);
	return 1;
}

/** One call, several messages. */
static __noinline int on_messages(struct step *step)
{
	struct file *file = file_of(call_arg(&step->called, 0));
	__u64 at = call_arg(&step->called, 1);
	__u32 count = step->result;
	struct socket *socket;
	struct sock *sk;

	if (!file || !file_is(file, S_IFSOCK))
		return 0;
	socket = READ(file, private_data);
	sk = READ(socket, sk);
	if (!sk || !(addressed(sk) || is_unix(sk)))
		return 0;
	if (count > MESSAGES_MAX && is_unix(sk) && !REPEATS_ALL)
		lose(LOSS_BATCH);
	REPEAT(i, count, MESSAGES_MAX, message_one(step, sk, at + i * sizeof(struct message)));
	return 0;
}

/**
 * Where the kernel has no hook that sees what sockets send and receive (before
 * 6.3), calls tell it; user space sets this before it loads the programs.
 */
SEC(".rodata.sockets_by_call") const volatile __u32 sockets_by_call = 0;

/**
 * Streams are counted by themselves, datagrams by packets, but for the one that
 * shows whose the socket is. MPTCP's packets are its subflows': it is counted here.
 */
static __noinline int on_address(struct step *step, struct sock *sk, bool sends)
{
	__u64 key = (__u64)sk;
	bool met = bpf_map_lookup_elem(&socks, &key);
	struct sock_entry *entry = sock_adopt(sk, READ(sk, __sk_common.skc_cookie.counter),
					      step->moving.channel, &step->moving.owner);
	struct ev_addr remote;

	if (!entry || entry->proto == IPPROTO_TCP)
		return 0;
	if (!sends && entry->proto == IPPROTO_MPTCP)
		__sync_fetch_and_add(&entry->received, step->result);
	if (!sends || (met && entry->proto != IPPROTO_MPTCP))
		return 0;
	addr_remote(&remote, sk);
	charge(step->moving.channel, key, entry, &step->moving.owner, &remote, step->result);
	return 0;
}

static __noinline int on_socket(struct step *step, struct file *file, bool sends)
{
	struct socket *socket = READ(file, private_data);
	struct sock *sk = READ(socket, sk);

	if (!sk)
		return 0;
	if (addressed(sk)) {
		if (sockets_by_call)
			on_address(step, sk, sends);
		return on_payload(step, sk, sends);
	}
	if (sends && step->called.call.memory == MEMORY_MESSAGE && is_unix(sk))
		descriptors_named(step, call_arg(&step->called, 1));
	if (!sockets_by_call)
		return 0;
	step->moving.flags = step->moving.mapped = 0;
	step->moving.read = sends ? 0 : step->result;
	step->moving.written = sends ? step->result : 0;
	other_moved(sk, &step->moving);
	return 0;
}

#endif
