/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What goes out: findings, and the events of watched lineages told with what is
 * known by then. Everything in an outcome derives from the record; its strings
 * live in the arena of the batch that holds it.
 */
#ifndef CUSTODES_EVENT_FINDING_H
#define CUSTODES_EVENT_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../bpf/abi/event.h"
#include "../util/arena.h"

enum outcome_type { OUTCOME_EVENT, OUTCOME_FINDING };

/** What happened, for OUTCOME_EVENT, or which rule speaks, for OUTCOME_FINDING. */
enum outcome_what {
	/* events */
	WHAT_EXEC,
	WHAT_EXIT,
	WHAT_CONNECT,
	WHAT_TRAFFIC,
	WHAT_DISCONNECT,
	WHAT_DNS,
	WHAT_ACCESS,
	WHAT_JOIN,
	WHAT_MONITOR,
	WHAT_LOSS,
	WHAT_CLOCK_STEP,
	WHAT_POLICY,
	WHAT_START,
	WHAT_STOP,
	WHAT_KEY,
	WHAT_HEARTBEAT,
	WHAT_WITNESS,
	WHAT_PRUNE,
	WHAT_HOLD,
	/* rules */
	WHAT_RULE_PRODUCT,
	WHAT_RULE_DESTINATION,
	WHAT_RULE_DESTINATION_BYTES,
	WHAT_RULE_CAPTURE,
	WHAT_RULE_MONITOR,
	WHAT_RULE_UNEXPLAINED,
	WHAT_RULE_LEAK,
	WHAT_RULE_INFORMATION,
	WHAT_RULE_ECHO,
	WHAT_RULE_LOOKUPS,
	WHAT_RULE_SELECTIVITY,
	WHAT_RULE_STEERING,
	WHAT_RULE_FAMILY,
	WHAT_RULE_EXECUTABLE,
};

/** A process as it was known when the outcome arose. */
struct outcome_process {
	uint32_t tgid;
	uint64_t start;	 /* boot time, ns */
	int64_t started; /* wall clock, ns */
	uint32_t uid, gid;
	uint32_t mntns, netns;
	const char *entity_id;
	const char *executable;
	const char *started_as; /* a script's path, or another name of the executable; NULL: that very path */
	const char *name;
	const char *args; /* each with its NUL */
	size_t args_size;
	const char *user;
	const char *unit;
	const char *cgroup;
	const char *container;
	const char *working_directory;
	const char *sha256;
	const char *build_id;
	const char *package;
	const char *package_version;
	uint64_t inode;
	uint32_t device;
	int64_t exit_code; /* -1: it runs */
};

struct outcome_product {
	const char *id;
	const char *name;
	const char *vendor;
	const char *vendor_name;
	const char *verdict;
	const char *evidence; /* how it was known */
	uint64_t lineage;
};

/** Where it went: the five facts apart, and what supports them. */
struct outcome_destination {
	struct ev_addr remote;
	struct ev_addr local;
	uint16_t proto;
	uint64_t flow;
	uint64_t sent, received; /* of this connection, or of all there for a finding */
	bool upper_bound;	 /* totals reach back before the watch */
	bool inbound;		 /* adopted: accepted, inherited or passed */
	const char *domain;	 /* as the product itself called it, or NULL */
	const char *domain_by;	 /* "tls" or "dns" */
	bool has_facts;
	const char *server_location;
	const char *as_registration;
	const char *hosting_operator;
	const char *service_operator;
	const char *controlling_jurisdiction;
	const char *basis; /* which database or overlay spoke */
	const char *role;  /* by the site's overlay */
	const char *network;
	uint32_t asn;
	bool anycast;
	const char *verdict; /* of this destination */
};

/** What the log says of itself. */
struct outcome_evidence {
	const char *key;	 /* as c2sp.org/signed-note writes a verifier */
	const char *certificate; /* of WHAT_KEY: the note in which another key vouches for it; or NULL */
	/* Of WHAT_HEARTBEAT, and some of WHAT_WITNESS: */
	const char *checkpoint; /* or NULL: nothing is recorded, or it was not cosigned */
	uint64_t number, size, events, lost;
	int64_t cosigned; /* seconds since 1970; 0: no witness has, or not this one */
	/* Of WHAT_WITNESS: */
	const char *witness; /* its key */
	uint64_t told;	     /* entries that it says it has seen */
	uint32_t status;     /* of HTTP; 0: no answer */
};

/** What was removed from the log, or may not be. */
struct outcome_retention {
	int64_t from, to;	       /* ns since 1970 */
	uint64_t entries, bytes, held; /* of WHAT_PRUNE */
	const char *why;	       /* "age", "size" */
	uint64_t limit;		       /* seconds or bytes */
	const char *id;		       /* of the hold; of WHAT_PRUNE, of those that kept something; or NULL */
	const char *reason;	       /* of WHAT_HOLD */
	uint32_t uid;
};

/** What a lineage did with an object: a file, a pipe, a device, another process's memory. */
struct outcome_access {
	const char *type;  /* "file", "pipe" ... */
	const char *path;  /* or a name such as "pipe:[123]" */
	const char *label; /* or NULL */
	const char *label_by;
	uint64_t id;
	uint64_t inode;
	uint32_t device;
	uint32_t generation;
	uint32_t mode;
	uint32_t magic;
	uint64_t size;
	uint64_t read, written, mapped;
	uint64_t from, to; /* offsets read; both 0: not known */
	bool at_most;
	bool shared;
	bool existing;
	bool last;
	uint32_t peer; /* tgid, or 0 */
	uint16_t family, socket_type, proto;
	uint32_t links; /* names that it has */
};

