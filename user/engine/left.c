// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a product leaves on this host for anybody to read: a file outside of its own
 * directories, which nothing labels, counts as handed out if it is still there some time
 * after the product was done with it. Until then it may be an archive, unpacked to be
 * looked into. Quarantine, databases and logs stand in directories of their own.
 */
#include <string.h>

#include "../event/filesystem.h"
#include "ledger.h"
#include "state.h"

#define S_IFMT_	 0170000
#define S_IFREG_ 0100000

bool product_owns(const struct product *product, const char *path)
{
	for (size_t i = 0; i < product->prefixes.count; i++)
		if (!strncmp(path, product->prefixes.items[i], strlen(product->prefixes.items[i])))
			return true;
	return !strncmp(path, "/var/log/", 9); /* the host's: every service writes there */
}

static bool holds_any(const struct engine *engine, const struct account *account)
{
	for (size_t i = 0; i < engine->ledger.label_count; i++)
		if (account->cap[i])
			return true;
	return false;
}

/* ---- what has no answer ---- */

static void awaited_drop(struct ledger *ledger, struct awaited *awaited)
{
	HASH_DEL(ledger->awaited, awaited);
	free(awaited->path);
	free(awaited);
}

static void answered(struct ledger *ledger, const struct object_id *object)
{
	struct awaited *awaited;

	HASH_FIND(hh, ledger->awaited, object, sizeof(*object), awaited);
	if (awaited)
		awaited_drop(ledger, awaited);
}

/** Those of which no answer will come: user space has looked long ago, and they were not there. */
static void forget_old(struct engine *engine)
{
	struct ledger *ledger = &engine->ledger;

	while (ledger->awaited && (HASH_COUNT(ledger->awaited) >= LEDGER_AWAITED ||
				   ledger->awaited->time + LEDGER_AWAITED_NS < engine->time))
		awaited_drop(ledger, ledger->awaited);
}

static void await(struct engine *engine, const struct object_id *object, uint32_t tgid, const char *path)
{
	struct awaited *awaited;

	answered(&engine->ledger, object);
	forget_old(engine);
	awaited = need(calloc(1, sizeof(*awaited)));
	awaited->object = *object;
	awaited->time = engine->time;
	awaited->tgid = tgid;
	awaited->path = need(strdup(path));
	HASH_ADD(hh, engine->ledger.awaited, object, sizeof(awaited->object), awaited);
}

void left_clear(struct ledger *ledger)
{
	while (ledger->awaited)
		awaited_drop(ledger, ledger->awaited);
}

/* ---- asking ---- */

static void ask(struct engine *engine, const struct object_id *object, uint64_t lineage, uint32_t tgid,
		const char *path)
{
	struct action *action = batch_action(engine->batch);

	action->action = ACTION_LOOK;
	action->lineage = lineage;
	action->tgid = tgid;
	action->object = *object;
	action->path = arena_str(&engine->batch->arena, path);
}

/** What it is called in the end may be a name by which it steers others. */
static bool may_steer(const struct engine *engine, const char *path)
{
	return engine->policy && path[0] == '/' && policy_steers_beside(engine->policy, path) &&
	       !policy_steering(engine->policy, path) && policy_rule_on(engine->policy, RULE_STEERING);
}

void left_ask(struct engine *engine, const struct account *account, const struct access *access)
{
	const struct ev_access *told = &access->told;
	const struct filesystem *filesystem = filesystem_find(told->facts.magic);

	if (!told->written || (told->facts.mode & S_IFMT_) != S_IFREG_ || !told->facts.links ||
	    !access->path || access->label || (filesystem && filesystem->network) ||
	    product_owns(access->lineage->product, access->path) ||
	    (!holds_any(engine, account) && !may_steer(engine, access->path)))
		return;
	await(engine, &told->object, access->owner.tgid, access->path);
	ask(engine, &told->object, access->lineage->id, access->owner.tgid, access->path);
}

void left_restart(struct engine *engine)
{
	struct awaited *awaited;

	for (awaited = engine->ledger.awaited; awaited; awaited = awaited->hh.next) {
		awaited->time = engine->time; /* of a boot before it may have been later */
		ask(engine, &awaited->object, 0, awaited->tgid, awaited->path);
	}
}

void on_left(struct engine *engine, const struct ev_head *event)
{
	const struct ev_left *left = (const struct ev_left *)event;

	answered(&engine->ledger, &left->object);
	taint_left(engine, &left->object, left->size);
	detect_steering_left(engine, left);
}
