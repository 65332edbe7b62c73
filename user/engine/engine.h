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
#include "../util/buf.h"
#include "../util/clock.h"

/** Equality of live and replay is promised for one version of the rules. */
#define ENGINE_VERSION 6

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

/** The same with an event of an earlier run: what it brought forth was delivered then, and is dropped. */
int engine_recall(struct engine *engine, const struct ev_head *event, uint64_t position, struct batch *batch);
/** All is recalled: the counts for people begin anew. */
void engine_recalled(struct engine *engine);

/**
 * All that the engine keeps as of the last step, but for the counts for people and the policies.
 * An engine that has been given the same policies becomes the same engine by it, whatever else it
 * has seen. 0; -EBADMSG where the bytes cannot be such, or are of other policies or another
 * version: the engine is of no use then.
 */
void engine_save(const struct engine *engine, struct buf *to);
int engine_load(struct engine *engine, const void *bytes, size_t size);

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

/* ---- the ledger ---- */

/** How bytes left. */
enum ledger_way {
	WAY_NETWORK,	 /* to an address */
	WAY_UNADDRESSED, /* by a socket without one: raw, packet, vsock ... */
	WAY_FILESYSTEM,	 /* to a network filesystem */
	WAY_DEVICE,	 /* to a device, or a filesystem on a removable one */
	WAY_PROCESS,	 /* to a process of this host that nobody watches */
	WAY_TERMINAL,	 /* to a terminal or the host's own log */
	WAY_FILE,	 /* to a file or memory on this host, where others may read it */
};
#define LEDGER_WAYS (WAY_FILE + 1)
/** "network", "process" ...: as outputs write it. */
const char *ledger_way_name(enum ledger_way way);
/** The same behind "to": "another process of this host". */
const char *ledger_way_phrase(enum ledger_way way);

/** More than any host holds: how much a product holds that was not seen reading. */
#define LEDGER_ANYTHING (1ull << 50)

/** Of a product: what may have left of one label under one jurisdiction, by one way. Bytes. */
struct ledger_row {
	const char *product, *name;
	const char *label;	  /* NULL: nothing that has one was read */
	const char *jurisdiction; /* "": not known */
	enum ledger_way way;
	uint64_t starts;      /* of the product */
	uint64_t capacity;    /* what they can hold of the label: at most so much was read, directly or not */
	uint64_t sent;	      /* in the interval */
	uint64_t explained;   /* of that: needed by the protocol, or by a contract */
	uint64_t bound;	      /* at most so many bytes of the label left */
	uint64_t unexplained; /* of those, at most so many that nothing explains: not a bound */
	bool saturated;	      /* the capacity was rounded up */
};

/** What is asked for begins here: what was sent before does not count. */
void engine_ledger_mark(struct engine *engine);
/** All rows, by product, label and jurisdiction; the caller frees the array, the engine owns the strings. */
void engine_ledger(const struct engine *engine, struct ledger_row **rows, size_t *count);
/** Accounts and objects that were given up to bound memory; what they held is counted on. */
uint64_t engine_ledger_dropped(const struct engine *engine);
/** What waits for a reader's account waits no longer: the record ends here. */
void engine_ledger_settle(struct engine *engine, struct batch *batch);
/** UTC in ns of a boot time, at this point of the record. */
int64_t engine_wall_of(const struct engine *engine, uint64_t time);
/** Of the last step, boot time. */
uint64_t engine_time(const struct engine *engine);
/** As the last START names it; or NULL. */
const char *engine_host_name(const struct engine *engine);

/** The policy in force at this point of the record; NULL before the first. */
struct policy;
const struct policy *engine_policy(const struct engine *engine);

#endif
