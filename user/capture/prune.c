// SPDX-License-Identifier: GPL-3.0-or-later
#include "prune.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../util/clock.h"
#include "../util/file.h"
#include "../util/log.h"
#include "../util/memory.h"
#include "bundle.h"
#include "survey.h"

typedef unsigned long long ull;

/** So much more is kept, where it lets a replay begin at a snapshot. */
#define OVERSTAY ((int64_t)(24ull * 3600 * NSEC_PER_SEC))
/** Names that are looked up in one step. */
#define LOOKUPS 256

struct plan {
	enum prune_why why;
	struct ranges go;
	uint64_t entries, bytes, held;
	int64_t begin, end;
	struct buf holds; /* ids of those that kept something */
	struct buf text;  /* what is left for each */
};

struct prune {
	char *path;
	int dir;
	struct prune_limits limits;
	struct unpacker *unpacker;
	struct survey survey;
	uint64_t size;		 /* entries that are sealed */
	uint64_t next;		 /* bundle to read */
	uint64_t weighed, bytes; /* bundles whose size is known, and that of all that are there */
	struct ranges absent;	 /* as the log says */
	struct ranges remove;	 /* of those, what may still be there */
	struct plan plan;
};

static void plan_clear(struct plan *plan)
{
	ranges_free(&plan->go);
	buf_free(&plan->holds);
	buf_free(&plan->text);
	*plan = (struct plan){.begin = INT64_MAX, .end = INT64_MIN};
}

int prune_open(struct prune **prune, const char *capture, const struct prune_limits *limits, uint32_t engine)
{
	struct prune *p = need(calloc(1, sizeof(*p)));
	int r = 0;

	p->path = need(strdup(capture));
	p->limits = *limits;
	p->unpacker = unpacker_new();
	survey_begin(&p->survey, engine);
	plan_clear(&p->plan);
	p->dir = open(capture, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->dir < 0)
		r = log_error(-errno, "%s", capture);
	if (r)
		prune_close(&p);
	*prune = p;
	return r;
}

void prune_close(struct prune **prune)
{
	struct prune *p = *prune;

	if (!p)
		return;
	closep(&p->dir);
	unpacker_free(&p->unpacker);
	survey_free(&p->survey);
	ranges_free(&p->absent);
	ranges_free(&p->remove);
	plan_clear(&p->plan);
	free(p->path);
	free(p);
	*prune = NULL;
}

void prune_declared(struct prune *prune, const struct ranges *pruned)
{
	ranges_join(&prune->absent, pruned);
	ranges_join(&prune->remove, pruned);
}

/* ---- reading ---- */

/** Whole bundles that may be looked at: the last one is needed to go on writing. */
static uint64_t bundles(const struct prune *prune)
{
	return prune->size ? (prune->size - 1) / TILE_WIDTH : 0;
}

static int read_entry(struct prune *prune, uint64_t number, const struct entry *entry)
{
	struct block block;
	size_t off = sizeof(block.head);
	int r = unpack(prune->unpacker, entry, &block);

	for (uint32_t i = 0; !r && i < block.head.count; i++) {
		const struct ev_head *event = (const struct ev_head *)(block.bytes + off);

		r = event_check(event, block.size - off);
		if (r)
			break;
		survey_event(&prune->survey, number, event);
		off += event->size;
	}
	return r;
}

static int read_bundle(struct prune *prune, uint64_t index)
{
	_cleanup_(buf_free) struct buf bytes = {};
	char path[LAYOUT_PATH];
	struct entry entry;
	size_t off = 0;
	int r;

	layout_bundle(path, index, TILE_WIDTH);
	r = file_read_at(prune->dir, path, &bytes, (size_t)TILE_WIDTH * (2 + ENTRY_MAX));
	if (r == -ENOENT)
		return r;
	for (uint64_t i = 0; !r && i < TILE_WIDTH; i++)
		r = bundle_entry((const uint8_t *)bytes.data, bytes.size, &off, &entry) ?
			    read_entry(prune, index * TILE_WIDTH + i, &entry) :
			    -EBADMSG;
	if (r)
		return log_error(r, "%s/%s: nothing is pruned", prune->path, path);
	prune->survey.bundles[prune->survey.count - 1].bytes = bytes.size;
	return 0;
}

