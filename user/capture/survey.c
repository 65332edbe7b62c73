// SPDX-License-Identifier: GPL-3.0-or-later
#include "survey.h"

#include <stdlib.h>
#include <string.h>

#include "../util/memory.h"

static const struct anchors nothing = {NO_ENTRY, NO_ENTRY, NO_ENTRY, NO_ENTRY, NO_ENTRY};

void survey_begin(struct survey *survey, uint32_t engine)
{
	*survey = (struct survey){
		.engine = engine,
		.anchors = nothing,
		.documents = NO_ENTRY,
		.snapshot = NO_ENTRY,
	};
}

void survey_free(struct survey *survey)
{
	free(survey->bundles);
	free(survey->keys);
	survey->bundles = NULL;
	survey->keys = NULL;
	survey->count = survey->key_count = 0;
}

static struct surveyed *bundle_of(struct survey *survey, uint64_t entry)
{
	struct surveyed *last = survey->count ? &survey->bundles[survey->count - 1] : NULL, *bundle;
	int64_t latest;

	if (last && last->index == entry / TILE_WIDTH)
		return last;
	if (!last || last->index + 1 != entry / TILE_WIDTH)
		survey->snapshot = NO_ENTRY; /* its other pieces are not there */
	latest = last ? last->latest : INT64_MIN;
	bundle = GROW(survey->bundles, survey->count);
	*bundle = (struct surveyed){
		.index = entry / TILE_WIDTH,
		.begin = INT64_MAX,
		.end = INT64_MIN,
		.latest = latest,
		.first = entry < TILE_WIDTH,
		.anchors = survey->anchors,
		.at_snapshot = nothing,
	};
	return bundle;
}

static void take_time(struct survey *survey, struct surveyed *bundle, const struct ev_head *event)
{
	int64_t wall = (int64_t)(event->time + (uint64_t)survey->wall_offset);

	if (!survey->clock_known)
		return;
	bundle->begin = wall < bundle->begin ? wall : bundle->begin;
	bundle->end = wall > bundle->end ? wall : bundle->end;
	bundle->latest = bundle->end > bundle->latest ? bundle->end : bundle->latest;
}

/* ---- what it needs of each kind ---- */

static void take_start(struct survey *survey, uint64_t entry, const struct ev_head *event)
{
	survey->wall_offset = ((const struct ev_start *)event)->wall_offset;
	survey->clock_known = true;
	survey->anchors = nothing;
	survey->anchors.start = entry;
	survey->documents = NO_ENTRY;
}

static void take_clock(struct survey *survey, uint64_t entry, const struct ev_head *event)
{
	survey->wall_offset = ((const struct ev_clock *)event)->wall_offset;
	survey->clock_known = true;
	survey->anchors.clock = entry;
}

static void take_key(struct survey *survey, uint64_t entry, const struct ev_head *event)
{
	const struct ev_key *told = (const struct ev_key *)event;
	struct survey_key *key = NULL;

	survey->anchors.key = entry;
	for (size_t i = 0; i < survey->key_count && !key; i++)
		if (!memcmp(survey->keys[i].public, told->public, sizeof(key->public)))
			key = &survey->keys[i];
	if (!key)
		key = GROW(survey->keys, survey->key_count);
	memcpy(key->public, told->public, sizeof(key->public));
	key->entry = entry;
	key->certified = told->certificate.len;
}

static void take_document(struct survey *survey, uint64_t entry, const struct ev_head *event)
{
	(void)event;
	if (survey->documents == NO_ENTRY)
		survey->documents = entry;
}

static void take_policy(struct survey *survey, uint64_t entry, const struct ev_head *event)
{
	(void)event;
	survey->anchors.documents = survey->documents;
	survey->anchors.policy = entry;
	survey->documents = NO_ENTRY;
}

static void take_snapshot(struct survey *survey, uint64_t entry, const struct ev_head *event)
{
	const struct ev_snapshot *piece = (const struct ev_snapshot *)event;
	struct surveyed *bundle = &survey->bundles[survey->count - 1];

	if (piece->engine != survey->engine)
		return;
	if (!piece->offset) {
		survey->snapshot = entry / TILE_WIDTH;
		survey->pending_anchors = survey->anchors;
	}
	if (survey->snapshot == NO_ENTRY || (uint64_t)piece->offset + piece->bytes.len != piece->total)
		return;
	while (bundle->index != survey->snapshot)
		bundle--;
	if (!bundle->snapshot)
		bundle->at_snapshot = survey->pending_anchors;
	bundle->snapshot = true;
	survey->snapshot = NO_ENTRY;
}

static const struct {
	uint16_t kind;
	void (*take)(struct survey *survey, uint64_t entry, const struct ev_head *event);
} takers[] = {
	{EV_START, take_start},	      {EV_CLOCK, take_clock},	{EV_KEY, take_key},
	{EV_DOCUMENT, take_document}, {EV_POLICY, take_policy}, {EV_SNAPSHOT, take_snapshot},
};

void survey_event(struct survey *survey, uint64_t entry, const struct ev_head *event)
{
	struct surveyed *bundle = bundle_of(survey, entry);

	if (event->channel == CHANNEL_USER && event->kind != EV_START)
		take_time(survey, bundle, event); /* before a CLOCK changes it, and after */
	for (size_t i = 0; event->channel == CHANNEL_USER && i < ARRAY_SIZE(takers); i++)
		if (takers[i].kind == event->kind)
			takers[i].take(survey, entry, event);
	take_time(survey, bundle, event);
}

/* ---- what it comes to ---- */

static void add_bundles(struct ranges *needed, uint64_t from, uint64_t to)
{
	if (from != NO_ENTRY && to != NO_ENTRY)
		ranges_add(needed, from - from % TILE_WIDTH, to - to % TILE_WIDTH + TILE_WIDTH);
}

static void add_anchors(const struct anchors *anchors, struct ranges *needed)
{
	add_bundles(needed, anchors->start, anchors->start);
	add_bundles(needed, anchors->clock, anchors->clock);
	add_bundles(needed, anchors->key, anchors->key);
	add_bundles(needed, anchors->documents, anchors->policy);
}

void survey_needed(const struct surveyed *bundle, struct ranges *needed)
{
	add_anchors(&bundle->anchors, needed);
	if (bundle->snapshot)
		add_anchors(&bundle->at_snapshot, needed);
}

void survey_keys(const struct survey *survey, struct ranges *needed)
{
	for (size_t i = 0; i < survey->key_count; i++)
		if (survey->keys[i].certified)
			add_bundles(needed, survey->keys[i].entry, survey->keys[i].entry);
}

size_t survey_from(const struct survey *survey, size_t at)
{
	size_t from = at;

	while (!survey->bundles[from].snapshot && !survey->bundles[from].first) {
		if (!from || survey->bundles[from - 1].index + 1 != survey->bundles[from].index)
			return at; /* nothing leads there: it can be read, not judged */
		from--;
	}
	return from;
}
