/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Takes the content of old entries out of a log, oldest first, in whole bundles; their hashes stay, and what
 * a reader of the rest needs stays (survey.h). In small steps, so that who writes the log is never held up.
 * The order is: prune_survey() until it is done, prune_plan(), a snapshot of the engine and the PRUNE entry
 * into the log and sealed, prune_remove() until it is done. What a crash leaves over, the next one removes.
 */
#ifndef CUSTODES_CAPTURE_PRUNE_H
#define CUSTODES_CAPTURE_PRUNE_H

#include "holds.h"
#include "ranges.h"

struct prune_limits {
	uint64_t age;  /* s; 0: none */
	uint64_t size; /* bytes of whole bundles; 0: none */
};

struct prune;

/** `engine`: snapshots of this version are of use. Nothing is read yet. 0 or a negative errno, which is said.
 */
int prune_open(struct prune **prune, const char *capture, const struct prune_limits *limits, uint32_t engine);
void prune_close(struct prune **prune);

/** These are not there, or need not be: an entry of the log says so. */
void prune_declared(struct prune *prune, const struct ranges *pruned);

/**
 * Reads on: a bundle at a time, from where it stopped. `size`: entries of the log that are sealed; `now`: UTC
 * in ns. 1: there is more to read; 0: not now; or a negative errno, which is said.
 */
int prune_survey(struct prune *prune, uint64_t size, int64_t now);
/** How far it has come with what there is to read, 0 to 1. */
double prune_progress(const struct prune *prune);

/** What may go by now: how many entries, 0 mostly. */
uint64_t prune_plan(struct prune *prune, const struct holds *holds, int64_t now);
uint64_t prune_planned(const struct prune *prune);
/** What prune_plan() came to, as an entry of the log. */
const struct ev_head *prune_event(const struct prune *prune, struct draft *draft, uint64_t time, int64_t now);
/** The entry is sealed: they may be removed. */
void prune_sealed(struct prune *prune);
/** The same in words, and what is left for which hold. */
void prune_text(const struct prune *prune, struct buf *to);

/** Removes one bundle: 1 there are more, 0 none is left, or a negative errno, which is said. */
int prune_remove(struct prune *prune);

#endif
