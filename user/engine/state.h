/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the engine keeps between events. Private to user/engine. */
#ifndef CUSTODES_ENGINE_STATE_H
#define CUSTODES_ENGINE_STATE_H

#include <uthash.h>
#include <utlist.h>

#include "../policy/decide.h"
#include "../util/memory.h"
#include "engine.h"
#include "ledger.h"

/** An executable: known by its identity, judged once. */
struct exe {
	struct exe_id id;
	char *path;
	char *started; /* the path that it was started by, where one was told: of a script, the script's */
	char *package;
	char *package_version;
	char *sha256;	 /* hex; NULL: not hashed */
	char *build_id;	 /* hex */
	bool observed;	 /* user space has answered, whatever the answer */
	bool authored;	 /* a product has written it: it is that product's */
	uint64_t author; /* the lineage under watch that has written it; 0: none, or not known any more */
	const struct product *product;
	enum evidence evidence;
	/* What a process of it was found to be last, and in which unit; found again where it is not known. */
	bool known, known_scanner;
	char *known_unit;
	const struct product *known_product;
	enum evidence known_evidence;
	UT_hash_handle hh;
};

struct process_key {
	uint64_t start;
	uint32_t tgid;
	uint32_t pad;
};

struct process {
	struct process_key key;
	struct process_key parent;
	struct lineage *lineage;
	struct exe *exe; /* or NULL: seen only by its fork */
	const struct product *product;
	enum evidence evidence;
	uint32_t uid, gid, mntns, netns;
	char comm[17];
	char *path;
	char *args;
	size_t args_size;
	char *user, *unit, *cgroup, *container, *cwd;
	uint64_t exec_time;
	bool exec_untold; /* its exec is kept until the facts about it are in */
	bool facts_in;
	bool path_cut;			    /* the kernel half had no room for all of it */
	bool existing;			    /* ran before the sensor */
	bool scanner;			    /* it is asked before others open a file */
	bool unlinked;			    /* what it runs had no name when it began to */
	const struct outcome_process *view; /* frozen already, in the batch of this generation */
	uint64_t view_generation;
	bool ended;		     /* kept for the sockets that it owned, and what it touched last */
	uint64_t held;		     /* accesses that are told as its own */
	uint64_t new_unit;	     /* its cgroup, about which the kernel half asks; 0: none */
	struct process *prev, *next; /* of its lineage */
	UT_hash_handle hh;
};

enum lineage_decision {
	LINEAGE_PENDING,  /* its executable is not judged yet */
	LINEAGE_PRODUCT,  /* of a product of the catalogue */
	LINEAGE_UNJUDGED, /* its executable could not be read: it stays watched */
	LINEAGE_BENIGN,	  /* clean itself, but its parent is not judged yet */
};

/** All that descends from one exec: verdicts sit here, not on tasks. */
struct lineage {
	uint64_t id;
	uint64_t parent; /* the lineage that it came out of, or 0 */
	uint64_t author; /* the lineage whose code it runs or has loaded before either was judged, or 0 */
	uint64_t root;	 /* the product's lineage that it is of: its own id, or a forebear's */
	enum lineage_decision decision;
	bool held;	/* it may not be let go: found anew each time */
	uint64_t order; /* those that are let go together go by this */
	struct lineage *waits_before, *waits_behind;
	struct lineage *open_before, *open_behind;
	const struct product *product;
	enum evidence evidence;
	uint64_t since; /* boot time of its first event */
	struct process *processes;
	size_t untold; /* of them, whose execs are kept */
	struct flow *flows;
	struct access *accesses;
	const struct product **told; /* products that a finding has named */
	size_t told_count;
	UT_hash_handle hh;
};

#define GONE_LINEAGES 1024 /* a power of two */

/** A product's lineage of which nothing is known any more: if it comes back, an event was lost. */
struct gone_lineage {
	uint64_t id, root;
	const struct product *product;
	enum evidence evidence;
};

/** One socket. */
struct flow {
	uint64_t id;
	struct lineage *lineage;
	struct process_key owner;
	struct ev_addr remote; /* of a stream; of a datagram socket the last one told */
	struct ev_addr first;  /* the first peer: what a datagram socket received is told with it */
	struct ev_addr local;
	uint64_t received;
	uint64_t carried; /* of it the ledger knows */
	uint32_t netns;
	uint16_t proto;
	bool adopted;
	bool closed;
	char *server_name; /* that it sent in a TLS handshake; or NULL */
	uint32_t hello;	   /* bytes of the handshake's first message; 0: none was seen */
	struct flow_part *parts;
	struct flow *prev, *next; /* of its lineage */
	UT_hash_handle hh;
};

