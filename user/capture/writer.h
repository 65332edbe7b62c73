/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes a capture: the log that keeps the facts. */
#ifndef CUSTODES_CAPTURE_WRITER_H
#define CUSTODES_CAPTURE_WRITER_H

#include "../event/event.h"
#include "checkpoint.h"
#include "proof.h"

struct writer;

/**
 * Opens the capture in this directory, or begins one where there is none (0700).
 * What a crash left behind the last checkpoint is cut off; the log goes on
 * there. Every fault is said. 0; -EBADMSG where the log contradicts itself; else
 * a negative errno. `key` signs its checkpoints, and stays the caller's; NULL: nobody does.
 */
int writer_open(struct writer **writer, const char *path, const struct key *key);

/**
 * From now on a thread compresses, hashes and writes full blocks beside the caller, with the privileges that
 * the caller has now. What fails in it is said by the next call. 0 or a negative errno, and it is said.
 */
int writer_beside(struct writer *writer);

/** Name of this log, for ids that stay unique: see evidence in docs. */
const char *writer_origin(const struct writer *writer);
/** The checkpoint that stands now: its size, and the note as it lies on disk. */
uint64_t writer_sealed(const struct writer *writer);
const struct buf *writer_note(const struct writer *writer);
/** Hashes that show that this checkpoint goes on from `old` entries; see proof_consistency(). */
int writer_consistency(const struct writer *writer, uint64_t old, uint8_t path[PROOF_MAX][DIGEST_SIZE]);
/** Ordinal of the next event in the whole log. */
uint64_t writer_position(const struct writer *writer);

/** Takes a copy. The event is durable once writer_seal() has returned 0. */
int writer_append(struct writer *writer, const struct ev_head *event);

/** Ends the block and makes all of it durable; does nothing where nothing is new. */
int writer_seal(struct writer *writer);

/** Closes without sealing; sets *writer to NULL. */
void writer_close(struct writer **writer);

#endif
