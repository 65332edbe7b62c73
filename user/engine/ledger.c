// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger.h"

#include <stdio.h>
#include <string.h>

#include "state.h"

static const struct {
	const char *name, *phrase;
} ways[] = {
	[WAY_NETWORK] = {"network", "the network"},
	[WAY_UNADDRESSED] = {"socket", "a socket that has no address"},
	[WAY_FILESYSTEM] = {"network-filesystem", "a network filesystem"},
	[WAY_DEVICE] = {"device", "a device"},
	[WAY_PROCESS] = {"process", "another process of this host"},
	[WAY_TERMINAL] = {"terminal", "a terminal or the host's log"},
	[WAY_FILE] = {"file", "a file that stays on this host"},
};
_Static_assert(ARRAY_SIZE(ways) == LEDGER_WAYS, "a name for each way");

const char *ledger_way_name(enum ledger_way way)
{
	return ways[way].name;
}

const char *ledger_way_phrase(enum ledger_way way)
{
	return ways[way].phrase;
}

static struct account *account_new(struct engine *engine, const struct lineage *lineage,
				   const struct account_key *key)
{
	struct account *account = need(calloc(1, sizeof(*account)));

	account->key = *key;
	account->incident = key->root;
	account->product = need(strdup(lineage->product->id));
	account->name = need(strdup(lineage->product->name));
	account->starts = 1;
	account->since = engine->time;
	account->bucket.time = engine->time;
	return account;
}

static void account_free(struct account *account)
{
	free(account->product);
	free(account->name);
	free(account->lanes);
	free(account);
}

struct lane *ledger_lane(struct account *account, enum ledger_way way, const char *jurisdiction)
{
	struct lane *lane;

	for (size_t i = 0; i < account->lane_count; i++)
		if (account->lanes[i].way == way && !strcmp(account->lanes[i].jurisdiction, jurisdiction))
			return &account->lanes[i];
	lane = GROW(account->lanes, account->lane_count);
	lane->way = way;
	snprintf(lane->jurisdiction, sizeof(lane->jurisdiction), "%s", jurisdiction);
	return lane;
}

/* ---- accounts that are given up ---- */

static struct account *former_of(struct ledger *ledger, const struct account *account)
{
	struct account *former;

	for (size_t i = 0; i < ledger->former_count; i++)
		if (!strcmp(ledger->former[i].product, account->product))
			return &ledger->former[i];
	former = GROW(ledger->former, ledger->former_count);
	former->product = need(strdup(account->product));
	former->name = need(strdup(account->name));
	return former;
}

/** Its sums go to its product's: the bound of a sum is no less than the sum of the bounds. */
static void account_fold(struct engine *engine, struct account *account)
{
	struct ledger *ledger = &engine->ledger;
	struct account *former = former_of(ledger, account);

	for (size_t i = 0; i < LEDGER_LABELS; i++)
		former->cap[i] += account->cap[i], former->own[i] += account->own[i];
	for (size_t i = 0; i < account->lane_count; i++) {
		const struct lane *from = &account->lanes[i];
		struct lane *to = ledger_lane(former, from->way, from->jurisdiction);

		to->sent += from->sent;
		to->explained += from->explained;
		to->sent_before += from->sent_before;
		to->explained_before += from->explained_before;
	}
	former->starts++;
	former->saturated |= account->saturated;
	taint_forget(engine, account);
	HASH_DEL(ledger->accounts, account);
	ledger->ended -= account->ended;
	ledger->dropped++;
	account_free(account);
}

static void make_room(struct engine *engine)
{
	struct account *account, *next;

	if (HASH_COUNT(engine->ledger.accounts) < LEDGER_ACCOUNTS || !engine->ledger.ended)
		return;
	HASH_ITER(hh, engine->ledger.accounts, account, next)
		if (account->ended) {
			account_fold(engine, account);
			return;
		}
}

struct account *ledger_find(const struct engine *engine, const struct account_key *key)
{
	struct account *account;

	/* NOLINTNEXTLINE: every byte of the key is set */
	HASH_FIND(hh, engine->ledger.accounts, key, sizeof(*key), account);
	return account;
}

/** Beside what it holds already: nobody knows whether those are the same bytes. */
static void inherit(struct engine *engine, struct account *account, const struct account *from)
{
	for (size_t label = 0; label < engine->ledger.label_count; label++)
		taint_own(engine, account, label, 0, from->cap[label]);
	account->incident = from->incident;
	account->findings += from->findings;
	account->bucket.level += from->bucket.level;
	account->bucket.told += from->bucket.told;
	zones_inherit(account, from);
	for (size_t i = 0; i < ARRAY_SIZE(account->readings); i++)
		selectivity_add(&account->readings[i], from->readings[i].opened, from->readings[i].full);
	if (!account->echo.count)
		account->echo = from->echo;
}

static bool same_key(const struct account_key *a, const struct account_key *b)
{
	return a->root == b->root && a->run == b->run;
}

