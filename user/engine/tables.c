// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "../util/memory.h"
#include "state.h"

void set_view(char **to, struct view view)
{
	char *copy = view.size ? need(malloc(view.size + 1)) : NULL;

	if (copy) {
		memcpy(copy, view.at, view.size); /* arguments have NULs inside */
		copy[view.size] = '\0';
	}
	free(*to);
	*to = copy;
}

/* ---- processes ---- */

static struct process_key process_key(uint32_t tgid, uint64_t start)
{
	return (struct process_key){.start = start, .tgid = tgid};
}

struct process *process_find(struct engine *engine, uint32_t tgid, uint64_t start)
{
	struct process_key key = process_key(tgid, start);
	struct process *process;

	HASH_FIND(hh, engine->processes, &key, sizeof(key), process);
	return process;
}

struct process *process_add(struct engine *engine, const struct process_key *key, struct lineage *lineage)
{
	struct process *process = need(calloc(1, sizeof(*process)));

	process->key = *key;
	process->lineage = lineage;
	DL_APPEND(lineage->processes, process);
	HASH_ADD(hh, engine->processes, key, sizeof(process->key), process);
	ledger_join(engine, process);
	return process;
}

static void process_free(struct process *process)
{
	free(process->path);
	free(process->args);
	free(process->user);
	free(process->unit);
	free(process->cgroup);
	free(process->container);
	free(process->cwd);
	free(process);
}

void process_keeps_exec(struct process *process, bool kept)
{
	process->lineage->untold -= process->exec_untold;
	process->lineage->untold += kept;
	process->exec_untold = kept;
}

void process_drop(struct engine *engine, struct process *process)
{
	process_keeps_exec(process, false);
	HASH_DEL(engine->processes, process); /* NOLINT: what is in a lineage's list is in the table */
	DL_DELETE(process->lineage->processes, process);
	process_free(process);
}

static bool owns_flow(const struct process *process)
{
	const struct flow *flow;

	DL_FOREACH(process->lineage->flows, flow)
		if (!memcmp(&flow->owner, &process->key, sizeof(process->key)))
			return true;
	return false;
}

void process_end(struct engine *engine, struct process *process)
{
	process->ended = true;
	if (!process->held && !owns_flow(process))
		process_drop(engine, process);
}

/* ---- lineages ---- */

struct lineage *lineage_find(struct engine *engine, uint64_t id)
{
	struct lineage *lineage;

	HASH_FIND(hh, engine->lineages, &id, sizeof(id), lineage);
	return lineage;
}

/** One place for each: a newer one takes it over. */
static size_t gone_place(uint64_t id)
{
	return id * 0x9e3779b97f4a7c15 >> 32 & (GONE_LINEAGES - 1);
}

const struct gone_lineage *lineage_gone(const struct engine *engine, uint64_t id)
{
	const struct gone_lineage *gone = &engine->gone[gone_place(id)];

	return gone->product && gone->id == id ? gone : NULL;
}

static void remember(struct engine *engine, const struct lineage *lineage)
{
	engine->gone[gone_place(lineage->id)] = (struct gone_lineage){
		.id = lineage->id,
		.root = lineage->root,
		.product = lineage->product,
		.evidence = lineage->evidence,
	};
}

void lineage_decide(struct engine *engine, struct lineage *lineage, enum lineage_decision decision)
{
	bool was_open = lineage->decision != LINEAGE_PRODUCT, is_open = decision != LINEAGE_PRODUCT;

	if (lineage->decision == LINEAGE_BENIGN)
		DL_DELETE2(engine->waiting, lineage, waits_before, waits_behind);
	if (was_open && !is_open)
		DL_DELETE2(engine->open, lineage, open_before, open_behind);
	if (!was_open && is_open)
		DL_APPEND2(engine->open, lineage, open_before, open_behind);
	lineage->decision = decision;
	if (decision == LINEAGE_BENIGN)
		DL_APPEND2(engine->waiting, lineage, waits_before, waits_behind);
}

void lineage_stands(struct engine *engine, struct lineage *lineage)
{
	lineage->order = ++engine->lineage_orders;
}

struct lineage *lineage_add(struct engine *engine, uint64_t id, uint64_t parent)
{
	struct lineage *lineage = need(calloc(1, sizeof(*lineage)));
	const struct gone_lineage *gone = lineage_gone(engine, id);

	lineage->id = id;
	lineage->parent = parent;
	lineage->root = id;
	lineage->since = engine->time;
	DL_APPEND2(engine->open, lineage, open_before, open_behind);
	if (gone) {
		lineage_decide(engine, lineage, LINEAGE_PRODUCT);
		lineage->root = gone->root;
		lineage->product = gone->product;
		lineage->evidence = gone->evidence;
	}
	lineage_stands(engine, lineage);
	HASH_ADD(hh, engine->lineages, id, sizeof(lineage->id), lineage);
	return lineage;
}