/** What one lineage moves from and to one object, from first touch to rest. */
struct access {
	uint64_t id;
	struct lineage *lineage;
	struct process_key owner;
	struct ev_access told; /* the latest account; its strings are gone */
	char *path;
	char *label, *label_by;
	uint64_t first; /* position of its first event */
	/* Of it the ledger knows: by its label, read, written, as a descriptor that was passed on. */
	uint64_t charged, had, gave, passed;
	bool holds;		    /* its owner, which is kept for it */
	bool untold;		    /* it has ended, and nobody could say yet whose it was */
	struct access *prev, *next; /* of its lineage */
	UT_hash_handle hh;
};

/** What one socket sent to one peer; a stream has one part. */
struct part_key {
	uint64_t flow;
	struct ev_addr remote;
};

struct flow_part {
	struct part_key key;
	struct flow *flow;
	struct channel *channel; /* in which it counts; NULL: found again */
	struct ev_addr remote;
	uint64_t sent;
	uint64_t since;		       /* boot time of its connect, or first datagram */
	uint64_t handshake;	       /* of that, what a TLS handshake needed */
	uint64_t placed_by;	       /* the set of policies by which it is known who controls the peer: */
	char control[3];	       /* the country; "": not known */
	bool sites;		       /* it is one of the site's own servers */
	bool resolver;		       /* or a resolver of the site's, which passes on what it is asked */
	bool contracted;	       /* it counts as a connection of a contract's channel */
	bool judged;		       /* its connect was told and judged */
	bool summed;		       /* the kernel half keeps its total */
	struct flow_part *prev, *next; /* of its socket */
	UT_hash_handle hh;
};

/** What one lineage does with one peer, over all its sockets: findings merge here. */
struct channel_key {
	uint64_t lineage;
	struct ev_addr remote;
	uint16_t proto;
	uint8_t pad[6];
};

struct channel {
	struct channel_key key;
	uint64_t since;
	uint64_t sent, received;
	uint64_t connections;
	uint64_t next_report; /* bytes sent at which the next finding is due */
	enum verdict told;    /* of the last finding at a connect */
	bool told_any;
	UT_hash_handle hh;
};

/** What a lineage was told that an address is called. */
struct name_key {
	uint64_t lineage;
	struct ev_addr address; /* port 0 */
};

struct name {
	struct name_key key;
	char *name;
	UT_hash_handle hh;
};

struct place {
	struct ev_addr address;
	char country[3];
	char server_country[3];
	uint32_t asn;
	char *as_name;
	char *network;
	bool anycast;
	UT_hash_handle hh;
};

#define LOSS_WINDOWS 64

struct loss_window {
	uint64_t since, until, count;
	uint32_t causes; /* a bit each */
	uint32_t pad;
};

/** A decision is made once for a product and day. */
struct remembered {
	const struct product *product;
	day_t day;
	struct decision decision;
};

/** Counts for people; outlives the policy that named the product. */
struct tally {
	char *id, *name;
	const struct product *product; /* of the policy in force, once it was asked for */
	enum verdict verdict;
	uint64_t lineages, processes, connections, sent;
	uint64_t objects, read, classified; /* touched; bytes had from them, at most; of those with a label */
};

/** Documents that arrive in pieces, until a POLICY names them. */
struct book {
	struct document *items;
	size_t *filled;
	size_t count;
};

struct engine {
	struct engine_options options;
	struct batch *batch; /* of the step under way */
	uint64_t position, time;
	int64_t wall_offset;
	bool running; /* between START and STOP */

	struct book book;
	struct policy *policy;
	uint64_t policy_number; /* counts sets that came into force */
	char policy_digest[2 * DIGEST_SIZE + 1];
	struct remembered *remembered;
	size_t remembered_count;

	char *host_id, *host_name, *boot_id, *run_id, *version;
	const struct outcome_host *host; /* in the batch's arena, for this step */

	struct process *processes;
	struct lineage *lineages;
	uint64_t lineage_orders;
	struct lineage *waiting; /* those found benign, whom others hold */
	struct lineage *open;	 /* those of no product, in the table's order */
	bool unsettled;		 /* one was dropped, or found benign: others may be let go with it */
	struct exe *exes;
	struct flow *flows;
	struct access *accesses;
	struct flow_part *parts;
	uint64_t ended[256]; /* sockets that ended last: a tick may come behind the last account */
	size_t ended_count;
	struct gone_lineage gone[GONE_LINEAGES];
	struct channel *channels;
	struct place *places;
	struct name *names;
	struct loss_window losses[LOSS_WINDOWS];
	size_t loss_count;
	struct ledger ledger;
	uint64_t lost_of[32], told_of[32]; /* by cause: so far, and when the last finding spoke */