/** Adds up what there is, some names at a time. */
static bool weigh(struct prune *prune)
{
	char path[LAYOUT_PATH];
	struct stat st;

	for (int i = 0; i < LOOKUPS && prune->weighed < bundles(prune); i++) {
		layout_bundle(path, prune->weighed++, TILE_WIDTH);
		if (!fstatat(prune->dir, path, &st, AT_SYMLINK_NOFOLLOW))
			prune->bytes += (uint64_t)st.st_size;
	}
	return prune->weighed < bundles(prune);
}

static bool too_old(const struct prune *prune, const struct surveyed *bundle, int64_t now)
{
	return prune->limits.age && bundle->latest < now - (int64_t)(prune->limits.age * NSEC_PER_SEC);
}

/** How many of those that were read are beyond a limit. */
static size_t beyond(const struct prune *prune, int64_t now, enum prune_why *why)
{
	const struct survey *survey = &prune->survey;
	uint64_t bytes = prune->bytes;
	size_t count = 0;

	while (count < survey->count && too_old(prune, &survey->bundles[count], now))
		bytes -= survey->bundles[count++].bytes;
	*why = PRUNE_AGE;
	for (; count < survey->count && prune->limits.size && bytes > prune->limits.size; count++) {
		bytes -= survey->bundles[count].bytes;
		*why = PRUNE_SIZE;
	}
	return count;
}

/** One bundle beyond what may go is read too: it is where reading begins then. */
static bool enough(const struct prune *prune, int64_t now)
{
	enum prune_why why;

	return prune->next >= bundles(prune) || beyond(prune, now, &why) < prune->survey.count;
}

int prune_survey(struct prune *prune, uint64_t size, int64_t now)
{
	struct surveyed *last;
	int r = -ENOENT;

	prune->size = size;
	if (prune->limits.size && weigh(prune))
		return 1;
	if (enough(prune, now))
		return 0;
	for (int i = 0; i < LOOKUPS && r == -ENOENT && prune->next < bundles(prune); i++) {
		r = ranges_find(&prune->absent, prune->next * TILE_WIDTH) ? -ENOENT :
									    read_bundle(prune, prune->next);
		prune->next += !r || r == -ENOENT;
	}
	if (r)
		return r == -ENOENT ? 1 : r;
	last = &prune->survey.bundles[prune->survey.count - 1];
	last->latest =
		last->latest > now ? now : last->latest; /* a clock that was wrong keeps nothing for ever */
	return 1;
}

double prune_progress(const struct prune *prune)
{
	return bundles(prune) ? (double)prune->next / (double)bundles(prune) : 1;
}

/* ---- the plan ---- */

/** At a snapshot, if one stands there whose keeping costs little. */
static size_t boundary(const struct prune *prune, size_t count)
{
	const struct surveyed *bundles_ = prune->survey.bundles;

	if (count == prune->survey.count)
		count--; /* all there is: one must stay to begin at */
	for (size_t i = count + 1; i-- > 0;)
		if (bundles_[i].snapshot && bundles_[i].latest >= bundles_[count].latest - OVERSTAY)
			return i;
	return count;
}

static void add_bundle(struct ranges *ranges, const struct surveyed *bundle)
{
	ranges_add(ranges, bundle->index * TILE_WIDTH, (bundle->index + 1) * TILE_WIDTH);
}

/** What one hold keeps: all that it names, from where that can be judged, and what is needed for it. */
static void keep_held(struct prune *prune, const struct hold *hold, size_t count, struct ranges *stay)
{
	const struct survey *survey = &prune->survey;
	_cleanup_(ranges_free) struct ranges held = {};

	for (size_t i = 0; i < count; i++) {
		const struct surveyed *bundle = &survey->bundles[i];

		if (bundle->end < hold->from || bundle->begin >= hold->to)
			continue;
		for (size_t j = survey_from(survey, i); j <= i; j++)
			add_bundle(&held, &survey->bundles[j]);
		survey_needed(&survey->bundles[survey_from(survey, i)], &held);
	}
	if (!held.count)
		return;
	ranges_join(stay, &held);
	buf_printf(&prune->plan.holds, "%s%s", prune->plan.holds.size ? " " : "", hold->id);
	buf_printf(&prune->plan.text, "; for the hold %s entries ", hold->id);
	ranges_text(&held, &prune->plan.text);
	buf_str(&prune->plan.text, " stay");
}

/** What stays whatever the limits are, so that the rest can be read. */
static void keep_needed(const struct prune *prune, size_t count, struct ranges *stay)
{
	if (count < prune->survey.count)
		survey_needed(&prune->survey.bundles[count], stay);
	survey_keys(&prune->survey, stay);
}

