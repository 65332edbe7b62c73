/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ledger's statement: how many classified bytes may have left this host, at most. */
#ifndef CUSTODES_REPORT_STATEMENT_H
#define CUSTODES_REPORT_STATEMENT_H

#include "../engine/engine.h"
#include "../policy/policy.h"
#include "../util/buf.h"
#include "../util/jsonw.h"

struct statement {
	const char *log;	     /* its origin; or NULL: there is one log only */
	const char *host;	     /* its name; or NULL */
	const struct policy *policy; /* in force at the end; or NULL */
	int64_t from, to;	     /* ns since 1970 */
	struct ledger_row *rows;
	size_t count;
	struct engine_summary summary;
	uint64_t dropped; /* accounts and objects that were given up */
	/* What the sensor said of itself at the run's start, as "name: what is lost"; owned. */
	char **blind;
	size_t blind_count;
};

void statement_text(const struct statement *statement, bool colour, unsigned int columns, struct buf *to);
/** As an object; an element of an array, or alone. */
void statement_json(const struct statement *statement, struct jsonw *w);
/** Frees what is owned. */
void statement_clear(struct statement *statement);

#endif