	uint64_t events, unknown_kinds, findings, lost, unended;
	struct tally *tallies;
	size_t tally_count;
};

/** UTC in ns of a boot time; a hostile record may ask for any, so it wraps. */
static inline int64_t wall_of(const struct engine *engine, uint64_t time)
{
	return (int64_t)(time + (uint64_t)engine->wall_offset);
}

/* ---- tables.c ---- */

struct process *process_find(struct engine *engine, uint32_t tgid, uint64_t start);
struct process *process_add(struct engine *engine, const struct process_key *key, struct lineage *lineage);
void process_drop(struct engine *engine, struct process *process);
/** The only way in which it changes whether its exec is kept: its lineage counts those. */
void process_keeps_exec(struct process *process, bool kept);
/** It has exited: it goes, unless a socket that is still open was its. */
void process_end(struct engine *engine, struct process *process);
struct lineage *lineage_find(struct engine *engine, uint64_t id);
/** What is known of a product's lineage that has ended; NULL: it was none, or too long ago. */
const struct gone_lineage *lineage_gone(const struct engine *engine, uint64_t id);
/** The lineage of an event; one whose exec was lost, or lies before the log, is kept as of nobody known. */
struct lineage *lineage_of(struct engine *engine, const struct ev_head *event);
struct lineage *lineage_add(struct engine *engine, uint64_t id, uint64_t parent);
/** The only way in which a decision changes: who is benign waits to be let go. */
void lineage_decide(struct engine *engine, struct lineage *lineage, enum lineage_decision decision);
/** It stands in the table now, behind all others. */
void lineage_stands(struct engine *engine, struct lineage *lineage);
/** Lets it go with all that is of it; the kernel half is told. */
void lineage_release(struct engine *engine, struct lineage *lineage);
/** Lets it go if nothing of it is left. */
void lineage_settle(struct engine *engine, struct lineage *lineage);
struct exe *exe_find(struct engine *engine, const struct exe_id *id);
struct flow_part *part_find(struct engine *engine, const struct flow *flow, const struct ev_addr *remote);
struct flow_part *part_add(struct engine *engine, struct flow *flow, const struct ev_addr *remote);
void part_drop(struct engine *engine, struct flow_part *part);
/** Whether its last account was given a short while ago. */
bool flow_ended(const struct engine *engine, uint64_t id);
struct flow *flow_find(struct engine *engine, uint64_t id);
struct flow *flow_add(struct engine *engine, uint64_t id, struct lineage *lineage);
void flow_drop(struct engine *engine, struct flow *flow);
struct access *access_find(struct engine *engine, uint64_t id);
struct access *access_add(struct engine *engine, uint64_t id, struct lineage *lineage,
			  const struct process_key *owner);
void access_drop(struct engine *engine, struct access *access);
struct channel *channel_find(struct engine *engine, const struct flow *flow, struct flow_part *part);
struct place *place_find(struct engine *engine, const struct ev_addr *address);
struct tally *tally_find(struct engine *engine, const struct product *product);
/** Forgets everything about the host: a run begins. */
void tables_clear(struct engine *engine);
/** Sets an owned string from a view; an empty one becomes NULL. */
void set_view(char **to, struct view view);

/* ---- identity.c ---- */

/** Judges a process by what is known of its executable now. */
void judge_process(struct engine *engine, struct process *process);
/** It runs or has loaded what another has written, who may not be judged yet, or have ended. */
void lineage_loads(struct engine *engine, struct lineage *lineage, uint64_t author);
/** Judges an executable, and everything that runs it. */
void judge_exe(struct engine *engine, struct exe *exe);
/** It is run; author: the lineage that has written it, as far as the kernel half knows, or 0. */
void exe_met(struct engine *engine, struct exe *exe, uint64_t author);
/** Tells the execs of a product's lineage that waited for facts. */
void tell_execs(struct engine *engine, struct lineage *lineage);
/** Lets go of lineages that are clean and whose parents are gone. */
void settle_waiting(struct engine *engine);
/** The policies have changed: what was judged by the old ones is judged again. */
void judge_all(struct engine *engine, const struct policy *before);

/* ---- network.c ---- */

