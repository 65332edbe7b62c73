// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Who a process is. A verdict sits on its lineage; a lineage that is clean is
 * let go only when what it came out of has been judged too.
 */
#include <string.h>

#include "state.h"

static struct action *act(struct engine *engine, enum engine_action what)
{
	struct action *action = batch_action(engine->batch);

	action->action = what;
	return action;
}

static void act_exe(struct engine *engine, enum engine_action what, const struct exe *exe)
{
	act(engine, what)->exe = exe->id;
}

/** Of an executable by itself, or of a process that runs it. */
static struct identity identity_of(const struct exe *exe, const struct process *process)
{
	return (struct identity){
		.path = exe->path,
		.started = exe->started,
		.script = process ? script_argument(process) : NULL,
		.package = exe->package,
		.unit = process ? process->unit : NULL,
		.build_id = exe->build_id,
		.sha256 = exe->sha256,
		.scanner = process && process->scanner,
	};
}

static void exe_authored(struct engine *engine, struct exe *exe, const struct product *product)
{
	exe->authored = true;
	exe->product = product;
	exe->evidence = EVIDENCE_LINEAGE;
	act_exe(engine, ACTION_EXE_WATCHED, exe);
}

/** Whether it may be a product's yet, as what somebody wrote who is there still. */
static bool author_pending(struct engine *engine, const struct exe *exe)
{
	return exe->author && lineage_find(engine, exe->author);
}

/** Whether each of its scripts is judged by itself: not where it was told as one that runs a script already.
 */
static bool runs_scripts(const struct exe *exe)
{
	return is_interpreter(exe->path) && (!exe->started || is_interpreter(exe->started));
}

/** The product that an executable is by itself, whoever runs it; the kernel half remembers it. */
static void identify_exe(struct engine *engine, struct exe *exe)
{
	const struct product *before = exe->product;
	struct identity identity = identity_of(exe, NULL);

	exe->known = false;
	if (!engine->policy)
		return;
	exe->product = identify(engine->policy, &identity, &exe->evidence);
	if (!exe->product && exe->authored && before) { /* under other policies, if there it is a product */
		exe->product = policy_product(engine->policy, before->id);
		exe->evidence = EVIDENCE_LINEAGE;
	}
	if (exe->product && (!before || exe->authored))
		act_exe(engine, ACTION_EXE_WATCHED, exe);
	if (!exe->product && exe->sha256 && !author_pending(engine, exe))
		act_exe(engine, runs_scripts(exe) ? ACTION_EXE_INTERPRETER : ACTION_EXE_BENIGN, exe);
}

/** The product, if any, of the lineage that has written it; that may have ended. */
static const struct product *author_product(struct engine *engine, const struct exe *exe)
{
	const struct lineage *author = lineage_find(engine, exe->author);
	const struct gone_lineage *gone = author ? NULL : lineage_gone(engine, exe->author);

	if (gone)
		return gone->product;
	return author && author->decision == LINEAGE_PRODUCT ? author->product : NULL;
}

void exe_met(struct engine *engine, struct exe *exe, uint64_t author)
{
	const struct product *product;

	if (exe->product)
		return;
	if (author)
		exe->author = author;
	product = author_product(engine, exe);
	if (product) {
		exe_authored(engine, exe, product);
	} else if (exe->author && !lineage_find(engine, exe->author)) {
		exe->author = 0; /* it was nobody's, and has ended */
		identify_exe(engine, exe);
	}
}

static void lineage_take(struct engine *engine, struct lineage *lineage, const struct product *product,
			 enum evidence evidence, uint64_t root);

static struct lineage *open_child(const struct engine *engine, const struct lineage *parent)
{
	struct lineage *child;

	DL_FOREACH2(engine->open, child, open_behind)
		if (child->parent == parent->id || child->author == parent->id)
			return child;
	return NULL;
}

/** What came out of a product's lineage before that was known is of it too. */
static void take_children(struct engine *engine, const struct lineage *parent)
{
	struct lineage *child;

	while ((child = open_child(engine, parent)))
		lineage_take(engine, child, parent->product, parent->evidence, parent->root);
}

/** What it sends counts in the channels of its root. */
static void lineage_root(struct lineage *lineage, uint64_t root)
{
	struct flow_part *part;
	struct flow *flow;

	lineage->root = root;
	DL_FOREACH(lineage->flows, flow)
		DL_FOREACH(flow->parts, part)
			part->channel = NULL;
}

static void lineage_take(struct engine *engine, struct lineage *lineage, const struct product *product,
			 enum evidence evidence, uint64_t root)
{
	struct process *process;

