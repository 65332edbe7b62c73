// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rules unexplained-bytes and leak-bound: what a product sends while it can hold
 * classified content.
 *
 * unexplained-bytes: of what is sent, what no handshake and no contract explains fills a
 * bucket that leaks at the blind rate and is never emptied otherwise; it speaks when the
 * bucket passes the label's limit, then at doublings. Whoever can hold less than the limit
 * cannot have leaked that much, and is not spoken of.
 *
 * leak-bound: explained or not, what goes to somebody whom a measure speaks against: the
 * lesser of what was sent under that jurisdiction and what can be held.
 */
#include <stdio.h>
#include <string.h>

#include "../state.h"

#define NS_SECOND 1000000000ull
#define SEVERITY  90

/** Of the labels of which it can hold this much, the one with the least patience; none: LEDGER_LABELS. */
static size_t strictest(const struct engine *engine, const struct account *account, bool as_much_as_borne,
			struct limits *limits)
{
	size_t found = LEDGER_LABELS;

	for (size_t i = 0; i < engine->ledger.label_count; i++) {
		struct limits of = policy_limits(engine->policy, engine->ledger.labels[i]);

		if (account->cap[i] < (as_much_as_borne ? of.bytes : 1))
			continue;
		if (found < LEDGER_LABELS && of.bytes >= limits->bytes)
			continue;
		found = i;
		*limits = of;
	}
	return found;
}

static void bucket_leak(struct account *account, uint64_t now, uint64_t millibytes)
{
	uint64_t lasted = now > account->bucket.time ? now - account->bucket.time : 0;
	uint64_t lost = lasted / NS_SECOND * millibytes + lasted % NS_SECOND * millibytes / NS_SECOND;

	if (!lost && millibytes)
		return; /* less than a thousandth of a byte: the time counts on */
	account->bucket.time = now;
	account->bucket.level -= lesser(lost, account->bucket.level);
}

/* ---- what is said ---- */

static const struct outcome_product *view_account(struct engine *engine, const struct account *account)
{
	const struct product *product = policy_product(engine->policy, account->product);
	struct lineage *lineage = lineage_find(engine, account->key.root);
	struct lineage gone = {.id = account->key.root, .root = account->key.root};

	if (!product)
		return NULL;
	return view_product(engine, lineage ? lineage : &gone, product,
			    lineage ? lineage->evidence : EVIDENCE_LINEAGE, engine->time);
}

/** Whoever of it is there: the first of its processes. */
static const struct outcome_process *view_first(struct engine *engine, const struct account *account)
{
	struct lineage *lineage = lineage_find(engine, account->key.root);

	return lineage && lineage->processes ? view_process(engine, lineage->processes) : NULL;
}

static struct outcome_ledger *describe(struct engine *engine, struct outcome *outcome,
				       const struct account *account, const struct lane *lane, size_t label)
{
	struct arena *arena = &engine->batch->arena;
	struct outcome_ledger *view = arena_alloc(arena, sizeof(*view));
	char key[96];

	view->label = arena_str(arena, engine->ledger.labels[label]);
	view->way = ledger_way_name(lane->way);
	view->jurisdiction = *lane->jurisdiction ? arena_str(arena, lane->jurisdiction) : NULL;
	view->capacity = account->cap[label];
	view->read = account->own[label];
	view->sent = lane->sent;
	view->since = wall_of(engine, account->since);
	memcpy(view->positions, account->positions, sizeof(view->positions));
	view->position_count = account->position_count;
	outcome->ledger = view;
	outcome->product = view_account(engine, account);
	outcome->process = view_first(engine, account);
	outcome->severity = SEVERITY;
	snprintf(key, sizeof(key), "%llx %zu %d%s %llu", (unsigned long long)account->key.root, label,
		 lane->way, lane->jurisdiction, (unsigned long long)lane->sent);
	outcome->key = arena_str(arena, key);
	view_losses(engine, outcome, account->since);
	return view;
}

