/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Executables that were read lately: each is asked about for every name that it is started
 * by, as an interpreter is for its scripts. What is none of these is read again.
 */
#ifndef CUSTODES_SENSOR_KNOWN_H
#define CUSTODES_SENSOR_KNOWN_H

#include "../event/event.h"
#include "../util/buf.h"

#define KNOWN_MAX 256

struct known {
	struct buf events[KNOWN_MAX];
	unsigned int next;
};

/** What was told of this file at this path, under the name that it was started by now; or NULL. */
const struct ev_head *known_find(const struct known *known, const struct ev_exec *exec, struct draft *draft);
void known_keep(struct known *known, const struct ev_head *event);
void known_clear(struct known *known);

#endif
