/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ring's reader: hands out events one by one and watches their sequences. */
#ifndef CUSTODES_SENSOR_RING_H
#define CUSTODES_SENSOR_RING_H

#include <stdbool.h>

#include "../event/event.h"

struct ring;

int ring_open(struct ring **ring, int map);
void ring_close(struct ring **ring);

/**
 * The next event, valid until the next call; NULL: none waits, not even in the
 * kernel. From one thread only, as all that follows.
 */
const struct ev_head *ring_next(struct ring *ring);
/** Waits until something arrives, or this long. */
void ring_wait(struct ring *ring, int milliseconds);

struct ring_counts {
	uint64_t events;
	uint64_t missing;    /* gaps in sequences, less what came late */
	uint64_t collisions; /* sequence numbers met twice */
	uint64_t malformed;
};
struct ring_counts ring_counts(struct ring *ring);

/** While it is held, the reader does nothing, and holds no lock: the process may fork. */
void ring_hold(struct ring *ring, bool hold);

#endif