static void tell_unexplained(struct engine *engine, struct account *account, const struct lane *lane,
			     size_t label, const struct limits *limits)
{
	struct outcome *outcome = tell(engine, OUTCOME_FINDING, WHAT_RULE_UNEXPLAINED, engine->time);
	struct outcome_ledger *view = describe(engine, outcome, account, lane, label);
	_cleanup_(buf_free) struct buf text = {};

	view->unexplained = (account->bucket.level + 999) / 1000;
	view->bound = lesser(view->unexplained, account->cap[label]);
	view->limit = limits->bytes;
	view->millibytes = limits->millibytes;
	buf_printf(&text,
		   "%s has sent %llu bytes that nothing explains, last to %s, and can hold %llu bytes of %s: "
		   "so many may have left",
		   account->name, (unsigned long long)view->unexplained, ledger_way_phrase(lane->way),
		   (unsigned long long)account->cap[label], view->label);
	outcome->message = arena_str(&engine->batch->arena, text.data);
}

static void tell_bound(struct engine *engine, struct account *account, const struct lane *lane, size_t label,
		       uint64_t bound, const struct decision *decision)
{
	struct outcome *outcome = tell(engine, OUTCOME_FINDING, WHAT_RULE_LEAK, engine->time);
	struct outcome_ledger *view = describe(engine, outcome, account, lane, label);
	struct limits limits = policy_limits(engine->policy, engine->ledger.labels[label]);
	_cleanup_(buf_free) struct buf text = {};

	view->bound = bound;
	view->unexplained = lesser(lane->sent - lesser(lane->sent, lane->explained), account->cap[label]);
	view->limit = limits.bytes;
	view->millibytes = limits.millibytes;
	buf_printf(&text, "At most %llu bytes of %s have left through %s to who is controlled from %s",
		   (unsigned long long)bound, view->label, account->name, lane->jurisdiction);
	outcome->message = arena_str(&engine->batch->arena, text.data);
	outcome->verdict = verdict_name(decision->verdict);
	view_rulings(engine, outcome, decision);
}

/* ---- the rules ---- */

static void judge_bucket(struct engine *engine, struct account *account, const struct lane *lane,
			 uint64_t unexplained)
{
	struct limits limits = {};
	size_t label = strictest(engine, account, false, &limits);
	uint64_t due;

	if (label == LEDGER_LABELS)
		return; /* it cannot hold anything */
	bucket_leak(account, engine->time, limits.millibytes);
	account->bucket.level += lesser(unexplained, UINT64_MAX / 2000 - account->bucket.level / 1000) * 1000;
	if (account->bucket.level / 1000 < limits.bytes / 2)
		account->bucket.told = 0; /* it has emptied: what comes next is another matter */
	label = strictest(engine, account, true, &limits);
	if (label == LEDGER_LABELS)
		return; /* not enough of anything */
	due = account->bucket.told ? account->bucket.told * 2 : limits.bytes;
	if (account->bucket.level / 1000 < due)
		return;
	account->bucket.told = account->bucket.level / 1000;
	tell_unexplained(engine, account, lane, label, &limits);
}

static void judge_bound(struct engine *engine, struct account *account, struct lane *lane, size_t label)
{
	struct destination_facts facts = {.controlling_jurisdiction = lane->jurisdiction};
	uint64_t bound = lesser(lane->sent, account->cap[label]);
	struct decision decision = {};

	if (bound < policy_limits(engine->policy, engine->ledger.labels[label]).bytes ||
	    bound < 2 * lane->told)
		return;
	decide_destination(engine->policy, &facts, engine_day(engine, engine->time), &decision);
	if (verdict_adverse(decision.verdict) && decision.verdict != VERDICT_UNKNOWN) {
		lane->told = bound;
		tell_bound(engine, account, lane, label, bound, &decision);
	}
	decision_clear(&decision);
}

void detect_leak(struct engine *engine, struct account *account, struct lane *lane, uint64_t unexplained)
{
	if (!engine->policy)
		return;
	if (unexplained) {
		ledger_note(account, engine->position);
		judge_bucket(engine, account, lane, unexplained);
	}
	for (size_t label = 0; *lane->jurisdiction && label < engine->ledger.label_count; label++)
		if (account->cap[label])
			judge_bound(engine, account, lane, label);
}