void on_connect(struct engine *engine, const struct ev_head *event);
void on_send(struct engine *engine, const struct ev_head *event);
void on_flow(struct engine *engine, const struct ev_head *event);
/** Judges what a lineage did before it was known to be a product's. */
void judge_flows(struct engine *engine, struct lineage *lineage);
/** Judges what waited for the place of an address. */
void judge_address(struct engine *engine, const struct ev_addr *address);

/* ---- access.c ---- */

void on_access(struct engine *engine, const struct ev_head *event);
void on_label(struct engine *engine, const struct ev_head *event);
void on_left(struct engine *engine, const struct ev_head *event);
void on_started(struct engine *engine, const struct ev_head *event);
/** Whether the program at this path is one that runs scripts, by its name. */
bool is_interpreter(const char *path);
/** The script that a process which runs an interpreter was given as an argument, a whole path; or NULL. */
const char *script_argument(const struct process *process);
/** Says whether a cgroup that the kernel half asks about is nobody's, once its unit is known. */
void judge_unit(struct engine *engine, struct process *process);
void on_join(struct engine *engine, const struct ev_head *event);
/** Tells what a lineage moved before it was known to be a product's. */
void tell_accesses(struct engine *engine, struct lineage *lineage);

/* ---- names.c ---- */

void on_payload(struct engine *engine, const struct ev_head *event);
/** What the lineage was last told that an address is called; or NULL. */
const char *name_of_address(struct engine *engine, const struct lineage *lineage,
			    const struct ev_addr *address);
void names_clear(struct engine *engine);

/* ---- monitor.c ---- */

void on_monitor(struct engine *engine, const struct ev_head *event);
void on_key(struct engine *engine, const struct ev_head *event);
void on_heartbeat(struct engine *engine, const struct ev_head *event);
void on_witness(struct engine *engine, const struct ev_head *event);
void on_prune(struct engine *engine, const struct ev_head *event);
void on_hold(struct engine *engine, const struct ev_head *event);
/** Rule: on a classified host, nothing may keep the monitor from seeing. */
void detect_loss(struct engine *engine, const struct ev_loss *loss);
void detect_clock_step(struct engine *engine, const struct ev_clock *clock);

/* ---- place.c ---- */

void on_place(struct engine *engine, const struct ev_head *event);
/** True where packets never leave this host. */
/** 0.0.0.0 or ::, where a socket is bound to nothing. */
bool address_is_unspecified(const struct ev_addr *address);
bool address_is_local(const struct ev_addr *address);
/** The five facts about an address; false while nobody has answered. */
bool destination_facts(struct engine *engine, const struct ev_addr *remote, struct destination_facts *facts);

/* ---- policy.c ---- */

void on_document(struct engine *engine, const struct ev_head *event);
int on_policy(struct engine *engine, const struct ev_head *event);
void book_clear(struct book *book);
/** The day that counts for this step. */
day_t engine_day(const struct engine *engine, uint64_t time);
/** By the measures of the day of this time, or of the day that was asked for. */
const struct decision *decide_cached(struct engine *engine, const struct product *product, uint64_t time);
void decisions_forget(struct engine *engine);

/* ---- view.c: freezing what is known into outcomes ---- */

/** A new outcome of this step, about what happened at `time`, now or before. */
struct outcome *tell(struct engine *engine, enum outcome_type type, enum outcome_what what, uint64_t time);
const struct outcome_process *view_process(struct engine *engine, struct process *process);
const struct outcome_process *view_parent(struct engine *engine, struct process *process);
const struct outcome_product *view_product(struct engine *engine, const struct lineage *lineage,
					   const struct product *product, enum evidence evidence,
					   uint64_t time);
struct outcome_destination *view_destination(struct engine *engine, const struct flow *flow,
					     const struct ev_addr *remote);
const struct outcome_access *view_access(struct engine *engine, const struct access *access);
void view_rulings(struct engine *engine, struct outcome *outcome, const struct decision *decision);
/** What a cause of loss is called. */
const char *loss_text(uint32_t cause);
/** Says of each finding from this outcome on which incident it belongs to. */
void view_incidents(struct engine *engine, size_t from);
/** Adds what was lost since `since`, which a finding must say. */
void view_losses(struct engine *engine, struct outcome *outcome, uint64_t since);

/* ---- detect/ ---- */

/** Rule: a product against the measures, when it is executed. */
void detect_product(struct engine *engine, struct process *process);
/** Rule: a destination against the measures, at a connect and at bytes sent. */
void detect_connect(struct engine *engine, struct channel *channel, const struct flow *flow,
		    const struct flow_part *part);
void detect_bytes(struct engine *engine, struct channel *channel, const struct flow *flow,
		  const struct flow_part *part);

#endif