struct lineage *lineage_of(struct engine *engine, const struct ev_head *event)
{
	struct lineage *lineage = lineage_find(engine, event->lineage);

	return lineage ? lineage : lineage_add(engine, event->lineage, 0);
}

static void lineage_free(struct lineage *lineage)
{
	free(lineage->told);
	free(lineage);
}

/** Sums are kept while anything is left that came out of the same root. */
static void channels_drop(struct engine *engine, uint64_t root)
{
	struct channel *channel, *next;
	struct lineage *lineage, *next_lineage;

	HASH_ITER(hh, engine->lineages, lineage, next_lineage)
		if (lineage->root == root)
			return;
	ledger_end(engine, root);
	HASH_ITER(hh, engine->channels, channel, next) {
		if (channel->key.lineage != root)
			continue;
		HASH_DEL(engine->channels, channel);
		free(channel);
	}
}

static void lineage_drop(struct engine *engine, struct lineage *lineage)
{
	while (lineage->processes)
		process_drop(engine, lineage->processes);
	while (lineage->flows)
		flow_drop(engine, lineage->flows);
	while (lineage->accesses)
		access_drop(engine, lineage->accesses);
	HASH_DEL(engine->lineages, lineage);
	engine->unsettled = true;
	if (lineage->decision == LINEAGE_PRODUCT) {
		remember(engine, lineage);
		channels_drop(engine, lineage->root);
	}
	lineage_decide(engine, lineage, LINEAGE_PENDING);	     /* it waits no more */
	DL_DELETE2(engine->open, lineage, open_before, open_behind); /* NOLINT: by now it stands there */
	lineage_free(lineage);
}

void lineage_release(struct engine *engine, struct lineage *lineage)
{
	struct action *action = batch_action(engine->batch);

	action->action = ACTION_RELEASE;
	action->lineage = lineage->id;
	lineage_drop(engine, lineage);
}

void lineage_settle(struct engine *engine, struct lineage *lineage)
{
	if (!lineage->processes && !lineage->flows && !lineage->accesses)
		lineage_drop(engine, lineage);
}

/* ---- executables ---- */

struct exe *exe_find(struct engine *engine, const struct exe_id *id)
{
	struct exe *exe;

	HASH_FIND(hh, engine->exes, id, sizeof(*id), exe);
	if (exe)
		return exe;
	exe = need(calloc(1, sizeof(*exe)));
	exe->id = *id;
	HASH_ADD(hh, engine->exes, id, sizeof(exe->id), exe);
	return exe;
}

static void exe_free(struct exe *exe)
{
	free(exe->path);
	free(exe->started);
	free(exe->package);
	free(exe->package_version);
	free(exe->sha256);
	free(exe->build_id);
	free(exe->known_unit);
	free(exe);
}

/* ---- sockets ---- */

struct flow *flow_find(struct engine *engine, uint64_t id)
{
	struct flow *flow;

	HASH_FIND(hh, engine->flows, &id, sizeof(id), flow);
	return flow;
}

struct flow *flow_add(struct engine *engine, uint64_t id, struct lineage *lineage)
{
	struct flow *flow = need(calloc(1, sizeof(*flow)));

	flow->id = id;
	flow->lineage = lineage;
	DL_APPEND(lineage->flows, flow);
	HASH_ADD(hh, engine->flows, id, sizeof(flow->id), flow);
	return flow;
}

struct flow_part *part_find(struct engine *engine, const struct flow *flow, const struct ev_addr *remote)
{
	struct part_key key = {.flow = flow->id, .remote = *remote};
	struct flow_part *part;

	if (flow->parts && !memcmp(&flow->parts->remote, remote, sizeof(*remote)))
		return flow->parts; /* a stream's only one */
	/* NOLINTNEXTLINE: every byte of the key is set */
	HASH_FIND(hh, engine->parts, &key, sizeof(key), part);
	return part;
}

struct flow_part *part_add(struct engine *engine, struct flow *flow, const struct ev_addr *remote)
{
	struct flow_part *part = need(calloc(1, sizeof(*part)));

	part->key = (struct part_key){.flow = flow->id, .remote = *remote};
	part->remote = *remote;
	part->flow = flow;
	part->since = engine->time;
	DL_APPEND(flow->parts, part);
	HASH_ADD(hh, engine->parts, key, sizeof(part->key), part);
	return part;
}

void part_drop(struct engine *engine, struct flow_part *part)
{
	HASH_DEL(engine->parts, part); /* NOLINT: what is in a socket's list is in the table */
	DL_DELETE(part->flow->parts, part);
	free(part);
}

bool flow_ended(const struct engine *engine, uint64_t id)
{
	for (size_t i = 0; i < ARRAY_SIZE(engine->ended); i++)
		if (engine->ended[i] == id)
			return true;
	return false;
}

static void flow_free(struct flow *flow)
{
	free(flow->server_name);
	free(flow);
}