/** Once from each account, however many of its processes come. */
static bool has_inherited(const struct ledger *ledger, const struct account *account,
			  const struct account_key *from)
{
	for (size_t i = 0; i < ledger->heir_count; i++)
		if (same_key(&ledger->heirs[i].of, from) && same_key(&ledger->heirs[i].to, &account->key))
			return true;
	return false;
}

static void inherit_by(struct engine *engine, struct account *account, const struct process *process)
{
	struct ledger *ledger = &engine->ledger;

	for (size_t i = 0; i < ledger->heir_count; i++) {
		struct heir *heir = &ledger->heirs[i];
		const struct account *from;

		if (process->key.tgid != heir->tgid || process->key.start != heir->start)
			continue;
		from = ledger_find(engine, &heir->of);
		if (from && !has_inherited(ledger, account, &heir->of))
			inherit(engine, account, from);
		heir->to = account->key;
	}
}

void ledger_join(struct engine *engine, const struct process *process)
{
	const struct account_key key = {.root = process->lineage->root, .run = engine->ledger.run};
	struct account *account = engine->ledger.heir_count ? ledger_find(engine, &key) : NULL;

	if (account)
		inherit_by(engine, account, process);
}

/** Of each label that the host's profile names. */
static void hold_anything(struct engine *engine, struct account *account)
{
	const struct host *host = engine->policy ? &engine->policy->host : NULL;
	bool done[LEDGER_LABELS] = {};

	if (account->late)
		return;
	account->late = true;
	for (size_t i = 0; host && i < host->label_count; i++) {
		size_t label = taint_label(&engine->ledger, host->labels[i].label);

		if (!done[label])
			taint_own(engine, account, label, 0, LEDGER_ANYTHING);
		done[label] = true;
	}
}

static bool began_late(struct engine *engine, const struct lineage *lineage)
{
	const struct lineage *root = lineage_find(engine, lineage->root);

	return engine->ledger.late && (root ? root : lineage)->since <= engine->ledger.late;
}

void ledger_late(struct engine *engine)
{
	struct account *account;

	engine->ledger.late = engine->time;
	for (account = engine->ledger.accounts; account; account = account->hh.next)
		if (!account->ended && account->key.run == engine->ledger.run)
			hold_anything(engine, account);
}

struct account *ledger_account(struct engine *engine, const struct lineage *lineage)
{
	const struct account_key key = {.root = lineage->root, .run = engine->ledger.run};
	struct account *account = ledger_find(engine, &key);
	const struct process *process;

	if (account)
		return account;
	make_room(engine);
	account = account_new(engine, lineage, &key);
	HASH_ADD(hh, engine->ledger.accounts, key, sizeof(account->key), account);
	DL_FOREACH(lineage->processes, process)
		inherit_by(engine, account, process);
	if (began_late(engine, lineage))
		hold_anything(engine, account);
	return account;
}

void ledger_end(struct engine *engine, uint64_t root)
{
	struct account *account =
		ledger_find(engine, &(struct account_key){.root = root, .run = engine->ledger.run});

	if (!account || account->ended)
		return;
	account->ended = true;
	engine->ledger.ended++;
}

void ledger_restart(struct engine *engine, bool same_boot)
{
	struct ledger *ledger = &engine->ledger;
	const struct process *process;
	struct account *account;

	moved_settle(engine, true);
	free(ledger->heirs);
	ledger->heirs = NULL;
	ledger->heir_count = 0;
	ledger->late = 0;
	for (process = engine->processes; process && same_boot; process = process->hh.next)
		if (process->lineage->decision == LINEAGE_PRODUCT)
			*GROW(ledger->heirs, ledger->heir_count) =
				(struct heir){.start = process->key.start,
					      .tgid = process->key.tgid,
					      .of = {process->lineage->root, ledger->run}};
	for (account = ledger->accounts; account; account = account->hh.next)
		account->ended = true;
	ledger->ended = HASH_COUNT(ledger->accounts);
	ledger->run++;
}

/* ---- what is sent ---- */

void ledger_note(struct account *account, uint64_t position)
{
	if (account->position_count && account->positions[account->position_count - 1] == position)
		return;
	if (account->position_count < ARRAY_SIZE(account->positions))
		account->positions[account->position_count++] = position;
	else /* the first ones tell how it began, the last one how it goes on */
		account->positions[ARRAY_SIZE(account->positions) - 1] = position;
}

/** It has sent more, by this lane; nothing explains so much of it. */
static void judge(struct engine *engine, struct account *account, struct lane *lane, uint64_t unexplained)
{
	if (!engine->policy)
		return;
	if (unexplained) {
		ledger_note(account, engine->position);
		detect_unexplained(engine, account, lane, unexplained);
		detect_selectivity(engine, account, lane);
	}
	detect_bound(engine, account, lane);
}

void ledger_send(struct engine *engine, struct account *account, enum ledger_way way,
		 const char *jurisdiction, uint64_t sent, uint64_t explained)
{
	struct lane *lane = ledger_lane(account, way, jurisdiction ? jurisdiction : "");

	lane->sent += sent;
	lane->explained += explained;
	judge(engine, account, lane, sent - lesser(sent, explained));
}