static void plan_bundle(struct plan *plan, const struct surveyed *bundle)
{
	add_bundle(&plan->go, bundle);
	plan->entries += TILE_WIDTH;
	plan->bytes += bundle->bytes;
	plan->begin = bundle->begin < plan->begin ? bundle->begin : plan->begin;
	plan->end = bundle->end > plan->end ? bundle->end : plan->end;
}

uint64_t prune_plan(struct prune *prune, const struct holds *holds, int64_t now)
{
	struct plan *plan = &prune->plan;
	_cleanup_(ranges_free) struct ranges stay = {}, needed = {};
	enum prune_why why;
	size_t count = beyond(prune, now, &why);

	plan_clear(plan);
	if (!prune->survey.count || !count)
		return 0;
	count = boundary(prune, count);
	keep_needed(prune, count, &needed);
	ranges_join(&stay, &needed);
	for (size_t i = 0; i < holds->count; i++)
		if (hold_stands(&holds->items[i]))
			keep_held(prune, &holds->items[i], count, &stay);
	plan->why = why;
	for (size_t i = 0; i < count; i++) {
		uint64_t entry = prune->survey.bundles[i].index * TILE_WIDTH;

		if (!ranges_find(&stay, entry))
			plan_bundle(plan, &prune->survey.bundles[i]);
		else if (!ranges_find(&needed, entry))
			plan->held += TILE_WIDTH;
	}
	return plan->entries;
}

uint64_t prune_planned(const struct prune *prune)
{
	return prune->plan.entries;
}

const struct ev_head *prune_event(const struct prune *prune, struct draft *draft, uint64_t time, int64_t now)
{
	const struct plan *plan = &prune->plan;
	struct ev_prune *event = DRAFT(draft, PRUNE, prune, time);
	_cleanup_(ranges_free) struct ranges absent = {};

	ranges_join(&absent, &prune->absent);
	ranges_join(&absent, &plan->go);
	event->when = now;
	event->begin = plan->begin;
	event->end = plan->end;
	event->entries = plan->entries;
	event->bytes = plan->bytes;
	event->held = plan->held;
	event->why = plan->why;
	event->limit = plan->why == PRUNE_SIZE ? prune->limits.size : prune->limits.age;
	if (absent.count > PRUNE_RANGES_MAX ||
	    !draft_str(draft, &event->absent, absent.items, absent.count * sizeof(*absent.items)) ||
	    !draft_str(draft, &event->holds, plan->holds.data, plan->holds.size)) {
		log_error(0, "%s: what is absent and held is in too many pieces: nothing is pruned",
			  prune->path);
		return NULL;
	}
	return draft_end(draft);
}

void prune_text(const struct prune *prune, struct buf *to)
{
	const struct plan *plan = &prune->plan;

	if (plan->entries)
		buf_printf(to, "%llu entries, %llu bytes (%s), entries ", (ull)plan->entries,
			   (ull)plan->bytes, plan->why == PRUNE_SIZE ? "size" : "age");
	else
		buf_str(to, "no entries");
	ranges_text(&plan->go, to);
	buf_bytes(to, plan->text.data, plan->text.size);
}

/* ---- removing ---- */

void prune_sealed(struct prune *prune)
{
	struct survey *survey = &prune->survey;
	size_t kept = 0;

	for (size_t i = 0; i < survey->count; i++)
		if (!ranges_find(&prune->plan.go, survey->bundles[i].index * TILE_WIDTH))
			survey->bundles[kept++] = survey->bundles[i];
	survey->count = kept;
	prune->bytes -= prune->plan.bytes < prune->bytes ? prune->plan.bytes : prune->bytes;
	prune_declared(prune, &prune->plan.go);
	plan_clear(&prune->plan);
}

int prune_remove(struct prune *prune)
{
	struct ranges *remove = &prune->remove;
	char path[LAYOUT_PATH];
	bool removed = false;

	for (int i = 0; i < LOOKUPS && remove->count && !removed; i++) {
		struct entry_range *first = &remove->items[0];

		layout_bundle(path, first->from / TILE_WIDTH, TILE_WIDTH);
		removed = !unlinkat(prune->dir, path, 0);
		if (!removed && errno != ENOENT)
			return log_error(-errno, "%s/%s", prune->path, path);
		first->from += TILE_WIDTH;
		if (first->from >= first->to)
			memmove(first, first + 1, --remove->count * sizeof(*first));
	}
	return remove->count > 0;
}
