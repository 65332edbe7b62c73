// SPDX-License-Identifier: GPL-3.0-or-later
#include "statement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util/clock.h"
#include "../util/jsonw.h"
#include "../util/style.h"
#include "../util/text.h"

void statement_clear(struct statement *statement)
{
	for (size_t i = 0; i < statement->blind_count; i++)
		free(statement->blind[i]);
	free(statement->blind);
	free(statement->rows);
	free(statement->summary.products);
}

/* ---- text ---- */

/** 1234567 as "1,234,567": a number of bytes is read by people. */
static void put_number(struct buf *to, uint64_t number, unsigned int width)
{
	char digits[21], text[28] = {};
	int count = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
	size_t at = 0;

	for (int i = 0; i < count; i++) {
		if (i && (count - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	buf_printf(to, "%*s", (int)width, text);
}

static void put_minute(struct buf *to, int64_t wall)
{
	_cleanup_(buf_free) struct buf time = {};

	time_format(&time, wall);
	buf_printf(to, "%.10s %.5sZ", time.data, time.data + 11);
}

static void head_text(const struct statement *statement, bool colour, struct buf *to)
{
	const struct host *host = statement->policy ? &statement->policy->host : NULL;
	_cleanup_(buf_free) struct buf title = {};

	text_printf(&title, "Leak bound of %s", statement->host ? statement->host : "this host");
	style_put(to, colour, STYLE_BOLD, title.data, 0);
	buf_str(to, ", ");
	put_minute(to, statement->from);
	buf_str(to, " to ");
	put_minute(to, statement->to);
	buf_byte(to, '\n');
	if (host && host->id)
		text_printf(to, "  profile %s, %s%s%s", host->id,
			    host->scheme ? host->scheme : "no classification", host->tier ? " " : "",
			    host->tier ? host->tier : "");
	buf_printf(to, "%s%llu events; ", host && host->id ? "; " : "  ",
		   (unsigned long long)statement->summary.events);
	if (statement->summary.lost)
		buf_printf(to, "%llu lost\n\n", (unsigned long long)statement->summary.lost);
	else
		buf_str(to, "nothing lost\n\n");
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static void product_text(const struct ledger_row *row, bool colour, struct buf *to)
{
	style_put(to, colour, STYLE_BOLD, row->name, 0);
	buf_printf(to, " (%s), started %llu time%s so far\n", row->product, (unsigned long long)row->starts,
		   row->starts == 1 ? "" : "s");
}

static void label_text(const struct ledger_row *row, struct buf *to)
{
	if (!row->label) {
		buf_str(to, "  has read nothing that is classified\n");
		return;
	}
	if (row->capacity >= LEDGER_ANYTHING) {
		text_printf(to, "  %s: can hold any of it, since what it read first was not seen",
			    row->label);
		buf_byte(to, '\n');
		return;
	}
	text_printf(to, "  %s: can hold at most ", row->label);
	put_number(to, row->capacity, 0);
	buf_printf(to, " bytes of it%s\n", row->saturated ? " (rounded up)" : "");
}

static void row_text(const struct ledger_row *row, bool colour, struct buf *to)
{
	buf_str(to, "    ");
	if (row->way == WAY_NETWORK)
		style_put(to, colour, STYLE_PLAIN, *row->jurisdiction ? row->jurisdiction : "not known", 22);
	else
		style_put(to, colour, STYLE_DIM, ledger_way_name(row->way), 22);
	style_set(to, colour, row->bound ? STYLE_BAD : STYLE_GOOD);
	put_number(to, row->bound, 18);
	style_set(to, colour, STYLE_PLAIN);
	put_number(to, row->unexplained, 18);
	put_number(to, row->sent, 18);
	buf_byte(to, '\n');
}

static void rows_text(const struct statement *statement, bool colour, struct buf *to)
{
	const struct ledger_row *before = NULL;

	if (!statement->count)
		buf_str(to, "No product of the catalogue has sent anything, or read what is classified.\n");
	for (size_t i = 0; i < statement->count; before = &statement->rows[i++]) {
		const struct ledger_row *row = &statement->rows[i];
		bool other = !before || strcmp(before->product, row->product);

		if (other)
			product_text(row, colour, to);
		if (other || !same(before->label, row->label)) {
			label_text(row, to);
			style_put(to, colour, STYLE_DIM, "    under the control of", 26);
			buf_printf(to, "%18s%18s%18s\n", "left at most", "not explained", "sent in all");
		}
		row_text(row, colour, to);
	}
}

static uint64_t slack(const struct statement *statement)
{
	uint64_t all = 0;

	for (size_t i = 0; i < statement->count; i++)
		all += statement->rows[i].explained;
	return all;
}

static void point(struct buf *to, unsigned int columns, const char *text)
{
	buf_str(to, "  - ");
	style_wrap(to, text, 4, 4, columns);
	buf_byte(to, '\n');
}

/** A label's first row speaks for all. */
static bool is_first_of_label(const struct statement *statement, size_t index)
{
	const struct ledger_row *rows = statement->rows;

	for (size_t i = 0; i < index; i++)
		if (same(rows[i].label, rows[index].label))
			return false;
	return rows[index].label;
}

static uint64_t blind_per_day(const struct limits *limits)
{
	return limits->millibytes * 86400 / 1000;
}

/** What no rule ever speaks of. */
static void blind_rate_text(const struct statement *statement, const char *label, unsigned int columns,
			    struct buf *to)
{
	const struct limits limits = policy_limits(statement->policy, label);
	_cleanup_(buf_free) struct buf line = {};

	text_printf(&line, "The blind rate of %s: ", label);
	buf_printf(&line, "no finding is made of %llu.%03llu unexplained bytes a second, ",
		   (unsigned long long)limits.millibytes / 1000,
		   (unsigned long long)limits.millibytes % 1000);
	put_number(&line, blind_per_day(&limits), 0);
	buf_str(&line, " a day, nor of ");
	put_number(&line, limits.bytes, 0);
	buf_str(&line, " at once. The bounds count them.");
	point(to, columns, line.data);
}

static void doubts_text(const struct statement *statement, unsigned int columns, struct buf *to)
{
	_cleanup_(buf_free) struct buf line = {};

	buf_str(to, "\nHow far this holds:\n");
	point(to, columns,
	      "A bound is the lesser of what was sent under one control and what the sender can hold of the "
	      "label. "
	      "All figures are bytes as the application sent them, content of any kind.");
	buf_str(&line, "\"Not explained\" is no bound: of what was sent, ");
	put_number(&line, slack(statement), 0);
	buf_str(&line,
		" bytes are what handshakes, contracts and the site's own servers account for, and those can "
		"carry content too.");
	point(to, columns, line.data);
	for (size_t i = 0; statement->policy && i < statement->count; i++)
		if (is_first_of_label(statement, i))
			blind_rate_text(statement, statement->rows[i].label, columns, to);
	if (statement->summary.lost)
		point(to, columns, "Events were lost: what they would have told is missing here.");
	if (statement->summary.unended)
		point(to, columns, "At least one run of custodes did not end in order.");
	for (size_t i = 0; i < statement->blind_count; i++)
		point(to, columns, statement->blind[i]);
	if (statement->dropped)
		point(to, columns,
		      "Memory was bounded: old accounts stand as one sum, which says more, never less.");
}

void statement_text(const struct statement *statement, bool colour, unsigned int columns, struct buf *to)
{
	head_text(statement, colour, to);
	rows_text(statement, colour, to);
	doubts_text(statement, columns, to);
}

/* ---- JSON ---- */

/** What no rule ever speaks of: the blind rate, as so much a day, and so much at once. */
static void blind_json(struct jsonw *w, const struct limits limits)
{
	jsonw_u64(w, "borne", limits.bytes);
	jsonw_u64(w, "blind_per_day", blind_per_day(&limits));
}

static void row_json(struct jsonw *w, const struct policy *policy, const struct ledger_row *row)
{
	jsonw_object(w, NULL);
	jsonw_str(w, "product", row->product);
	jsonw_str_or_null(w, "label", row->label);
	jsonw_str(w, "way", ledger_way_name(row->way));
	jsonw_str_or_null(w, "controlling_jurisdiction", *row->jurisdiction ? row->jurisdiction : NULL);
	jsonw_u64(w, "bound", row->bound);
	jsonw_u64(w, "unexplained", row->unexplained);
	jsonw_u64(w, "sent", row->sent);
	jsonw_u64(w, "explained", row->explained);
	jsonw_u64(w, "capacity", row->capacity);
	jsonw_bool(w, "rounded_up", row->saturated);
	jsonw_u64(w, "starts", row->starts);
	if (policy && row->label)
		blind_json(w, policy_limits(policy, row->label));
	jsonw_object_end(w);
}

void statement_json(const struct statement *statement, struct jsonw *w)
{
	const struct host *host = statement->policy ? &statement->policy->host : NULL;

	jsonw_object(w, NULL);
	jsonw_str(w, "log", statement->log);
	jsonw_str_or_null(w, "host", statement->host);
	jsonw_str_or_null(w, "profile", host ? host->id : NULL);
	jsonw_time(w, "from", statement->from);
	jsonw_time(w, "to", statement->to);
	jsonw_array(w, "rows");
	for (size_t i = 0; i < statement->count; i++)
		row_json(w, statement->policy, &statement->rows[i]);
	jsonw_array_end(w);
	jsonw_u64(w, "slack", slack(statement));
	jsonw_u64(w, "events", statement->summary.events);
	jsonw_u64(w, "lost", statement->summary.lost);
	jsonw_u64(w, "unended_runs", statement->summary.unended);
	jsonw_u64(w, "given_up", statement->dropped);
	jsonw_array(w, "blind");
	for (size_t i = 0; i < statement->blind_count; i++)
		jsonw_str(w, NULL, statement->blind[i]);
	jsonw_array_end(w);
	jsonw_object_end(w);
}
