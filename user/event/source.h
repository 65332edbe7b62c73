/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where events come from: the only difference between live, replay and tests. */
#ifndef CUSTODES_EVENT_SOURCE_H
#define CUSTODES_EVENT_SOURCE_H

#include "event.h"

struct source;

/** Outcomes of next() that are no errors. */
enum source_outcome {
	SOURCE_EVENT = 0,
	SOURCE_IDLE = 1, /* nothing now: ask again */
	SOURCE_END = 2,
};

struct source_ops {
	/**
	 * The next event, which stays valid until the next call. Returns an enum
	 * source_outcome, or a negative errno that ends the stream.
	 */
	int (*next)(struct source *source, const struct ev_head **event);
	void (*free)(struct source *source);
};

struct source {
	const struct source_ops *ops;
};

static inline int source_next(struct source *source, const struct ev_head **event)
{
	return source->ops->next(source, event);
}

static inline void source_free(struct source **source)
{
	if (*source)
		(*source)->ops->free(*source);
	*source = NULL;
}

#endif
