/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What should be in a record without a gap: the sequences of the kernel half, and the signs of life. */
#ifndef CUSTODES_CAPTURE_GAPS_H
#define CUSTODES_CAPTURE_GAPS_H

#include "../event/event.h"
#include "verdict.h"

struct gaps_cpu {
	uint64_t expected[CHANNELS];
	uint64_t first[CHANNELS]; /* behind a gap: where the sequence goes on, as far as is known */
};

struct gaps {
	bool open;	   /* since START, no STOP yet */
	uint64_t position; /* of the last START */
	uint64_t count, cut_off, events, sequenced, beats, lost;
	/* of this run */
	bool skipped; /* some of it is not there */
	bool resumed; /* and no heartbeat has come since */
	struct gaps_cpu *cpus;
	size_t cpu_count;
	uint64_t missing, collisions, told_missing, told_collisions, odd;
	uint64_t number;		   /* of the last heartbeat */
	uint64_t begun, last;		   /* START; the last heartbeat, or START */
	uint64_t shortest, longest, where; /* between heartbeats; position behind the longest */
};

void gaps_free(struct gaps *gaps);
void gaps_event(struct gaps *gaps, const struct ev_head *event, uint64_t position, struct verdict *verdict);
/** What stands right before the next event is not there: all is followed anew. */
void gaps_skip(struct gaps *gaps);
/** The record is at its end. */
void gaps_end(struct gaps *gaps, struct verdict *verdict);

#endif
