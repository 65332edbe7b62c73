// SPDX-License-Identifier: GPL-3.0-or-later
/* The way of an event through the engine: one row for each kind. */
#include "engine.h"

#include <errno.h>
#include <string.h>

#include "../../bpf/abi/stats.h"
#include "../util/log.h"
#include "../util/memory.h"
#include "state.h"

static void take_exec_strings(struct process *process, const struct ev_exec *exec)
{
	_cleanup_(buf_free) struct buf path = {};

	event_path(&exec->head, exec->path, exec->head.flags & EXEC_PATH_CUT, &path);
	set_view(&process->path, (struct view){path.data, path.size});
	memcpy(process->comm, exec->comm, sizeof(exec->comm));
	process->comm[sizeof(exec->comm)] = '\0';
	set_view(&process->args, event_view(&exec->head, exec->args));
	process->args_size = exec->args.len;
}

/** A path that the kernel half had no room for, once user space has read it. */
static void complete_path(struct process *process)
{
	const char *path = process->exe->path;

	if (!process->path_cut || !path)
		return;
	set_view(&process->path, (struct view){path, strlen(path)});
	process->path_cut = false;
}

/** What the kernel half knows this executable by is of one script. */
static void exe_runs(const struct process *process)
{
	const char *script = script_argument(process);

	if (!script)
		return;
	set_view(&process->exe->started, (struct view){script, strlen(script)});
	process->exe->known = false;
}

/** Who has written what it runs; of a lineage that begins with it a JOIN has said so. */
static uint64_t exec_author(const struct lineage *lineage, const struct ev_exec *exec)
{
	if (exec->head.flags & EXEC_AUTHORED)
		return exec->parent_lineage;
	return lineage && !lineage->processes ? lineage->author : 0;
}

static int on_exec(struct engine *engine, const struct ev_head *event)
{
	const struct ev_exec *exec = (const struct ev_exec *)event;
	struct process_key key = {.start = event->start, .tgid = event->tgid};
	struct process *process = process_find(engine, event->tgid, event->start);
	struct lineage *lineage = lineage_find(engine, event->lineage), *left;
	uint64_t parent = event->flags & EXEC_AUTHORED ? 0 : exec->parent_lineage;
	uint64_t author = exec_author(lineage, exec), left_id = 0, held = 0;

	if (!lineage)
		lineage = lineage_add(engine, event->lineage, parent);
	else if (!lineage->processes && !lineage->parent && parent != lineage->id)
		lineage->parent = parent; /* a JOIN came before it */
	if (process && process->lineage == lineage && event->flags & EXEC_SCANNER) {
		process->scanner = true;
		judge_process(engine, process);
		return 0; /* all else is known of it */
	}
	if (process && process->lineage != lineage) {
		left_id = process->lineage->id;
		held = process->held;
		process_drop(engine, process);
		process = NULL;
	}
	if (!process)
		process = process_add(engine, &key, lineage), process->held = held;
	process->parent = (struct process_key){.start = exec->parent_start, .tgid = exec->parent_tgid};
	process->exe = exe_find(engine, &exec->exe);
	process->uid = exec->uid;
	process->gid = exec->gid;
	process->mntns = exec->mntns;
	process->netns = exec->netns;
	process->exec_time = event->time;
	process->view = NULL;
	process_keeps_exec(process, true);
	process->facts_in = false;
	process->existing = event->flags & EXEC_EXISTING;
	process->new_unit = event->flags & EXEC_NEW_UNIT ? exec->cgroup : 0;
	process->scanner = event->flags & EXEC_SCANNER;
	process->path_cut = event->flags & EXEC_PATH_CUT;
	process->unlinked =
		event->flags & EXEC_UNLINKED && !process->existing; /* else it may have lost it since */
	process->product = NULL;
	exe_met(engine, process->exe, author);
	take_exec_strings(process, exec);
	if (event->flags & EXEC_ARGUMENT)
		exe_runs(process);
	if (!process->exe->path && process->path && !process->path_cut) {
		process->exe->path = need(strdup(process->path));
		process->exe->known = false;
	}
	complete_path(process);
	judge_process(engine, process);
	left = left_id ? lineage_find(engine, left_id) : NULL; /* it may have been let go by now */
	if (left)
		lineage_settle(engine, left);
	return 0;
}

