/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Judging a record of which some is not there: what comes behind a gap is judged from the next snapshot on,
 * as if all had been read. Between the two the engine is given the policies, and nothing else.
 */
#ifndef CUSTODES_CMD_RESUME_H
#define CUSTODES_CMD_RESUME_H

#include "../engine/engine.h"

struct resume {
	uint64_t next; /* position that follows the event before */
	bool lost;     /* behind a gap, and no snapshot yet */
	bool bad;      /* of the snapshot that comes, a piece is missing */
	struct buf state;
	struct batch batch;
	uint64_t unjudged, refused, loaded;
};

void resume_free(struct resume *resume);
/**
 * Whether the engine is to be given this event: 1; 2 likewise, and the engine is now the one of the snapshot
 * that ends here; 0: it is not; or a negative errno, which is said. What the snapshot's own place brings
 * forth is added to `batch`.
 */
int resume_take(struct resume *resume, struct engine *engine, const struct ev_head *event, uint64_t position,
		struct batch *batch);
/** The record is at its end: says what was not judged. 0; -EINVAL: nothing could be, by these policies. */
int resume_end(const struct resume *resume);

#endif
