/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outputs: a format and a target. They know findings and events, never the engine. */
#ifndef CUSTODES_OUTPUT_OUTPUT_H
#define CUSTODES_OUTPUT_OUTPUT_H

#include "../event/finding.h"
#include "../util/buf.h"

struct output_format {
	const char *name;
	bool events; /* wants events as well as findings */
	/** Appends one outcome; `colour` only where a person's terminal takes it. */
	void (*render)(const struct outcome *outcome, const struct outcome_log *log, bool colour,
		       struct buf *to);
};

extern const struct output_format format_text, format_ecs;

struct output;

/**
 * Opens "FORMAT:TARGET" (text or ecs; "-" or a file, made 0600). `fresh` empties
 * a file that exists, otherwise it is continued. Faults are said.
 */
int output_open(struct output **output, const char *spec, bool fresh);
void output_close(struct output **output);

bool output_wants_events(const struct output *output);

/** Delivers a batch in order. A fault is said once until it has passed. 0 or a negative errno. */
int output_deliver(struct output *output, const struct batch *batch, const struct outcome_log *log);

#endif
