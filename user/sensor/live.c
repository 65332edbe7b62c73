// SPDX-License-Identifier: GPL-3.0-or-later
#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <uthash.h>

#include "../../bpf/abi/stats.h"
#include "../util/clock.h"
#include "../util/file.h"
#include "../util/memory.h"
#include "integrity.h"
#include "known.h"
#include "left.h"
#include "observe.h"

#define TICK_NS	       NSEC_PER_SEC
#define SCANNERS_TICKS 5
#define WAIT_MS	       50
/** Events after which the clock is looked at, whatever still waits. */
#define LOOK_EVERY 256
/** A flood may go on while it ends. */
#define LAST_TICKS_MAX 16
/** A clock that was slewed is told in steps of this; one that jumped, as a step. */
#define CLOCK_DRIFT_NS 10000000ll
#define CLOCK_STEP_NS  500000000ll
#define SEEN_MAX       65536

#define LOSS_CAUSES 32

struct seen_exe {
	struct exe_id exe;
	UT_hash_handle hh;
};

struct seen_address {
	struct ev_addr address;
	UT_hash_handle hh;
};

struct live {
	struct source source;
	struct live_parts parts;
	struct ring *ring;
	struct integrity *integrity;
	struct left *left;
	struct buf queue; /* what comes before the ring's next event */
	size_t taken;
	struct seen_exe *exes;
	struct known known;
	struct seen_address *addresses;
	uint64_t ticked_at;
	uint64_t ticks;
	uint64_t handed; /* events of the ring */
	int64_t wall_offset;
	uint64_t lost[LOSS_CAUSES]; /* told so far */
	uint64_t lost_since[LOSS_CAUSES];
	unsigned int last_ticks;
	uint64_t last_at; /* the last tick: by then all rests that was touched before the end was asked for */
	enum { LIVE_RUNNING, LIVE_LAST_TICK, LIVE_DRAINING, LIVE_ENDED } phase;
	struct draft draft;
};

void live_push(struct live *live, const struct ev_head *event)
{
	buf_bytes(&live->queue, event, event->size);
}

static const struct ev_head *queue_next(struct live *live)
{
	const struct ev_head *event;

	if (live->taken == live->queue.size)
		return NULL;
	event = (const struct ev_head *)(live->queue.data + live->taken);
	live->taken += event->size;
	return event;
}

/** Only between events: what was handed out from it is no longer looked at. */
static void queue_reset(struct live *live)
{
	if (live->taken < live->queue.size)
		return;
	buf_clear(&live->queue);
	live->taken = 0;
}

/* ---- facts that an event asks for ---- */

/* A table that is full is begun anew: what was known is merely asked again. */

static bool exe_seen(struct live *live, const struct exe_id *exe)
{
	struct seen_exe *seen, *next;

	HASH_FIND(hh, live->exes, exe, sizeof(*exe), seen);
	if (seen)
		return true;
	if (HASH_COUNT(live->exes) >= SEEN_MAX)
		HASH_ITER(hh, live->exes, seen, next) {
			HASH_DEL(live->exes, seen);
			free(seen);
		}
	seen = need(calloc(1, sizeof(*seen)));
	seen->exe = *exe;
	HASH_ADD(hh, live->exes, exe, sizeof(*exe), seen);
	return false;
}

static void exe_forget(struct live *live, const struct exe_id *exe)
{
	struct seen_exe *seen;

	HASH_FIND(hh, live->exes, exe, sizeof(*exe), seen);
	if (!seen)
		return;
	HASH_DEL(live->exes, seen);
	free(seen);
}

static bool address_seen(struct live *live, const struct ev_addr *address)
{
	struct seen_address *seen, *next;

	HASH_FIND(hh, live->addresses, address, sizeof(*address), seen);
	if (seen)
		return true;
	if (HASH_COUNT(live->addresses) >= SEEN_MAX)
		HASH_ITER(hh, live->addresses, seen, next) {
			HASH_DEL(live->addresses, seen);
			free(seen);
		}
	seen = need(calloc(1, sizeof(*seen)));
	seen->address = *address;
	HASH_ADD(hh, live->addresses, address, sizeof(*address), seen);
	return false;
}

static void ask_about_executable(struct live *live, const struct ev_exec *exec)
{
	const struct ev_head *event = known_find(&live->known, exec, &live->draft);

	if (!event)
		known_keep(&live->known, event = observe_executable(exec, &live->draft));
	live_push(live, event);
	/* What could not be read is tried again with the next process that runs it. */
	if (event->flags & EXECUTABLE_VANISHED)
		exe_forget(live, &exec->exe);
}

static void ask_about_exec(struct live *live, const struct ev_exec *exec)
{
	if (!exe_seen(live, &exec->exe))
		ask_about_executable(live, exec);
	live_push(live, observe_process(exec, sensor_cgroups(live->parts.sensor), &live->draft));
}

