/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checkpoint: a C2SP signed note (c2sp.org/tlog-checkpoint) over the tree. */
#ifndef CUSTODES_CAPTURE_CHECKPOINT_H
#define CUSTODES_CAPTURE_CHECKPOINT_H

#include "../util/buf.h"
#include "layout.h"

#define ORIGIN_MAX 128

struct checkpoint {
	char origin[ORIGIN_MAX];
	uint64_t size;
	uint8_t root[DIGEST_SIZE];
};

/** Signs a note's text: appends its signature lines. The seam for a key. */
struct signer {
	int (*sign)(const struct signer *signer, const char *text, size_t size, struct buf *lines);
};

/** Writes the note; `signer` may be NULL: then no signature stands under it. */
int checkpoint_write(const struct checkpoint *checkpoint, const struct signer *signer, struct buf *to);
/** 0, or -EBADMSG where it is no checkpoint. Signatures are not looked at. */
int checkpoint_read(struct checkpoint *checkpoint, const char *text, size_t size);

#endif
