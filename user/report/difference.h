/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What two sets of policies find in one record, and where they differ. */
#ifndef CUSTODES_REPORT_DIFFERENCE_H
#define CUSTODES_REPORT_DIFFERENCE_H

#include "../event/finding.h"
#include "../util/buf.h"

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
};

void notes_take(struct notes *notes, const struct batch *batch);
void notes_free(struct notes *notes);

/** Both in the order of the record. Returns how many findings differ. */
size_t difference_text(const struct notes *a, const struct notes *b, bool colour, struct buf *to);
size_t difference_json(const struct notes *a, const struct notes *b, struct buf *to);

#endif
