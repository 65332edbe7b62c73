/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is read back: a capture, or a list of events. Both are a source with positions. */
#ifndef CUSTODES_CMD_RECORD_H
#define CUSTODES_CMD_RECORD_H

#include "../capture/reader.h"
#include "../engine/engine.h"
#include "../ingest/list.h"
#include "policies.h"

struct record {
	struct reader *reader; /* of a capture; or NULL */
	struct list *list;     /* of a list; or NULL */
	struct source *source;
	struct outcome_log log; /* how it is called */
	uint64_t line;
};

/**
 * By what a sub-command judges again: the recorded policies, or where options name others, those,
 * which `documents` then holds. 0, or the exit code; the fault is said.
 */
int record_rules(const struct policy_options *options, struct documents *documents,
		 struct engine_options *engine);
/** Opens what is judged by these. 0, or the exit code; the fault is said. */
int record_judge(struct record *record, const char *command, const char *path,
		 const struct engine_options *engine);
/** Both. */
int record_begin(struct record *record, const char *command, const char *path,
		 const struct policy_options *options, struct documents *documents,
		 struct engine_options *engine);

/** A directory is a capture, a file a list. Faults are said. 0 or a negative errno, -EBADMSG: it is no
 * evidence. */
int record_open(struct record *record, const char *path);
void record_close(struct record *record);

/** The next event and its position; as source_next(). */
int record_next(struct record *record, const struct ev_head **event, uint64_t *position);

/** From 0 to 1; of a list nobody knows. */
double record_progress(const struct record *record);

/** The exit code for what record_open() or record_next() gave. */
int record_exit_code(int error);

#endif
