/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long what is recorded is kept, and what is under a hold: looked after by who writes the log. */
#ifndef CUSTODES_CMD_RETENTION_H
#define CUSTODES_CMD_RETENTION_H

#include "../capture/prune.h"
#include "pipeline.h"
#include "recall.h"

struct reader;

struct retention {
	const char *capture;
	struct prune_limits limits;
	struct prune *prune; /* NULL: all is kept */
	struct holds holds;
	bool holds_known;     /* the file could be read: else nothing is pruned */
	bool removing;	      /* an entry of the log says so; not all is done yet */
	uint64_t holds_read;  /* boot time */
	uint64_t next;	      /* look for what may go, boot time */
	uint64_t told_behind; /* the snapshot behind which the holds were told again */
};

/** "90d", "12h", "30m", "45s" as seconds; "50G", "700M", "64K" or bytes as bytes. False: it is none. */
bool retention_age(const char *text, uint64_t *seconds);
bool retention_size(const char *text, uint64_t *bytes);

/** `limits` both 0: nothing is pruned, and holds are recorded all the same. 0 or a negative errno. */
int retention_open(struct retention *retention, const char *capture, const struct prune_limits *limits);
void retention_close(struct retention *retention);

/** What stands in the log already. */
void retention_opened(struct retention *retention, const struct reader *reader);
void retention_recalled(struct retention *retention, const struct ev_head *event);

/** A little of what there is to do: holds into the record, something old out of it. 0 or a negative errno. */
int retention_tend(struct retention *retention, struct pipeline *pipeline, struct snapshots *snapshots,
		   uint64_t now);
/** Tells the holds again if a snapshot was written: who begins to read there must know them. */
int retention_tell(struct retention *retention, struct pipeline *pipeline, const struct snapshots *snapshots,
		   uint64_t time);
/** Records what has happened to the holds; 0 or a negative errno. */
int retention_holds(struct retention *retention, struct pipeline *pipeline, uint64_t time);
/**
 * What prune_plan() found may go: a snapshot and PRUNE into the log, sealed. 0; 1: it could not be sealed,
 * and nothing may go; or a negative errno.
 */
int retention_commit(struct retention *retention, struct pipeline *pipeline, struct snapshots *snapshots,
		     uint64_t time);

#endif
