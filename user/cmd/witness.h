/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Witnesses are asked to vouch for the log that is written: with each sign of life, and nobody waits. */
#ifndef CUSTODES_CMD_WITNESS_H
#define CUSTODES_CMD_WITNESS_H

#include "pipeline.h"

struct witnesses;

/** Reads the policy that names them, and begins the process that talks to them; while this one is root. 0 or
 * a negative errno; every fault is said. */
int witnesses_open(struct witnesses **witnesses, const char *policy);
/** Asks them about the checkpoint that stands now. NULL: none. */
int witnesses_ask(struct witnesses *witnesses, struct pipeline *pipeline);
/** Asks if there was a sign of life since (`beat` is its number), and records what they answered. NULL: none.
 */
int witnesses_tend(struct witnesses *witnesses, struct pipeline *pipeline, uint64_t beat);
/** When enough of them have last vouched for it in this run, seconds since 1970; 0: not yet. NULL: none. */
int64_t witnesses_cosigned(const struct witnesses *witnesses);
void witnesses_close(struct witnesses **witnesses);

#endif
