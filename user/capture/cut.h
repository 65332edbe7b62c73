/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A time range out of a log, as a log that verifies alone: the same checkpoint, the hashes of all entries,
 * the bundles of that time, and those that are needed to judge them (survey.h).
 */
#ifndef CUSTODES_CAPTURE_CUT_H
#define CUSTODES_CAPTURE_CUT_H

#include "statement.h"

struct cut_options {
	int64_t from, to; /* UTC in ns, `to` not included */
	uint32_t engine;  /* snapshots of this version are of use */
	/** How far it is, 0 to 1. May be NULL. */
	void (*progress)(void *context, double done);
	void *context;
};

/**
 * Writes the cut into a directory that is not there yet. 0, and its statement, for cut_free(); -ENODATA:
 * nothing of that time is there; or as reader_open(). Faults are said.
 */
int cut_make(const char *capture, const char *out, const struct cut_options *options, struct cut *cut);

#endif
