/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cgroups that there are, and systemd's units among them. */
#ifndef CUSTODES_SENSOR_UNITS_H
#define CUSTODES_SENSOR_UNITS_H

#include <stdint.h>

#include "../util/buf.h"

/** Puts the innermost component of a cgroup's path that is a unit of systemd's there; nothing where none is.
 */
void units_of(const char *cgroup, struct buf *unit);

/** Tells of each cgroup below a directory of cgroup2, and of it: its id, and its unit or "". */
void units_each(int cgroups, void (*tell)(void *context, uint64_t id, const char *unit), void *context);

#endif
