/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a check of evidence comes to, line by line, in words. */
#ifndef CUSTODES_CAPTURE_VERDICT_H
#define CUSTODES_CAPTURE_VERDICT_H

#include "../util/buf.h"

enum verdict_kind {
	VERDICT_PROVED,
	VERDICT_LIMIT, /* what this check cannot show, though nothing speaks against it */
	VERDICT_DOUBT, /* something speaks against it */
};

struct verdict_line {
	enum verdict_kind kind;
	const char *check;
	char *text;
};

struct verdict {
	struct verdict_line *lines;
	size_t count;
	uint64_t doubts;
	uint64_t unsaid; /* doubts beyond the first few of one check */
};

void verdict_free(struct verdict *verdict);
void verdict_say(struct verdict *verdict, enum verdict_kind kind, const char *check, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/** How many lines of this check are of this kind. */
size_t verdict_count(const struct verdict *verdict, enum verdict_kind kind, const char *check);

#endif