void flow_drop(struct engine *engine, struct flow *flow)
{
	struct process *owner = process_find(engine, flow->owner.tgid, flow->owner.start);

	while (flow->parts)
		part_drop(engine, flow->parts);
	engine->ended[engine->ended_count++ % ARRAY_SIZE(engine->ended)] = flow->id;
	HASH_DEL(engine->flows, flow); /* NOLINT: what is in a lineage's list is in the table */
	DL_DELETE(flow->lineage->flows, flow);
	flow_free(flow);
	if (owner && owner->ended)
		process_end(engine, owner);
}

struct channel *channel_find(struct engine *engine, const struct flow *flow, struct flow_part *part)
{
	struct channel_key key = {
		.lineage = flow->lineage->root, .remote = part->remote, .proto = flow->proto};
	struct channel *channel;

	if (flow->adopted)
		key.remote.port = 0; /* most were accepted: each peer has a new port for each */
	/* NOLINTNEXTLINE: every byte of the key is set */
	if (part->channel && !memcmp(&part->channel->key, &key, sizeof(key)))
		return part->channel;
	/* NOLINTNEXTLINE: as above */
	HASH_FIND(hh, engine->channels, &key, sizeof(key), channel);
	part->channel = channel;
	if (channel)
		return channel;
	part->channel = channel = need(calloc(1, sizeof(*channel)));
	channel->key = key;
	channel->since = part->since;
	channel->next_report = 1;
	HASH_ADD(hh, engine->channels, key, sizeof(channel->key), channel);
	return channel;
}

/* ---- what was touched ---- */

struct access *access_find(struct engine *engine, uint64_t id)
{
	struct access *access;

	HASH_FIND(hh, engine->accesses, &id, sizeof(id), access);
	return access;
}

struct access *access_add(struct engine *engine, uint64_t id, struct lineage *lineage,
			  const struct process_key *owner)
{
	struct access *access = need(calloc(1, sizeof(*access)));
	struct process *process = process_find(engine, owner->tgid, owner->start);

	access->id = id;
	access->lineage = lineage;
	access->first = engine->position;
	access->owner = *owner;
	access->holds = process;
	if (process)
		process->held++;
	DL_APPEND(lineage->accesses, access);
	HASH_ADD(hh, engine->accesses, id, sizeof(access->id), access);
	return access;
}

static void access_free(struct access *access)
{
	free(access->path);
	free(access->label);
	free(access->label_by);
	free(access);
}

void access_drop(struct engine *engine, struct access *access)
{
	struct process *owner =
		access->holds ? process_find(engine, access->owner.tgid, access->owner.start) : NULL;

	HASH_DEL(engine->accesses, access); /* NOLINT: what is in a lineage's list is in the table */
	DL_DELETE(access->lineage->accesses, access);
	access_free(access);
	if (owner && owner->held && !--owner->held && owner->ended)
		process_end(engine, owner);
}

/* ---- places ---- */

struct place *place_find(struct engine *engine, const struct ev_addr *address)
{
	struct ev_addr key = *address;
	struct place *place;

	key.port = 0;
	HASH_FIND(hh, engine->places, &key, sizeof(key), place);
	return place;
}

static void place_free(struct place *place)
{
	free(place->as_name);
	free(place->network);
	free(place);
}

/* ---- counts ---- */

struct tally *tally_find(struct engine *engine, const struct product *product)
{
	struct tally *tally;

	for (size_t i = 0; i < engine->tally_count; i++)
		if (engine->tallies[i].product == product)
			return &engine->tallies[i];
	for (size_t i = 0; i < engine->tally_count; i++) {
		tally = &engine->tallies[i];
		if (strcmp(tally->id, product->id) != 0)
			continue;
		tally->product = product;
		return tally;
	}
	tally = GROW(engine->tallies, engine->tally_count);
	tally->id = need(strdup(product->id));
	tally->name = need(strdup(product->name));
	tally->product = product;
	return tally;
}

/* ---- all of it ---- */

#define CLEAR(table, type, drop)                     \
	do {                                         \
		struct type *_each, *_next;          \
		HASH_ITER(hh, table, _each, _next) { \
			HASH_DEL(table, _each);      \
			drop(_each);                 \
		}                                    \
	} while (0)

void tables_clear(struct engine *engine)
{
	CLEAR(engine->processes, process, process_free);
	CLEAR(engine->parts, flow_part, free);
	CLEAR(engine->flows, flow, flow_free);
	CLEAR(engine->accesses, access, access_free);
	CLEAR(engine->channels, channel, free);
	CLEAR(engine->lineages, lineage, lineage_free);
	engine->waiting = engine->open = NULL;
	CLEAR(engine->exes, exe, exe_free);
	CLEAR(engine->places, place, place_free);
	names_clear(engine);
	engine->loss_count = 0;
	memset(engine->lost_of, 0, sizeof(engine->lost_of));
	memset(engine->told_of, 0, sizeof(engine->told_of));
	memset(engine->gone, 0, sizeof(engine->gone));
}
