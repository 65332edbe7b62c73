/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies a log: the checkpoint that it has now, and what that covers, byte for byte. */
#ifndef CUSTODES_CAPTURE_COPY_H
#define CUSTODES_CAPTURE_COPY_H

#include "checkpoint.h"

/** How far a copy is, in entries; below 0: it is to end. */
typedef int copy_step(void *context, uint64_t entries);

/** Reads a capture's checkpoint; no link is followed within it. Faults are said. 0; -EBADMSG: it is none; or
 *  another negative errno: this is no capture. */
int copy_checkpoint(const char *from, struct checkpoint *checkpoint);

/**
 * Copies the log in the directory `from`, which may be one that is being written to, into the directory
 * `to`, which is empty and nobody else's: files 0600, directories 0700. No link is followed in `from`, and
 * what is no plain file is not read. Of a last bundle that goes on, what the checkpoint covers.
 * Whether it is sound, the reader says of the copy. `checkpoint` is the one that was copied. 0;
 * -EBADMSG: something that the checkpoint covers is not there; another negative errno; all of which is
 * said. What `step` gave, which is not.
 */
int copy_log(const char *from, int to, struct checkpoint *checkpoint, copy_step *step, void *context);

#endif
