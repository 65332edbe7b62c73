// SPDX-License-Identifier: GPL-3.0-or-later
#include "recall.h"

#include <errno.h>
#include <string.h>

#include "../capture/reader.h"
#include "../report/progress.h"
#include "../util/log.h"
#include "retention.h"

/** Of a snapshot this much goes into one event. */
#define PIECE 12000
/** Events that are read in some hundredths of a second: for fewer none is worth while. */
#define FEW 65536

/* ---- writing ---- */

void snapshots_documents(struct snapshots *snapshots, const struct pipeline *pipeline)
{
	if (pipeline->writer)
		snapshots->documents = writer_position(pipeline->writer);
}

void snapshots_policy(struct snapshots *snapshots, const struct pipeline *pipeline)
{
	if (pipeline->writer)
		snapshots->policy = writer_position(pipeline->writer);
}

/** Its pieces bear the time of the event before them: no time passes between what is known and what is kept.
 */
static int write_pieces(const struct snapshots *snapshots, struct pipeline *pipeline, const struct buf *bytes)
{
	uint64_t first = writer_position(pipeline->writer), time = engine_time(pipeline->engine);
	struct draft draft;
	int r = 0;

	for (size_t off = 0; !r && off < bytes->size && pipeline->writer; off += PIECE) {
		struct ev_snapshot *event = DRAFT(&draft, SNAPSHOT, snapshot, time);

		event->first = first;
		event->policies = snapshots->documents;
		event->policy = snapshots->policy;
		event->engine = ENGINE_VERSION;
		event->offset = (uint32_t)off;
		event->total = (uint32_t)bytes->size;
		draft_str(&draft, &event->bytes, bytes->data + off,
			  bytes->size - off < PIECE ? bytes->size - off : PIECE);
		r = pipeline_live(pipeline, draft_end(&draft));
	}
	return r;
}

static int write_snapshot(struct snapshots *snapshots, struct pipeline *pipeline)
{
	_cleanup_(buf_free) struct buf bytes = {};
	int r;

	engine_save(pipeline->engine, &bytes);
	r = write_pieces(snapshots, pipeline, &bytes);
	if (pipeline->writer)
		snapshots->position = writer_position(pipeline->writer);
	return r;
}

int snapshot_now(struct snapshots *snapshots, struct pipeline *pipeline)
{
	if (!pipeline->writer || writer_position(pipeline->writer) == snapshots->position)
		return 0;
	return write_snapshot(snapshots, pipeline);
}

int snapshot_due(struct snapshots *snapshots, struct pipeline *pipeline, uint64_t now)
{
	if (!snapshots->time)
		snapshots->time = now;
	if (now - snapshots->time < snapshots->every)
		return 0;
	snapshots->time = now;
	return snapshot_now(snapshots, pipeline);
}

int snapshot_last(struct snapshots *snapshots, struct pipeline *pipeline)
{
	if (!pipeline->writer || writer_position(pipeline->writer) - snapshots->position < FEW)
		return 0;
	return write_snapshot(snapshots, pipeline);
}

/* ---- reading ---- */

struct recall {
	struct pipeline *pipeline;
	struct snapshots *snapshots;
	struct reader *reader;
	struct progress progress;
	struct retention *retention;
	const volatile sig_atomic_t *stop;
	bool in_set; /* a document has come whose POLICY has not */
	uint64_t documents;
};

/** Where the set in force stands, for the snapshots that will be written. */
static void follow_policies(struct recall *recall, uint16_t kind, uint64_t position)
{
	if (kind == EV_DOCUMENT && !recall->in_set)
		recall->documents = position;
	recall->in_set = kind == EV_DOCUMENT || (recall->in_set && kind != EV_POLICY && kind != EV_START);
	if (kind != EV_POLICY)
		return;
	recall->snapshots->documents = recall->documents;
	recall->snapshots->policy = position;
}

/** The events up to this position, or to the end. */
static int read_until(struct recall *recall, uint64_t until)
{
	struct pipeline *pipeline = recall->pipeline;
	const struct ev_head *event;
	int r = SOURCE_EVENT;

	while (!*recall->stop) {
		r = source_next(reader_source(recall->reader), &event);
		if (r != SOURCE_EVENT)
			break;
		r = engine_recall(pipeline->engine, event, reader_position(recall->reader), &pipeline->batch);
		follow_policies(recall, event->kind, reader_position(recall->reader));
		if (until == UINT64_MAX)
			retention_recalled(recall->retention, event);
		batch_reset(&pipeline->batch);
		if (r || reader_position(recall->reader) >= until)
			break;
		if (reader_position(recall->reader) % 65536 == 0)
			progress_show(&recall->progress, reader_progress(recall->reader));
	}
	return r == SOURCE_END ? 0 : r;
}

