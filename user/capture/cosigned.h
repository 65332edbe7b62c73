/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which witnesses have vouched for how much of a log, and whether they are enough. */
#ifndef CUSTODES_CAPTURE_COSIGNED_H
#define CUSTODES_CAPTURE_COSIGNED_H

#include "quorum.h"
#include "verdict.h"

struct cosigned {
	const struct quorum *quorum; /* NULL: no witness is known */
	uint64_t *sizes; /* of each member of the policy: the most entries that it vouched for... */
	uint64_t *times; /* ... and when it first did, seconds since 1970 */
	uint64_t notes;	 /* cosigned checkpoints that were looked at */
};

/** `quorum` may be NULL, and stays the caller's. */
void cosigned_begin(struct cosigned *cosigned, const struct quorum *quorum);
void cosigned_free(struct cosigned *cosigned);

/** A checkpoint over so many entries, its root known to be right; `where` it stands, for what is said of it.
 */
void cosigned_note(struct cosigned *cosigned, const char *note, size_t size, uint64_t entries,
		   const char *where, struct verdict *verdict);
/**
 * For how many entries enough witnesses have vouched, and in `by` when the last of those that were needed
 * had, seconds since 1970; 0: they never were enough.
 */
uint64_t cosigned_reached(const struct cosigned *cosigned, uint64_t *by);
/** What it comes to, of a log that has so many entries now. */
void cosigned_say(const struct cosigned *cosigned, uint64_t entries, struct verdict *verdict);

#endif
