/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ledger: how many classified bytes may have left, at most. Each start of a product
 * (the root of its lineages) has an account: what it can hold of each label, and what it
 * sent under each jurisdiction. The lesser of both is the bound; docs/decisions/011 says why.
 * Private to user/engine.
 */
#ifndef CUSTODES_ENGINE_LEDGER_H
#define CUSTODES_ENGINE_LEDGER_H

#include <uthash.h>

#include "../../bpf/abi/event.h"
#include "../policy/policy.h"
#include "engine.h"

struct lineage;
struct process;
struct access;
struct flow;
struct flow_part;

/** Labels told apart; more than these count as one, under the name of the last. */
#define LEDGER_LABELS 16
/** Starts of a product that are kept one by one; of older ones that have ended, the sums are. */
#define LEDGER_ACCOUNTS 4096
/** Objects that hold what an account wrote; of older ones it is known what they held together. */
#define LEDGER_CARRIERS 65536
/** Reads that ended lately, in case it turns out that what was read had been written by an account. */
#define LEDGER_RECENT 256
/** Zones of names that are told apart, of an account. */
#define LEDGER_ZONES 8
/** Names asked for, and objects read, that are remembered: in sets, of which the oldest makes room. */
#define LEDGER_SEEN 8192
#define SEEN_WAYS   4
/** Sizes of labelled files that an upload may echo, and uploads that are kept; smaller ones are not. */
#define ECHO_SIZES   8
#define ECHO_UPLOADS 16
#define ECHO_LEAST   4096
/** Files of which nobody has said yet whether they are still there, and how long that is waited for. */
#define LEDGER_AWAITED	  16384
#define LEDGER_AWAITED_NS (30 * 1000000000ull)
/** Pipes, and connections within this host, that await their readers' accounts. */
#define LEDGER_PIPES 1024

/** Bytes of an account that are under one jurisdiction, by one way. */
struct lane {
	char jurisdiction[3]; /* "": not known */
	enum ledger_way way;
	uint64_t sent, explained;
	uint64_t sent_before, explained_before; /* the interval that is asked for */
	uint64_t told;				/* the bound that a finding has named last */
};

/** What went over a channel that the product's contract names. */
struct contract_use {
	uint64_t connections, sent, explained;
	uint64_t told; /* bytes for look-ups beyond what files need, that a finding has named last */
};

/** It leaks at the blind rate, and is never emptied otherwise. */
struct bucket {
	uint64_t level; /* thousandths of a byte */
	uint64_t time;
	uint64_t told; /* the level that a finding has named last, bytes; 0: none since it emptied */
};

/** Uploads that are as long as labelled files. */
struct echo {
	uint64_t sizes[ECHO_SIZES];	/* of files, the last one first; 0: none */
	uint64_t uploads[ECHO_UPLOADS]; /* the size that each echoed, or 0 */
	uint64_t count;			/* of uploads */
	uint8_t labels[ECHO_SIZES];
};

/** Of files that were opened, those that were read to their end. */
struct reading {
	uint64_t opened, full;
};

/** What was asked for below a zone. */
struct zone {
	uint64_t sum;  /* of its name; 0: none */
	uint64_t owed; /* of what a contract may allow, what no object read allows yet */
	struct bucket bucket;
};

/** What went to the site's own resolvers. */
struct questions {
	uint64_t sent;
	uint64_t read;	 /* of that, in messages whose question was read */
	uint64_t judged; /* of the rest, found to be unexplained */
	uint64_t due;	 /* when the rest is judged; 0: nothing waits */
	char control[3];
};

struct account_key {
	uint64_t root; /* the lineage's number; 0: the sum of those that were given up */
	uint64_t run;  /* of custodes, in this record: a number is of one run */
};

