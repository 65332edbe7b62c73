/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only way into the ring. Every event takes a number of its CPU and channel,
 * and so does one for which there was no room: it leaves a gap that the reader
 * sees, beside the count by cause.
 */
#ifndef CUSTODES_BPF_EMIT_H
#define CUSTODES_BPF_EMIT_H

#include "filter.h"

static __always_inline void lose(__u32 cause)
{
	struct loss_entry *entry = bpf_map_lookup_elem(&losses, &cause);

	if (entry)
		entry->count++;
}

static __always_inline void emit_head(struct ev_head *head, __u32 channel, __u16 kind, __u32 size,
				      const struct owner *owner)
{
	__u64 *sequence = bpf_map_lookup_elem(&sequences, &channel);

	head->size = size;
	head->kind = kind;
	head->channel = channel;
	head->flags = 0;
	head->time = bpf_ktime_get_boot_ns();
	head->seq = sequence ? (*sequence)++ : 0;
	head->cpu = bpf_get_smp_processor_id();
	head->tgid = owner->tgid;
	head->tid = owner->tid;
	head->pad = 0;
	head->start = owner->start;
	head->lineage = owner->lineage;
}

/** Wake the reader rarely: its wake-up costs more than all programs together. */
static __always_inline __u64 wake_flags(void)
{
	return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= RING_WAKE_BYTES ? BPF_RB_FORCE_WAKEUP :
										BPF_RB_NO_WAKEUP;
}

static __always_inline void *emit_reserve(__u32 channel, __u16 kind, __u32 size, const struct owner *owner)
{
	struct ev_head lost;
	struct ev_head *head = bpf_ringbuf_reserve(&ring, size, 0);

	if (!head) {
		emit_head(&lost, channel, kind, size, owner); /* leaves the gap */
		lose(LOSS_RING);
		return NULL;
	}
	emit_head(head, channel, kind, size, owner);
	return head;
}

/** An event of fixed size: reserve, fill in place, submit. */
#define EMIT_RESERVE(channel, kind, type, owner) \
	((struct type *)emit_reserve(channel, kind, sizeof(struct type), owner))

static __always_inline void emit_submit(void *event)
{
	bpf_ringbuf_submit(event, wake_flags());
}

/** An event of varying size, built elsewhere. */
static __always_inline bool emit_whole(const void *event, __u32 size, __u64 wake)
{
	if (!bpf_ringbuf_output(&ring, (void *)event, size, wake))
		return true;
	lose(LOSS_RING);
	return false;
}

/** Different for any two calls on this host since it booted: time, then CPU. */
static __always_inline __u64 unique_id(void)
{
	return bpf_ktime_get_boot_ns() << 8 | (bpf_get_smp_processor_id() & 0xff);
}

#endif
