/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The events: the contract between the kernel half, user space and every
 * capture that was ever written. docs/FORMAT.md describes the same bytes.
 *
 * Rules: fixed-width members, natural alignment, padding spelled out (check.c
 * is compiled with -Wpadded as an error by both compilers), no pointers, no
 * enums, all integers little-endian. A struct may only grow at its end, and
 * only together with ABI_VERSION; strings lie behind the struct, named by a
 * struct ev_str.
 */
#ifndef CUSTODES_ABI_EVENT_H
#define CUSTODES_ABI_EVENT_H

#include <linux/types.h>

#define ABI_VERSION 1

/** Greatest size of one event with all its strings, bytes. */
#define EVENT_MAX 16384

enum ev_kind {
#define EVENT(number, NAME, name) EV_##NAME = number,
#include "events.def"
#undef EVENT
};

/**
 * Who wrote an event: sequences run per (CPU, channel). Every program has a
 * channel of its own, since programs interrupt each other but, where the kernel
 * guards them (tracing programs since 6.2), never themselves.
 */
enum ev_channel {
	CHANNEL_FORK = 0,
	CHANNEL_EXEC = 1,
	CHANNEL_EXIT = 2,
	CHANNEL_EXISTING = 3,
	CHANNEL_CONNECT = 4,
	CHANNEL_STATE = 5,
	CHANNEL_DESTROY = 6,
	CHANNEL_LENGTH_SENT = 7,
	CHANNEL_LENGTH_RECEIVED = 8,
	CHANNEL_PACKET_OUT = 9,
	CHANNEL_TICK_SOCKS = 10,
	CHANNEL_TICK_DESTINATIONS = 11,
	CHANNEL_CALL = 12,
	CHANNEL_URING = 13,
	CHANNEL_TICK_ACCESSES = 14,
	CHANNEL_EXISTING_FILES = 15,
	CHANNEL_FORK_PERF = 16,
	CHANNEL_EXEC_PERF = 17,
	CHANNEL_EXIT_PERF = 18,
	CHANNEL_LENGTH_SENT_PERF = 19,
	CHANNEL_LENGTH_RECEIVED_PERF = 20,
	CHANNEL_CALL_PERF = 21,
	CHANNEL_URING_PERF = 22,
	CHANNEL_MEMORY_ALLOWED = 23,
	CHANNEL_MEMORY_WRITTEN = 24,
	CHANNELS = 32, /* of the kernel half */
	CHANNEL_USER = 255,
};

/**
 * Stands at the head of every event, so that identity never needs the body.
 * `time` and `start` are nanoseconds of CLOCK_BOOTTIME. (tgid, start) names a
 * process for as long as the host is up. `lineage` is 0 where none is watched.
 */
struct ev_head {
	__u32 size; /* of the whole event, a multiple of 8 */
	__u16 kind;
	__u8 channel;
	__u8 flags; /* by kind: EXEC_*, FLOW_* ... */
	__u64 time;
	__u64 seq;
	__u32 cpu;
	__u32 tgid;
	__u32 tid;
	__u32 pad;
	__u64 start; /* of the task's process */
	__u64 lineage;
};

/** A run of bytes inside the event, from its first byte on. */
struct ev_str {
	__u16 off;
	__u16 len;
};

/** What makes an executable the same executable. */
struct exe_id {
	__u64 ino;
	__s64 ctime_sec;
	__u32 ctime_nsec;
	__u32 dev; /* major << 20 | minor, of the superblock */
	__u32 gen;
	__u32 place; /* mixed from mount, directory, and names: a benign verdict is of a file started by one
			name */
};

/** An address with its port, both in network order; v4-mapped is family 4. */
struct ev_addr {
	__u8 addr[16];
	__be16 port;
	__u8 family; /* 4, 6 or 0: none */
	__u8 pad[5];
};

/** head: the child. */
struct ev_fork {
	struct ev_head head;
	__u64 parent_start;
	__u32 parent_tgid;
	__u32 pad;
};