struct account {
	struct account_key key;
	char *product, *name;
	uint64_t starts;	     /* of the product, that it stands for */
	uint64_t met[LEDGER_LABELS]; /* of what is no longer known one by one, so much may have come here */
	uint64_t own[LEDGER_LABELS]; /* read from what is labelled */
	uint64_t cap[LEDGER_LABELS]; /* with what came from other accounts: bytes that it can hold */
	bool late;		     /* some of what it read was not seen: it may hold anything */
	bool saturated;		     /* its share of a circle of accounts was rounded up */
	bool queued;		     /* those who read what it wrote are to be reckoned anew */
	struct account *next;
	uint64_t most_written; /* to one object: who holds more, gives all readers all they can take */
	bool ended;
	uint64_t incident; /* the lineage that names it: its own, or of whom it has inherited */
	uint64_t findings; /* so far */
	uint64_t objects;  /* newly read: each version of one once, while that is remembered */
	uint64_t since;	   /* boot time of its first event */
	struct contract_use uses[CONTRACTS_MAX];
	struct lane *lanes;
	size_t lane_count;
	struct edge *edges;
	struct bucket bucket; /* of what nothing explains */
	struct zone zones[LEDGER_ZONES];
	uint64_t names_asked;	/* bytes of names that were not asked for before */
	uint64_t names_allowed; /* of those, by a contract */
	struct questions questions;
	struct echo echo;
	struct reading readings[2]; /* of files without a label, and with one */
	uint64_t selective_told;    /* the bucket's level that rule selectivity has named last, bytes */
	uint64_t positions[LEDGER_POSITIONS]; /* of the events that it rests on: what was read, what was sent
					       */
	size_t position_count;
	UT_hash_handle hh;
};

/** What an account wrote may be read there by another. */
struct carrier {
	struct object_id object;
	uint64_t taken; /* read by somebody who is not watched */
	struct edge *edges;
	UT_hash_handle hh;
};

struct edge {
	struct account *account;
	struct carrier *carrier;
	uint64_t read, written;
	uint64_t left;		       /* of what was written, counted as handed out */
	uint64_t given[LEDGER_LABELS]; /* what the account holds by reading it */
	struct edge *prev, *next;      /* of the carrier */
	struct edge *before, *after;   /* of the account */
};

struct recent_read {
	struct object_id object;
	struct account_key reader;
	uint64_t bytes;
};

/** A pipe: what nobody under watch has read of it by then, somebody else has. */
struct pending_pipe {
	struct object_id object;
	struct account_key writer;
	uint64_t due;
};

/** One direction of a connection within this host; the oldest make room, and are other ones from then on. */
struct link_key {
	uint8_t from[16], to[16];
	uint16_t from_port, to_port;
	uint32_t netns;
};

struct link {
	struct link_key key;
	uint64_t number;
	UT_hash_handle hh;
};

/** A process that ran on while custodes did not: it still holds what it held. */
struct heir {
	uint64_t start;
	uint32_t tgid;
	uint32_t pad;
	struct account_key of;
	struct account_key to; /* who has inherited from it; root 0: nobody yet */
};

/** It was asked for whether this file is still there. No answer may mean that it is not. */
struct awaited {
	struct object_id object;
	uint64_t time; /* when it was asked for */
	uint32_t tgid;
	uint32_t pad;
	char *path;
	UT_hash_handle hh; /* what was asked for last comes last */
};

#define LEDGER_SAID 1024

/** What a rule says once of a product was said: a digest of the rule, the product and what it was about. */
struct said {
	uint8_t key[32];
	UT_hash_handle hh;
};

struct ledger {
	char *labels[LEDGER_LABELS];
	size_t label_count;
	struct account *accounts;
	size_t ended;		/* of them, whose start of a product is over */
	struct account *former; /* the sums of accounts that were given up, by product */
	size_t former_count;
	struct heir *heirs;
	size_t heir_count;
	uint64_t run;
	struct carrier *carriers;
	struct account *queue;
	uint64_t evicted[LEDGER_LABELS]; /* what carriers that were given up could hold */
	struct recent_read recent[LEDGER_RECENT];
	size_t recent_count;
	struct pending_pipe pipes[LEDGER_PIPES];
	size_t pipe_count;
	uint64_t questions_due; /* the first of the accounts'; 0: none waits */
	uint64_t names_seen[LEDGER_SEEN],
		objects_seen[LEDGER_SEEN]; /* sums of an account and of what it was */
	struct link *links;
	uint64_t link_number;
	struct awaited *awaited;
	struct said *said;
	uint64_t late;	  /* until then reads were not seen, in this run; 0: they were */
	uint64_t dropped; /* accounts and carriers that were given up */
};

