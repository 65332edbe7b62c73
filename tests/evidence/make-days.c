// SPDX-License-Identifier: GPL-3.0-or-later
/* make-days DIR KEY CAPTURE DAYS: what happened in the capture, again on each of the last days, after a new
 * boot; two events are an entry, and the engine's snapshots stand among them as a run writes them. */
#include <errno.h>
#include <stdlib.h>

#include "../../user/capture/reader.h"
#include "../../user/cmd/recall.h"
#include "../../user/util/clock.h"
#include "../unit/sample.h"

#define DAY	       (24 * 3600 * (int64_t)SAMPLE_SECOND)
#define SNAPSHOT_AFTER 300 /* events */

struct days {
	struct pipeline pipeline;
	struct snapshots snapshots;
	struct sample sample;
	int64_t now, shift;
	unsigned int day, count;
};

static int put(struct days *days, const struct ev_head *event)
{
	struct pipeline *pipeline = &days->pipeline;
	uint64_t position = writer_position(pipeline->writer);
	int r = writer_append(pipeline->writer, event);

	if (!r && position % 2)
		r = writer_seal(pipeline->writer);
	if (!r)
		r = engine_step(pipeline->engine, event, position, &pipeline->batch);
	batch_actions_done(&pipeline->batch);
	batch_reset(&pipeline->batch);
	return r;
}

/** The first event of a day: the host was booted anew, and its clock is that day's. */
static int put_start(struct days *days, struct ev_start *start, int64_t time)
{
	struct draft draft;
	struct ev_key *key;
	struct buf text = {};
	struct verifier verifier;
	int r;

	days->shift = days->now - time - DAY * (int64_t)(days->count - 1 - days->day);
	start->wall_offset += days->shift;
	start->engine = ENGINE_VERSION;
	((char *)start)[start->boot_id.off] = (char)('a' + days->day);
	r = put(days, &start->head);
	key = DRAFT(&draft, KEY, key, start->head.time);
	if (verifier_make(&verifier, writer_origin(days->pipeline.writer), NOTE_ED25519,
			  key_public(days->sample.key)))
		return -1;
	verifier_format(&verifier, &text);
	memcpy(key->public, verifier.key, sizeof(key->public));
	draft_text(&draft, &key->verifier, text.data);
	buf_free(&text);
	return r ? r : put(days, draft_end(&draft));
}

static int put_copy(struct days *days, const struct ev_head *event)
{
	_Alignas(8) uint8_t bytes[EVENT_MAX];
	struct ev_head *copy = (struct ev_head *)bytes;

	memcpy(bytes, event, event->size);
	if (event->kind == EV_START)
		return put_start(days, (struct ev_start *)copy,
				 (int64_t)event->time + ((struct ev_start *)copy)->wall_offset);
	if (event->kind == EV_CLOCK)
		((struct ev_clock *)copy)->wall_offset += days->shift;
	return put(days, copy);
}

static int put_day(struct days *days, const char *capture)
{
	struct reader *reader;
	const struct ev_head *event;
	bool in_set = false;
	unsigned int number = 0;
	int r = reader_open(&reader, capture);

	while (!r && source_next(reader_source(reader), &event) == SOURCE_EVENT) {
		if (event->kind == EV_DOCUMENT && !in_set)
			snapshots_documents(&days->snapshots, &days->pipeline);
		if (event->kind == EV_POLICY)
			snapshots_policy(&days->snapshots, &days->pipeline);
		in_set = event->kind == EV_DOCUMENT;
		r = put_copy(days, event);
		if (!r && ++number % SNAPSHOT_AFTER == 0)
			r = snapshot_now(&days->snapshots, &days->pipeline);
	}
	reader_close(&reader);
	return r ? r : writer_seal(days->pipeline.writer);
}

int main(int argc, char **argv)
{
	const struct engine_options engine = {.as_of = DAY_NONE};
	struct days days = {.now = (int64_t)clock_boot() + clock_wall_offset()};
	struct key *key;
	int r;

	if (argc != 5)
		return 2;
	r = key_open(&key, argv[2]);
	if (r == -ENOENT)
		r = key_create(&key, argv[2]);
	days.sample.key = key;
	days.count = (unsigned int)strtoul(argv[4], NULL, 10);
	days.pipeline.engine = engine_new(&engine);
	if (!r)
		r = writer_open(&days.pipeline.writer, argv[1], key);
	for (; !r && days.day < days.count; days.day++)
		r = put_day(&days, argv[3]);
	pipeline_close(&days.pipeline);
	key_close(&key);
	return r ? 1 : 0;
}