#define EXEC_PATH_CUT 0x01 /* more components than the walk may take */
#define EXEC_ARGS_CUT 0x02
#define EXEC_EXISTING 0x04 /* ran before the sensor was attached */
#define EXEC_UNLINKED 0x08 /* no name is left: deleted, or a memfd */
#define EXEC_SCANNER  0x10 /* with EXEC_EXISTING: it answers for what others open (fanotify) */
#define EXEC_AUTHORED 0x20 /* parent_lineage, under watch then, has written the executable, or the script */
#define EXEC_NEW_UNIT 0x40 /* the first programs in this cgroup: nobody has said yet whose it is */
#define EXEC_ARGUMENT 0x80 /* an interpreter: exe stands for it as it runs the script among its arguments */

struct ev_exec {
	struct ev_head head;
	struct exe_id exe;
	__u64 exe_size;
	__u64 parent_lineage; /* the lineage that the task came from, or 0; with EXEC_AUTHORED who wrote it */
	__u64 parent_start;
	__u64 cgroup;
	__u32 parent_tgid;
	__u32 uid;
	__u32 gid;
	__u32 mntns;
	__u32 netns;
	__u32 pidns;
	__u8 comm[16];
	__u8 state; /* enum lineage_state */
	__u8 pad[7];
	struct ev_str path; /* names from the file up to its root, each with its NUL */
	struct ev_str args; /* each with its NUL */
};

#define STARTED_CUT 0x01 /* the directory has more components than the walk may take */

/** Before the EXEC of a program that nobody has judged under this name: a script's is not its executable's.
 */
struct ev_started {
	struct ev_head head;
	struct exe_id exe;
	struct ev_str name;	 /* as it was asked for */
	struct ev_str directory; /* that a relative name starts from: from it up, each with its NUL */
};

struct ev_exit {
	struct ev_head head;
	__u32 code; /* as wait(2) gives it */
	__u32 pad;
};

#define CONNECT_ADOPTED 0x01 /* not opened under watch: accepted, inherited or passed */

struct ev_connect {
	struct ev_head head;
	__u64 flow;
	struct ev_addr remote; /* as asked for; a FLOW names the real peer */
	__u32 netns;
	__u16 proto; /* IPPROTO_* */
	__u16 pad;
};

#define SEND_SINGLE 0x01 /* no room to sum up: this one datagram stands alone */

/** The first datagram to a destination. */
struct ev_send {
	struct ev_head head;
	__u64 flow;
	__u64 bytes;
	struct ev_addr remote;
	__u32 netns;
	__u16 proto;
	__u16 pad;
};

#define FLOW_CLOSED	 0x01
#define FLOW_ADOPTED	 0x02 /* totals reach back before the watch: an upper bound */
#define FLOW_ESTABLISHED 0x04 /* the peer did answer */
#define FLOW_DESTINATION 0x08 /* totals of one destination of a datagram socket */

/** Totals so far: they only grow, so the last one stands for all. */
struct ev_flow {
	struct ev_head head;
	__u64 flow;
	__u64 sent;	/* application bytes */
	__u64 received; /* application bytes; of the whole socket */
	struct ev_addr remote;
	struct ev_addr local;
	__u32 netns;
	__u16 proto;
	__u16 pad;
};

/** What bytes are kept in or pass through: an inode, or the memory of a process. */
struct object_id {
	__u64 ino; /* of a process: its start */
	__u32 dev; /* major << 20 | minor, of the superblock; OBJECT_PROCESS, OBJECT_OTHERS: no inode */
	__u32 gen; /* of a process: its tgid */
};
#define OBJECT_PROCESS 0xffffffffu
/** dev of what stands for all objects that the table had no room for. */
#define OBJECT_OTHERS 0xfffffffeu