static char *copy(const char *text)
{
	return text ? need(strdup(text)) : NULL;
}

static int on_fork(struct engine *engine, const struct ev_head *event)
{
	const struct ev_fork *fork = (const struct ev_fork *)event;
	struct process_key key = {.start = event->start, .tgid = event->tgid};
	const struct process *parent = process_find(engine, fork->parent_tgid, fork->parent_start);
	struct lineage *lineage = lineage_find(engine, event->lineage);
	struct process *process;

	if (!lineage || process_find(engine, event->tgid, event->start))
		return 0; /* it was let go meanwhile, or is known already */
	tell_execs(engine, lineage);
	process = process_add(engine, &key, lineage);
	process->parent = (struct process_key){.start = fork->parent_start, .tgid = fork->parent_tgid};
	process->product = lineage->product;
	process->evidence = EVIDENCE_LINEAGE;
	if (!parent)
		return 0;
	process->exe = parent->exe;
	process->facts_in = parent->facts_in;
	if (parent->product && parent->lineage == lineage) {
		process->product = parent->product;
		process->evidence = parent->evidence;
	}
	process->uid = parent->uid;
	process->gid = parent->gid;
	process->mntns = parent->mntns;
	process->netns = parent->netns;
	memcpy(process->comm, parent->comm, sizeof(process->comm));
	process->path = copy(parent->path);
	set_view(&process->args, (struct view){parent->args, parent->args_size});
	process->args_size = parent->args_size;
	process->user = copy(parent->user);
	process->unit = copy(parent->unit);
	process->cgroup = copy(parent->cgroup);
	process->container = copy(parent->container);
	process->cwd = copy(parent->cwd);
	return 0;
}

static int on_exit_(struct engine *engine, const struct ev_head *event)
{
	const struct ev_exit *exit_ = (const struct ev_exit *)event;
	struct process *process = process_find(engine, event->tgid, event->start);
	struct lineage *lineage;

	if (!process)
		return 0;
	lineage = process->lineage;
	process->facts_in = true; /* no more will come */
	tell_execs(engine, lineage);
	if (engine->options.events && lineage->decision == LINEAGE_PRODUCT) {
		struct outcome *outcome = tell(engine, OUTCOME_EVENT, WHAT_EXIT, event->time);
		struct outcome_process *view;

		view = arena_alloc(&engine->batch->arena, sizeof(*view));
		*view = *view_process(engine, process);
		view->exit_code = exit_->code & 0x7f ? 128 + (exit_->code & 0x7f) : exit_->code >> 8 & 0xff;
		outcome->process = view;
		outcome->parent = view_parent(engine, process);
		outcome->product =
			view_product(engine, lineage, process->product, process->evidence, event->time);
	}
	process_end(engine, process);
	lineage_settle(engine, lineage);
	settle_waiting(engine);
	return 0;
}

static int on_executable(struct engine *engine, const struct ev_head *event)
{
	const struct ev_executable *told = (const struct ev_executable *)event;
	struct exe *exe = exe_find(engine, &told->exe);
	struct process *process, *next;
	_cleanup_(buf_free) struct buf hex = {};
	struct view build_id = event_view(event, told->build_id);

	exe->observed = true;
	set_view(&exe->path, event_view(event, told->path));
	set_view(&exe->package, event_view(event, told->package));
	set_view(&exe->package_version, event_view(event, told->package_version));
	if (event->flags & EXECUTABLE_HASHED) {
		buf_hex(&hex, told->sha256, sizeof(told->sha256));
		set_view(&exe->sha256, (struct view){hex.data, hex.size});
	}
	buf_clear(&hex);
	buf_hex(&hex, build_id.at, build_id.size);
	set_view(&exe->build_id, (struct view){hex.data, hex.size});
	HASH_ITER(hh, engine->processes, process, next) {
		if (process->exe != exe)
			continue;
		complete_path(process);
		process->view = NULL;
	}
	judge_exe(engine, exe);
	return 0;
}