static void ask_about_address(struct live *live, const struct ev_addr *remote)
{
	struct ev_addr address = *remote;

	address.port = 0;
	if (address.family && !address_seen(live, &address))
		live_push(live, places_observe(live->parts.places, &address, &live->draft));
}

static void ask_about_object(struct live *live, const struct ev_access *access)
{
	const struct ev_head *label = labels_observe(live->parts.labels, access, &live->draft);

	if (label)
		live_push(live, label);
}

void live_demand(struct live *live, uint64_t since, bool survey)
{
	bool first = !sensor_demanded(live->parts.sensor);
	struct ev_loss *event;

	if (first || survey)
		sensor_demand(live->parts.sensor);
	if (!first || survey)
		return; /* what ran before is told with what it has open */
	event = DRAFT(&live->draft, LOSS, loss, clock_boot());
	event->cause = LOSS_LATE;
	event->count = 1;
	event->since = since;
	live_push(live, draft_end(&live->draft));
}

static void ask(struct live *live, const struct ev_head *event)
{
	const struct ev_flow *flow = (const struct ev_flow *)event;

	switch (event->kind) {
	case EV_EXEC:
		if (((const struct ev_exec *)event)->state == LINEAGE_WATCHED)
			live_demand(live, event->time, event->flags & EXEC_EXISTING);
		ask_about_exec(live, (const struct ev_exec *)event);
		break;
	case EV_ACCESS:
		if (event->flags & ACCESS_FIRST)
			ask_about_object(live, (const struct ev_access *)event);
		break;
	case EV_CONNECT:
		ask_about_address(live, &((const struct ev_connect *)event)->remote);
		break;
	case EV_SEND:
		ask_about_address(live, &((const struct ev_send *)event)->remote);
		break;
	case EV_FLOW:
		ask_about_address(live, &flow->remote);
		break;
	default:
		break;
	}
}

/* ---- what time brings ---- */

static void tell_loss(struct live *live, uint32_t cause, uint64_t total, uint64_t now)
{
	struct ev_loss *event;

	if (total > live->lost[cause]) {
		event = DRAFT(&live->draft, LOSS, loss, now);
		event->cause = cause;
		event->count = total - live->lost[cause];
		event->since = live->lost_since[cause];
		live_push(live, draft_end(&live->draft));
		live->lost[cause] = total;
	}
	live->lost_since[cause] = now;
}

static void tell_losses(struct live *live, uint64_t now)
{
	struct ring_counts counts = ring_counts(live->ring);
	uint64_t kernel[LOSS_KERNEL_CAUSES];

	if (state_losses(live->parts.state, kernel))
		return;
	for (uint32_t cause = 0; cause < LOSS_KERNEL_CAUSES; cause++)
		tell_loss(live, cause, kernel[cause], now);
	tell_loss(live, LOSS_RECURSION, sensor_recursions(live->parts.sensor), now);
	/* Events without room left gaps too: only the gaps beyond those are news. */
	if (counts.missing > kernel[LOSS_RING])
		tell_loss(live, LOSS_SEQUENCE, counts.missing - kernel[LOSS_RING], now);
	tell_loss(live, LOSS_COLLISION, counts.collisions, now);
	tell_loss(live, LOSS_MALFORMED, counts.malformed, now);
}

static void tell_clock(struct live *live, uint64_t now)
{
	int64_t offset = clock_wall_offset(), change = offset - live->wall_offset;
	struct ev_clock *event;

	if (llabs(change) < CLOCK_DRIFT_NS)
		return;
	event = DRAFT(&live->draft, CLOCK, clock, now);
	event->head.flags = llabs(change) >= CLOCK_STEP_NS ? CLOCK_STEP : 0;
	event->wall_offset = offset;
	event->change = change;
	live_push(live, draft_end(&live->draft));
	live->wall_offset = offset;
}

static void tell_integrity(void *context, const struct ev_head *event)
{
	live_push(context, event);
}

static void tell_left(struct live *live, uint64_t now)
{
	const struct ev_head *event;

	while ((event = left_next(live->left, now, &live->draft)))
		live_push(live, event);
}

void live_look(struct live *live, uint64_t lineage, uint32_t tgid, const struct object_id *object,
	       const char *path)
{
	left_wait(live->left, clock_boot(),
		  &(struct left_file){.lineage = lineage, .tgid = tgid, .object = *object}, path);
}

static void tick(struct live *live, uint64_t now)
{
	live->ticked_at = now;
	tell_left(live, now);
	integrity_look(live->integrity, now, tell_integrity, live);
	sensor_tick(live->parts.sensor);
	if (++live->ticks % SCANNERS_TICKS == 0)
		sensor_scanners(live->parts.sensor);
	tell_clock(live, now);
	tell_losses(live, now);
}

/** At the clock, and at new files; whether a tick was due. */
static bool look(struct live *live)
{
	uint64_t now = clock_boot();

	labels_follow(live->parts.labels);
	if (now - live->ticked_at < TICK_NS)
		return false;
	tick(live, now);
	return true;
}