/** What an object was when its first byte was touched. */
struct object_facts {
	__u64 size;
	__s64 ctime_sec;
	__u32 ctime_nsec;
	__u32 mode;  /* as stat(2) gives it; 0: a process, or what has no type */
	__u32 magic; /* of its filesystem, as statfs(2) gives it */
	__u32 rdev;  /* of a device, major << 20 | minor */
	__u32 peer;  /* of a socket: tgid of who is at its other end, or 0 */
	__u16 family;
	__u16 type;
	__u16 proto;
	__u16 pad;
	__u32 links; /* names that it has; 0: deleted, or it never had one */
};

#define ACCESS_FIRST	0x01 /* names the object */
#define ACCESS_LAST	0x02 /* what comes after it is told anew */
#define ACCESS_AT_MOST	0x04 /* some of the bytes are an upper bound */
#define ACCESS_SHARED	0x08 /* mapped so that what is written there is the file's */
#define ACCESS_GIVEN	0x10 /* its descriptor was sent over a socket; its receiver can read `mapped` */
#define ACCESS_PATH_CUT 0x40
#define ACCESS_EXISTING 0x80 /* open before it was watched: some may have moved before */

/** What one lineage has moved from and to one object since it was first told: totals. */
struct ev_access {
	struct ev_head head;
	__u64 access;
	struct object_id object;
	struct object_facts facts;
	__u64 read;    /* bytes that came from it */
	__u64 written; /* bytes that went to it */
	__u64 mapped;  /* bytes that can be read without a call: an upper bound */
	__u64 from;    /* the lowest and highest offset read; all zero: not known */
	__u64 to;
	struct ev_str path; /* of the first: names from the file up to its root, each with its NUL */
	__u32 pad;
};

#define JOIN_RUNS 0x01 /* with JOIN_WAITS, before its EXEC: it runs it, and the author may have ended */

enum join_how {
	JOIN_PTRACE = 1,
	JOIN_MEMORY = 2, /* its memory was written to */
	JOIN_CODE = 3,	 /* it has loaded what the lineage has written; by_* are 0 */
	JOIN_WAITS = 4,	 /* neither is judged yet: head's has loaded what the lineage by_start has written */
};

/** A process that a watched one has taken hold of acts for it from now on; head: the former. Its EXEC came
 * before. */
struct ev_join {
	struct ev_head head;
	__u64 by_start;
	__u32 by_tgid;
	__u32 how; /* enum join_how */
};

#define PAYLOAD_SENT 0x01 /* else received */
#define PAYLOAD_CUT  0x02

/** Greatest part of a message that is kept, bytes. */
#define PAYLOAD_MAX 2048

/** The beginning of a message that may name a destination: of DNS, or of a TLS handshake. */
struct ev_payload {
	struct ev_head head;
	__u64 flow;
	struct ev_addr remote; /* family 0: not known; its port is */
	__u32 size;	       /* of the whole message */
	__u16 proto;
	__u16 pad;
	struct ev_str bytes; /* as the process's memory had them when the call was over */
	__u32 pad2;
};

/* ---- what user space learned or decided; channel is CHANNEL_USER ---- */

/** First event of every run. Wall clock = time + wall_offset. */
struct ev_start {
	struct ev_head head;
	__s64 wall_offset; /* ns */
	__u32 abi;
	__u32 engine; /* version of the engine's rules */
	struct ev_str version;
	struct ev_str host_id; /* /etc/machine-id */
	struct ev_str host_name;
	struct ev_str boot_id;
	struct ev_str run_id; /* of this very run */
	struct ev_str kernel;
	struct ev_str hooks; /* JSON: what is attached, what accuracy is lost */
	__u32 pad;
};

struct ev_stop {
	struct ev_head head;
	__u64 events; /* from the ring, in this run */
	__u64 lost;
};

#define CLOCK_STEP 0x01

struct ev_clock {
	struct ev_head head;
	__s64 wall_offset;
	__s64 change;
};

/** `count` things were lost for `cause` between `since` and head.time. */
struct ev_loss {
	struct ev_head head;
	__u64 count;
	__u64 since;
	__u32 cause; /* enum loss_cause */
	__u32 pad;
};

