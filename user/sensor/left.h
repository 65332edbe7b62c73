/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files that were written, looked at again some time later: who unpacks an archive to
 * look into it deletes what it made; what is still there, others can read.
 */
#ifndef CUSTODES_SENSOR_LEFT_H
#define CUSTODES_SENSOR_LEFT_H

#include "../event/event.h"

struct left;

struct left_file {
	uint64_t lineage;
	uint32_t tgid;
	struct object_id object;
};

struct left *left_new(void);
void left_free(struct left **left);

/** Looks at it later; what is written to again in the meantime, later still. `path` is copied. */
void left_wait(struct left *left, uint64_t now, const struct left_file *file, const char *path);

/** Of what is due by `now`, the next that is still there, as an event; NULL: no more. UINT64_MAX: all is due.
 */
const struct ev_head *left_next(struct left *left, uint64_t now, struct draft *draft);

#endif
