// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rule steering-file: a product has written a file by which another program is steered, as
 * cron is by its tables and every program by /etc/ld.so.preload. It may act through that
 * one then, which is no kin of its own, and of which nothing more is told.
 *
 * On a host with a classification; once for each product and file. Not where the file is
 * the product's own: among its directories, or a unit that it is known by, since what that
 * runs is the product's anyhow. What a file is called when it is written counts: one that
 * is renamed to such a place later, or linked there, is not seen.
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

static void say(struct engine *engine, const struct access *access, const struct steering *steering)
{
	const struct lineage *lineage = access->lineage;
	struct process *process = process_find(engine, access->owner.tgid, access->owner.start);
	struct outcome *outcome = tell(engine, OUTCOME_FINDING, WHAT_RULE_STEERING, access->told.head.time);

	outcome->severity = SEVERITY;
	outcome->process = process ? view_process(engine, process) : NULL;
	outcome->product =
		view_product(engine, lineage, lineage->product, lineage->evidence, access->told.head.time);
	outcome->access = view_access(engine, access);
	outcome->key = outcome->access->path;
	outcome_say(engine, outcome, "%s has written %s, which steers %s (%s)", lineage->product->name,
		    access->path, steering->steers, steering->source);
	view_losses(engine, outcome, lineage->since);
}

void detect_steering(struct engine *engine, const struct access *access)
{
	const struct product *product = access->lineage->product;
	const struct steering *steering;

	if (access->lineage->decision != LINEAGE_PRODUCT || !engine->policy || !access->path ||
	    access->path[0] != '/' || !has_written(&access->told))
		return;
	steering = policy_steering(engine->policy, access->path);
	if (steering && !is_own(product, access->path) &&
	    rule_says(engine, RULE_STEERING, product, access->path))
		say(engine, access, steering);
}
