// SPDX-License-Identifier: GPL-3.0-or-later
#include "verdicts.h"

#include <string.h>

#include "../util/style.h"
#include "../util/text.h"

void verdict_report_clear(struct verdict_report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		decision_clear(&report->rows[i].decision);
		free(report->rows[i].found);
	}
	free(report->rows);
	*report = (struct verdict_report){};
}

enum verdict verdict_report_worst(const struct verdict_report *report)
{
	enum verdict worst = VERDICT_OUT_OF_SCOPE;

	for (size_t i = 0; i < report->count; i++)
		if (report->rows[i].decision.verdict > worst)
			worst = report->rows[i].decision.verdict;
	return worst;
}

/* ---- JSON ---- */

void decision_json(struct jsonw *w, const struct decision *decision)
{
	jsonw_array(w, "measures");
	for (size_t i = 0; i < decision->count; i++) {
		const struct ruling *ruling = &decision->rulings[i];

		jsonw_object(w, NULL);
		jsonw_str(w, "id", ruling->measure->id);
		jsonw_str(w, "title", ruling->measure->title);
		jsonw_str(w, "verdict", verdict_name(ruling->verdict));
		jsonw_str(w, "force", ruling->scope->force);
		jsonw_bool(w, "in_force", ruling->in_force);
		jsonw_str(w, "reason", ruling->reason);
		jsonw_str_or_null(w, "quote", ruling->scope->quote);
		jsonw_str(w, "quote_status", ruling->scope->quote_status);
		jsonw_str(w, "source", ruling->scope->quote_source);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

void verdict_report_json(const struct verdict_report *report, struct buf *to)
{
	struct jsonw w = {.to = to, .pretty = true};
	_cleanup_(buf_free) struct buf day = {};

	day_format(&day, report->day);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "verdict", verdict_name(verdict_report_worst(report)));
	jsonw_str(&w, "host", report->policy->host.id);
	jsonw_str(&w, "at", day.data);
	jsonw_hex(&w, "policy", report->policy->digest, DIGEST_SIZE);
	jsonw_array(&w, "products");
	for (size_t i = 0; i < report->count; i++) {
		const struct verdict_row *row = &report->rows[i];

		jsonw_object(&w, NULL);
		jsonw_str(&w, "id", row->product->id);
		jsonw_str(&w, "name", row->product->name);
		jsonw_str(&w, "vendor", row->product->vendor->id);
		jsonw_str(&w, "verdict", verdict_name(row->decision.verdict));
		jsonw_str(&w, "found", row->found);
		decision_json(&w, &row->decision);
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	buf_byte(to, '\n');
}

/* ---- text ---- */

static void quote_text(const struct scope *scope, bool colour, unsigned int columns, struct buf *to)
{
	_cleanup_(buf_free) struct buf line = {};

	if (scope->quote)
		buf_printf(&line, "“%s” — %s", scope->quote, scope->quote_source);
	else
		buf_printf(&line, "no document held; see %s", scope->quote_source);
	buf_str(to, "      ");
	style_set(to, colour, STYLE_DIM);
	style_wrap(to, line.data, 6, 6, columns);
	style_set(to, colour, STYLE_PLAIN);
	buf_byte(to, '\n');
}

void decision_text(const struct decision *decision, bool colour, unsigned int columns, struct buf *to)
{
	for (size_t i = 0; i < decision->count; i++) {
		const struct ruling *ruling = &decision->rulings[i];

		buf_str(to, "    ");
		style_put(to, colour, STYLE_BOLD, ruling->measure->id, 0);
		buf_str(to, ": ");
		if (ruling->in_force)
			style_put(to, colour, style_of_verdict(verdict_name(ruling->verdict)),
				  verdict_name(ruling->verdict), 0);
		else
			style_put(to, colour, STYLE_DIM, "not in force", 0);
		text_printf(to, " (%s). ", ruling->scope->force);
		style_wrap(to, ruling->reason, 40, 6, columns);
		buf_byte(to, '\n');
		if (ruling->in_force && verdict_adverse(ruling->verdict))
			quote_text(ruling->scope, colour, columns, to);
	}
	if (!decision->count)
		buf_str(to, "    no measure in the set speaks to this host\n");
}

void verdict_report_text(const struct verdict_report *report, bool colour, unsigned int columns,
			 struct buf *to)
{
	const struct host *host = &report->policy->host;

	style_put(to, colour, STYLE_BOLD, host->id, 0);
	text_printf(to, ", %s, on ", host->title);
	day_format(to, report->day);
	buf_str(to, "\n\n");
	for (size_t i = 0; i < report->count; i++) {
		const struct verdict_row *row = &report->rows[i];
		const char *verdict = verdict_name(row->decision.verdict);

		style_put(to, colour, style_of_verdict(verdict), verdict, 16);
		style_put(to, colour, STYLE_BOLD, row->product->name, 0);
		text_printf(to, " (%s)", row->product->id);
		if (row->found)
			buf_printf(to, ", found by %s", row->found);
		buf_byte(to, '\n');
		decision_text(&row->decision, colour, columns, to);
	}
	if (!report->count)
		buf_str(to, "no product of the catalogue is installed here\n");
}
