/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What two sets of policies find in one record, and where they differ. */
#ifndef CUSTODES_REPORT_DIFFERENCE_H
#define CUSTODES_REPORT_DIFFERENCE_H

#include "../event/finding.h"
#include "../policy/decide.h"
#include "../util/buf.h"
#include "../util/jsonw.h"

/** A finding, as far as it can be compared. */
struct noted {
	uint64_t position;
	enum outcome_what what;
	char *key;
	char *product;
	char *verdict;
	char *rulings; /* a line for each in force: "id: verdict (force): reason" */
	char *message;
	int64_t wall;
};

/** What one set found. */
struct notes {
	const char *name; /* of the set */
	struct noted *items;
	size_t count, room;
	const struct policy *policy; /* in force at the end; NULL: none was */
};

/** What both sets say of the products that ran, on one day. */
struct verdict_question {
	const char *const *products;
	size_t count;
	day_t day;
};

void notes_take(struct notes *notes, const struct batch *batch);
void notes_free(struct notes *notes);

/**
 * Verdicts first, then findings in the order of the record. `log`: which record, if there are several; or
 * NULL. Returns how many of both differ.
 */
size_t difference_text(const struct notes *a, const struct notes *b, const struct verdict_question *question,
		       const char *log, bool colour, unsigned int columns, struct buf *to);
size_t difference_json(const struct notes *a, const struct notes *b, const struct verdict_question *question,
		       const char *log, struct jsonw *w);

#endif