static int on_process(struct engine *engine, const struct ev_head *event)
{
	const struct ev_process *told = (const struct ev_process *)event;
	struct process *process = process_find(engine, event->tgid, event->start);
	struct view args = event_view(event, told->args);
	struct lineage *lineage;

	if (!process)
		return 0;
	set_view(&process->user, event_view(event, told->user));
	set_view(&process->unit, event_view(event, told->unit));
	set_view(&process->cgroup, event_view(event, told->cgroup));
	set_view(&process->container, event_view(event, told->container));
	set_view(&process->cwd, event_view(event, told->cwd));
	if (args.size) {
		set_view(&process->args, args);
		process->args_size = args.size;
	}
	process->facts_in = true;
	process->view = NULL;
	if (event->flags & PROCESS_SAME_CGROUP)
		judge_unit(engine, process);
	lineage = process->lineage;
	if (lineage->decision != LINEAGE_PRODUCT || !process->product) {
		judge_process(engine, process);
		lineage = lineage_find(engine, event->lineage); /* it may have been let go */
	}
	if (lineage)
		tell_execs(engine, lineage);
	return 0;
}

static bool same_boot(const struct engine *engine, const struct ev_start *told)
{
	struct view boot = event_view(&told->head, told->boot_id);

	return engine->boot_id && strlen(engine->boot_id) == boot.size &&
	       !memcmp(engine->boot_id, boot.at, boot.size);
}

static int on_start(struct engine *engine, const struct ev_head *event)
{
	const struct ev_start *told = (const struct ev_start *)event;

	engine->unended += engine->running;
	engine->running = true;
	ledger_restart(engine, same_boot(engine, told));
	left_restart(engine);
	tables_clear(engine);
	decisions_forget(engine);
	policy_free(&engine->policy);
	engine->policy_digest[0] = '\0';
	if (told->engine && told->engine != ENGINE_VERSION) /* 0: a list of events says nothing of it */
		log_warning("these events were judged by rules of version %u, this program has version %d: "
			    "findings may differ",
			    told->engine, ENGINE_VERSION);
	engine->wall_offset = told->wall_offset;
	set_view(&engine->version, event_view(event, told->version));
	set_view(&engine->host_id, event_view(event, told->host_id));
	set_view(&engine->host_name, event_view(event, told->host_name));
	set_view(&engine->boot_id, event_view(event, told->boot_id));
	set_view(&engine->run_id, event_view(event, told->run_id));
	if (engine->options.events)
		tell(engine, OUTCOME_EVENT, WHAT_START, engine->time);
	return 0;
}

static int on_stop(struct engine *engine, const struct ev_head *event)
{
	struct process *process, *next;
	struct lineage *lineage, *next_lineage;

	(void)event;
	engine->running = false;
	moved_settle(engine, true);
	HASH_ITER(hh, engine->processes, process, next)
		process->facts_in = true;
	HASH_ITER(hh, engine->lineages, lineage, next_lineage)
		tell_execs(engine, lineage);
	if (engine->options.events)
		tell(engine, OUTCOME_EVENT, WHAT_STOP, engine->time);
	return 0;
}

static int on_clock(struct engine *engine, const struct ev_head *event)
{
	const struct ev_clock *told = (const struct ev_clock *)event;
	struct process *process, *next;

	engine->wall_offset = told->wall_offset;
	HASH_ITER(hh, engine->processes, process, next)
		process->view = NULL;
	if (engine->options.events && event->flags & CLOCK_STEP)
		tell(engine, OUTCOME_EVENT, WHAT_CLOCK_STEP, engine->time)->change = told->change;
	if (event->flags & CLOCK_STEP)
		detect_clock_step(engine, told);
	return 0;
}

