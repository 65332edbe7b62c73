// SPDX-License-Identifier: GPL-3.0-or-later
#include "gaps.h"

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

void gaps_free(struct gaps *gaps)
{
	free(gaps->cpus);
	*gaps = (struct gaps){};
}

/* ---- sequences: as user/sensor/ring.c counts them ---- */

static void follow(struct gaps *gaps, const struct ev_head *event)
{
	struct gaps_cpu *cpu;
	uint64_t *expected;

	if (event->channel >= CHANNELS || event->cpu >= CPUS_MAX) {
		gaps->odd++;
		return;
	}
	while (gaps->cpu_count <= event->cpu)
		GROW(gaps->cpus, gaps->cpu_count);
	cpu = &gaps->cpus[event->cpu];
	expected = &cpu->expected[event->channel];
	gaps->sequenced++;
	if (gaps->skipped && !*expected)
		cpu->first[event->channel] = *expected = event->seq;
	if (event->seq < cpu->first[event->channel])
		return; /* overtaken by the first one behind the gap */
	if (event->seq >= *expected) {
		gaps->missing += event->seq - *expected;
		*expected = event->seq + 1;
	} else if (gaps->missing) {
		gaps->missing--; /* it was overtaken on its way into the ring */
	} else {
		gaps->collisions++;
	}
}

static void take_loss(struct gaps *gaps, const struct ev_loss *loss)
{
	if (loss->cause == LOSS_RING || loss->cause == LOSS_SEQUENCE || loss->cause == LOSS_MALFORMED)
		gaps->told_missing += loss->count;
	if (loss->cause == LOSS_COLLISION)
		gaps->told_collisions += loss->count;
	else
		gaps->lost += loss->count;
}

static void end_sequences(struct gaps *gaps, struct verdict *verdict)
{
	if (gaps->missing > gaps->told_missing)
		verdict_say(verdict, VERDICT_DOUBT, CHECK_SEQUENCES,
			    "run %llu (from event %llu on): %llu events are missing in their sequences, and "
			    "the record tells of %llu lost",
			    (ull)gaps->count, (ull)gaps->position, (ull)gaps->missing,
			    (ull)gaps->told_missing);
	if (gaps->collisions > gaps->told_collisions)
		verdict_say(verdict, VERDICT_DOUBT, CHECK_SEQUENCES,
			    "run %llu (from event %llu on): %llu sequence numbers stand twice, and the "
			    "record tells of %llu",
			    (ull)gaps->count, (ull)gaps->position, (ull)gaps->collisions,
			    (ull)gaps->told_collisions);
	if (gaps->odd)
		verdict_say(verdict, VERDICT_DOUBT, CHECK_SEQUENCES,
			    "run %llu (from event %llu on): %llu events are of a CPU or a channel that is "
			    "not known",
			    (ull)gaps->count, (ull)gaps->position, (ull)gaps->odd);
}

/* ---- signs of life ---- */

static void stretch(struct gaps *gaps, uint64_t from, uint64_t to, uint64_t position)
{
	uint64_t long_ns = to > from ? to - from : 0;

	if (long_ns <= gaps->longest)
		return;
	gaps->longest = long_ns;
	gaps->where = position;
}

static void take_beat(struct gaps *gaps, const struct ev_heartbeat *beat, uint64_t position,
		      struct verdict *verdict)
{
	uint64_t time = beat->head.time;

	gaps->beats++;
	if (gaps->resumed)
		gaps->number = beat->number - 1;
	if (beat->number != gaps->number + 1)
		verdict_say(verdict, VERDICT_DOUBT, CHECK_INTERVALS,
			    "event %llu: heartbeat %llu comes after %llu", (ull)position, (ull)beat->number,
			    (ull)gaps->number);
	if (time < gaps->last)
		verdict_say(verdict, VERDICT_DOUBT, CHECK_INTERVALS,
			    "event %llu: a heartbeat that is older than what stands before it",
			    (ull)position);
	if (!gaps->resumed)
		stretch(gaps, gaps->last, time, position);
	if (gaps->number && !gaps->resumed && time > gaps->last &&
	    (!gaps->shortest || time - gaps->last < gaps->shortest))
		gaps->shortest = time - gaps->last;
	gaps->number = beat->number;
	gaps->last = time;
	gaps->resumed = false;
}

