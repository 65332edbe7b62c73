// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * How many bytes of a label an account can hold. A yes or no would soon be yes for
 * everything, since antivirus reads everything: so it is a number, and what moves on
 * holds no more than was moved. Nothing decays.
 *
 * Objects that accounts write stand between them. An account gets from an object at most
 * what it read there, and at most what others that wrote there could have put in: of each
 * the lesser of what it wrote and what it holds. Sums only grow, whatever the order of the
 * events, but for a labelled file that was opened and not read to its end.
 */
#include <string.h>
#include <utlist.h>

#include "ledger.h"
#include "state.h"

size_t taint_label(struct ledger *ledger, const char *label)
{
	for (size_t i = 0; i < ledger->label_count; i++)
		if (!strcmp(ledger->labels[i], label))
			return i;
	if (ledger->label_count == LEDGER_LABELS)
		return LEDGER_LABELS - 1;
	ledger->labels[ledger->label_count] = need(strdup(label));
	return ledger->label_count++;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

/** What others can have put into it. */
static uint64_t available(const struct carrier *carrier, const struct account *except, size_t label)
{
	const struct edge *edge;
	uint64_t all = 0;

	DL_FOREACH(carrier->edges, edge)
		if (edge->account != except)
			all = sum(all, lesser(edge->written, edge->account->cap[label]));
	return all;
}

/** No account can hold more than all together have read. */
static uint64_t in_circulation(const struct ledger *ledger, size_t label)
{
	const struct account *account;
	uint64_t all = ledger->evicted[label];

	for (account = ledger->accounts; account; account = account->hh.next)
		all = sum(all, account->own[label]);
	for (size_t i = 0; i < ledger->former_count; i++)
		all = sum(all, ledger->former[i].own[label]);
	return all;
}

/** Of one change so many accounts are gone through; where they stand in a circle, it is rounded up then. */
#define STEPS_MAX 1024

/** What an account holds by reading a carrier, anew. */
static void reckon(struct engine *engine, struct edge *edge, size_t label, bool round_up)
{
	struct account *account = edge->account;
	uint64_t had = account->cap[label];
	uint64_t now = lesser(edge->read, round_up ? in_circulation(&engine->ledger, label) :
						     available(edge->carrier, account, label));

	if (now <= edge->given[label])
		return;
	account->saturated |= round_up;
	account->cap[label] = sum(had, now - edge->given[label]);
	edge->given[label] = now;
	if (had < account->most_written && !account->queued) {
		account->queued = true;
		LL_APPEND(engine->ledger.queue, account);
	}
}

/** What some accounts hold has grown: so have those who read what they wrote. */
static void spread(struct engine *engine, size_t label)
{
	struct edge *written, *read;
	struct account *account;

	for (unsigned int steps = 0; engine->ledger.queue; steps++) {
		account = engine->ledger.queue;
		LL_DELETE(engine->ledger.queue, account);
		account->queued = false;
		for (written = account->edges; written; written = written->after)
			DL_FOREACH(written->carrier->edges, read)
				if (written->written && read->account != account && read->read)
					reckon(engine, read, label, steps >= STEPS_MAX);
	}
}

void taint_own(struct engine *engine, struct account *account, size_t label, uint64_t before, uint64_t now)
{
	uint64_t had = account->cap[label];

	account->own[label] = sum(account->own[label] - before, now);
	account->cap[label] = sum(account->cap[label] - before, now);
	if (account->cap[label] <= had || had >= account->most_written)
		return;
	account->queued = true;
	LL_APPEND(engine->ledger.queue, account);
	spread(engine, label);
}

/* ---- carriers ---- */

static void edge_drop(struct edge *edge)
{
	if (edge->before)
		edge->before->after = edge->after;
	else
		edge->account->edges = edge->after;
	if (edge->after)
		edge->after->before = edge->before;
	DL_DELETE(edge->carrier->edges, edge);
	free(edge);
}

static void carrier_drop(struct ledger *ledger, struct carrier *carrier)
{
	while (carrier->edges)
		edge_drop(carrier->edges);
	HASH_DEL(ledger->carriers, carrier); /* NOLINT: it stands in the table */
	free(carrier);
}

/** The oldest makes room. What it could hold may be met in any object from then on. */
static void carrier_evict(struct ledger *ledger)
{
	struct carrier *oldest = ledger->carriers;

	for (size_t label = 0; label < ledger->label_count; label++)
		ledger->evicted[label] = sum(ledger->evicted[label], available(oldest, NULL, label));
	ledger->dropped++;
	carrier_drop(ledger, oldest);
}

static struct carrier *carrier_find(const struct ledger *ledger, const struct object_id *object)
{
	struct carrier *carrier;

	HASH_FIND(hh, ledger->carriers, object, sizeof(*object), carrier);
	return carrier;
}

static struct edge *edge_of(struct carrier *carrier, struct account *account)
{
	struct edge *edge;

	DL_FOREACH(carrier->edges, edge)
		if (edge->account == account)
			return edge;
	edge = need(calloc(1, sizeof(*edge)));
	edge->account = account;
	edge->carrier = carrier;
	edge->after = account->edges;
	if (edge->after)
		edge->after->before = edge;
	account->edges = edge;
	DL_APPEND(carrier->edges, edge);
	return edge;
}

/** Reads of it that were told before it was known that it carries anything. */
static void adopt_recent(struct engine *engine, const struct carrier *carrier)
{
	struct ledger *ledger = &engine->ledger;
	struct account *account;

	for (size_t i = 0; i < LEDGER_RECENT; i++) {
		const struct recent_read *read = &ledger->recent[i];

		if (!read->bytes || memcmp(&read->object, &carrier->object, sizeof(read->object)))
			continue;
		account = ledger_find(engine, &read->reader);
		if (account)
			taint_read(engine, account, &carrier->object, read->bytes, true);
	}
}

static struct carrier *carrier_add(struct engine *engine, const struct object_id *object)
{
	struct ledger *ledger = &engine->ledger;
	struct carrier *carrier = need(calloc(1, sizeof(*carrier)));

	if (HASH_COUNT(ledger->carriers) >= LEDGER_CARRIERS)
		carrier_evict(ledger);
	carrier->object = *object;
	HASH_ADD(hh, ledger->carriers, object, sizeof(carrier->object), carrier);
	adopt_recent(engine, carrier);
	return carrier;
}

void taint_written(struct engine *engine, struct account *account, const struct object_id *object,
		   uint64_t more)
{
	struct carrier *carrier = carrier_find(&engine->ledger, object);
	struct edge *edge, *reader;

	if (!carrier)
		carrier = carrier_add(engine, object);
	edge = edge_of(carrier, account);
	edge->written = sum(edge->written, more);
	if (edge->written > account->most_written)
		account->most_written = edge->written;
	for (size_t label = 0; label < engine->ledger.label_count; label++) {
		DL_FOREACH(carrier->edges, reader)
			if (reader != edge && reader->read && account->cap[label])
				reckon(engine, reader, label, false);
		spread(engine, label);
	}
}

/** From something that may have held what is no longer known one by one. */
static void read_unknown(struct engine *engine, struct account *account, uint64_t more)
{
	const struct ledger *ledger = &engine->ledger;

	for (size_t label = 0; label < ledger->label_count; label++) {
		uint64_t share = lesser(more, ledger->evicted[label] - account->met[label]);

		account->met[label] += share;
		if (share)
			taint_own(engine, account, label, 0, share);
	}
}

void taint_read(struct engine *engine, struct account *account, const struct object_id *object, uint64_t more,
		bool for_sure)
{
	struct ledger *ledger = &engine->ledger;
	struct carrier *carrier = carrier_find(ledger, object);
	struct edge *edge;

	if (!carrier && !for_sure) {
		ledger->recent[ledger->recent_count++ % LEDGER_RECENT] =
			(struct recent_read){.object = *object, .reader = account->key, .bytes = more};
		read_unknown(engine, account, more);
		return;
	}
	if (!carrier)
		carrier = carrier_add(engine, object);
	edge = edge_of(carrier, account);
	edge->read = sum(edge->read, more);
	for (size_t label = 0; label < ledger->label_count; label++) {
		reckon(engine, edge, label, false);
		spread(engine, label);
	}
}

uint64_t taint_unread(const struct ledger *ledger, const struct object_id *object)
{
	const struct carrier *carrier = carrier_find(ledger, object);
	uint64_t read = carrier ? carrier->taken : 0, written = 0;
	const struct edge *edge;

	if (!carrier)
		return 0;
	DL_FOREACH(carrier->edges, edge) {
		read = sum(read, edge->read);
		written = sum(written, edge->written);
	}
	return written > read ? written - read : 0;
}

void taint_taken(struct ledger *ledger, const struct object_id *object, uint64_t bytes)
{
	struct carrier *carrier = carrier_find(ledger, object);

	if (carrier)
		carrier->taken = sum(carrier->taken, bytes);
}

void taint_left(struct engine *engine, const struct object_id *object, uint64_t size)
{
	struct carrier *carrier = carrier_find(&engine->ledger, object);
	struct edge *edge;
	uint64_t now;

	if (!carrier)
		return;
	DL_FOREACH(carrier->edges, edge) {
		now = lesser(edge->written, size);
		if (now <= edge->left)
			continue;
		ledger_unexplained(engine, edge->account, WAY_FILE, "", now - edge->left);
		edge->left = now;
	}
}

/** It is given up. Whoever has read from it keeps what that gave; what it wrote may still be read. */
void taint_forget(struct engine *engine, struct account *account)
{
	struct ledger *ledger = &engine->ledger;

	while (account->edges) {
		for (size_t label = 0; label < ledger->label_count; label++)
			ledger->evicted[label] = sum(ledger->evicted[label],
						     lesser(account->edges->written, account->cap[label]));
		edge_drop(account->edges);
	}
}

void taint_clear(struct ledger *ledger)
{
	while (ledger->carriers)
		carrier_drop(ledger, ledger->carriers);
	for (size_t i = 0; i < ledger->label_count; i++)
		free(ledger->labels[i]);
}