static int on_loss(struct engine *engine, const struct ev_head *event)
{
	const struct ev_loss *told = (const struct ev_loss *)event;
	struct loss_window *window;
	struct outcome *outcome;

	engine->lost += told->count;
	if (engine->loss_count == LOSS_WINDOWS) { /* the two oldest become one: it says more, never less */
		window = &engine->losses[1];
		window->since = engine->losses[0].since;
		window->count += engine->losses[0].count;
		window->causes |= engine->losses[0].causes;
		memmove(engine->losses, window, (LOSS_WINDOWS - 1) * sizeof(*window));
		engine->loss_count--;
	}
	engine->losses[engine->loss_count++] = (struct loss_window){
		.since = told->since,
		.until = event->time,
		.count = told->count,
		.causes = told->cause < 32 ? 1u << told->cause : 0,
	};
	if (engine->options.events) {
		outcome = tell(engine, OUTCOME_EVENT, WHAT_LOSS, engine->time);
		outcome->count = told->count;
		outcome->lost_causes = loss_text(told->cause);
	}
	detect_loss(engine, told);
	if (told->cause == LOSS_LATE)
		ledger_late(engine);
	return 0;
}

static int take_policy(struct engine *engine, const struct ev_head *event)
{
	int r = on_policy(engine, event);

	engine->host = NULL; /* it names another policy now */
	engine->policy_number++;
	if (!r && engine->options.events)
		tell(engine, OUTCOME_EVENT, WHAT_POLICY, engine->time);
	return r;
}

/* Handlers that cannot fail. */
#define NEVER_FAILS(name)                                                      \
	static int name##_(struct engine *engine, const struct ev_head *event) \
	{                                                                      \
		name(engine, event);                                           \
		return 0;                                                      \
	}
NEVER_FAILS(on_connect)
NEVER_FAILS(on_send)
NEVER_FAILS(on_flow)
NEVER_FAILS(on_access)
NEVER_FAILS(on_join)
NEVER_FAILS(on_payload)
NEVER_FAILS(on_label)
NEVER_FAILS(on_left)
NEVER_FAILS(on_started)
NEVER_FAILS(on_monitor)
NEVER_FAILS(on_key)
NEVER_FAILS(on_heartbeat)
NEVER_FAILS(on_witness)
NEVER_FAILS(on_prune)
NEVER_FAILS(on_hold)
NEVER_FAILS(on_document)
NEVER_FAILS(on_place)

/** What was done at its bidding, and what it kept, changes nothing in the engine: live and replay stay alike.
 */
static int on_nothing(struct engine *engine, const struct ev_head *event)
{
	(void)engine, (void)event;
	return 0;
}

static const struct step {
	uint16_t kind;
	int (*take)(struct engine *engine, const struct ev_head *event);
} steps[] = {
	{EV_FORK, on_fork},
	{EV_EXEC, on_exec},
	{EV_STARTED, on_started_},
	{EV_EXIT, on_exit_},
	{EV_CONNECT, on_connect_},
	{EV_SEND, on_send_},
	{EV_FLOW, on_flow_},
	{EV_ACCESS, on_access_},
	{EV_JOIN, on_join_},
	{EV_PAYLOAD, on_payload_},
	{EV_START, on_start},
	{EV_STOP, on_stop},
	{EV_CLOCK, on_clock},
	{EV_LOSS, on_loss},
	{EV_DOCUMENT, on_document_},
	{EV_POLICY, take_policy},
	{EV_EXECUTABLE, on_executable},
	{EV_PROCESS, on_process},
	{EV_PLACE, on_place_},
	{EV_ACTION, on_nothing},
	{EV_LABEL, on_label_},
	{EV_MONITOR, on_monitor_},
	{EV_LEFT, on_left_},
	{EV_SNAPSHOT, on_nothing},
	{EV_KEY, on_key_},
	{EV_HEARTBEAT, on_heartbeat_},
	{EV_WITNESS, on_witness_},
	{EV_PRUNE, on_prune_},
	{EV_HOLD, on_hold_},
};

