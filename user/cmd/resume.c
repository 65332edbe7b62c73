// SPDX-License-Identifier: GPL-3.0-or-later
#include "resume.h"

#include <errno.h>

#include "../util/log.h"

typedef unsigned long long ull;

void resume_free(struct resume *resume)
{
	buf_free(&resume->state);
	batch_free(&resume->batch);
	*resume = (struct resume){};
}

/** Gathers a piece: 1 it was the last one, and the engine is as it was there; 0 not so. */
static int take_piece(struct resume *resume, struct engine *engine, const struct ev_snapshot *piece)
{
	struct view bytes = event_view(&piece->head, piece->bytes);

	if (!piece->offset)
		buf_clear(&resume->state);
	resume->bad = piece->offset && (resume->bad || piece->offset != resume->state.size);
	if (resume->bad || piece->engine != ENGINE_VERSION)
		return 0;
	buf_bytes(&resume->state, bytes.at, bytes.size);
	if (resume->state.size != piece->total)
		return 0;
	if (engine_load(engine, resume->state.data, resume->state.size)) {
		resume->refused++; /* its policies are not there: a bundle that stayed for something else */
		return 0;
	}
	resume->loaded++;
	return 1;
}

/** The pieces before the last one take no part in what was judged, but for where they stand. */
static int pass_pieces(struct engine *engine, const struct ev_snapshot *piece, uint64_t position,
		       struct batch *batch)
{
	int r = 0;

	for (uint64_t at = piece->first; !r && at < position; at++)
		r = engine_step(engine, &piece->head, at, batch);
	return r;
}

int resume_take(struct resume *resume, struct engine *engine, const struct ev_head *event, uint64_t position,
		struct batch *batch)
{
	int r = 0;

	resume->lost |= position != resume->next;
	resume->next = position + 1;
	if (!resume->lost)
		return 1;
	if (event->kind == EV_SNAPSHOT)
		r = take_piece(resume, engine, (const struct ev_snapshot *)event);
	if (r > 0) {
		resume->lost = false;
		r = pass_pieces(engine, (const struct ev_snapshot *)event, position, batch);
		return r ? r : 2;
	}
	/* A set of policies that is not whole here is not the one that comes with the snapshot. */
	if (event->kind == EV_DOCUMENT || event->kind == EV_POLICY)
		engine_recall(engine, event, position, &resume->batch);
	batch_reset(&resume->batch);
	resume->unjudged += event->kind != EV_SNAPSHOT;
	return r;
}

int resume_end(const struct resume *resume)
{
	if (resume->refused && !resume->loaded)
		return log_error(-EINVAL, "a record of which some is not there can be judged by its recorded "
					  "policies only");
	if (resume->unjudged)
		log_warning(
			"some of the record is not there: %llu events behind that were not judged, up to the "
			"next snapshot%s",
			(ull)resume->unjudged, resume->loaded ? "" : ", of which there is none");
	return 0;
}