#define LEDGER_POSITIONS 10

/** What the ledger says of one start of a product. Bytes. */
struct outcome_ledger {
	const char *label;
	const char *way;		      /* "network", "process" ... */
	const char *jurisdiction;	      /* or NULL: not known */
	uint64_t read;			      /* from what has the label, directly */
	uint64_t capacity;		      /* that it can hold of the label */
	uint64_t sent;			      /* by this way, under this jurisdiction */
	uint64_t bound;			      /* of the label, at most so much has left */
	uint64_t unexplained;		      /* of what was sent, so much nothing explains */
	uint64_t limit;			      /* so much is borne */
	uint64_t millibytes;		      /* and so many thousandths of a byte a second: the blind rate */
	int64_t since;			      /* wall clock, ns */
	uint64_t positions[LEDGER_POSITIONS]; /* of events that it rests on, in the log */
	size_t position_count;
	bool unseen; /* what it read first was not seen: it may hold anything */
};

/** A question to a resolver, or what it answered. */
struct outcome_dns {
	bool answer;
	uint16_t id;
	uint16_t type;
	uint8_t code;
	const char *question;
	const char *canonical; /* or NULL */
	const struct ev_addr *addresses;
	size_t address_count;
};

struct outcome_ruling {
	const char *id;
	const char *title;
	const char *verdict;
	const char *force;
	bool in_force;
	const char *reason;
	const char *quote;
	const char *quote_status;
	const char *source;
};

struct outcome_host {
	const char *id; /* machine id */
	const char *name;
	const char *boot_id;
	const char *profile;
	const char *scheme;
	const char *tier;
	const char *run_id;
	const char *agent; /* named after the host's id, so that it outlives reinstalling */
	const char *version;
	const char *policy; /* digest, hex */
};

struct outcome {
	enum outcome_type type;
	enum outcome_what what;
	uint64_t position; /* of the event that gave rise to it, in its log */
	uint64_t time;	   /* when it happened, boot time, ns */
	int64_t wall;	   /* the same, ns since 1970 */
	int64_t told;	   /* when that was known, ns since 1970 */
	const char *key;   /* tells outcomes of one position and kind apart */
	const char *message;
	const char *verdict;
	unsigned int severity;
	const struct outcome_host *host;
	const struct outcome_process *process; /* or NULL */
	const struct outcome_process *parent;
	const struct outcome_product *product;
	const struct outcome_destination *destination;
	const struct outcome_access *access;
	const struct outcome_dns *dns;
	const struct outcome_ledger *ledger;
	const struct outcome_evidence *evidence;
	const struct outcome_retention *retention;
	/* Of a finding about a product: all of one start of it are one incident, which grows. */
	const char *incident;	  /* 32 hex digits; or NULL */
	uint64_t incident_number; /* the how many-eth finding of it this is */
	const struct outcome_ruling *rulings;
	size_t ruling_count;
	uint64_t lost; /* things lost in its window; what they were stands in the log */
	const char *lost_causes;
	const char *how; /* of WHAT_JOIN: "ptrace", "memory"; of WHAT_MONITOR, WHAT_WITNESS and its rule: what
			    was done */
	/* For WHAT_LOSS and WHAT_CLOCK_STEP: */
	uint64_t count;
	int64_t change;
};

/** What the engine asks for: applied live, discarded by replay. */
enum engine_action {
	ACTION_WATCH = 1,
	ACTION_RELEASE = 2,
	ACTION_EXE_BENIGN = 3,
	ACTION_EXE_WATCHED = 4,
	ACTION_FORGET = 5, /* every verdict: the policies have changed */
	ACTION_LOOK = 6,   /* in a while, whether the file is still there: then a LEFT event says so */
	ACTION_EXE_INTERPRETER = 7,
};

struct action {
	enum engine_action action;
	uint64_t lineage;
	struct exe_id exe;
	/* of ACTION_LOOK: */
	struct object_id object;
	const char *path; /* as its process saw it */
	uint32_t tgid;
};

/** What one or more steps of the engine brought forth, in order. */
struct batch {
	uint64_t generation; /* counts resets */
	struct arena arena;
	struct outcome *outcomes;
	size_t outcome_count, outcome_room;
	struct action *actions;
	size_t action_count, action_room;
	size_t findings; /* among the outcomes */
};

struct outcome *batch_outcome(struct batch *batch);
struct action *batch_action(struct batch *batch);
/** Forgets the actions, which were applied. */
void batch_actions_done(struct batch *batch);
/** Forgets everything that was delivered. */
void batch_reset(struct batch *batch);
void batch_free(struct batch *batch);

/**
 * Where an outcome stands, filled in at delivery: `origin` names the log, and
 * `recorded` says whether it keeps the event. The id is deterministic.
 */
struct outcome_log {
	const char *origin;
	bool recorded;
};

/** 32 hex digits: SHA-256 over origin, position, what, key. */
void outcome_id(const struct outcome *outcome, const struct outcome_log *log, char id[33]);

/** The event's action ("exec") or the rule's id ("product-measure"): stable, for outputs and ids. */
const char *outcome_name(enum outcome_what what);

#endif
