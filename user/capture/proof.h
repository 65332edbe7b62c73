/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One entry out of a log, for somebody who has nothing else of it: c2sp.org/tlog-proof@v1. The entry
 * itself stands in it as "extra"; its hashes lead to the root of the checkpoint that follows them.
 */
#ifndef CUSTODES_CAPTURE_PROOF_H
#define CUSTODES_CAPTURE_PROOF_H

#include "../util/buf.h"
#include "bundle.h"
#include "checkpoint.h"
#include "hashes.h"

#define PROOF_HEAD "c2sp.org/tlog-proof@v1"
#define PROOF_MAX  64 /* hashes: a tree of 64-bit size is no deeper */

/** Hashes beside the way from an entry to the root over `size` entries, from below. How many. */
unsigned int proof_path(const struct hashes *hashes, uint64_t index, uint64_t size,
			uint8_t path[PROOF_MAX][DIGEST_SIZE]);
/** The root that they lead to (RFC 9162, 2.1.3.2); 0, or -EBADMSG where there are too many or too few. */
int proof_root(const uint8_t leaf[DIGEST_SIZE], uint64_t index, uint64_t size,
	       const uint8_t (*path)[DIGEST_SIZE], unsigned int count, uint8_t root[DIGEST_SIZE]);

/**
 * Hashes that show that a log of `size` entries goes on from what it was with `old` (RFC 6962, 2.1.2).
 * How many, or what the source said; none where `old` is 0 or `size`.
 */
int proof_consistency(const struct hash_source *source, uint64_t old, uint64_t size,
		      uint8_t path[PROOF_MAX][DIGEST_SIZE]);

/** Appends the proof of this entry. `note` is a signed checkpoint over `size` entries, all in `hashes`. */
void proof_write(const struct hashes *hashes, uint64_t index, const struct entry *entry, uint64_t size,
		 const struct buf *note, struct buf *to);

struct proof {
	uint64_t index;
	struct buf entry;
	struct checkpoint checkpoint;
	const char *note; /* inside the text that was read */
	size_t note_size;
};

void proof_free(struct proof *proof);
/**
 * Reads the proof at *at, and moves *at behind it; the entry's hash leads to the checkpoint's root. 0, or
 * -EBADMSG: it is none, or it does not hold. The signature is not looked at.
 */
int proof_read(struct proof *proof, const char **at, const char *end);

#endif