/** A piece of a policy document; it takes effect with the POLICY that follows. */
struct ev_document {
	struct ev_head head;
	__u8 sha256[32]; /* of the whole document */
	__u32 offset;
	__u32 total;
	struct ev_str name;
	struct ev_str text;
};

/** From here on these documents are in force, in this order. */
struct ev_policy {
	struct ev_head head;
	__u8 sha256[32];	 /* of the set: see user/policy/documents.h */
	struct ev_str host;	 /* name of the document that is the host's profile */
	struct ev_str documents; /* 32 bytes each */
};

#define EXECUTABLE_HASHED   0x01 /* sha256 is of this very identity */
#define EXECUTABLE_VANISHED 0x02 /* it could not be read: see error */

struct ev_executable {
	struct ev_head head;
	struct exe_id exe;
	__u64 size;
	__u8 sha256[32];
	struct ev_str path;
	struct ev_str package;
	struct ev_str package_version;
	struct ev_str maintainer;
	struct ev_str build_id; /* bytes */
	struct ev_str error;
};

#define PROCESS_SAME_CGROUP 0x01 /* it is in the cgroup still that its EXEC told of */

/** What /proc and the system's tables say of a process; head names it. */
struct ev_process {
	struct ev_head head;
	struct ev_str user;
	struct ev_str unit;
	struct ev_str cgroup;
	struct ev_str container;
	struct ev_str args;
	struct ev_str cwd;
};

#define PLACE_ANYCAST 0x01
#define PLACE_KNOWN   0x02 /* a database had an answer */

/** Where an address is, and whose, by the location databases. */
struct ev_place {
	struct ev_head head;
	struct ev_addr address;
	__u8 database[32]; /* SHA-256 of libloc's database, all zero: none */
	__u8 mmdb[32];	   /* SHA-256 of the MMDB, all zero: none */
	__u32 asn;
	__u8 country[2];	/* of the network's registration */
	__u8 server_country[2]; /* of the server, where the MMDB says */
	struct ev_str as_name;
	struct ev_str network;
};

/** What was done at the engine's bidding, and how it went. */
struct ev_action {
	struct ev_head head; /* head.lineage: whose */
	struct exe_id exe;
	__u32 action; /* enum engine_action */
	__s32 result; /* 0 or a negative errno */
};

/** The classification label of an object, as it was when the access to it began. */
struct ev_label {
	struct ev_head head; /* the access's */
	__u64 access;
	struct ev_str label;
	struct ev_str by; /* what gave it: "path", "attribute", "canary" */
};

/** A file that a lineage has written is still there some time after it was done with it. */
struct ev_left {
	struct ev_head head; /* the account's that wrote it, as far as it is known */
	struct object_id object;
	__u64 size;
	struct ev_str path; /* where it was found: it may have been renamed */
	__u32 pad;
};

/**
 * A piece of all that the engine kept as of the event before the first piece: whoever goes on with
 * the log begins there. It derives from the log; nothing is judged by it.
 */
struct ev_snapshot {
	struct ev_head head;
	__u64 first;	/* position of the first piece */
	__u64 policies; /* positions of the first document of the set in force, and of its POLICY */
	__u64 policy;
	__u32 engine; /* version of the rules, as in START: others cannot read it */
	__u32 offset;
	__u32 total;
	struct ev_str bytes;
};

/** From here on checkpoints bear this key's signature. */
struct ev_key {
	struct ev_head head;
	__u8 public[32];	   /* Ed25519 */
	struct ev_str verifier;	   /* as c2sp.org/signed-note writes it, under the log's origin */
	struct ev_str certificate; /* a signed note in which another key vouches for it; or none */
};

/** A sign of life, once a minute: also where nothing happens, the log goes on and is sealed. */
struct ev_heartbeat {
	struct ev_head head;
	__u64 number;	/* of this run, from 1 on */
	__u64 size;	/* entries that the checkpoint speaks for */
	__u64 events;	/* of the kernel half, so far */
	__u64 lost;	/* so far */
	__s64 cosigned; /* seconds since 1970: when a witness last vouched for the log; 0: none has */
	struct ev_str checkpoint; /* the last one, signed, whole */
	struct ev_str verifier;	  /* as in KEY */
};

