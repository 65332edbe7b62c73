/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a capture is what it was when it was written: every hash, signature, sequence and interval. */
#ifndef CUSTODES_CAPTURE_VERIFY_H
#define CUSTODES_CAPTURE_VERIFY_H

#include "../event/event.h"
#include "checkpoint.h"
#include "quorum.h"
#include "verdict.h"

struct verify_options {
	/** Trusted: those without a log's name, and those with this log's. None: the first that the log
	 * names. */
	const struct verifier *keys;
	size_t key_count;
	const char *since; /* an older checkpoint that was kept elsewhere, as a note; or NULL */
	size_t since_size;
	bool hashes;		     /* only hashes and signatures: the entries are not unpacked */
	const struct quorum *quorum; /* whose word counts; or NULL */
	/** Sees every event; below 0: it does not agree. May be NULL. */
	int (*event)(void *context, const struct ev_head *event, uint64_t position);
	/** How far it is, 0 to 1. May be NULL. */
	void (*progress)(void *context, double done);
	void *context;
};

struct verified {
	struct checkpoint checkpoint;
	uint64_t events;
	uint64_t cosigned,
		cosigned_by; /* entries that enough witnesses vouched for, and by when: see cosigned.h */
	struct verdict verdict;
};

void verified_free(struct verified *verified);

/**
 * 0, and what it comes to; or a negative errno, and it is said: this is no capture. What the reader says
 * of damage goes to the log as well.
 */
int verify_capture(const char *path, const struct verify_options *options, struct verified *verified);
/** The same of one or more proofs (proof.h) in a text. -EINVAL: it holds none. */
int verify_proofs(const char *text, size_t size, const struct verify_options *options,
		  struct verified *verified);

#endif
