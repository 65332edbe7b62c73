// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rule executable-identity: a product runs what cannot be told apart from anything else: a
 * program that has no name, since it is deleted already or never was in a file, or one that
 * the product has written itself, outside its own directories. Nobody has installed either,
 * and no package speaks for it.
 *
 * On a host with a classification; once for each product and program, of those without a
 * name once for each start of the product. An update that is put where the product lives, and
 * what was deleted while it ran, say nothing.
 */
#include <stdio.h>

#include "../ledger.h"
#include "../state.h"

#define SEVERITY 47

/** Of a script its own path. */
static const char *path_of(const struct process *process)
{
	return process->exe && process->exe->started ? process->exe->started : process->path;
}

/** Whoever it is by itself is known, wherever it stands. */
static bool wrote_it(const struct process *process)
{
	const char *path = path_of(process);

	return process->evidence == EVIDENCE_LINEAGE && process->exe && process->exe->authored && path &&
	       !product_owns(process->product, path);
}

void detect_executable(struct engine *engine, struct process *process)
{
	const struct product *product = process->product;
	struct outcome *outcome;
	char start[32];

	if (!engine->policy || (!process->unlinked && !wrote_it(process)))
		return;
	snprintf(start, sizeof(start), "%016llx", (unsigned long long)process->lineage->root);
	if (!rule_says(engine, RULE_EXECUTABLE, product, process->unlinked ? start : path_of(process)))
		return;
	outcome = tell(engine, OUTCOME_FINDING, WHAT_RULE_EXECUTABLE, process->exec_time);
	outcome->severity = SEVERITY;
	outcome->process = view_process(engine, process);
	outcome->parent = view_parent(engine, process);
	outcome->product =
		view_product(engine, process->lineage, product, process->evidence, process->exec_time);
	outcome->key = outcome->process->executable;
	outcome_say(engine, outcome,
		    process->unlinked ? "%s runs a program without a name, deleted or never in a file: %s" :
					"%s runs what it has written itself, outside its own directories: %s",
		    product->name, path_of(process) ? path_of(process) : "its path is not known");
	view_losses(engine, outcome, process->lineage->since);
}