	lineage_decide(engine, lineage, LINEAGE_PRODUCT);
	lineage->product = product;
	lineage->evidence = evidence;
	lineage_root(lineage, root);
	if (root == lineage->id)
		tally_find(engine, product)->lineages++;
	act(engine, ACTION_WATCH)->lineage = lineage->id;
	DL_FOREACH(lineage->processes, process) {
		if (process->product)
			continue;
		process->product = product;
		process->evidence = EVIDENCE_LINEAGE;
	}
	DL_FOREACH(lineage->processes, process)
		if (process->exe)
			exe_met(engine, process->exe, 0);
	take_children(engine, lineage);
	tell_execs(engine, lineage);
	judge_flows(engine, lineage);
	tell_accesses(engine, lineage);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/** As one of the same executable in the same unit was before, or by all that is known. */
static const struct product *identify_process(struct engine *engine, const struct process *process,
					      enum evidence *evidence)
{
	struct exe *exe = process->exe;
	struct identity identity = identity_of(exe, process);

	if (identity.script)
		return identify(engine->policy, &identity, evidence);
	if (!exe->known || exe->known_scanner != identity.scanner ||
	    !same_text(exe->known_unit, identity.unit)) {
		exe->known_product = identify(engine->policy, &identity, &exe->known_evidence);
		set_view(&exe->known_unit,
			 (struct view){identity.unit, identity.unit ? strlen(identity.unit) : 0});
		exe->known_scanner = identity.scanner;
		exe->known = true;
	}
	*evidence = exe->known_evidence;
	return exe->known_product;
}

static const struct product *product_of(struct engine *engine, const struct process *process,
					enum evidence *evidence)
{
	const struct product *product;

	*evidence = EVIDENCE_NONE;
	if (!process->exe || !engine->policy)
		return NULL;
	product = identify_process(engine, process, evidence);
	if (product || !process->exe->authored)
		return product;
	*evidence = EVIDENCE_LINEAGE;
	return process->exe->product;
}

/** A lineage that is of no product, by what is known of this process. */
static enum lineage_decision decide_clean(const struct process *process)
{
	if (!process->exe || !process->exe->observed || !process->facts_in)
		return LINEAGE_PENDING; /* its unit may yet say whose it is */
	/* Some kernels show nobody process 1. Everything descends from it: it cannot hold all of it back. */
	if (process->existing && process->key.tgid == 1)
		return LINEAGE_BENIGN;
	return process->exe->sha256 ? LINEAGE_BENIGN : LINEAGE_UNJUDGED;
}

/** As clean as the least clean of its processes: one of them may be a product yet. */
static enum lineage_decision decide_lineage(const struct lineage *lineage)
{
	enum lineage_decision least = LINEAGE_BENIGN;
	const struct process *process;

