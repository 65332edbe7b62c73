/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way of an event: source, log, engine, outputs. Live and replay go the
 * same way; live adds the log to be written and the actions to be applied.
 */
#ifndef CUSTODES_CMD_PIPELINE_H
#define CUSTODES_CMD_PIPELINE_H

#include "../capture/writer.h"
#include "../engine/engine.h"
#include "../event/source.h"
#include "../output/output.h"

#define OUTPUTS_MAX 8
/** Outcomes are delivered at this many, live too: a burst must not become memory. */
#define BATCH_MAX 512

struct pipeline {
	struct engine *engine;
	struct batch batch;
	struct output *outputs[OUTPUTS_MAX];
	unsigned int output_count;
	bool joined;	      /* the outputs are another pipeline's */
	bool failed;	      /* recording stopped before the end */
	uint64_t undelivered; /* outcomes that an output did not take */

	/** Live with --capture: every event goes here first. NULL: none, or it has failed. */
	struct writer *writer;
	/** Where findings stand: the log's origin, or the run's where nothing is recorded. */
	struct outcome_log log;
	char run_origin[64];
	uint64_t position;	 /* of the next event, where no log counts it */
	uint64_t unsealed_since; /* boot time; 0: nothing new */
	uint64_t resting;	 /* until this boot time, findings wait for more to come */

	/** Live: applies an action and says how it went. NULL: actions are discarded. */
	int (*apply)(void *context, const struct action *action);
	void *context;
};

/** Opens the outputs and the engine; `specs` are --output's values, none means text:- . */
int pipeline_open(struct pipeline *pipeline, const struct engine_options *options, const char *const *specs,
		  unsigned int count, bool fresh);
/** Opens one more engine before the outputs of a pipeline that is open, and outlives this one. */
void pipeline_join(struct pipeline *pipeline, const struct engine_options *options,
		   const struct pipeline *with);
void pipeline_close(struct pipeline *pipeline);

/** One event of this host: recorded, judged, acted upon; a finding is delivered once pipeline_due(). */
int pipeline_live(struct pipeline *pipeline, const struct ev_head *event);
/** One event of a record, at its position there; nothing is delivered but by pipeline_flush(). */
int pipeline_replayed(struct pipeline *pipeline, const struct ev_head *event, uint64_t position);

/** Whether what waits is to be flushed now: a finding at once, where none was just before it. */
bool pipeline_due(const struct pipeline *pipeline, uint64_t now);
/** Makes durable and delivers what waits. */
int pipeline_flush(struct pipeline *pipeline);

/** Exit code by what was found; EXIT_USAGE where an output did not take it. */
int pipeline_exit_code(const struct pipeline *pipeline);

/** "3 findings; 2 products: ..." on stderr. */
void pipeline_say(const struct pipeline *pipeline);

#endif
