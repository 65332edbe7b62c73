/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Of a stretch of time, what was taken out of a log, or lies before or behind it: for whoever relies on its
 * being there, such as by a hold. That nobody recorded is no absence: the log itself tells of it.
 */
#ifndef CUSTODES_CAPTURE_ABSENCE_H
#define CUSTODES_CAPTURE_ABSENCE_H

#include <stddef.h>
#include <stdint.h>

enum absence_why {
	ABSENCE_BEFORE, /* the log begins only then */
	ABSENCE_PRUNED,
	ABSENCE_CUT,   /* it is a cut, which does not have it */
	ABSENCE_AFTER, /* the log does not go so far, at least yet */
	ABSENCE_WHYS,
};

/** UTC in ns since 1970, `to` not included; by the events on both sides of it. */
struct absence {
	enum absence_why why;
	int64_t from, to;
};

struct absences {
	struct absence *items;
	size_t count;
};

void absences_free(struct absences *absences);
/**
 * Reads all of the log for it, which may be one that is being written; ascending, within what was asked.
 * `progress` is told how far it is, 0 to 1. 0, or a negative errno as reader_open() has it; which is said.
 */
int absences_read(struct absences *absences, const char *capture, int64_t from, int64_t to,
		  void (*progress)(void *context, double done), void *context);

#endif
