// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Two threads: one does nothing but empty the ring, so that neither a disk that
 * takes its time nor a large executable to hash makes it run over; the other
 * takes what has arrived. What waits between them is bounded.
 */
#include "ring.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include <bpf/libbpf.h>

#include "../util/buf.h"
#include "../util/clock.h"
#include "../util/memory.h"

/** So much may wait here, on top of what the ring itself holds: a flood cannot grow it without end. */
#define ARRIVED_MAX (8u << 20)
/** Larger buffers are given back once they are empty. */
#define KEPT_BYTES (64u << 10)
/** The reader looks whether it is to end, and so often it empties a ring that never filled up. */
#define READER_MS 100

struct ring {
	struct ring_buffer *buffer;
	pthread_t reader;
	atomic_bool ending;
	pthread_mutex_t lock;
	pthread_cond_t arrival;
	/* under the lock */
	struct buf arrived;
	struct ring_counts counts;
	/* the taker's own */
	struct buf batch;
	size_t taken;			/* bytes of the batch already handed out */
	uint64_t (*expected)[CHANNELS]; /* by CPU */
	uint32_t cpus;
	uint64_t missing, collisions;
};

static uint64_t *expected_of(struct ring *ring, uint32_t cpu, uint8_t channel)
{
	if (cpu >= ring->cpus) {
		ring->expected = need(reallocarray(ring->expected, cpu + 1, sizeof(*ring->expected)));
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
		ring->missing += event->seq - *expected;
		*expected = event->seq + 1;
	} else if (ring->missing) {
		ring->missing--; /* it was overtaken on its way into the ring */
	} else {
		ring->collisions++;
	}
}

/* ---- arriving ---- */

static int take(void *context, void *bytes, size_t size)
{
	struct ring *ring = context;

	ring->counts.events++;
	if (event_check(bytes, size)) {
		ring->counts.malformed++;
		return 0;
	}
	buf_bytes(&ring->arrived, bytes, ((const struct ev_head *)bytes)->size);
	return ring->arrived.size > ARRIVED_MAX ? -EAGAIN : 0;
}

/** Under the lock. */
static void empty(struct ring *ring)
{
	if (ring->arrived.size <= ARRIVED_MAX)
		ring_buffer__consume(ring->buffer);
}

static void *read_ring(void *context)
{
	struct ring *ring = context;
	const struct timespec pause = {.tv_nsec = 10000000};
	struct epoll_event woken;
	bool full;

	while (!ring->ending) {
		epoll_wait(ring_buffer__epoll_fd(ring->buffer), &woken, 1, READER_MS);
		pthread_mutex_lock(&ring->lock);
		empty(ring);
		full = ring->arrived.size > ARRIVED_MAX;
		if (ring->arrived.size)
			pthread_cond_signal(&ring->arrival);
		pthread_mutex_unlock(&ring->lock);
		if (full)
			nanosleep(&pause, NULL);
	}
	return NULL;
}

/* ---- taking ---- */

/** What has arrived becomes the batch; the room of the one before is used again. */
static void turn(struct ring *ring)
{
	struct buf before = ring->batch;

	if (before.room > KEPT_BYTES) {
		buf_free(&before);
		malloc_trim(0); /* what a flood took, here and behind us, is given back */
	}
	buf_clear(&before);
	ring->taken = 0;
	pthread_mutex_lock(&ring->lock);
	empty(ring);
	ring->batch = ring->arrived;
	ring->arrived = before;
	pthread_mutex_unlock(&ring->lock);
}

const struct ev_head *ring_next(struct ring *ring)
{
	const struct ev_head *event;

	if (ring->taken == ring->batch.size)
		turn(ring);
	if (ring->taken == ring->batch.size)
		return NULL;
	event = (const struct ev_head *)(ring->batch.data + ring->taken);
	ring->taken += event->size;
	follow_sequence(ring, event);
	return event;
}

void ring_wait(struct ring *ring, int milliseconds)
{
	uint64_t until = clock_monotonic() + (uint64_t)milliseconds * 1000000;
	struct timespec time = {.tv_sec = (time_t)(until / NSEC_PER_SEC),
				.tv_nsec = (long)(until % NSEC_PER_SEC)};

	pthread_mutex_lock(&ring->lock);
	while (!ring->arrived.size &&
	       !pthread_cond_clockwait(&ring->arrival, &ring->lock, CLOCK_MONOTONIC, &time))
		;
	pthread_mutex_unlock(&ring->lock);
}

struct ring_counts ring_counts(struct ring *ring)
{
	struct ring_counts counts;

	pthread_mutex_lock(&ring->lock);
	counts = ring->counts;
	pthread_mutex_unlock(&ring->lock);
	counts.missing = ring->missing;
	counts.collisions = ring->collisions;
	return counts;
}

void ring_hold(struct ring *ring, bool hold)
{
	if (hold)
		pthread_mutex_lock(&ring->lock);
	else
		pthread_mutex_unlock(&ring->lock);
}

/* ---- its life ---- */

int ring_open(struct ring **ring, int map)
{
	struct ring *r = need(calloc(1, sizeof(*r)));
	int code;

	*ring = NULL;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->arrival, NULL);
	r->buffer = ring_buffer__new(map, take, r, NULL);
	code = r->buffer ? -pthread_create(&r->reader, NULL, read_ring, r) : -errno;
	if (code) {
		ring_buffer__free(r->buffer);
		free(r);
		return code;
	}
	*ring = r;
	return 0;
}

void ring_close(struct ring **ring)
{
	struct ring *r = *ring;

	if (!r)
		return;
	r->ending = true;
	pthread_join(r->reader, NULL);
	ring_buffer__free(r->buffer);
	buf_free(&r->arrived);
	buf_free(&r->batch);
	free(r->expected);
	free(r);
	*ring = NULL;
}
