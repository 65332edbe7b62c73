/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the custodes that runs on this host records: a link that it leaves in /run. */
#ifndef CUSTODES_CMD_CURRENT_H
#define CUSTODES_CMD_CURRENT_H

#include "../util/buf.h"

/** Leaves the link; of several that run, the latest counts. Not to be able to is said, and no fault. */
void current_set(const char *capture);
/** Takes it away, if it still leads to this capture. */
void current_clear(const char *capture);
/** The capture of the one that runs; -ENOENT: none does, or it records nowhere. */
int current_capture(struct buf *path);

#endif