void ledger_unexplained(struct engine *engine, struct account *account, enum ledger_way way,
			const char *jurisdiction, uint64_t bytes)
{
	struct lane *lane = ledger_lane(account, way, jurisdiction);

	lane->explained -= lesser(bytes, lane->explained);
	judge(engine, account, lane, bytes);
}

void ledger_clear(struct engine *engine)
{
	struct ledger *ledger = &engine->ledger;
	struct account *account, *next;

	taint_clear(ledger);
	links_clear(ledger);
	left_clear(ledger);
	while (ledger->said)
		said_drop(ledger, ledger->said);
	HASH_ITER(hh, ledger->accounts, account, next) {
		HASH_DEL(ledger->accounts, account);
		account_free(account);
	}
	for (size_t i = 0; i < ledger->former_count; i++) {
		free(ledger->former[i].product);
		free(ledger->former[i].name);
		free(ledger->former[i].lanes);
	}
	free(ledger->former);
	free(ledger->heirs);
}

/* ---- the statement ---- */

static void account_mark(struct account *account)
{
	for (size_t i = 0; i < account->lane_count; i++) {
		account->lanes[i].sent_before = account->lanes[i].sent;
		account->lanes[i].explained_before = account->lanes[i].explained;
	}
}

void engine_ledger_mark(struct engine *engine)
{
	struct account *account;

	for (account = engine->ledger.accounts; account; account = account->hh.next)
		account_mark(account);
	for (size_t i = 0; i < engine->ledger.former_count; i++)
		account_mark(&engine->ledger.former[i]);
}

struct table {
	struct ledger_row *rows;
	size_t count;
};

static struct ledger_row *row_of(struct table *table, const struct account *account, const char *label,
				 const struct lane *lane)
{
	struct ledger_row *row;

	for (size_t i = 0; i < table->count; i++) {
		row = &table->rows[i];
		if (!strcmp(row->product, account->product) && row->label == label && row->way == lane->way &&
		    !strcmp(row->jurisdiction, lane->jurisdiction))
			return row;
	}
	row = GROW(table->rows, table->count);
	*row = (struct ledger_row){.product = account->product,
				   .name = account->name,
				   .label = label,
				   .jurisdiction = lane->jurisdiction,
				   .way = lane->way};
	return row;
}

static void add_row(struct table *table, const struct account *account, const char *label, uint64_t capacity,
		    const struct lane *lane)
{
	struct ledger_row *row = row_of(table, account, label, lane);
	uint64_t sent = lane->sent - lane->sent_before;
	uint64_t explained = lane->explained - lane->explained_before;

	row->starts += account->starts;
	row->capacity += capacity;
	row->sent += sent;
	row->explained += explained;
	row->bound += lesser(sent, capacity);
	row->unexplained += lesser(sent - lesser(sent, explained), capacity);
	row->saturated |= account->saturated;
}

static void add_account(struct table *table, const struct ledger *ledger, const struct account *account)
{
	static const struct lane none = {.way = WAY_NETWORK};
	bool any = false;

	for (size_t label = 0; label < ledger->label_count; label++) {
		if (!account->cap[label])
			continue;
		any = true;
		for (size_t i = 0; i < account->lane_count; i++)
			add_row(table, account, ledger->labels[label], account->cap[label],
				&account->lanes[i]);
		if (!account->lane_count)
			add_row(table, account, ledger->labels[label], account->cap[label], &none);
	}
	for (size_t i = 0; i < account->lane_count && !any; i++)
		add_row(table, account, NULL, 0, &account->lanes[i]);
}

static int by_name(const void *a, const void *b)
{
	const struct ledger_row *x = a, *y = b;
	int order = strcmp(x->product, y->product);

	order = order ? order : strcmp(x->label ? x->label : "", y->label ? y->label : "");
	order = order ? order : (int)x->way - (int)y->way;
	return order ? order : strcmp(x->jurisdiction, y->jurisdiction);
}

void engine_ledger(const struct engine *engine, struct ledger_row **rows, size_t *count)
{
	const struct ledger *ledger = &engine->ledger;
	struct table table = {};
	const struct account *account;

	for (size_t i = 0; i < ledger->former_count; i++)
		add_account(&table, ledger, &ledger->former[i]);
	for (account = ledger->accounts; account; account = account->hh.next)
		add_account(&table, ledger, account);
	if (table.count)
		qsort(table.rows, table.count, sizeof(*table.rows), by_name);
	*rows = table.rows;
	*count = table.count;
}

uint64_t engine_ledger_dropped(const struct engine *engine)
{
	return engine->ledger.dropped;
}

int64_t engine_wall_of(const struct engine *engine, uint64_t time)
{
	return wall_of(engine, time);
}

uint64_t engine_time(const struct engine *engine)
{
	return engine->time;
}

const char *engine_host_name(const struct engine *engine)
{
	return engine->host_name;
}

void engine_ledger_settle(struct engine *engine, struct batch *batch)
{
	engine->batch = batch;
	engine->host = NULL;
	moved_settle(engine, true);
}
