/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said to a witness and what it answers: the texts of c2sp.org/tlog-witness, no network. */
#ifndef CUSTODES_CAPTURE_WITNESS_H
#define CUSTODES_CAPTURE_WITNESS_H

#include "proof.h"

/** Seconds since 1970 that a time in ns can hold: a cosignature that states more is wrong. */
#define COSIGNED_MAX 9223372036

/** Appends the body of add-checkpoint: this checkpoint goes on from `old` entries, by these hashes. */
void witness_request(uint64_t old, const uint8_t (*path)[DIGEST_SIZE], unsigned int count,
		     const struct buf *note, struct buf *to);

/**
 * Reads the lines that a witness has answered to a checkpoint: 0, and in `cosigned` the note with the line of
 * this key below the others, and the time that it states; -ENOENT: none is of this key; -EBADMSG: its line is
 * wrong, or these are no such lines. Lines of other keys are passed over.
 */
int witness_cosigned(const struct verifier *key, const struct buf *note, const char *body, size_t size,
		     struct buf *cosigned, uint64_t *time);

/** Reads what it answers who begins at another size: 0, and how many entries it has; or -EBADMSG. */
int witness_conflict(const char *type, const char *body, size_t size, uint64_t *entries);

#endif
