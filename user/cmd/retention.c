// SPDX-License-Identifier: GPL-3.0-or-later
#include "retention.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../capture/reader.h"
#include "../util/clock.h"
#include "../util/log.h"

/** The file with the holds is read this often. */
#define HOLDS_EVERY (10 * NSEC_PER_SEC)
/** What may go is looked for each hundredth of the age, but not more and not less often than this. */
#define LOOK_MIN (1 * NSEC_PER_SEC)
#define LOOK_MAX (600 * NSEC_PER_SEC)
/** Files that are removed between two events. */
#define REMOVE_AT_ONCE 16

/* ---- what is said on the command line ---- */

struct unit {
	char letter;
	uint64_t times;
};

static bool quantity(const char *text, const struct unit *units, uint64_t *value)
{
	char *end;
	uint64_t times = 0;

	errno = 0;
	*value = strtoull(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || !*value)
		return false;
	for (; units->times; units++)
		if (units->letter == *end)
			times = units->times;
	if (!times || (*end && end[1]) || *value > (uint64_t)INT64_MAX / times)
		return false;
	*value *= times;
	return true;
}

bool retention_age(const char *text, uint64_t *seconds)
{
	static const struct unit units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {}};

	return quantity(text, units, seconds) && *seconds < 10000000000;
}

bool retention_size(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {{'\0', 1},	       {'K', 1u << 10},	  {'M', 1u << 20},
					    {'G', 1ull << 30}, {'T', 1ull << 40}, {}};

	return quantity(text, units, bytes);
}

/* ---- what stands in the log ---- */

int retention_open(struct retention *retention, const char *capture, const struct prune_limits *limits)
{
	retention->capture = capture;
	retention->limits = *limits;
	if (!limits->age && !limits->size)
		return 0;
	return prune_open(&retention->prune, capture, limits, ENGINE_VERSION);
}

void retention_close(struct retention *retention)
{
	prune_close(&retention->prune);
	holds_free(&retention->holds);
}

static void declared(struct retention *retention, const struct ranges *pruned)
{
	if (!retention->prune || !pruned->count)
		return;
	prune_declared(retention->prune, pruned);
	retention->removing = true; /* a crash may have left some */
}

void retention_opened(struct retention *retention, const struct reader *reader)
{
	declared(retention, reader_pruned(reader));
}

void retention_recalled(struct retention *retention, const struct ev_head *event)
{
	struct ranges pruned = {};

	holds_event(&retention->holds, event);
	if (event->kind == EV_PRUNE && event->channel == CHANNEL_USER && !ranges_pruned(&pruned, event))
		declared(retention, &pruned);
	ranges_free(&pruned);
}

/* ---- holds ---- */

static void check_lines(const struct retention *retention)
{
	for (size_t i = 0; i < retention->holds.count; i++) {
		const struct hold *hold = &retention->holds.items[i];

		if (hold_stands(hold) && !hold->in_file)
			log_warning("%s/" HOLDS_FILE
				    ": the line of hold %s is gone; it stands until it is released",
				    retention->capture, hold->id);
	}
}

int retention_holds(struct retention *retention, struct pipeline *pipeline, uint64_t time)
{
	const struct ev_head *event;
	struct draft draft;
	bool any = false;
	int r = 0;

	retention->holds_known = !holds_load(&retention->holds, retention->capture);
	while (!r && (event = holds_untold(&retention->holds, &draft, time))) {
		any = true;
		r = pipeline_live(pipeline, event);
	}
	if (!r && any)
		r = pipeline_flush(pipeline);
	return r;
}

int retention_tell(struct retention *retention, struct pipeline *pipeline, const struct snapshots *snapshots,
		   uint64_t time)
{
	struct draft draft;
	int r = 0;

	if (retention->told_behind == snapshots->position)
		return 0;
	retention->told_behind = snapshots->position;
	for (size_t i = 0; !r && i < retention->holds.count; i++)
		if (retention->holds.items[i].set.recorded)
			r = pipeline_live(pipeline, hold_told(&retention->holds.items[i], &draft, time));
	return r;
}

/* ---- pruning ---- */

int retention_commit(struct retention *retention, struct pipeline *pipeline, struct snapshots *snapshots,
		     uint64_t time)
{
	_cleanup_(buf_free) struct buf text = {};
	const struct ev_head *event;
	struct draft draft;
	int64_t now = (int64_t)clock_boot() + clock_wall_offset();
	int r;

	event = prune_event(retention->prune, &draft, time, now);
	if (!event)
		return 1;
	r = snapshot_now(snapshots, pipeline);
	if (!r)
		r = retention_tell(retention, pipeline, snapshots, time);
	if (!r)
		r = pipeline_live(pipeline, event);
	if (!r)
		r = pipeline_flush(pipeline);
	if (r || !pipeline->writer)
		return r ? r : 1;
	prune_text(retention->prune, &text);
	log_info("%s: pruned: %s", retention->capture, text.data);
	check_lines(retention);
	prune_sealed(retention->prune);
	retention->removing = true;
	return 0;
}

static uint64_t interval(const struct retention *retention)
{
	uint64_t every = retention->limits.age * (NSEC_PER_SEC / 100);

	if (!every || every > LOOK_MAX)
		return LOOK_MAX;
	return every < LOOK_MIN ? LOOK_MIN : every;
}

/** What is said of a hold until then binds; what is said from then on finds it sealed. */
static int decide(struct retention *retention, struct pipeline *pipeline, struct snapshots *snapshots,
		  uint64_t now, int64_t wall)
{
	_cleanup_close_ int lock = holds_lock(retention->capture, false);
	int r;

	if (lock < 0) { /* whoever sets a hold is not waited for */
		retention->next = lock == -EWOULDBLOCK ? now + LOOK_MIN : retention->next;
		return 0;
	}
	r = retention_holds(retention, pipeline, now);
	if (r || !retention->holds_known || !pipeline->writer ||
	    !prune_plan(retention->prune, &retention->holds, wall))
		return r;
	r = retention_commit(retention, pipeline, snapshots, now);
	return r < 0 ? r : 0;
}

static int look(struct retention *retention, struct pipeline *pipeline, struct snapshots *snapshots,
		uint64_t now)
{
	int64_t wall = (int64_t)now + clock_wall_offset();
	int r = prune_survey(retention->prune, writer_sealed(pipeline->writer), wall);

	if (r > 0)
		return 0;
	retention->next = now + interval(retention);
	/* What fails in reading is said; recording goes on. */
	return r < 0 ? 0 : decide(retention, pipeline, snapshots, now, wall);
}

int retention_tend(struct retention *retention, struct pipeline *pipeline, struct snapshots *snapshots,
		   uint64_t now)
{
	int r;

	if (!pipeline->writer)
		return 0;
	r = retention_tell(retention, pipeline, snapshots, now);
	if (!r && (!retention->holds_read || now - retention->holds_read >= HOLDS_EVERY)) {
		retention->holds_read = now;
		r = retention_holds(retention, pipeline, now);
	}
	if (r || !retention->prune || !pipeline->writer)
		return r;
	if (retention->removing)
		for (int i = 0; i < REMOVE_AT_ONCE && retention->removing; i++)
			retention->removing = prune_remove(retention->prune) > 0;
	else if (now >= retention->next)
		r = look(retention, pipeline, snapshots, now);
	return r;
}
