// SPDX-License-Identifier: GPL-3.0-or-later
#include "absence.h"

#include <stdlib.h>

#include "../util/log.h"
#include "../util/memory.h"
#include "reader.h"
#include "survey.h"

void absences_free(struct absences *absences)
{
	free(absences->items);
	*absences = (struct absences){};
}

struct search {
	struct reader *reader;
	struct survey survey;
	struct ranges pruned; /* as the log says; some of it may still be there, and will go */
	int64_t from, to;
	struct absences *found;
};

static int take_pruned(struct search *search, const struct ev_head *event)
{
	int r = ranges_pruned(&search->pruned, event);

	return r ? log_error(r, "event %llu: a PRUNE that names no whole bundles",
			     (unsigned long long)reader_position(search->reader)) :
		   0;
}

static int read_all(struct search *search, void (*progress)(void *context, double done), void *context)
{
	const struct ev_head *event;
	int r = 0;

	while (r >= 0 && (r = source_next(reader_source(search->reader), &event)) == SOURCE_EVENT) {
		survey_event(&search->survey, reader_entry(search->reader), event);
		if (event->kind == EV_PRUNE && event->channel == CHANNEL_USER)
			r = take_pruned(search, event);
		if (reader_position(search->reader) % 65536 == 0)
			progress(context, reader_progress(search->reader));
	}
	return r == SOURCE_END ? 0 : r;
}

/** What of this lies within what was asked. */
static void add(struct search *search, enum absence_why why, int64_t from, int64_t to)
{
	struct absence absence = {
		.why = why,
		.from = from < search->from ? search->from : from,
		.to = to > search->to ? search->to : to,
	};

	if (absence.from < absence.to)
		*GROW(search->found->items, search->found->count) = absence;
}

static bool stays(const struct search *search, const struct surveyed *bundle)
{
	return !ranges_find(&search->pruned, bundle->index * TILE_WIDTH) && bundle->begin <= bundle->end;
}

/** Between the bundles that stay: where a number is left out, something was there. */
static void find(struct search *search)
{
	enum absence_why gone = reader_cut(search->reader) ? ABSENCE_CUT : ABSENCE_PRUNED;
	uint64_t last_entry = reader_checkpoint(search->reader)->size, next = 0;
	int64_t until = INT64_MIN;

	for (size_t i = 0; i < search->survey.count; i++) {
		const struct surveyed *bundle = &search->survey.bundles[i];

		if (!stays(search, bundle))
			continue;
		if (bundle->index > next)
			add(search, gone, until, bundle->begin);
		else if (!next)
			add(search, ABSENCE_BEFORE, until, bundle->begin);
		until = bundle->end > until ? bundle->end : until;
		next = bundle->index + 1;
	}
	add(search, next * TILE_WIDTH < last_entry ? gone : ABSENCE_AFTER, until, INT64_MAX);
}

int absences_read(struct absences *absences, const char *capture, int64_t from, int64_t to,
		  void (*progress)(void *context, double done), void *context)
{
	struct search search = {.from = from, .to = to, .found = absences};
	int r = reader_open(&search.reader, capture);

	survey_begin(&search.survey, 0);
	if (!r)
		r = read_all(&search, progress, context);
	if (!r)
		find(&search);
	survey_free(&search.survey);
	ranges_free(&search.pruned);
	reader_close(&search.reader);
	return r;
}
