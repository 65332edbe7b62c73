// SPDX-License-Identifier: GPL-3.0-or-later
#include "jsonw.h"

#include <string.h>

#include "clock.h"
#include "text.h"

static void indent(struct jsonw *w)
{
	buf_byte(w->to, '\n');
	for (unsigned int i = 0; i < w->depth; i++)
		buf_str(w->to, "  ");
}

static void begin(struct jsonw *w, const char *key)
{
	if (w->comma)
		buf_byte(w->to, ',');
	if (w->pretty && w->depth)
		indent(w);
	if (key) {
		text_json(w->to, key, strlen(key));
		buf_str(w->to, w->pretty ? ": " : ":");
	}
	w->comma = true;
}

static void open_with(struct jsonw *w, const char *key, char bracket)
{
	begin(w, key);
	buf_byte(w->to, bracket);
	w->depth++;
	w->comma = false;
}

static void close_with(struct jsonw *w, char bracket)
{
	w->depth--;
	if (w->pretty && w->comma)
		indent(w);
	buf_byte(w->to, bracket);
	w->comma = true;
}

void jsonw_object(struct jsonw *w, const char *key)
{
	open_with(w, key, '{');
}

void jsonw_object_end(struct jsonw *w)
{
	close_with(w, '}');
}

void jsonw_array(struct jsonw *w, const char *key)
{
	open_with(w, key, '[');
}

void jsonw_array_end(struct jsonw *w)
{
	close_with(w, ']');
}

void jsonw_bytes(struct jsonw *w, const char *key, const char *bytes, size_t size)
{
	begin(w, key);
	text_json(w->to, bytes, size);
}

void jsonw_str(struct jsonw *w, const char *key, const char *value)
{
	if (value)
		jsonw_bytes(w, key, value, strlen(value));
}

void jsonw_str_or_null(struct jsonw *w, const char *key, const char *value)
{
	if (value)
		jsonw_str(w, key, value);
	else
		jsonw_null(w, key);
}

void jsonw_hex(struct jsonw *w, const char *key, const void *bytes, size_t size)
{
	begin(w, key);
	buf_byte(w->to, '"');
	buf_hex(w->to, bytes, size);
	buf_byte(w->to, '"');
}

void jsonw_u64(struct jsonw *w, const char *key, uint64_t value)
{
	begin(w, key);
	buf_u64(w->to, value);
}

void jsonw_i64(struct jsonw *w, const char *key, int64_t value)
{
	begin(w, key);
	buf_i64(w->to, value);
}

void jsonw_bool(struct jsonw *w, const char *key, bool value)
{
	begin(w, key);
	buf_str(w->to, value ? "true" : "false");
}

void jsonw_null(struct jsonw *w, const char *key)
{
	begin(w, key);
	buf_str(w->to, "null");
}

void jsonw_time(struct jsonw *w, const char *key, int64_t wall_ns)
{
	_cleanup_(buf_free) struct buf time = {};

	time_format(&time, wall_ns);
	jsonw_str(w, key, time.data);
}
