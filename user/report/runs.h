/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a capture holds: its runs, from when to when, and what was lost in each. */
#ifndef CUSTODES_REPORT_RUNS_H
#define CUSTODES_REPORT_RUNS_H

#include <stdbool.h>

#include "../capture/ranges.h"

/** One run of custodes, or what stands before the first START. */
struct run_row {
	const char *origin; /* of its log, the caller's; or NULL: there is one log only */
	char *host, *host_id, *run_id, *kernel, *key; /* or NULL */
	uint64_t first;				      /* position of its first event */
	uint64_t events, lost, heartbeats, snapshots;
	bool dated;	     /* a START or CLOCK of it is there: else nobody knows when it was */
	int64_t begin, end;  /* UTC in ns, of its first event that is dated and of the latest */
	int64_t wall_offset; /* of the last event */
	bool ended;	     /* by a STOP */
};

struct runs {
	struct run_row *rows;
	size_t count;
	const char *origin; /* of the log that is read; see runs_log() */
	bool fresh;
	struct ranges absent; /* entries that are not there */
	bool cut;	      /* since it is a cut; else they were pruned */
};

/** What comes next is of the log with this origin, which stays the caller's: with several, rows name theirs.
 */
void runs_log(struct runs *runs, const char *origin);
/** Takes the next event of the record. */
void runs_add(struct runs *runs, const struct ev_head *event, uint64_t position);
void runs_free(struct runs *runs);

void runs_text(const struct runs *runs, bool colour, struct buf *to);
void runs_json(const struct runs *runs, struct buf *to);

#endif
