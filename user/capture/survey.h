/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What stands in each bundle of a log, from event to event, oldest first: which time it is of, and what a
 * reader needs from elsewhere who begins there. For whoever takes bundles away or out.
 */
#ifndef CUSTODES_CAPTURE_SURVEY_H
#define CUSTODES_CAPTURE_SURVEY_H

#include "layout.h"
#include "ranges.h"

#define NO_ENTRY UINT64_MAX

/** Entries that say what was so before: of the run, its clock, its key, and the policies in force. */
struct anchors {
	uint64_t start, clock, key, documents, policy; /* NO_ENTRY: there is none */
};

struct surveyed {
	uint64_t index;	    /* of the bundle */
	uint64_t bytes;	    /* set by who reads it */
	int64_t begin, end; /* UTC in ns, earliest and latest of its events, by any clock that they had */
	int64_t latest;	    /* the latest of it and all before it */
	bool snapshot;	    /* a whole one begins in it: who begins to read there knows all that was before */
	bool first;	    /* or it is the log's first */
	struct anchors anchors;	    /* where it begins */
	struct anchors at_snapshot; /* where its first snapshot begins */
};

struct survey_key {
	uint8_t public[32];
	uint64_t entry; /* the last one that tells of it */
	bool certified;
};

struct survey {
	uint32_t engine; /* snapshots of other versions are of no use */
	struct surveyed *bundles;
	size_t count;
	struct survey_key *keys;
	size_t key_count;
	/* where it stands */
	struct anchors anchors, pending_anchors;
	uint64_t documents; /* of a set that is not in force yet */
	uint64_t snapshot;  /* the bundle in which one begins whose end has not come; NO_ENTRY: none */
	int64_t wall_offset;
	bool clock_known; /* by a START or CLOCK; before that nothing has a time */
};

void survey_begin(struct survey *survey, uint32_t engine);
void survey_free(struct survey *survey);
/** The next event, and the entry in which it stands. */
void survey_event(struct survey *survey, uint64_t entry, const struct ev_head *event);

/** Adds the bundles that a reader needs who begins at this one. */
void survey_needed(const struct surveyed *bundle, struct ranges *needed);
/** Adds those that tell of keys which others vouch for. */
void survey_keys(const struct survey *survey, struct ranges *needed);
/** The bundle at which to begin reading so that what stands in bundle `at` is judged right: it or one before
 * it, without a gap between. */
size_t survey_from(const struct survey *survey, size_t at);

#endif
