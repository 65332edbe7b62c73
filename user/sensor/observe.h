/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What user space learns about a process, an executable or an address. Each
 * answer is an event: it is recorded, and replay needs to ask nobody.
 */
#ifndef CUSTODES_SENSOR_OBSERVE_H
#define CUSTODES_SENSOR_OBSERVE_H

#include "../event/event.h"

/** Reads, identifies and hashes the executable of an EXEC event. */
const struct ev_head *observe_executable(const struct ev_exec *exec, struct draft *draft);

/**
 * What /proc says of the process of an EXEC event; empty where it is gone. `cgroups`: the root of
 * the cgroup2 hierarchy, to see whether it is still in the cgroup that the event tells of.
 */
const struct ev_head *observe_process(const struct ev_exec *exec, int cgroups, struct draft *draft);

#endif
