/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checkpoint: a C2SP signed note (c2sp.org/tlog-checkpoint) over the tree. */
#ifndef CUSTODES_CAPTURE_CHECKPOINT_H
#define CUSTODES_CAPTURE_CHECKPOINT_H

#include "../util/buf.h"
#include "key.h"
#include "layout.h"

#define ORIGIN_MAX NOTE_NAME_MAX

struct checkpoint {
	char origin[ORIGIN_MAX];
	uint64_t size;
	uint8_t root[DIGEST_SIZE];
};

/** Writes the note, signed under the origin's name; `key` may be NULL: then no signature stands under it. */
int checkpoint_write(const struct checkpoint *checkpoint, const struct key *key, struct buf *to);
/** 0, or -EBADMSG where it is no checkpoint. Signatures are not looked at. */
int checkpoint_read(struct checkpoint *checkpoint, const char *text, size_t size);
/** A number of entries, as it is written there: decimal, in one spelling. 0 or -EBADMSG. */
int checkpoint_size(const char *digits, size_t length, uint64_t *size);

#endif
