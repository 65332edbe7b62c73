// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rule steering-file: a product has written a file by which another program is steered, as
 * cron is by its tables and every program by /etc/ld.so.preload. It may act through that
 * one then, which is no kin of its own, and of which nothing more is told.
 *
 * On a host with a classification; once for each product and file. Not where the file is
 * the product's own: among its directories, or a unit that it is known by, since what that
 * runs is the product's anyhow. What a file is called when it is written counts; of one that is
 * written beside such a file it is looked at some seconds later what it is called then. One that
 * is made elsewhere and moved there, or linked, is not seen.
 */
#include <string.h>

#include "../ledger.h"
#include "../state.h"

#define SEVERITY 47
#define S_IFMT_	 0170000
#define S_IFREG_ 0100000

static bool is_own(const struct product *product, const char *path)
{
	return product_owns(product, path) || strings_have(&product->units, strrchr(path, '/') + 1);
}

static bool has_written(const struct ev_access *told)
{
	return (told->facts.mode & S_IFMT_) == S_IFREG_ &&
	       (told->written || told->head.flags & ACCESS_SHARED);
}

/** Who has written it, and when. */
struct writing {
	const struct lineage *lineage;
	struct process_key owner;
	uint64_t time;
};

static void say(struct engine *engine, const struct writing *writing, const struct outcome_access *access,
		const struct steering *steering)
{
	const struct lineage *lineage = writing->lineage;
	struct process *process = process_find(engine, writing->owner.tgid, writing->owner.start);
	struct outcome *outcome = tell(engine, OUTCOME_FINDING, WHAT_RULE_STEERING, writing->time);

	outcome->severity = SEVERITY;
	outcome->process = process ? view_process(engine, process) : NULL;
	outcome->product = view_product(engine, lineage, lineage->product, lineage->evidence, writing->time);
	outcome->access = access;
	outcome->key = access->path;
	outcome_say(engine, outcome, "%s has written %s, which steers %s (%s)", lineage->product->name,
		    access->path, steering->steers, steering->source);
	view_losses(engine, outcome, lineage->since);
}

/** Whom a file of this name steers, if that is worth a finding. */
static const struct steering *steers(struct engine *engine, const struct product *product, const char *path)
{
	const struct steering *steering = policy_steering(engine->policy, path);

	return steering && !is_own(product, path) && rule_says(engine, RULE_STEERING, product, path) ?
		       steering :
		       NULL;
}

void detect_steering(struct engine *engine, const struct access *access)
{
	const struct steering *steering;

	if (access->lineage->decision != LINEAGE_PRODUCT || !engine->policy || !access->path ||
	    access->path[0] != '/' || !has_written(&access->told))
		return;
	steering = steers(engine, access->lineage->product, access->path);
	if (steering)
		say(engine, &(struct writing){access->lineage, access->owner, access->told.head.time},
		    view_access(engine, access), steering);
}

static const struct outcome_access *view_left(struct engine *engine, const struct ev_left *left,
					      const char *path)
{
	struct outcome_access *view = arena_alloc(&engine->batch->arena, sizeof(*view));

	view->type = "file";
	view->path = path;
	view->inode = left->object.ino;
	view->device = left->object.dev;
	view->generation = left->object.gen;
	view->size = left->size;
	view->last = true;
	return view;
}

void detect_steering_left(struct engine *engine, const struct ev_left *left)
{
	const struct gone_lineage *gone = lineage_gone(engine, left->head.lineage);
	struct writing writing = {.lineage = lineage_find(engine, left->head.lineage),
				  .owner = {.start = left->head.start, .tgid = left->head.tgid},
				  .time = left->head.time};
	struct view path = event_view(&left->head, left->path);
	const char *name = arena_copy(&engine->batch->arena, path.at, path.size);
	const struct steering *steering;
	struct lineage ended;

	if (!writing.lineage && gone) {
		ended = (struct lineage){.id = gone->id,
					 .root = gone->root,
					 .product = gone->product,
					 .evidence = gone->evidence,
					 .decision = LINEAGE_PRODUCT,
					 .since = left->head.time};
		writing.lineage = &ended;
	}
	if (!writing.lineage || writing.lineage->decision != LINEAGE_PRODUCT || !engine->policy)
		return;
	steering = steers(engine, writing.lineage->product, name);
	if (steering)
		say(engine, &writing, view_left(engine, left, name), steering);
}