/* ---- the source ---- */

/** Takes the phases of the end one by one: a last tick, what it made, the end. */
static int finish(struct live *live)
{
	if (live->phase == LIVE_LAST_TICK && clock_boot() < live->last_at) {
		ring_wait(live->ring, WAIT_MS);
		return SOURCE_IDLE;
	}
	if (live->phase == LIVE_LAST_TICK) {
		uint64_t lost = live->lost[LOSS_RING];

		tick(live, clock_boot());
		/* What found no room in the ring is told by another one. */
		if (live->lost[LOSS_RING] == lost || ++live->last_ticks == LAST_TICKS_MAX)
			live->phase = LIVE_DRAINING;
		return SOURCE_IDLE;
	}
	if (live->phase == LIVE_DRAINING) {
		tell_losses(live, clock_boot());
		tell_left(live, UINT64_MAX);
		live->phase = LIVE_ENDED;
		return SOURCE_IDLE;
	}
	return SOURCE_END;
}

static int live_next(struct source *source, const struct ev_head **event)
{
	struct live *live = (struct live *)source;

	*event = queue_next(live);
	if (*event)
		return SOURCE_EVENT;
	queue_reset(live);
	*event = ring_next(live->ring);
	if (*event) {
		ask(live, *event);
		if (++live->handed % LOOK_EVERY == 0)
			look(live); /* also in a flood that never ends */
		return SOURCE_EVENT;
	}
	if (live->phase != LIVE_RUNNING)
		return finish(live);
	if (!look(live))
		ring_wait(live->ring, WAIT_MS);
	return SOURCE_IDLE;
}

static void live_free(struct source *source)
{
	struct live *live = (struct live *)source;
	struct seen_address *address, *next_address;
	struct seen_exe *exe, *next_exe;

	HASH_ITER(hh, live->exes, exe, next_exe) {
		HASH_DEL(live->exes, exe);
		free(exe);
	}
	HASH_ITER(hh, live->addresses, address, next_address) {
		HASH_DEL(live->addresses, address);
		free(address);
	}
	ring_close(&live->ring);
	left_free(&live->left);
	integrity_close(&live->integrity);
	known_clear(&live->known);
	buf_free(&live->queue);
	free(live);
}

static const struct source_ops live_ops = {.next = live_next, .free = live_free};

int live_open(struct live **live, const struct live_parts *parts)
{
	struct live *l = need(calloc(1, sizeof(*l)));
	int r;

	_Static_assert(LOSS_LATE < LOSS_CAUSES, "a counter for every cause");
	*live = NULL;
	l->source.ops = &live_ops;
	l->parts = *parts;
	l->ticked_at = clock_boot();
	l->wall_offset = clock_wall_offset();
	r = ring_open(&l->ring, sensor_map(parts->sensor, "ring"));
	if (r) {
		free(l);
		return r;
	}
	l->integrity = integrity_open(parts->sensor, parts->state);
	l->left = left_new();
	*live = l;
	return 0;
}

struct source *live_source(struct live *live)
{
	return &live->source;
}

void live_hold(struct live *live, bool hold)
{
	ring_hold(live->ring, hold);
}

void live_finish(struct live *live)
{
	if (live->phase != LIVE_RUNNING)
		return;
	live->phase = LIVE_LAST_TICK;
	live->last_at = clock_boot() + ACCESS_REST_NS + NSEC_PER_SEC / 100;
}

struct live_totals live_totals(const struct live *live)
{
	struct live_totals totals = {.events = ring_counts(live->ring).events};

	for (int cause = 0; cause < LOSS_CAUSES; cause++)
		totals.lost += live->lost[cause];
	return totals;
}

static void add_line(struct draft *draft, struct ev_str *str, const char *path)
{
	_cleanup_(buf_free) struct buf text = {};

	if (!file_read_at(AT_FDCWD, path, &text, 4096) && text.data)
		draft_str(draft, str, text.data, strcspn(text.data, "\n"));
}

const struct ev_head *live_start(const struct sensor *sensor, const char *run_id, uint32_t engine_version,
				 struct draft *draft)
{
	struct ev_start *event = DRAFT(draft, START, start, clock_boot());
	_cleanup_(buf_free) struct buf hooks_ = {};
	struct utsname names;

	event->wall_offset = clock_wall_offset();
	event->abi = ABI_VERSION;
	event->engine = engine_version;
	uname(&names);
	draft_text(draft, &event->version, CUSTODES_VERSION);
	add_line(draft, &event->host_id, "/etc/machine-id");
	draft_text(draft, &event->host_name, names.nodename);
	add_line(draft, &event->boot_id, "/proc/sys/kernel/random/boot_id");
	draft_text(draft, &event->run_id, run_id);
	draft_text(draft, &event->kernel, names.release);
	sensor_json(sensor, &hooks_);
	draft_str(draft, &event->hooks, hooks_.data, hooks_.size);
	return draft_end(draft);
}
