/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine: a pure function of the record. One event at a time, in order, and
 * nothing else: no clock, file, network, environment or chance. What it finds
 * live it finds again in replay.
 */
#ifndef CUSTODES_ENGINE_ENGINE_H
#define CUSTODES_ENGINE_ENGINE_H

#include "../event/event.h"
#include "../event/finding.h"
#include "../policy/documents.h"
#include "../util/clock.h"

/** Equality of live and replay is promised for one version of the rules. */
#define ENGINE_VERSION 1

struct engine;

struct engine_options {
	/** Judge by these documents instead of the recorded ones; the host's profile stays. NULL: by the
	 * record. */
	const struct documents *policies;
	/** Of those documents, the one that is the host's profile instead of the recorded one; or NULL. */
	const char *host;
	/** Judge as if every event had happened on this day. DAY_NONE: on its own day. */
	day_t as_of;
	/** Make outcomes for events too, not only for findings. */
	bool events;
};

struct engine *engine_new(const struct engine_options *options);
void engine_free(struct engine **engine);

/**
 * Takes one event; what it brings forth is added to the batch. 0, or a negative
 * errno where the record contradicts itself or its policies cannot be compiled.
 */
int engine_step(struct engine *engine, const struct ev_head *event, uint64_t position, struct batch *batch);

/**
 * A finding that is not the engine's own, such as that recording has stopped: of
 * the host and policy of this point of the record. The caller fills the rest.
 */
struct outcome *engine_finding(struct engine *engine, enum outcome_what what, uint64_t position,
			       uint64_t time, struct batch *batch);

/** What a person wants to know at the end. */
struct engine_product {
	const char *id;
	const char *name;
	const char *verdict;
	uint64_t lineages;
	uint64_t processes;
	uint64_t connections;
	uint64_t sent;
	uint64_t objects;    /* files, pipes and so on, each time that one was used */
	uint64_t read;	     /* bytes had from them: of what was mapped, at most */
	uint64_t classified; /* of those, bytes of what has a label */
};
struct engine_summary {
	uint64_t events;
	uint64_t unknown_kinds;
	uint64_t findings;
	uint64_t lost;
	uint64_t unended;		 /* runs without a STOP behind them */
	struct engine_product *products; /* owned by the engine */
	size_t product_count;
};
void engine_summary(const struct engine *engine, struct engine_summary *summary);

/** The policy in force at this point of the record; NULL before the first. */
struct policy;
const struct policy *engine_policy(const struct engine *engine);

#endif