static inline uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ---- ledger.c ---- */

struct account *ledger_account(struct engine *engine, const struct lineage *lineage);
/** Bytes have left, by this way; `explained` of them are what the protocol or a contract needs. */
void ledger_send(struct engine *engine, struct account *account, enum ledger_way way,
		 const char *jurisdiction, uint64_t sent, uint64_t explained);
/** An event that the account rests on, by its position. */
void ledger_note(struct account *account, uint64_t position);
struct lane *ledger_lane(struct account *account, enum ledger_way way, const char *jurisdiction);
struct account *ledger_find(const struct engine *engine, const struct account_key *key);
/** A process has come into a lineage: what it held before custodes began anew, comes with it. */
void ledger_join(struct engine *engine, const struct process *process);
/** What products have read so far was not seen: whoever is there may hold anything. */
void ledger_late(struct engine *engine);
/** Nothing of it is left. */
void ledger_end(struct engine *engine, uint64_t root);
/** A run begins: lineages have new numbers; on the same boot processes may run on. */
void ledger_restart(struct engine *engine, bool same_boot);
void ledger_clear(struct engine *engine);

/** Of what was stated as explained, so much is not. */
void ledger_unexplained(struct engine *engine, struct account *account, enum ledger_way way,
			const char *jurisdiction, uint64_t bytes);

/* ---- speak.c ---- */

/**
 * Of the labels of which it can hold anything, or the whole limit, and for which the rule is on, the
 * one with the least patience; none: LEDGER_LABELS. `bytes` of the limits is the rule's.
 */
size_t ledger_strictest(const struct engine *engine, const struct account *account, enum rule rule,
			bool whole, struct limits *limits);
void bucket_fill(struct bucket *bucket, uint64_t now, uint64_t millibytes, uint64_t bytes);
/** Where it has emptied below half of the limit, or of the rule's, what comes next is another matter. */
void bucket_forget(const struct engine *engine, const struct account *account, enum rule rule, uint64_t limit,
		   struct bucket *bucket);
/** Whether it has passed the limit, or doubled since that was said; then it is said. */
bool bucket_speaks(struct bucket *bucket, uint64_t limit);
/** A finding about an account, but for its sentence; `ledger` is what stands in it. */
struct outcome *ledger_tell(struct engine *engine, enum outcome_what what, const struct account *account,
			    const struct lane *lane, size_t label, struct outcome_ledger **ledger);
