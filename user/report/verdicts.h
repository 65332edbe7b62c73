/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the measures say about products: for people, and as JSON. */
#ifndef CUSTODES_REPORT_VERDICTS_H
#define CUSTODES_REPORT_VERDICTS_H

#include "../policy/decide.h"
#include "../util/buf.h"
#include "../util/jsonw.h"

/** One product with its decision, and how it was found on the host, if it was. */
struct verdict_row {
	const struct product *product;
	struct decision decision;
	char *found; /* or NULL */
};

struct verdict_report {
	const struct policy *policy;
	day_t day;
	struct verdict_row *rows;
	size_t count;
};

void verdict_report_clear(struct verdict_report *report);
/** The most restrictive verdict of all rows; out-of-scope where there is none. */
enum verdict verdict_report_worst(const struct verdict_report *report);
void verdict_report_text(const struct verdict_report *report, bool colour, unsigned int columns,
			 struct buf *to);
void verdict_report_json(const struct verdict_report *report, struct buf *to);

/** The rulings of a decision, as the member "measures". */
void decision_json(struct jsonw *w, const struct decision *decision);
/** The same for people, each ruling with the sentence that it rests on. */
void decision_text(const struct decision *decision, bool colour, unsigned int columns, struct buf *to);

#endif
