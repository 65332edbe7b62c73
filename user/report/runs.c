// SPDX-License-Identifier: GPL-3.0-or-later
#include "runs.h"

#include <string.h>

#include "../util/clock.h"
#include "../util/jsonw.h"
#include "../util/memory.h"
#include "../util/style.h"
#include "../util/text.h"

static char *copy(struct view view)
{
	return view.size ? need(strndup(view.at, view.size)) : NULL;
}

static void begin(struct runs *runs, const struct ev_head *event, uint64_t position)
{
	struct run_row *row = GROW(runs->rows, runs->count);
	const struct ev_start *start = (const struct ev_start *)event;

	row->first = position;
	row->origin = runs->origin;
	runs->fresh = false;
	if (event->kind != EV_START)
		return;
	row->wall_offset = start->wall_offset;
	row->host = copy(event_view(event, start->host_name));
	row->host_id = copy(event_view(event, start->host_id));
	row->run_id = copy(event_view(event, start->run_id));
	row->kernel = copy(event_view(event, start->kernel));
}

static void take(struct run_row *row, const struct ev_head *event)
{
	switch (event->kind) {
	case EV_STOP:
		row->ended = true;
		break;
	case EV_CLOCK:
		row->wall_offset = ((const struct ev_clock *)event)->wall_offset;
		break;
	case EV_LOSS:
		row->lost += ((const struct ev_loss *)event)->count;
		break;
	case EV_HEARTBEAT:
		row->heartbeats++;
		break;
	case EV_SNAPSHOT:
		row->snapshots += !((const struct ev_snapshot *)event)->offset;
		break;
	case EV_KEY:
		free(row->key);
		row->key = copy(event_view(event, ((const struct ev_key *)event)->verifier));
		break;
	default:
		break;
	}
}

void runs_log(struct runs *runs, const char *origin)
{
	runs->origin = origin;
	runs->fresh = true;
}

void runs_add(struct runs *runs, const struct ev_head *event, uint64_t position)
{
	struct run_row *row;
	int64_t wall;

	if (event->kind == EV_START || !runs->count || runs->fresh)
		begin(runs, event, position);
	row = &runs->rows[runs->count - 1];
	take(row, event);
	row->events++;
	if (!row->dated && event->kind != EV_START && event->kind != EV_CLOCK)
		return;
	wall = (int64_t)(event->time + (uint64_t)row->wall_offset);
	if (!row->dated)
		row->begin = row->end = wall;
	row->dated = true;
	row->end = wall > row->end ? wall : row->end;
}

void runs_free(struct runs *runs)
{
	for (size_t i = 0; i < runs->count; i++) {
		free(runs->rows[i].host);
		free(runs->rows[i].host_id);
		free(runs->rows[i].run_id);
		free(runs->rows[i].kernel);
		free(runs->rows[i].key);
	}
	free(runs->rows);
	ranges_free(&runs->absent);
	*runs = (struct runs){};
}

/* ---- for people ---- */

static void put_time(struct buf *to, int64_t wall)
{
	_cleanup_(buf_free) struct buf time = {};

	time_format(&time, wall);
	buf_printf(to, "%.10s %.8sZ", time.data, time.data + 11);
}

static void row_text(const struct run_row *row, bool colour, struct buf *to)
{
	if (row->dated) {
		put_time(to, row->begin);
		buf_str(to, "  ");
		put_time(to, row->end);
	} else {
		buf_printf(to, "%-20s  %-20s", "not known", "not known");
	}
	buf_printf(to, "  %12llu %12llu  ", (unsigned long long)row->events, (unsigned long long)row->first);
	if (row->lost)
		style_set(to, colour, STYLE_WARN);
	buf_printf(to, "%10llu", (unsigned long long)row->lost);
	style_set(to, colour, STYLE_PLAIN);
	buf_str(to, "  ");
	style_put(to, colour, row->ended ? STYLE_PLAIN : STYLE_WARN,
		  row->ended ? "in order" : "cut off, or runs", 16);
	text_printf(to, "  %s", row->host ? row->host : "");
	buf_byte(to, '\n');
}

void runs_text(const struct runs *runs, bool colour, struct buf *to)
{
	style_put(to, colour, STYLE_BOLD,
		  "from                  to                          events   from event        lost  ended  "
		  "           host",
		  0);
	buf_byte(to, '\n');
	for (size_t i = 0; i < runs->count; i++)
		row_text(&runs->rows[i], colour, to);
	if (!runs->absent.count)
		return;
	style_put(to, colour, STYLE_WARN, runs->cut ? "a cut; not in it: entries " : "pruned: entries ", 0);
	ranges_text(&runs->absent, to);
	buf_byte(to, '\n');
}

/* ---- for programs ---- */

static void row_json(const struct run_row *row, struct jsonw *w)
{
	jsonw_object(w, NULL);
	jsonw_str(w, "log", row->origin);
	jsonw_str(w, "host", row->host);
	jsonw_str(w, "host_id", row->host_id);
	jsonw_str(w, "run", row->run_id);
	jsonw_str(w, "kernel", row->kernel);
	jsonw_str(w, "key", row->key);
	if (row->dated) {
		jsonw_time(w, "from", row->begin);
		jsonw_time(w, "to", row->end);
	}
	jsonw_u64(w, "position", row->first);
	jsonw_u64(w, "events", row->events);
	jsonw_u64(w, "lost", row->lost);
	jsonw_u64(w, "heartbeats", row->heartbeats);
	jsonw_u64(w, "snapshots", row->snapshots);
	jsonw_bool(w, "ended", row->ended);
	jsonw_object_end(w);
}

void runs_json(const struct runs *runs, struct buf *to)
{
	struct jsonw w = {.to = to, .pretty = true};

	jsonw_object(&w, NULL);
	jsonw_array(&w, "runs");
	for (size_t i = 0; i < runs->count; i++)
		row_json(&runs->rows[i], &w);
	jsonw_array_end(&w);
	jsonw_bool(&w, "cut", runs->cut);
	jsonw_array(&w, "absent");
	for (size_t i = 0; i < runs->absent.count; i++) {
		jsonw_object(&w, NULL);
		jsonw_u64(&w, "from", runs->absent.items[i].from);
		jsonw_u64(&w, "to", runs->absent.items[i].to);
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	buf_byte(to, '\n');
}