#define EVENT(number, NAME, name) +1
_Static_assert(ARRAY_SIZE(steps) == 0
#include "../../bpf/abi/events.def"
	       ,
	       "a step for every kind of event");
#undef EVENT

static int take(struct engine *engine, const struct ev_head *event)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (steps[i].kind == event->kind)
			return steps[i].take(engine, event);
	engine->unknown_kinds++;
	return 0;
}

int engine_step(struct engine *engine, const struct ev_head *event, uint64_t position, struct batch *batch)
{
	size_t outcomes = batch->outcome_count, findings = batch->findings;
	int r;

	engine->batch = batch;
	engine->host = NULL; /* what it points to went with the batch before */
	engine->position = position;
	engine->time = event->time;
	engine->events++;
	if (engine->ledger.pipe_count || engine->ledger.questions_due)
		moved_settle(engine, false);
	r = take(engine, event);
	if (batch->findings > findings)
		view_incidents(engine, outcomes);
	return r;
}

int engine_recall(struct engine *engine, const struct ev_head *event, uint64_t position, struct batch *batch)
{
	bool events = engine->options.events;
	int r;

	engine->options.events = false;
	r = engine_step(engine, event, position, batch);
	engine->options.events = events;
	batch_actions_done(batch);
	return r;
}

static void tallies_clear(struct engine *engine)
{
	for (size_t i = 0; i < engine->tally_count; i++) {
		free(engine->tallies[i].id);
		free(engine->tallies[i].name);
	}
	free(engine->tallies);
	engine->tallies = NULL;
	engine->tally_count = 0;
}

void engine_recalled(struct engine *engine)
{
	tallies_clear(engine);
	engine->running = false; /* that a run was cut off was said when it was read */
	engine->events = engine->unknown_kinds = engine->findings = engine->lost = engine->unended = 0;
}

struct outcome *engine_finding(struct engine *engine, enum outcome_what what, uint64_t position,
			       uint64_t time, struct batch *batch)
{
	engine->batch = batch;
	engine->host = NULL;
	engine->position = position;
	engine->time = time;
	return tell(engine, OUTCOME_FINDING, what, time);
}

struct engine *engine_new(const struct engine_options *options)
{
	struct engine *engine = need(calloc(1, sizeof(*engine)));

	engine->options = *options;
	return engine;
}

void engine_free(struct engine **engine)
{
	struct engine *e = *engine;

	if (!e)
		return;
	tables_clear(e);
	ledger_clear(e);
	decisions_forget(e);
	book_clear(&e->book);
	policy_free(&e->policy);
	tallies_clear(e);
	free(e->host_id);
	free(e->host_name);
	free(e->boot_id);
	free(e->run_id);
	free(e->version);
	free(e);
	*engine = NULL;
}

const struct policy *engine_policy(const struct engine *engine)
{
	return engine->policy;
}

void engine_summary(const struct engine *engine, struct engine_summary *summary)
{
	*summary = (struct engine_summary){
		.events = engine->events,
		.unknown_kinds = engine->unknown_kinds,
		.findings = engine->findings,
		.lost = engine->lost,
		.unended = engine->unended,
		.product_count = engine->tally_count,
		.products = need(calloc(engine->tally_count + 1, sizeof(*summary->products))),
	};
	for (size_t i = 0; i < engine->tally_count; i++) {
		const struct tally *tally = &engine->tallies[i];

		summary->products[i] = (struct engine_product){
			.id = tally->id,
			.name = tally->name,
			.verdict = verdict_name(tally->verdict),
			.lineages = tally->lineages,
			.processes = tally->processes,
			.connections = tally->connections,
			.sent = tally->sent,
			.objects = tally->objects,
			.read = tally->read,
			.classified = tally->classified,
		};
	}
}
