/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time: the clocks of this host, and pure arithmetic on dates. */
#ifndef CUSTODES_UTIL_CLOCK_H
#define CUSTODES_UTIL_CLOCK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

#define NSEC_PER_SEC 1000000000ull

/** ns since boot, sleep included: the time of every event. Reads the clock. */
uint64_t clock_boot(void);

/** ns of CLOCK_MONOTONIC, which the service manager counts by. Reads the clock. */
uint64_t clock_monotonic(void);
/** Time that this thread was on a CPU, ns. */
uint64_t clock_own(void);

/** What to add to boot time to get UTC, ns. Reads both clocks. */
int64_t clock_wall_offset(void);

/** A day in the proleptic Gregorian calendar, counted from 1970-01-01. */
typedef int32_t day_t;
#define DAY_NONE INT32_MIN

/** YYYY-MM-DD, a day that exists; else DAY_NONE. */
day_t day_parse(const char *text);
/** The day in UTC on which this many ns since 1970 fall. */
day_t day_of(int64_t wall_ns);
void day_format(struct buf *to, day_t day);
/** Today in UTC. Reads the clock. */
day_t day_today(void);

/** YYYY-MM-DD, or YYYY-MM-DDTHH:MM[:SS]Z, as ns since 1970. False: it is none of these. */
bool time_parse(const char *text, int64_t *wall_ns);

/** 2017-12-01T09:30:00.123456789Z */
void time_format(struct buf *to, int64_t wall_ns);

#endif
