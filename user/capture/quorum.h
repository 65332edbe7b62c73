/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which witnesses count, and how many of them are enough: c2sp.org/tlog-policy, lines of
 *
 *   log <verifier key> [<url>]
 *   witness <name> <verifier key> [<url>]
 *   group <name> all|any|<k> <name>...
 *   quorum <name>|none
 */
#ifndef CUSTODES_CAPTURE_QUORUM_H
#define CUSTODES_CAPTURE_QUORUM_H

#include <stdbool.h>

#include "note.h"

#define QUORUM_MEMBERS_MAX 256

/** A witness, or a group of what was named before it. */
struct quorum_member {
	char *name; /* in the policy only: the witness's own is in its key */
	struct verifier key;
	char *url; /* or NULL; without a slash at its end */
	size_t *parts;
	size_t part_count; /* 0: a witness */
	size_t threshold;
	bool taken; /* by a group */
};

struct quorum {
	struct verifier *logs;
	size_t log_count;
	struct quorum_member *members;
	size_t count;
	size_t root; /* the member that decides */
	bool none;   /* nobody need have cosigned */
};

void quorum_free(struct quorum *quorum);
/** 0; or -EINVAL, and in `fault` what is wrong and in which line. */
int quorum_parse(struct quorum *quorum, const char *text, size_t size, struct buf *fault);
/** Reads a file. Every fault is said. 0 or a negative errno. */
int quorum_read(struct quorum *quorum, const char *path);

/**
 * Of numbers that only grow, one for each member (those of groups are not looked at), the greatest that
 * enough witnesses have reached; 0 while there are too few, or where nobody is needed.
 */
uint64_t quorum_reached(const struct quorum *quorum, const uint64_t *numbers);

#endif
