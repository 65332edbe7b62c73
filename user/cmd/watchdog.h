/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A second process that does nothing but look whether the first one lives: what is
 * stopped or killed reports nothing. It says so itself, in every output.
 */
#ifndef CUSTODES_CMD_WATCHDOG_H
#define CUSTODES_CMD_WATCHDOG_H

#include <stdbool.h>

#include "pipeline.h"

struct watchdog;

/** Begins it; it knows the host and the policies as they are now. NULL where it cannot be begun, which is
 * said. */
struct watchdog *watchdog_start(struct pipeline *pipeline);
/** Ends it: from here on nobody looks. */
void watchdog_stop(struct watchdog **watchdog);

/** A sign of life. */
void watchdog_alive(struct watchdog *watchdog);
/** False once it is gone. */
bool watchdog_there(struct watchdog *watchdog);

#endif
