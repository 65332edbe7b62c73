// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The monitor itself: what was done to it, and what it missed. On a host that has
 * a classification each is a finding: who watches must be able to say that it saw.
 */
#include <string.h>

#include "state.h"

#define SEVERITY 73

static const struct text {
	const char *how;
	const char *sentence;
} texts[] = {
	[MONITOR_STOPPED] = {"stopped", "custodes did not run"},
	[MONITOR_TRACED] = {"traced", "custodes is traced by another process"},
	[MONITOR_DETACHED] = {"detached", "a program of the sensor is no longer attached"},
	[MONITOR_CHANGED] = {"changed", "a table of the sensor was written to by somebody else"},
	[MONITOR_SECOND] = {"second", "another custodes runs on this host"},
	[MONITOR_WATCHDOG] = {"watchdog", "the watchdog of custodes was gone"},
};

static bool classified(const struct engine *engine)
{
	return engine->policy && engine->policy->host.scheme;
}

static struct outcome *finding(struct engine *engine, const char *how, const char *key, const char *sentence)
{
	struct outcome *outcome = tell(engine, OUTCOME_FINDING, WHAT_RULE_MONITOR, engine->time);

	outcome->severity = SEVERITY;
	outcome->how = how;
	outcome->key = arena_str(&engine->batch->arena, key);
	outcome->message = arena_str(&engine->batch->arena, sentence);
	return outcome;
}

static void sentence_of(const struct ev_monitor *told, const struct text *text, struct buf *to)
{
	struct view detail = event_view(&told->head, told->detail);

	buf_str(to, text->sentence);
	if (told->since)
		buf_printf(to, " for %.1f s", (double)(told->head.time - told->since) / 1e9);
	if (detail.size)
		buf_printf(to, ": %.*s", (int)detail.size, detail.at);
	if (told->pid)
		buf_printf(to, " (pid %u)", told->pid);
}

void on_monitor(struct engine *engine, const struct ev_head *event)
{
	const struct ev_monitor *told = (const struct ev_monitor *)event;
	const struct text *text = told->what < ARRAY_SIZE(texts) ? &texts[told->what] : NULL;
	_cleanup_(buf_free) struct buf sentence = {};
	struct outcome *outcome;

	if (!text || !text->how)
		return;
	sentence_of(told, text, &sentence);
	if (engine->options.events) {
		outcome = tell(engine, OUTCOME_EVENT, WHAT_MONITOR, event->time);
		outcome->how = text->how;
		outcome->message = arena_str(&engine->batch->arena, sentence.data);
	}
	if (classified(engine))
		finding(engine, text->how, text->how, sentence.data);
}

/** Of each cause the first loss, and then each doubling: a flood of losses is one line that grows. */
void detect_loss(struct engine *engine, const struct ev_loss *loss)
{
	_cleanup_(buf_free) struct buf sentence = {};
	uint32_t cause = loss->cause % ARRAY_SIZE(engine->lost_of);

	engine->lost_of[cause] += loss->count;
	if (!classified(engine) || engine->lost_of[cause] < 2 * engine->told_of[cause])
		return;
	engine->told_of[cause] = engine->lost_of[cause];
	buf_printf(&sentence, "custodes has lost %llu so far: %s", (unsigned long long)engine->lost_of[cause],
		   loss_text(loss->cause));
	finding(engine, "loss", loss_text(loss->cause), sentence.data);
}

void detect_clock_step(struct engine *engine, const struct ev_clock *clock)
{
	_cleanup_(buf_free) struct buf sentence = {};

	if (!classified(engine))
		return;
	buf_printf(&sentence, "the clock of this host was set by %+.1f s", (double)clock->change / 1e9);
	finding(engine, "clock-step", "clock-step", sentence.data);
}

/* ---- what the log says of itself ---- */

static const char *text_of(struct engine *engine, struct view view)
{
	return view.size ? arena_copy(&engine->batch->arena, view.at, view.size) : NULL;
}

static struct outcome_evidence *tell_evidence(struct engine *engine, enum outcome_what what)
{
	struct outcome_evidence *evidence = arena_alloc(&engine->batch->arena, sizeof(*evidence));

	tell(engine, OUTCOME_EVENT, what, engine->time)->evidence = evidence;
	return evidence;
}

void on_key(struct engine *engine, const struct ev_head *event)
{
	const struct ev_key *told = (const struct ev_key *)event;
	struct outcome_evidence *evidence;

	if (!engine->options.events)
		return;
	evidence = tell_evidence(engine, WHAT_KEY);
	evidence->key = text_of(engine, event_view(event, told->verifier));
	evidence->certificate = text_of(engine, event_view(event, told->certificate));
}

/** Seconds since 1970 that ns can hold; another's log may say anything. */
static int64_t seconds_sound(int64_t seconds)
{
	return seconds > 0 && seconds <= INT64_MAX / 1000000000 ? seconds : 0;
}

