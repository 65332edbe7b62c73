/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets that lead to no address of the internet: unix, netlink, packet, vsock,
 * raw, and whatever comes next. Each is an object: named by its family and type.
 */
#ifndef CUSTODES_BPF_OTHER_H
#define CUSTODES_BPF_OTHER_H

#include "access.h"
#include "sock.h"

#define SOCK_RAW       3
#define IPPROTO_ICMP   1
#define IPPROTO_ICMPV6 58

/** Of one message so many descriptors are looked at; more are counted as lost. */
#define PASSED_MAX 32

/** Whether it leads to an address that is known: a raw socket does where it is connected. */
static __noinline int addressed(struct sock *sk)
{
	unsigned short family = BPF_CORE_READ(sk, __sk_common.skc_family);
	__u16 proto = BPF_CORE_READ(sk, sk_protocol);
	struct ev_addr remote;

	if (family != AF_INET && family != AF_INET6)
		return false;
	if (BPF_CORE_READ(sk, sk_type) != SOCK_RAW && proto != IPPROTO_ICMP && proto != IPPROTO_ICMPV6)
		return true;
	addr_remote(&remote, sk);
	return remote.family;
}

static __always_inline __u32 pid_tgid_of(struct pid *pid)
{
	void *link = pid ? BPF_CORE_READ(pid, tasks[0].first) : NULL;
	struct task_struct *task = link - bpf_core_field_offset(struct task_struct, pid_links);

	return link ? BPF_CORE_READ(task, tgid) : 0;
}

static __noinline int access_socket(struct sock *sk, const struct moving *moving)
{
	struct access_key key = {.lineage = moving->owner.lineage};
	struct object_facts facts = {};
	struct named named = {};
	struct socket *socket = BPF_CORE_READ(sk, sk_socket);
	struct sock *peer;

	if (!socket || !object_read(&key.object, &facts,
				    (void *)socket + bpf_core_field_offset(struct socket_alloc, vfs_inode) -
					    bpf_core_field_offset(struct socket_alloc, socket)))
		return 0;
	facts.family = BPF_CORE_READ(sk, __sk_common.skc_family);
	facts.type = BPF_CORE_READ(sk, sk_type);
	facts.proto = BPF_CORE_READ(sk, sk_protocol);
	if (facts.family == AF_UNIX) {
		facts.peer = pid_tgid_of(BPF_CORE_READ(sk, sk_peer_pid));
		peer = BPF_CORE_READ((struct unix_sock *)sk, peer);
		named.address = peer ? BPF_CORE_READ((struct unix_sock *)peer, addr) : NULL;
		if (!named.address) /* of an accepted one the name is its own */
			named.address = BPF_CORE_READ((struct unix_sock *)sk, addr);
	}
	access_object(&key, &facts, &named, moving);
	return 0;
}

/** Who gets it can read the whole file. Always true: each stands for itself. */
static __noinline int passed_one(void *at, struct moving *moving)
{
	struct file *file = NULL;

	bpf_probe_read_kernel(&file, sizeof(file), at);
	if (!file)
		return 1;
	moving->mapped = file_size(file);
	access_unnamed(file, moving);
	return 1;
}

/**
 * Descriptors that lie in the peer's queue now: who takes them can read the whole
 * of each file. What it has taken already is not seen.
 */
static __noinline int descriptors_passed(struct sock *sk, struct moving *moving)
{
	struct sock *peer = BPF_CORE_READ((struct unix_sock *)sk, peer);
	struct sk_buff *last;
	struct unix_skb_parms *parms;
	struct scm_fp_list *list;
	__u32 count;

	if (!peer)
		return 0;
	last = BPF_CORE_READ(peer, sk_receive_queue.prev);
	if (!last || (void *)last == (void *)peer + bpf_core_field_offset(struct sock, sk_receive_queue))
		return 0;
	parms = (void *)last + bpf_core_field_offset(struct sk_buff, cb);
	list = BPF_CORE_READ(parms, fp);
	if (!list)
		return 0;
	count = BPF_CORE_READ(list, count);
	if (count > PASSED_MAX && !REPEATS_ALL)
		lose(LOSS_BATCH);
	moving->flags = ACCESS_AT_MOST | ACCESS_GIVEN;
	moving->read = moving->written = 0;
	list = (void *)list + bpf_core_field_offset(struct scm_fp_list, fp);
	REPEAT(i, count, PASSED_MAX, passed_one((void *)list + i * sizeof(void *), moving));
	return 0;
}

/** Bytes on a socket that leads to no address. */
static __always_inline int other_moved(struct sock *sk, struct moving *moving)
{
	access_socket(sk, moving);
	if (moving->written && BPF_CORE_READ(sk, __sk_common.skc_family) == AF_UNIX)
		descriptors_passed(sk, moving);
	return 0;
}

#endif
