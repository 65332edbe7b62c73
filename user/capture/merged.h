/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A folder with the logs of several hosts: each in a directory of its own, as it was written, and beside
 * them a list of what is there. The list is for people; what the logs say of themselves counts.
 */
#ifndef CUSTODES_CAPTURE_MERGED_H
#define CUSTODES_CAPTURE_MERGED_H

#include "checkpoint.h"

#define MERGED_LIST "merge.json"
/** Bytes of a directory's name, with the NUL. */
#define MERGED_NAME 96

struct merged_log {
	char directory[MERGED_NAME];
	struct checkpoint checkpoint;
	/* When it is written; not read back. */
	const char *host_id, *host_name; /* of the last run; or NULL */
	uint64_t runs, events, lost;
	bool dated;	  /* a clock is there: else nobody knows when it was */
	int64_t from, to; /* ns since 1970 */
};

struct merged {
	struct merged_log *logs; /* by directory */
	size_t count;
};

void merged_free(struct merged *merged);

/** Whether a list can tell of a log with this origin: it is printable, without spaces. */
bool merged_origin(const char *origin);
/** A name for this log's directory: of its host and the beginning of its origin, and of no other log's. */
void merged_name(const struct merged *merged, const char *host, const char *origin, char name[MERGED_NAME]);
void merged_sort(struct merged *merged);

void merged_write(const struct merged *merged, struct buf *to);
/** Reads the list's text; `name` is for what is said of its faults. 0 or -EINVAL. */
int merged_parse(struct merged *merged, const char *name, const char *text, size_t size);
/** Reads the list in this folder. 0; -ENOENT: it has none, and nothing is said; or -EINVAL. */
int merged_read(struct merged *merged, const char *path);

#endif
