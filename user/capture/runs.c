// SPDX-License-Identifier: GPL-3.0-or-later
#include "runs.h"

#include <string.h>

#include "../../bpf/abi/stats.h"
#include "../util/clock.h"
#include "../util/memory.h"

typedef unsigned long long ull;

#define CHECK_SEQUENCES "sequences"
#define CHECK_INTERVALS "intervals"
#define CPUS_MAX	8192 /* as many as a kernel can have */

/** A heartbeat is due each minute unless `run` was told otherwise, which the record does not say. */
#define INTERVAL_MAX (120 * NSEC_PER_SEC)
#define SLACK	     (2 * NSEC_PER_SEC)

void runs_free(struct runs *runs)
{
	free(runs->cpus);
	*runs = (struct runs){};
}

/* ---- sequences: as user/sensor/ring.c counts them ---- */

static void follow(struct runs *runs, const struct ev_head *event)
{
	uint64_t *expected;

	if (event->channel >= CHANNELS || event->cpu >= CPUS_MAX) {
		runs->odd++;
		return;
	}
	while (runs->cpu_count <= event->cpu)
		GROW(runs->cpus, runs->cpu_count);
	expected = &runs->cpus[event->cpu].expected[event->channel];
	runs->sequenced++;
	if (event->seq >= *expected) {
		runs->missing += event->seq - *expected;
		*expected = event->seq + 1;
	} else if (runs->missing) {
		runs->missing--; /* it was overtaken on its way into the ring */
	} else {
		runs->collisions++;
	}
}

static void take_loss(struct runs *runs, const struct ev_loss *loss)
{
	if (loss->cause == LOSS_RING || loss->cause == LOSS_SEQUENCE || loss->cause == LOSS_MALFORMED)
		runs->told_missing += loss->count;
	if (loss->cause == LOSS_COLLISION)
		runs->told_collisions += loss->count;
	else
		runs->lost += loss->count;
}

static void end_sequences(struct runs *runs, struct verdict *verdict)
{
	if (runs->missing > runs->told_missing)
		verdict_say(verdict, VERDICT_DOUBT, CHECK_SEQUENCES,
			    "run %llu (from event %llu on): %llu events are missing in their sequences, and "
			    "the record tells of %llu lost",
			    (ull)runs->count, (ull)runs->position, (ull)runs->missing,
			    (ull)runs->told_missing);
	if (runs->collisions > runs->told_collisions)
		verdict_say(verdict, VERDICT_DOUBT, CHECK_SEQUENCES,
			    "run %llu (from event %llu on): %llu sequence numbers stand twice, and the "
			    "record tells of %llu",
			    (ull)runs->count, (ull)runs->position, (ull)runs->collisions,
			    (ull)runs->told_collisions);
	if (runs->odd)
		verdict_say(verdict, VERDICT_DOUBT, CHECK_SEQUENCES,
			    "run %llu (from event %llu on): %llu events are of a CPU or a channel that is "
			    "not known",
			    (ull)runs->count, (ull)runs->position, (ull)runs->odd);
}

/* ---- signs of life ---- */

static void stretch(struct runs *runs, uint64_t from, uint64_t to, uint64_t position)
{
	uint64_t long_ns = to > from ? to - from : 0;

	if (long_ns <= runs->longest)
		return;
	runs->longest = long_ns;
	runs->where = position;
}

static void take_beat(struct runs *runs, const struct ev_heartbeat *beat, uint64_t position,
		      struct verdict *verdict)
{
	uint64_t time = beat->head.time;

	runs->beats++;
	if (beat->number != runs->number + 1)
		verdict_say(verdict, VERDICT_DOUBT, CHECK_INTERVALS,
			    "event %llu: heartbeat %llu comes after %llu", (ull)position, (ull)beat->number,
			    (ull)runs->number);
	if (time < runs->last)
		verdict_say(verdict, VERDICT_DOUBT, CHECK_INTERVALS,
			    "event %llu: a heartbeat that is older than what stands before it",
			    (ull)position);
	stretch(runs, runs->last, time, position);
	if (runs->number && time > runs->last && (!runs->shortest || time - runs->last < runs->shortest))
		runs->shortest = time - runs->last;
	runs->number = beat->number;
	runs->last = time;
}

static void end_intervals(struct runs *runs, struct verdict *verdict)
{
	uint64_t most =
		runs->shortest && 2 * runs->shortest < INTERVAL_MAX ? 2 * runs->shortest : INTERVAL_MAX;

	if (runs->shortest > INTERVAL_MAX / 2)
		most = 2 * runs->shortest;
	if (runs->longest > most + SLACK)
		verdict_say(
			verdict, VERDICT_DOUBT, CHECK_INTERVALS,
			"run %llu: %llu s without a sign of life before event %llu: it is not proved that "
			"custodes watched then",
			(ull)runs->count, (ull)(runs->longest / NSEC_PER_SEC), (ull)runs->where);
}

/* ---- runs ---- */

static void end_run(struct runs *runs, struct verdict *verdict)
{
	end_sequences(runs, verdict);
	end_intervals(runs, verdict);
	free(runs->cpus);
	runs->cpus = NULL;
	runs->cpu_count = 0;
	runs->missing = runs->collisions = runs->told_missing = runs->told_collisions = runs->odd = 0;
	runs->number = runs->shortest = runs->longest = runs->where = 0;
}

static void take_start(struct runs *runs, const struct ev_head *event, uint64_t position,
		       struct verdict *verdict)
{
	if (runs->open) {
		runs->cut_off++;
		verdict_say(verdict, VERDICT_LIMIT, CHECK_INTERVALS,
			    "run %llu was cut off before event %llu: what came after its last seal, a second "
			    "at most, is not in the record",
			    (ull)runs->count, (ull)position);
	}
	end_run(runs, verdict);
	runs->open = true;
	runs->count++;
	runs->position = position;
	runs->begun = runs->last = event->time;
}

void runs_event(struct runs *runs, const struct ev_head *event, uint64_t position, struct verdict *verdict)
{
	runs->events++;
	if (event->channel != CHANNEL_USER)
		follow(runs, event);
	else if (event->kind == EV_LOSS)
		take_loss(runs, (const struct ev_loss *)event);
	else if (event->kind == EV_START)
		take_start(runs, event, position, verdict);
	else if (event->kind == EV_HEARTBEAT)
		take_beat(runs, (const struct ev_heartbeat *)event, position, verdict);
	else if (event->kind == EV_STOP) {
		if (runs->open && runs->beats)
			stretch(runs, runs->last, event->time, position);
		runs->open = false;
	}
}

void runs_end(struct runs *runs, struct verdict *verdict)
{
	end_run(runs, verdict);
	if (runs->open)
		verdict_say(verdict, VERDICT_LIMIT, CHECK_INTERVALS,
			    "the last run has no end: custodes runs still, or was cut off");
	if (runs->count && !runs->beats)
		verdict_say(
			verdict, VERDICT_LIMIT, CHECK_INTERVALS,
			"there is no heartbeat: nothing shows when custodes watched and nothing happened");
	if (runs->lost)
		verdict_say(verdict, VERDICT_LIMIT, CHECK_SEQUENCES,
			    "%llu things were lost while recording, as the record itself tells",
			    (ull)runs->lost);
}
