/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a run of custodes knew, for the one that continues its capture: written down now and
 * then, read when the next one begins.
 */
#ifndef CUSTODES_CMD_RECALL_H
#define CUSTODES_CMD_RECALL_H

#include <signal.h>

#include "pipeline.h"

/** Seconds. */
#define SNAPSHOT_EVERY 3600

struct retention;

struct snapshots {
	uint64_t every;		    /* ns */
	uint64_t time;		    /* of the last one, or of the first look */
	uint64_t documents, policy; /* positions of the set in force */
	uint64_t position;	    /* behind the last one: nothing new, no other */
};

/** The next event is the first document of a set; is its POLICY. */
void snapshots_documents(struct snapshots *snapshots, const struct pipeline *pipeline);
void snapshots_policy(struct snapshots *snapshots, const struct pipeline *pipeline);

/** Writes one if it is time to; 0 or a negative errno. */
int snapshot_due(struct snapshots *snapshots, struct pipeline *pipeline, uint64_t now);
/** Writes one, if anything has come since the last. */
int snapshot_now(struct snapshots *snapshots, struct pipeline *pipeline);
/** Writes one where reading what came since the last would take long: a run ends. */
int snapshot_last(struct snapshots *snapshots, struct pipeline *pipeline);

/**
 * What stands in a capture already goes through the engine, from the last snapshot on: what a
 * process held before custodes began anew, it holds still. `retention` learns what may not, and what need
 * not, be there. Ends early where `stop` is set. 0 or a negative errno; the fault is said.
 */
int recall(struct pipeline *pipeline, struct snapshots *snapshots, const char *capture,
	   struct retention *retention, const volatile sig_atomic_t *stop);

/**
 * Holds a snapshot that stands in a record against an engine that has read all before this event by
 * the recorded policies. `state` is kept from piece to piece. -EBADMSG, and it is said: they differ.
 */
int snapshot_check(struct buf *state, const struct engine *engine, const struct ev_head *event);

#endif
