/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and values of the maps that both halves read. */
#ifndef CUSTODES_ABI_MAPS_H
#define CUSTODES_ABI_MAPS_H

#include "event.h"

#define RING_BYTES (1024 * 1024)
/** The kernel half wakes the reader once this much waits in the ring. */
#define RING_WAKE_BYTES (256 * 1024)

#define TASKS_MAX	 65536
#define LINEAGES_MAX	 32768
#define EXES_MAX	 65536
#define SOCKS_MAX	 32768
#define DESTINATIONS_MAX 32768
#define PENDING_MAX	 4096
#define ACCESSES_MAX	 32768
#define OTHERS_MAX	 4096
#define SCANNERS_MAX	 1024
#define AIMS_MAX	 4096
#define AUTHORED_MAX	 16384
#define ORPHANS_MAX	 4096
#define ENDED_MAX	 16384
/** An object that nobody has touched for so long is told for the last time. */
#define ACCESS_REST_NS 100000000ull
/** Of each channel, for programs that have a spare. */
#define MARKS 1024
/** A power of two. */
#define FILTER_SLOTS 16384

/** A lineage without an entry was let go. */
enum lineage_state {
	LINEAGE_NONE = 0,
	LINEAGE_PROVISIONAL = 1, /* watched until user space has judged it */
	LINEAGE_WATCHED = 2,
};

/** The lower 8 bits of a value of `exes`; above them is user space's seal. No entry: never seen, or not
 * judged yet. */
enum exe_verdict {
	EXE_BENIGN = 1,
	EXE_WATCHED = 2,
	EXE_INTERPRETER = 3, /* benign, unless it is given a script that is not */
};

/** A power of two. */
#define RECENT_SLOTS 256

/**
 * recent: what was lately found benign in a cgroup, by CPU. Programs alone write it; it holds while
 * exes_version is what it was, which user space changes behind each other verdict, and each second.
 */
struct recent_entry {
	struct exe_id exe;
	__u64 cgroup;
	__u64 version;
};

/** tasks: tgid -> */
struct task_entry {
	__u64 lineage;
	__u64 start;
};

/** lineage_tasks: id -> how many tasks are in it; the kernel half's alone */

/** orphans: lineages whose task was met when the entry in `lineages` was gone; 1. Programs alone write it. */

/** lineages: id -> */
struct lineage_entry {
	__u32 state;
	__u32 quiet; /* ran before, and is nobody's yet: what it moves is not told until it is watched */
};

/** Whose a socket is. */
struct owner {
	__u64 lineage;
	__u64 start;
	__u32 tgid;
	__u32 tid;
};

/** A stream is looked into for a TLS handshake while it has been sent on so few times. */
#define SENDS_SHIFT 4
#define SENDS_MAX   8

/**
 * socks: the kernel's struct sock * -> ; the cookie tells a socket from the next
 * one at its address. `sent` and `received` are what calls moved: all there is of
 * a datagram socket (what it sent, its destinations tell); a stream counts for
 * itself, until it is disconnected or freed unseen.
 */
struct sock_entry {
	__u64 flow;
	__u64 cookie;
	struct owner owner;
	__u64 sent;
	__u64 received;
	__u64 told_sent;
	__u64 told_received;
	__u32 netns;
	__u16 proto;
	__u8 flags;	      /* FLOW_*, and above SENDS_SHIFT how often it was looked into */
	__u8 moves;	      /* from one lineage to another */
	struct ev_addr aimed; /* where the last datagram that named its peer went */
	struct ev_addr local; /* known from its first use on */
};

/** ended: flow -> the last account of a socket, for which the ring had no room yet */
struct ended_entry {
	struct owner owner;
	__u64 sent;
	__u64 received;
	struct ev_addr remote;
	struct ev_addr local;
	__u32 netns;
	__u16 proto;
	__u8 flags; /* FLOW_* */
	__u8 pad;
};

struct destination_key {
	__u64 flow;
	struct ev_addr remote;
};

/** destinations: destination_key -> totals of one peer of a datagram socket */
struct destination_entry {
	__u64 sock;
	struct owner owner;
	__u64 sent;
	__u64 told;
	__u32 netns;
	__u16 proto;
	__u16 pad;
};

/** aims: pid_tgid of who acts -> whose memory it was allowed to read or write */
struct process_id {
	__u64 start;
	__u32 tgid;
	__u32 pad;
};

/** pending: where a datagram goes, between its address check and its length. */
struct pending_key {
	__u64 sock;
	__u64 pid_tgid;
};

struct access_key {
	__u64 lineage;
	struct object_id object;
};

/**
 * accesses: what a lineage has moved from and to an object, until it rests;
 * others: from and to all those that had no room there
 */
struct access_entry {
	__u64 access;
	struct owner owner;
	struct object_facts facts;
	__u64 read;
	__u64 written;
	__u64 mapped;
	__u64 from;
	__u64 to;
	__u64 told;   /* read + written + mapped, when it was last told */
	__u64 used;   /* boot time of the last call */
	__u32 flags;  /* ACCESS_* */
	__u32 ending; /* it is being told for the last time: what comes now needs another */
};

#endif
