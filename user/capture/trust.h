/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose signature counts: a key that was given, and those that it vouches for in the log's KEY events. */
#ifndef CUSTODES_CAPTURE_TRUST_H
#define CUSTODES_CAPTURE_TRUST_H

#include "../event/event.h"
#include "checkpoint.h"
#include "hashes.h"
#include "key.h"
#include "verdict.h"

struct trust {
	const char *origin;
	bool given;		  /* a key came from outside the log */
	struct verifier *trusted; /* under the origin's name */
	size_t trusted_count;
	struct verifier *known; /* by KEY events so far; the last one is in force */
	size_t known_count;
	bool met; /* a KEY event has named a trusted one */
	uint64_t keys, certified, strangers;
	uint64_t beats, beat_size;
};

void trust_free(struct trust *trust);
/** Trusts a key, from outside the log. */
void trust_give(struct trust *trust, const uint8_t key[ED25519_KEY]);
/** A KEY event, at this position. */
void trust_key(struct trust *trust, const struct ev_head *event, uint64_t position, struct verdict *verdict);
/** What speaks against a checkpoint that stands in this entry of the log, which is `checkpoint`; NULL:
 * nothing. */
const char *trust_fault(const struct trust *trust, const struct view *note, uint64_t entry,
			const struct hashes *hashes, struct checkpoint *checkpoint);
/** A HEARTBEAT in this entry: its checkpoint is one of the log so far. */
void trust_beat(struct trust *trust, const struct ev_head *event, uint64_t position, uint64_t entry,
		const struct hashes *hashes, struct verdict *verdict);
/** Whether one of the trusted keys has signed the note. */
bool trust_signed(const struct trust *trust, const char *note, size_t size);

#endif
