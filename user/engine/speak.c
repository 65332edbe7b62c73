// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the rules of the ledger share: which label's limits count, the bucket that leaks
 * at the blind rate and is never emptied otherwise, and how a finding is made of an
 * account. Whoever can hold less than a limit cannot have leaked that much, and is not
 * spoken of.
 */
#include <stdio.h>
#include <string.h>

#include "ledger.h"
#include "state.h"

#define NS_SECOND 1000000000ull
#define SEVERITY  90

size_t ledger_strictest(const struct engine *engine, const struct account *account, enum rule rule,
			bool whole, struct limits *limits)
{
	size_t found = LEDGER_LABELS;

	for (size_t i = 0; i < engine->ledger.label_count; i++) {
		struct limits of = policy_limits(engine->policy, engine->ledger.labels[i]);

		of.bytes = limits_bytes(&of, rule);
		if (!account->cap[i] || (whole && account->cap[i] < of.bytes) || of.off & 1u << rule)
			continue;
		if (found < LEDGER_LABELS && of.bytes >= limits->bytes)
			continue;
		found = i;
		*limits = of;
	}
	return found;
}

/* ---- the bucket ---- */

static void bucket_leak(struct bucket *bucket, uint64_t now, uint64_t millibytes)
{
	uint64_t lasted = now > bucket->time ? now - bucket->time : 0;
	uint64_t lost = lasted / NS_SECOND * millibytes + lasted % NS_SECOND * millibytes / NS_SECOND;

	if (!lost && millibytes)
		return; /* less than a thousandth of a byte: the time counts on */
	bucket->time = now;
	bucket->level -= lesser(lost, bucket->level);
}

void bucket_fill(struct bucket *bucket, uint64_t now, uint64_t millibytes, uint64_t bytes)
{
	bucket_leak(bucket, now, millibytes);
	bucket->level += lesser(bytes, UINT64_MAX / 2000 - bucket->level / 1000) * 1000;
}

void bucket_forget(const struct engine *engine, const struct account *account, enum rule rule, uint64_t limit,
		   struct bucket *bucket)
{
	struct limits own = {};

	if (ledger_strictest(engine, account, rule, false, &own) < LEDGER_LABELS)
		limit = lesser(limit, own.bytes);
	if (bucket->level / 1000 < limit / 2)
		bucket->told = 0;
}

bool bucket_speaks(struct bucket *bucket, uint64_t limit)
{
	uint64_t bytes = bucket->level / 1000;

	if (bytes < (bucket->told ? bucket->told * 2 : limit))
		return false;
	bucket->told = bytes;
	return true;
}

/* ---- what is said ---- */

/** In another run its number is another one's. */
static struct lineage *lineage_of_account(struct engine *engine, const struct account *account)
{
	return account->key.run == engine->ledger.run ? lineage_find(engine, account->key.root) : NULL;
}

static const struct outcome_product *view_account(struct engine *engine, const struct account *account)
{
	const struct product *product = policy_product(engine->policy, account->product);
	struct lineage *lineage = lineage_of_account(engine, account);
	struct lineage gone = {.id = account->key.root, .root = account->key.root};

	if (!product)
		return NULL;
	return view_product(engine, lineage ? lineage : &gone, product,
			    lineage ? lineage->evidence : EVIDENCE_LINEAGE, engine->time);
}

/** Whoever of it is there: the first of its processes. */
static const struct outcome_process *view_first(struct engine *engine, const struct account *account)
{
	struct lineage *lineage = lineage_of_account(engine, account);

	return lineage && lineage->processes ? view_process(engine, lineage->processes) : NULL;
}

struct outcome *ledger_tell(struct engine *engine, enum outcome_what what, const struct account *account,
			    const struct lane *lane, size_t label, struct outcome_ledger **ledger)
{
	const struct limits limits = policy_limits(engine->policy, engine->ledger.labels[label]);
	const enum rule rule = (enum rule)(what - WHAT_RULE_UNEXPLAINED);
	struct outcome *outcome = tell(engine, OUTCOME_FINDING, what, engine->time);
	struct arena *arena = &engine->batch->arena;
	struct outcome_ledger *view = arena_alloc(arena, sizeof(*view));
	char key[96];

	view->label = arena_str(arena, engine->ledger.labels[label]);
	view->way = ledger_way_name(lane->way);
	view->jurisdiction = *lane->jurisdiction ? arena_str(arena, lane->jurisdiction) : NULL;
	view->capacity = account->cap[label];
	view->unseen = account->late;
	view->read = account->own[label] - (account->late ? lesser(LEDGER_ANYTHING, account->own[label]) : 0);
	view->sent = lane->sent;
	view->unexplained = lesser(lane->sent - lesser(lane->sent, lane->explained), account->cap[label]);
	view->limit = limits.own[rule] ? limits.own[rule] : limits.bytes;
	view->millibytes = limits.millibytes;
	view->since = wall_of(engine, account->since);
	memcpy(view->positions, account->positions, sizeof(view->positions));
	view->position_count = account->position_count;
	outcome->ledger = *ledger = view;
	outcome->product = view_account(engine, account);
	outcome->process = view_first(engine, account);
	outcome->severity = SEVERITY;
	snprintf(key, sizeof(key), "%llx %zu %d%s %llu", (unsigned long long)account->key.root, label,
		 lane->way, lane->jurisdiction, (unsigned long long)lane->sent);
	outcome->key = arena_str(arena, key);
	view_losses(engine, outcome, account->since);
	return outcome;
}

void outcome_say(struct engine *engine, struct outcome *outcome, const char *format, ...)
{
	_cleanup_(buf_free) struct buf text = {};
	va_list arguments;

	va_start(arguments, format);
	buf_vprintf(&text, format, arguments);
	va_end(arguments);
	outcome->message = arena_str(&engine->batch->arena, text.data);
}