enum witness_result {
	WITNESS_COSIGNED = 1,	 /* it has vouched for `checkpoint` */
	WITNESS_UNREACHABLE = 2, /* it did not answer */
	WITNESS_REFUSED = 3,	 /* it answered something else: `status` */
	WITNESS_AHEAD = 4,	 /* it has vouched for more entries than there are: `told` */
	WITNESS_FORKED = 5, /* it has vouched for other entries: for it the log does not go on from them */
	WITNESS_WRONG = 6,  /* what it answered is no cosignature of its key */
};

#define WITNESS_AGAIN 0x01 /* the same came of it the last time */

/** What came of asking a witness to vouch for a checkpoint. */
struct ev_witness {
	struct ev_head head;
	__s64 cosigned; /* seconds since 1970, by its clock: when it last did in this run; 0: it has not */
	__u64 size;	/* entries that it vouched for then */
	__u64 told;	/* entries that it says it has seen; 0: it has not said */
	__u32 result;	/* enum witness_result */
	__u32 status;	/* of HTTP; 0: no answer */
	struct ev_str verifier;	  /* its key, as c2sp.org/signed-note writes it */
	struct ev_str checkpoint; /* of WITNESS_COSIGNED: the note, its line below the host's */
	struct ev_str detail;	  /* in words */
	__u32 pad;
};

/** Entries of the log: from the first up to, not including, `to`. */
struct entry_range {
	__u64 from;
	__u64 to;
};

enum prune_why {
	PRUNE_AGE = 1,	/* they are older than `limit` seconds */
	PRUNE_SIZE = 2, /* the bundles have more than `limit` bytes */
};

/** The content of entries is removed; their hashes stay. Sealed before the first file goes. */
struct ev_prune {
	struct ev_head head;
	__s64 when;	      /* UTC in ns since 1970, as all times here */
	__s64 begin;	      /* of the first event that goes */
	__s64 end;	      /* of the last one */
	__u64 entries;	      /* so many go */
	__u64 bytes;	      /* of their bundles */
	__u64 held;	      /* entries that would go, but for a hold */
	__u64 limit;	      /* seconds or bytes, by `why` */
	__u32 why;	      /* enum prune_why */
	struct ev_str absent; /* entry_ranges, ascending: all of the log that is not there from here on */
	struct ev_str holds;  /* ids of the holds that kept something, with spaces between them */
	__u32 pad;
};

enum hold_what {
	HOLD_SET = 1,
	HOLD_RELEASED = 2,
	HOLD_STANDS = 3, /* it was set before, and is told again behind a snapshot */
	HOLD_ENDED = 4,	 /* it was released before, likewise */
};

/** Nothing that was recorded between two times may be pruned. */
struct ev_hold {
	struct ev_head head;
	__s64 when; /* UTC in ns since 1970, as all times here */
	__s64 from;
	__s64 to;
	__u32 what; /* enum hold_what */
	__u32 uid;  /* who asked for it, as the file `holds` has it */
	struct ev_str id;
	struct ev_str reason;
};

enum monitor_what {
	MONITOR_STOPPED = 1,  /* custodes did not run between `since` and head.time */
	MONITOR_TRACED = 2,   /* somebody traces it: `pid` */
	MONITOR_DETACHED = 3, /* a program of the sensor is no longer attached */
	MONITOR_CHANGED = 4,  /* a map of the sensor was written to by somebody else */
	MONITOR_SECOND = 5,   /* another custodes runs: `pid` */
	MONITOR_WATCHDOG = 6, /* the watchdog was gone: a new one has begun */
};

/** Something was done to the monitor itself. */
struct ev_monitor {
	struct ev_head head;
	__u64 since;
	__u32 what;	      /* enum monitor_what */
	__u32 pid;	      /* who, where that is known */
	struct ev_str detail; /* which program, which map */
	__u32 pad;
};

#endif
