// SPDX-License-Identifier: GPL-3.0-or-later
/* Rule product-measure: a security product runs; may it, on this host, today? */
#include <stdio.h>

#include "../state.h"

#include "../../util/memory.h"

/** Once for all that came out of one start of it. */
static bool told(struct engine *engine, struct lineage *lineage, const struct product *product)
{
	struct lineage *root = lineage_find(engine, lineage->root);

	lineage = root ? root : lineage;
	for (size_t i = 0; i < lineage->told_count; i++)
		if (lineage->told[i] == product)
			return true;
	*GROW(lineage->told, lineage->told_count) = product;
	return false;
}

static const char *sentence(struct engine *engine, const struct process *process,
			    const struct decision *decision)
{
	_cleanup_(buf_free) struct buf text = {};
	const struct ruling *worst = decision_worst(decision);

	buf_printf(&text, "%s runs on this host and is %s", process->product->name,
		   verdict_phrase(decision->verdict));
	if (worst)
		buf_printf(&text, " by %s (%s): %s", worst->measure->id, worst->scope->force, worst->reason);
	return arena_str(&engine->batch->arena, text.data);
}

static void describe(struct engine *engine, struct outcome *outcome, struct process *process,
		     const struct decision *decision)
{
	outcome->process = view_process(engine, process);
	outcome->parent = view_parent(engine, process);
	outcome->product =
		view_product(engine, process->lineage, process->product, process->evidence, outcome->time);
	outcome->verdict = verdict_name(decision->verdict);
	outcome->key = outcome->process->entity_id; /* a process runs one product at a time */
}

void detect_product(struct engine *engine, struct process *process)
{
	const struct decision *decision = decide_cached(engine, process->product, process->exec_time);
	struct tally *tally = tally_find(engine, process->product);
	struct outcome *outcome;

	tally->verdict = decision->verdict;
	tally->processes++;
	if (engine->options.events)
		describe(engine, tell(engine, OUTCOME_EVENT, WHAT_EXEC, process->exec_time), process,
			 decision);
	if (process->evidence == EVIDENCE_LINEAGE || !verdict_adverse(decision->verdict))
		return; /* what merely descends from the product is told as an event */
	if (told(engine, process->lineage, process->product))
		return;
	outcome = tell(engine, OUTCOME_FINDING, WHAT_RULE_PRODUCT, process->exec_time);
	describe(engine, outcome, process, decision);
	outcome->message = sentence(engine, process, decision);
	view_rulings(engine, outcome, decision);
	view_losses(engine, outcome, process->lineage->since);
}