void on_heartbeat(struct engine *engine, const struct ev_head *event)
{
	const struct ev_heartbeat *told = (const struct ev_heartbeat *)event;
	struct outcome_evidence *evidence;

	if (!engine->options.events)
		return;
	evidence = tell_evidence(engine, WHAT_HEARTBEAT);
	evidence->key = text_of(engine, event_view(event, told->verifier));
	evidence->checkpoint = text_of(engine, event_view(event, told->checkpoint));
	evidence->number = told->number;
	evidence->size = told->size;
	evidence->events = told->events;
	evidence->lost = told->lost;
	evidence->cosigned = seconds_sound(told->cosigned);
}

static const struct {
	const char *how;
	const char *sentence;
	bool finding; /* somebody else holds another log than this one */
} witnesses[] = {
	[WITNESS_COSIGNED] = {"cosigned", "has vouched for what was recorded"},
	[WITNESS_UNREACHABLE] = {"unreachable", "did not answer"},
	[WITNESS_REFUSED] = {"refused", "did not vouch for what was recorded"},
	[WITNESS_AHEAD] = {"rolled-back", "has vouched for entries that are no longer there", true},
	[WITNESS_FORKED] = {"forked", "has vouched for other entries than those that are there", true},
	[WITNESS_WRONG] = {"wrong", "answered with no cosignature of its key", true},
};

static void sentence_of_witness(const struct ev_witness *told, struct buf *to)
{
	struct view verifier = event_view(&told->head, told->verifier);
	struct view detail = event_view(&told->head, told->detail);
	const char *plus = memchr(verifier.at, '+', verifier.size);

	buf_printf(to, "witness %.*s %s", (int)(plus ? plus - verifier.at : (ptrdiff_t)verifier.size),
		   verifier.at, witnesses[told->result].sentence);
	if (told->told)
		buf_printf(to, ": it tells of %llu", (unsigned long long)told->told);
	if (detail.size)
		buf_printf(to, "%s %.*s", told->told ? ";" : ":", (int)detail.size, detail.at);
	if (told->result == WITNESS_COSIGNED)
		return;
	if (told->cosigned)
		buf_printf(to, "; in this run it last vouched for %llu", (unsigned long long)told->size);
	else
		buf_str(to, "; in this run it has not vouched for any");
}

static const struct outcome_evidence *evidence_of_witness(struct engine *engine,
							  const struct ev_witness *told)
{
	struct outcome_evidence *evidence = arena_alloc(&engine->batch->arena, sizeof(*evidence));

	evidence->witness = text_of(engine, event_view(&told->head, told->verifier));
	evidence->checkpoint = text_of(engine, event_view(&told->head, told->checkpoint));
	evidence->size = told->size;
	evidence->cosigned = seconds_sound(told->cosigned);
	evidence->told = told->told;
	evidence->status = told->status;
	return evidence;
}

void on_witness(struct engine *engine, const struct ev_head *event)
{
	const struct ev_witness *told = (const struct ev_witness *)event;
	_cleanup_(buf_free) struct buf sentence = {};
	struct outcome *outcome;

	if (told->result >= ARRAY_SIZE(witnesses) || !witnesses[told->result].how)
		return;
	sentence_of_witness(told, &sentence);
	if (engine->options.events) {
		outcome = tell(engine, OUTCOME_EVENT, WHAT_WITNESS, event->time);
		outcome->evidence = evidence_of_witness(engine, told);
		outcome->how = witnesses[told->result].how;
		outcome->message = arena_str(&engine->batch->arena, sentence.data);
	}
	if (witnesses[told->result].finding && !(event->flags & WITNESS_AGAIN) && classified(engine))
		finding(engine, witnesses[told->result].how, witnesses[told->result].how, sentence.data);
}

static struct outcome_retention *tell_retention(struct engine *engine, enum outcome_what what,
						const char *how)
{
	struct outcome_retention *retention = arena_alloc(&engine->batch->arena, sizeof(*retention));
	struct outcome *outcome = tell(engine, OUTCOME_EVENT, what, engine->time);

	outcome->retention = retention;
	outcome->how = how;
	return retention;
}

void on_prune(struct engine *engine, const struct ev_head *event)
{
	const struct ev_prune *told = (const struct ev_prune *)event;
	struct outcome_retention *retention;

	if (!engine->options.events)
		return;
	retention = tell_retention(engine, WHAT_PRUNE, NULL);
	retention->from = told->begin;
	retention->to = told->end;
	retention->entries = told->entries;
	retention->bytes = told->bytes;
	retention->held = told->held;
	retention->why = told->why == PRUNE_SIZE ? "size" : "age";
	retention->limit = told->limit;
	retention->id = text_of(engine, event_view(event, told->holds));
}

void on_hold(struct engine *engine, const struct ev_head *event)
{
	static const char *const how[] = {[HOLD_SET] = "set", [HOLD_RELEASED] = "released"};
	const struct ev_hold *told = (const struct ev_hold *)event;
	struct outcome_retention *retention;

	if (!engine->options.events || told->what >= ARRAY_SIZE(how) || !how[told->what])
		return; /* that it stands is news to nobody */
	retention = tell_retention(engine, WHAT_HOLD, how[told->what]);
	retention->from = told->from;
	retention->to = told->to;
	retention->id = text_of(engine, event_view(event, told->id));
	retention->reason = text_of(engine, event_view(event, told->reason));
	retention->uid = told->uid;
}
