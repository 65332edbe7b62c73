/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What makes a capture evidence while it is written: the key, and a sign of life each minute. */
#ifndef CUSTODES_CMD_EVIDENCE_H
#define CUSTODES_CMD_EVIDENCE_H

#include "../capture/key.h"
#include "pipeline.h"

/** Seconds: an idle log is sealed this often. */
#define HEARTBEAT_EVERY 60

struct evidence {
	struct key *key;
	struct buf verifier; /* of the log that is written */
	uint64_t every;	     /* ns */
	uint64_t time;	     /* of the last heartbeat, or of the first look */
	uint64_t number;     /* of the last heartbeat */
	int64_t cosigned;    /* by a witness, seconds since 1970; 0: by none */
};

/** Opens the key; `source` NULL: the host's own, which is made if there is none. Faults are said. */
int evidence_open(struct evidence *evidence, const char *source);
void evidence_close(struct evidence *evidence);

/** Tells of the key: it stands in the log that it signs. */
int evidence_begin(struct evidence *evidence, struct pipeline *pipeline);
/** The next sign of life, if it is time for it, sealed and delivered. */
int evidence_beat(struct evidence *evidence, struct pipeline *pipeline, uint64_t now, uint64_t events,
		  uint64_t lost);

#endif
