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

static bool is_own(const struct product *product, const char *path)
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

void left_ask(struct engine *engine, const struct account *account, const struct access *access)
{
	const struct ev_access *told = &access->told;
	const struct filesystem *filesystem = filesystem_find(told->facts.magic);
	struct action *action;

	if (!told->written || (told->facts.mode & S_IFMT_) != S_IFREG_ || !told->facts.links ||
	    !access->path || access->label || (filesystem && filesystem->network) ||
	    !holds_any(engine, account) || is_own(access->lineage->product, access->path))
		return;
	action = batch_action(engine->batch);
	action->action = ACTION_LOOK;
	action->lineage = access->lineage->id;
	action->tgid = access->owner.tgid;
	action->object = told->object;
	action->path = arena_str(&engine->batch->arena, access->path);
}

void on_left(struct engine *engine, const struct ev_head *event)
{
	const struct ev_left *left = (const struct ev_left *)event;

	taint_left(engine, &left->object, left->size);
}