void outcome_say(struct engine *engine, struct outcome *outcome, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- said.c ---- */

/** Whether the rule is on here, and has not said this of the product: then it is said. The oldest is
 * forgotten. */
bool rule_says(struct engine *engine, enum rule rule, const struct product *product, const char *about);
void said_drop(struct ledger *ledger, struct said *said);

/* ---- detect/: a rule each; but for the first three of the ledger ---- */

/** steering-file: the object was written to, if it was. */
void detect_steering(struct engine *engine, const struct access *access);
/** steering-file: the file that a product has written has been found, by what it is called now. */
void detect_steering_left(struct engine *engine, const struct ev_left *left);
/** socket-family: the object is a socket, if it is one. */
void detect_family(struct engine *engine, const struct access *access);
/** executable-identity: the process runs what it does since its last EXEC. */
void detect_executable(struct engine *engine, struct process *process);
/** unexplained-bytes: so many more have left, by this lane. */
void detect_unexplained(struct engine *engine, struct account *account, const struct lane *lane,
			uint64_t unexplained);
/** leak-bound: this lane has sent more. */
void detect_bound(struct engine *engine, struct account *account, struct lane *lane);
/** selectivity: nothing explains what it has sent, last by this lane. */
void detect_selectivity(struct engine *engine, struct account *account, const struct lane *lane);
/** So many files more were opened, and are done with. */
void selectivity_add(struct reading *reading, uint64_t opened, uint64_t full);
/** Ten times z, if labelled ones are read more than others, and there are so many of both; else 0. */
unsigned int selectivity_tenths(const struct reading *labelled, const struct reading *other, uint64_t least);
/** size-echo: a connection has ended; `hello` of what it sent began a TLS handshake, or 0. */
void detect_echo(struct engine *engine, struct account *account, const struct lane *lane, uint64_t sent,
		 uint64_t hello);
/** A labelled file was read in full. */
void echo_read(struct account *account, size_t label, uint64_t size);
bool echo_fits(const struct limits *limits, uint64_t size, uint64_t sent, uint64_t hello);
/** How many of the uploads that are kept echo files of different sizes, and of how many bytes. */
unsigned int echoes_of(const struct echo *echo, uint64_t *bytes);
/** lookups: something was sent over a channel of a contract. */
void detect_lookups(struct engine *engine, struct account *account, const struct lane *lane,
		    const struct product *product);
/** What it sent beyond what so many objects need, each so much if the contract does not say. */
uint64_t lookups_over(const struct contract *contract, const struct contract_use *use, uint64_t objects,
		      uint64_t each);
/** name-information: it has asked a resolver for this name. */
void detect_information(struct engine *engine, struct account *account, const struct product *product,
			const char *name);
/** What a name can carry, in bytes, and the zone that it is of: a part of it. */
size_t name_information(const char *name, const char **zone);
/** Octets of a name on the wire. */
size_t name_octets(const char *name);
/** An account's zone; where there is no room, the one with the least goes on as this one. */
struct zone *zone_of(struct account *account, uint64_t sum);
void zones_inherit(struct account *account, const struct account *from);
/** Whether the table has it; it has it from then on, in the place of what was used longest ago. */
bool seen_before(uint64_t *table, uint64_t sum);

/* ---- questions.c ---- */

/** Sent to a resolver of the site's. */
void questions_sent(struct engine *engine, struct account *account, const char *jurisdiction, uint64_t bytes);
/** One message to somebody, in which a name of so many octets was read. */
void questions_asked(struct engine *engine, struct account *account, const struct ev_addr *remote,
		     uint64_t size, size_t octets);
/** Judges what nobody has read by now; or all. */
void questions_settle(struct engine *engine, bool all);

/* ---- taint.c ---- */

/** A label's number; it is a new one if nobody has named it before. */
size_t taint_label(struct ledger *ledger, const char *label);
/** What the account has read of this label, has become this much more, or less. */
void taint_own(struct engine *engine, struct account *account, size_t label, uint64_t before, uint64_t now);
void taint_written(struct engine *engine, struct account *account, const struct object_id *object,
		   uint64_t more);
void taint_read(struct engine *engine, struct account *account, const struct object_id *object, uint64_t more,
		bool for_sure);
/** Of what was written to it, what nobody is known to have read. */
uint64_t taint_unread(const struct ledger *ledger, const struct object_id *object);
/** Somebody who is not watched has read it. */
void taint_taken(struct ledger *ledger, const struct object_id *object, uint64_t bytes);
/** A file of this size is still there: what was written to it counts as handed out, once. */
void taint_left(struct engine *engine, const struct object_id *object, uint64_t size);
void taint_forget(struct engine *engine, struct account *account);
void taint_clear(struct ledger *ledger);

/* ---- left.c ---- */

/** Whether a path is among the product's own directories, or where every service keeps its logs. */
bool product_owns(const struct product *product, const char *path);
/** A file is done with: whether to look later if it is still there. */
void left_ask(struct engine *engine, const struct account *account, const struct access *access);
/** A run begins: what the one before may not have answered any more is asked for again. */
void left_restart(struct engine *engine);
void left_clear(struct ledger *ledger);

/* ---- moved.c ---- */

/** An account of an access has grown, or ended: what it says of reading and of sending. */
void moved(struct engine *engine, struct access *access, bool last);
/** Judges the pipes whose readers have had their time. */
void moved_settle(struct engine *engine, bool all);
/** `dev` of one direction of a connection within this host. */
#define OBJECT_LINK 0xfffffffdu
void links_clear(struct ledger *ledger);
/** What came over a connection within this host, if it is one. */
void moved_received(struct engine *engine, struct flow *flow);
/** A part of a stream has ended. */
void moved_ended(struct engine *engine, const struct flow *flow, const struct flow_part *part);
/** A channel has sent more. */
void moved_sent(struct engine *engine, const struct flow *flow, struct flow_part *part, uint64_t more);

#endif