static const struct ev_snapshot *piece_of(const struct ev_head *event)
{
	return event->kind == EV_SNAPSHOT ? (const struct ev_snapshot *)event : NULL;
}

/**
 * The last snapshot of which all pieces are there; *found is its last piece. One whose last piece is
 * missing was being written when custodes was killed.
 */
static int find_snapshot(struct reader *reader, struct ev_snapshot *found)
{
	uint64_t before = UINT64_MAX;
	const struct ev_head *event;
	const struct ev_snapshot *piece;
	int r;

	for (;;) {
		r = reader_last(reader, EV_SNAPSHOT, before);
		if (!r)
			r = source_next(reader_source(reader), &event);
		if (r)
			return r;
		piece = (const struct ev_snapshot *)event;
		if (piece->engine == ENGINE_VERSION &&
		    (uint64_t)piece->offset + piece->bytes.len == piece->total)
			break;
		before = reader_position(reader);
	}
	*found = *piece;
	return 0;
}

static int gather(struct reader *reader, const struct ev_snapshot *last, struct buf *bytes)
{
	const struct ev_head *event;
	int r = reader_seek(reader, last->first);

	while (!r && bytes->size < last->total) {
		const struct ev_snapshot *piece;
		struct view text;

		r = source_next(reader_source(reader), &event);
		piece = r ? NULL : piece_of(event);
		if (!piece || piece->offset != bytes->size || piece->total != last->total)
			return r < 0 ? r : -EBADMSG;
		text = event_view(event, piece->bytes);
		buf_bytes(bytes, text.at, text.size);
		if (!text.size)
			return -EBADMSG;
	}
	return r;
}

/** The engine as it was at the last snapshot; what comes behind that is read next. SOURCE_END: there is none.
 */
static int load_snapshot(struct recall *recall)
{
	_cleanup_(buf_free) struct buf bytes = {};
	struct ev_snapshot last;
	int r = find_snapshot(recall->reader, &last);

	if (r)
		return r;
	r = reader_seek(recall->reader, last.policies);
	if (!r)
		r = read_until(recall, last.policy);
	if (!r && *recall->stop)
		return 0; /* without its policies no snapshot is understood, nor asked for any more */
	if (!r)
		r = gather(recall->reader, &last, &bytes);
	if (!r)
		r = engine_load(recall->pipeline->engine, bytes.data, bytes.size);
	if (r)
		return log_error(r, "the snapshot at event %llu cannot be", (unsigned long long)last.first);
	recall->snapshots->position = reader_position(recall->reader) + 1;
	log_info("recalled from event %llu on", (unsigned long long)last.first);
	return 0;
}

/** Without a snapshot all is read from the first event on; where that is not there, nothing is known. */
static int begin_at_first(const struct recall *recall)
{
	if (!reader_absent(recall->reader)->count)
		return reader_seek(recall->reader, 0);
	log_warning(
		"some of the capture was pruned, and it has no snapshot of this version: what ran before is "
		"not known");
	return SOURCE_END;
}

int recall(struct pipeline *pipeline, struct snapshots *snapshots, const char *capture,
	   struct retention *retention, const volatile sig_atomic_t *stop)
{
	struct recall recall = {.pipeline = pipeline,
				.snapshots = snapshots,
				.retention = retention,
				.stop = stop,
				.progress = progress_begin("recalling")};
	int r = reader_open(&recall.reader, capture);

	if (!r)
		retention_opened(retention, recall.reader);
	if (!r)
		r = load_snapshot(&recall);
	if (r == SOURCE_END)
		r = begin_at_first(&recall);
	if (!r)
		r = read_until(&recall, UINT64_MAX);
	progress_end(&recall.progress);
	reader_close(&recall.reader);
	return r == SOURCE_END ? 0 : r;
}

/* ---- holding one against the record ---- */

int snapshot_check(struct buf *state, const struct engine *engine, const struct ev_head *event)
{
	const struct ev_snapshot *piece = piece_of(event);
	struct view text;

	if (!piece || piece->engine != ENGINE_VERSION)
		return 0;
	if (!piece->offset) {
		buf_clear(state);
		engine_save(engine, state);
	}
	text = event_view(event, piece->bytes);
	if (piece->total == state->size && piece->offset <= state->size &&
	    text.size <= state->size - piece->offset &&
	    !memcmp(state->data + piece->offset, text.at, text.size))
		return 0;
	return log_error(-EBADMSG, "the snapshot at event %llu is not what the events before it come to",
			 (unsigned long long)piece->first);
}
