/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What this kernel takes: asked once, in one place, and printable. */
#ifndef CUSTODES_SENSOR_PROBE_H
#define CUSTODES_SENSOR_PROBE_H

#include "hooks.h"

#define HOOKS_MAX 40

struct probe {
	int results[HOOKS_MAX]; /* of each hook: 0, or a negative errno; -ECANCELED: not wanted */
	int ways[FEATURES];	/* the first way of which every program is taken; -1: none */
};

/** Ways that should work by what this kernel has; nothing is tried. 0 or a negative errno. */
int probe_guess(struct probe *probe);

/** Whether this kernel needs programs that lead, and takes every one of them. */
bool probe_led(const struct probe *probe);

/** Whether a program is one of those that are used. */
bool probe_uses(const struct probe *probe, size_t hook);

/**
 * Loads and attaches every program alone, since loading proves nothing. NULL
 * ended `without` names programs that are not to be tried. 0 or a negative errno.
 */
int probe_run(struct probe *probe, const char *const *without);

/** What is lost of a feature here, in a clause for people; "": nothing. */
const char *probe_lost(const struct probe *probe, enum feature feature);

#endif
