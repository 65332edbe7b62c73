/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A process that waits with the one privilege which custodes gives up and may need once
 * more: some programs are attached only when something is watched, and where they go by
 * way of perf, kernels want CAP_PERFMON for it (Debian's CAP_SYS_ADMIN). Private to user/sensor.
 */
#ifndef CUSTODES_SENSOR_OPENER_H
#define CUSTODES_SENSOR_OPENER_H

#include <stdint.h>
#include <sys/types.h>

struct opener {
	int sock;
	pid_t pid;
};
#define OPENER_NONE ((struct opener){-1, -1})

/** Before privileges are given up. 0 or a negative errno; the caller closes it in any case. */
int opener_start(struct opener *opener);

/** An event of perf at the tracepoint with this number, on any CPU: a descriptor or a negative errno. */
int opener_event(const struct opener *opener, uint64_t tracepoint);

/** What opener_event() does, by whoever calls it. */
int perf_event(uint64_t tracepoint);

/** The process ends, and with it the privilege. */
void opener_close(struct opener *opener);

#endif
