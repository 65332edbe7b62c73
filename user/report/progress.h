/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line that says how far long work is, on a terminal only. */
#ifndef CUSTODES_REPORT_PROGRESS_H
#define CUSTODES_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what;
	uint64_t begun; /* ns */
	bool shown;
	bool wanted;
};

struct progress progress_begin(const char *what);
/** `done` runs from 0 to 1. Shows nothing in the first second. */
void progress_show(struct progress *progress, double done);
void progress_end(struct progress *progress);

#endif
