// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a lineage moves from and to files, pipes, devices and other processes. An
 * account says what it comes to since the object was first touched; the last one
 * ends it, and what is touched later is told anew.
 */
#include <string.h>

#include "ledger.h"
#include "state.h"

static void tell_access(struct engine *engine, const struct access *access)
{
	struct outcome *outcome;
	struct process *process;

	if (!engine->options.events || access->lineage->decision != LINEAGE_PRODUCT)
		return;
	process = process_find(engine, access->owner.tgid, access->owner.start);
	outcome = tell(engine, OUTCOME_EVENT, WHAT_ACCESS, access->told.head.time);
	outcome->access = view_access(engine, access);
	outcome->process = process ? view_process(engine, process) : NULL;
	outcome->product = view_product(engine, access->lineage, access->lineage->product,
					access->lineage->evidence, access->told.head.time);
}

/** Once for each account, when it ends. */
static void count_access(struct engine *engine, const struct access *access)
{
	struct tally *tally = tally_find(engine, access->lineage->product);
	uint64_t had = access->told.read + access->told.mapped;

	tally->objects++;
	tally->read += had;
	if (access->label)
		tally->classified += had;
}

static struct access *access_of(struct engine *engine, const struct ev_access *told)
{
	const struct process_key owner = {.start = told->head.start, .tgid = told->head.tgid};
	struct access *access = access_find(engine, told->access);

	return access ? access : access_add(engine, told->access, lineage_of(engine, &told->head), &owner);
}

static void take_account(struct access *access, const struct ev_access *told)
{
	_cleanup_(buf_free) struct buf path = {};
	uint8_t flags = access->told.head.flags | told->head.flags;

	access->told = *told;
	access->told.head.flags = flags;
	if (!told->path.len)
		return;
	event_path(&told->head, told->path, flags & ACCESS_PATH_CUT, &path);
	set_view(&access->path, (struct view){path.data, path.size});
}

/** Nothing more will come of it. It is kept if its lineage may yet turn out to be a product's. */
static void access_end(struct engine *engine, struct access *access)
{
	struct lineage *lineage = access->lineage;

	if (lineage->decision != LINEAGE_PRODUCT && lineage->processes) {
		access->untold = true;
		return;
	}
	if (lineage->decision == LINEAGE_PRODUCT)
		count_access(engine, access);
	access_drop(engine, access);
	lineage_settle(engine, lineage);
	settle_waiting(engine);
}

void on_access(struct engine *engine, const struct ev_head *event)
{
	const struct ev_access *told = (const struct ev_access *)event;
	struct access *access = access_of(engine, told);

	tell_execs(engine, access->lineage);
	take_account(access, told);
	moved(engine, access, event->flags & ACCESS_LAST);
	detect_steering(engine, access);
	detect_family(engine, access);
	/* What was merely opened is told when it is known what came of it. */
	if (event->flags & ACCESS_FIRST && !(event->flags & ACCESS_LAST))
		return;
	tell_access(engine, access);
	if (event->flags & ACCESS_LAST)
		access_end(engine, access);
}

void on_label(struct engine *engine, const struct ev_head *event)
{
	const struct ev_label *told = (const struct ev_label *)event;
	struct access *access = access_find(engine, told->access);

	if (!access)
		return;
	set_view(&access->label, event_view(event, told->label));
	set_view(&access->label_by, event_view(event, told->by));
	moved(engine, access, access->untold);
}

void tell_accesses(struct engine *engine, struct lineage *lineage)
{
	struct access *each, *next;

	for (each = lineage->accesses; each; each = next) {
		next = each->next;
		moved(engine, each, each->untold);
		detect_steering(engine, each);
		detect_family(engine, each);
		if (!each->untold)
			continue;
		tell_access(engine, each);
		count_access(engine, each);
		access_drop(engine, each);
	}
}

/** Neither is judged yet, or who has written what is run has ended. */
static void join_waits(struct engine *engine, const struct ev_join *join)
{
	struct lineage *lineage = lineage_find(engine, join->head.lineage);

	/* Its EXEC comes behind it, so that it is judged by both. */
	if (!lineage && join->head.flags & JOIN_RUNS &&
	    (lineage_find(engine, join->by_start) || lineage_gone(engine, join->by_start)))
		lineage = lineage_add(engine, join->head.lineage, 0);
	if (lineage)
		lineage_loads(engine, lineage, join->by_start);
}

/** Whoever is taken hold of is one of the lineage's processes from now on. */
void on_join(struct engine *engine, const struct ev_head *event)
{
	static const char *const hows[] = {
		[JOIN_PTRACE] = "ptrace", [JOIN_MEMORY] = "memory", [JOIN_CODE] = "code"};
	const struct ev_join *join = (const struct ev_join *)event;
	struct process_key key = {.start = event->start, .tgid = event->tgid};
	struct process *process, *by;
	struct lineage *lineage;
	struct outcome *outcome;

	if (join->how == JOIN_WAITS) {
		join_waits(engine, join);
		return;
	}
	lineage = lineage_of(engine, event);
	by = process_find(engine, join->by_tgid, join->by_start);
	process = process_find(engine, event->tgid, event->start);
	if (!process)
		process = process_add(engine, &key, lineage);
	process->product = lineage->product;
	process->evidence = EVIDENCE_LINEAGE;
	if (!engine->options.events || lineage->decision != LINEAGE_PRODUCT)
		return;
	outcome = tell(engine, OUTCOME_EVENT, WHAT_JOIN, event->time);
	outcome->process = view_process(engine, process);
	outcome->parent = by ? view_process(engine, by) : NULL;
	outcome->how = join->how < ARRAY_SIZE(hows) ? hows[join->how] : NULL;
	outcome->product = view_product(engine, lineage, lineage->product, EVIDENCE_LINEAGE, event->time);
}
