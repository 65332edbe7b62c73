/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lies in a cut beside its log: which entries it was made of. A text, docs/FORMAT.md has it. */
#ifndef CUSTODES_CAPTURE_STATEMENT_H
#define CUSTODES_CAPTURE_STATEMENT_H

#include "checkpoint.h"
#include "ranges.h"

/** Its name in the directory. */
#define CUT_FILE "cut"
#define CUT_HEAD "custodes/cut/v1"

struct cut {
	char origin[ORIGIN_MAX];
	uint64_t size;	       /* entries of the log that it was cut from */
	int64_t from, to;      /* what was asked for: UTC in ns since 1970 */
	struct ranges entries; /* whose bundles are in it */
};

void cut_free(struct cut *cut);
/** 0, or -EBADMSG where it is no such text. */
int cut_read(struct cut *cut, const char *text, size_t size);
void cut_write(const struct cut *cut, struct buf *to);

#endif