	DL_FOREACH(lineage->processes, process) {
		enum lineage_decision now = decide_clean(process);

		if (now == LINEAGE_PENDING || least == LINEAGE_BENIGN)
			least = now;
	}
	return least;
}

static void judge_quietly(struct engine *engine, struct process *process)
{
	struct lineage *lineage = process->lineage;
	const struct lineage *parent = lineage_find(engine, lineage->parent);
	enum evidence evidence;
	const struct product *product = product_of(engine, process, &evidence);

	if (product) {
		process->product = product;
		process->evidence = evidence;
		if (lineage->decision != LINEAGE_PRODUCT)
			lineage_take(engine, lineage, product, evidence,
				     parent && parent->product == product ? parent->root : lineage->id);
	} else if (lineage->decision == LINEAGE_PRODUCT) {
		process->product = lineage->product;
		process->evidence = EVIDENCE_LINEAGE;
	} else if (parent && parent->decision == LINEAGE_PRODUCT) {
		lineage_take(engine, lineage, parent->product, parent->evidence, parent->root);
	} else {
		lineage_decide(engine, lineage, decide_lineage(lineage));
		engine->unsettled |= lineage->decision == LINEAGE_BENIGN;
	}
}

void lineage_loads(struct engine *engine, struct lineage *lineage, uint64_t author)
{
	const struct lineage *by = lineage_find(engine, author);
	const struct gone_lineage *gone = by ? NULL : lineage_gone(engine, author);

	if (lineage->decision == LINEAGE_PRODUCT)
		return;
	if (gone || by)
		lineage->author = author;
	if (gone)
		lineage_take(engine, lineage, gone->product, gone->evidence, gone->root);
	else if (by && by->decision == LINEAGE_PRODUCT)
		lineage_take(engine, lineage, by->product, by->evidence, by->root);
}

/** Whether this one may be a product's yet, and so may what came out of it. */
static bool holds(struct engine *engine, uint64_t id)
{
	const struct lineage *lineage = lineage_find(engine, id);

	return lineage && (lineage->decision != LINEAGE_BENIGN || lineage->held);
}

/** Who is not clean holds its children, and who has loaded its code; how many are not held. By rounds, since
 * two may wait for each other. */
static size_t hold(struct engine *engine)
{
	struct lineage *lineage;
	bool more = true;
	size_t free_ones = 0;

	DL_FOREACH2(engine->waiting, lineage, waits_behind)
		lineage->held = false, free_ones++;
	while (more) {
		more = false;
		DL_FOREACH2(engine->waiting, lineage, waits_behind) {
			if (lineage->held ||
			    (!holds(engine, lineage->parent) && !holds(engine, lineage->author)))
				continue;
			lineage->held = more = true;
			free_ones--;
		}
	}
	return free_ones;
}

static int by_order(const void *a, const void *b)
{
	const struct lineage *const *x = a, *const *y = b;

	return ((*x)->order > (*y)->order) - ((*x)->order < (*y)->order);
}

/** Those that nobody holds, the one that came first first. */
static void release(struct engine *engine, size_t count)
{
	struct lineage **going, *lineage;
	size_t found = 0;

	going = need(calloc(count + 1, sizeof(*going))); /* NOLINT: of pointers */
	DL_FOREACH2(engine->waiting, lineage, waits_behind)
		if (!lineage->held)
			going[found++] = lineage;
	if (found)
		qsort(going, found, sizeof(*going), by_order); /* NOLINT */
	for (size_t i = 0; i < found; i++)
		lineage_release(engine, going[i]);
	free(going);
}

void settle_waiting(struct engine *engine)
{
	while (engine->unsettled) {
		engine->unsettled = false;
		if (engine->waiting)
			release(engine, hold(engine));
	}
}

void judge_process(struct engine *engine, struct process *process)
{
	judge_quietly(engine, process);
	settle_waiting(engine);
}

void judge_exe(struct engine *engine, struct exe *exe)
{
	struct process *process, *next;

	identify_exe(engine, exe);
	HASH_ITER(hh, engine->processes, process, next)
		if (process->exe == exe)
			judge_quietly(engine, process);
	settle_waiting(engine);
}

void tell_execs(struct engine *engine, struct lineage *lineage)
{
	struct process *process;

	if (lineage->decision != LINEAGE_PRODUCT || !lineage->untold)
		return; /* each event of it asks */
	DL_FOREACH(lineage->processes, process) {
		if (!process->exec_untold || !process->facts_in)
			continue;
		process_keeps_exec(process, false);
		detect_product(engine, process);
		detect_executable(engine, process);
	}
}

/* ---- other policies ---- */

static void carry_over(struct engine *engine, struct lineage *lineage)
{
	const struct product *product =
		lineage->product ? policy_product(engine->policy, lineage->product->id) : NULL;

	lineage->told_count = 0;
	lineage->product = product;
	if (!product)
		lineage_decide(engine, lineage, LINEAGE_PENDING);
}

/** Some have come back to those of no product: each to its place. */
static void open_again(struct engine *engine)
{
	struct lineage *lineage;

	engine->open = NULL;
	for (lineage = engine->lineages; lineage; lineage = lineage->hh.next)
		if (lineage->decision != LINEAGE_PRODUCT)
			DL_APPEND2(engine->open, lineage, open_before, open_behind);
}

void judge_all(struct engine *engine, const struct policy *before)
{
	struct lineage *lineage, *next_lineage;
	struct process *process, *next_process;
	struct exe *exe, *next_exe;

	if (!before)
		return;
	act(engine, ACTION_FORGET);
	HASH_ITER(hh, engine->exes, exe, next_exe) {
		if (!exe->authored)
			exe->product = NULL;
		identify_exe(engine, exe);
	}
	memset(engine->gone, 0, sizeof(engine->gone)); /* their products are the old policies' */
	HASH_ITER(hh, engine->lineages, lineage, next_lineage)
		carry_over(engine, lineage);
	open_again(engine);
	HASH_ITER(hh, engine->processes, process, next_process) {
		process->product = NULL;
		process_keeps_exec(process, true);
		judge_quietly(engine, process);
	}
	HASH_ITER(hh, engine->lineages, lineage, next_lineage)
		tell_execs(engine, lineage);
	settle_waiting(engine);
}
