/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Legal holds: what may not be pruned. They stand in a file beside the log, a line for each act, to which
 * `custodes hold` appends; who writes the log records each act as a HOLD entry before it prunes anything.
 * A hold that the log knows stands until a line or an entry releases it, even if its line is taken away.
 */
#ifndef CUSTODES_CAPTURE_HOLDS_H
#define CUSTODES_CAPTURE_HOLDS_H

#include "../event/event.h"

/** Its name in the directory. */
#define HOLDS_FILE	"holds"
#define HOLD_ID		8 /* hex digits */
#define HOLD_REASON_MAX 1024
#define HOLDS_BYTES_MAX (4u << 20)

/** One side of it: when, who, why. */
struct hold_act {
	int64_t when; /* UTC in ns since 1970 */
	uint32_t uid;
	char *reason;  /* NULL: it has not happened */
	bool recorded; /* a HOLD entry tells of it */
};

struct hold {
	char id[HOLD_ID + 1];
	int64_t from, to; /* UTC in ns since 1970 */
	bool in_file;	  /* its line was there when the file was read last */
	struct hold_act set, released;
};

struct holds {
	struct hold *items;
	size_t count;
};

void holds_free(struct holds *holds);

/** Takes in the lines of the file. 0, or -EBADMSG: a line that is none; nothing was taken then. */
int holds_read(struct holds *holds, const char *text, size_t size);
/** The same of the file in a capture; no file is no line. Faults are said. */
int holds_load(struct holds *holds, const char *capture);
/**
 * While one has it nobody sets a hold, and nobody else prunes: from reading the lines until what goes is
 * sealed. Close it to give it back. -EWOULDBLOCK: somebody has it, without `wait`; or another negative errno,
 * which is said.
 */
int holds_lock(const char *capture, bool wait);
/** Takes in a HOLD entry. */
void holds_event(struct holds *holds, const struct ev_head *event);

/** The hold of this id; or NULL. */
struct hold *holds_find(const struct holds *holds, const char *id, size_t length);
static inline bool hold_stands(const struct hold *hold)
{
	return !hold->released.reason;
}

/** The next act that no entry tells of, as one, which the caller writes; NULL: all are told. */
const struct ev_head *holds_untold(struct holds *holds, struct draft *draft, uint64_t time);
/** That this one stands still, or was released, for whoever begins to read here. */
const struct ev_head *hold_told(const struct hold *hold, struct draft *draft, uint64_t time);

/** Appends a line for this act of a hold to the file, durably. 0 or a negative errno, which is said. */
int holds_append(const char *capture, const struct hold *hold, bool release);

#endif