static void end_intervals(struct gaps *gaps, struct verdict *verdict)
{
	uint64_t most =
		gaps->shortest && 2 * gaps->shortest < INTERVAL_MAX ? 2 * gaps->shortest : INTERVAL_MAX;

	if (gaps->shortest > INTERVAL_MAX / 2)
		most = 2 * gaps->shortest;
	if (gaps->longest > most + SLACK)
		verdict_say(
			verdict, VERDICT_DOUBT, CHECK_INTERVALS,
			"run %llu: %llu s without a sign of life before event %llu: it is not proved that "
			"custodes watched then",
			(ull)gaps->count, (ull)(gaps->longest / NSEC_PER_SEC), (ull)gaps->where);
}

/* ---- runs ---- */

static void forget(struct gaps *gaps)
{
	free(gaps->cpus);
	gaps->cpus = NULL;
	gaps->cpu_count = 0;
	gaps->missing = gaps->collisions = gaps->told_missing = gaps->told_collisions = gaps->odd = 0;
	gaps->number = gaps->shortest = gaps->longest = gaps->where = 0;
}

static void end_run(struct gaps *gaps, struct verdict *verdict)
{
	end_sequences(gaps, verdict);
	end_intervals(gaps, verdict);
	forget(gaps);
	gaps->skipped = gaps->resumed = false;
}

/** What is missing may be told of in what is not there: nothing is made of it. Stretches without a sign of
 * life are what they are. */
void gaps_skip(struct gaps *gaps)
{
	uint64_t longest = gaps->longest, where = gaps->where, shortest = gaps->shortest;

	forget(gaps);
	gaps->longest = longest;
	gaps->where = where;
	gaps->shortest = shortest;
	gaps->last = 0;
	gaps->skipped = gaps->resumed = true;
}

static void take_start(struct gaps *gaps, const struct ev_head *event, uint64_t position,
		       struct verdict *verdict)
{
	if (gaps->open && !gaps->resumed) {
		gaps->cut_off++;
		verdict_say(verdict, VERDICT_LIMIT, CHECK_INTERVALS,
			    "run %llu was cut off before event %llu: what came after its last seal, a second "
			    "at most, is not in the record",
			    (ull)gaps->count, (ull)position);
	}
	end_run(gaps, verdict);
	gaps->open = true;
	gaps->count++;
	gaps->position = position;
	gaps->begun = gaps->last = event->time;
}

void gaps_event(struct gaps *gaps, const struct ev_head *event, uint64_t position, struct verdict *verdict)
{
	gaps->events++;
	if (event->channel != CHANNEL_USER)
		follow(gaps, event);
	else if (event->kind == EV_LOSS)
		take_loss(gaps, (const struct ev_loss *)event);
	else if (event->kind == EV_START)
		take_start(gaps, event, position, verdict);
	else if (event->kind == EV_HEARTBEAT)
		take_beat(gaps, (const struct ev_heartbeat *)event, position, verdict);
	else if (event->kind == EV_STOP) {
		if (gaps->open && gaps->beats && !gaps->resumed)
			stretch(gaps, gaps->last, event->time, position);
		gaps->open = false;
	}
}

void gaps_end(struct gaps *gaps, struct verdict *verdict)
{
	end_run(gaps, verdict);
	if (gaps->open)
		verdict_say(verdict, VERDICT_LIMIT, CHECK_INTERVALS,
			    "the last run has no end: custodes runs still, or was cut off");
	if (gaps->count && !gaps->beats)
		verdict_say(
			verdict, VERDICT_LIMIT, CHECK_INTERVALS,
			"there is no heartbeat: nothing shows when custodes watched and nothing happened");
	if (gaps->lost)
		verdict_say(verdict, VERDICT_LIMIT, CHECK_SEQUENCES,
			    "%llu things were lost while recording, as the record itself tells",
			    (ull)gaps->lost);
}
