// SPDX-License-Identifier: GPL-3.0-or-later
#include "ring.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/epoll.h>

#include <bpf/libbpf.h>

#include "../util/buf.h"

/** So much may wait here, on top of what the ring itself holds: a flood cannot grow it without end. */
#define QUEUE_BYTES (8u << 20)
/** So much of the queue is kept for good. */
#define QUEUE_KEPT (256u << 10)
/** The ring is emptied after this many events, however many still wait here. */
#define EMPTY_EVERY 256

struct ring {
	struct ring_buffer *buffer;
	struct buf queue;
	size_t taken;			/* bytes of the queue already handed out */
	unsigned int handed;		/* events since the ring was last emptied */
	uint64_t (*expected)[CHANNELS]; /* by CPU */
	uint32_t cpus;
	struct ring_counts counts;
};

static uint64_t *expected_of(struct ring *ring, uint32_t cpu, uint8_t channel)
{
	if (cpu >= ring->cpus) {
		ring->expected = reallocarray(ring->expected, cpu + 1, sizeof(*ring->expected));
		memset(ring->expected + ring->cpus, 0, (cpu + 1 - ring->cpus) * sizeof(*ring->expected));
		ring->cpus = cpu + 1;
	}
	return &ring->expected[cpu][channel];
}

static void follow_sequence(struct ring *ring, const struct ev_head *event)
{
	uint64_t *expected;

	if (event->channel >= CHANNELS)
		return;
	expected = expected_of(ring, event->cpu, event->channel);
	if (event->seq >= *expected) {
		ring->counts.missing += event->seq - *expected;
		*expected = event->seq + 1;
	} else if (ring->counts.missing) {
		ring->counts.missing--; /* it was overtaken on its way into the ring */
	} else {
		ring->counts.collisions++;
	}
}

static int take(void *context, void *bytes, size_t size)
{
	struct ring *ring = context;

	ring->counts.events++;
	if (event_check(bytes, size)) {
		ring->counts.malformed++;
		return 0;
	}
	buf_bytes(&ring->queue, bytes, ((const struct ev_head *)bytes)->size);
	return ring->queue.size - ring->taken > QUEUE_BYTES ? -EAGAIN : 0;
}

int ring_open(struct ring **ring, int map)
{
	struct ring *r = calloc(1, sizeof(*r));

	*ring = NULL;
	if (!r)
		return -ENOMEM;
	r->buffer = ring_buffer__new(map, take, r, NULL);
	if (!r->buffer) {
		free(r);
		return -errno;
	}
	*ring = r;
	return 0;
}

void ring_close(struct ring **ring)
{
	struct ring *r = *ring;

	if (!r)
		return;
	ring_buffer__free(r->buffer);
	buf_free(&r->queue);
	free(r->expected);
	free(r);
	*ring = NULL;
}

/** Takes what the ring holds, so that there is room in it while events are slow to go. */
static void empty(struct ring *ring)
{
	size_t left = ring->queue.size - ring->taken;

	if (!left && ring->queue.room > QUEUE_KEPT) {
		buf_free(&ring->queue);
		malloc_trim(0); /* what a flood took, here and behind us, is given back */
	}
	if (ring->taken >= left) { /* what moves up is never more than what has gone */
		if (left)
			memmove(ring->queue.data, ring->queue.data + ring->taken, left);
		ring->queue.size = left;
		ring->taken = 0;
	}
	ring->handed = 0;
	ring_buffer__consume(ring->buffer);
}

const struct ev_head *ring_next(struct ring *ring)
{
	const struct ev_head *event;

	if (ring->taken == ring->queue.size || ring->handed++ >= EMPTY_EVERY)
		empty(ring);
	if (ring->taken == ring->queue.size)
		return NULL;
	event = (const struct ev_head *)(ring->queue.data + ring->taken);
	ring->taken += event->size;
	follow_sequence(ring, event);
	return event;
}

void ring_wait(struct ring *ring, int milliseconds)
{
	struct epoll_event woken;

	epoll_wait(ring_buffer__epoll_fd(ring->buffer), &woken, 1, milliseconds);
}

struct ring_counts ring_counts(const struct ring *ring)
{
	return ring->counts;
}
