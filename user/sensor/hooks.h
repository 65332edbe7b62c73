/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every hook, what it needs, what stands in for it, and what is then lost. */
#ifndef CUSTODES_SENSOR_HOOKS_H
#define CUSTODES_SENSOR_HOOKS_H

#include <stdbool.h>
#include <stddef.h>

enum hook_attach {
	HOOK_TRACEPOINT,
	HOOK_PERF,  /* a tracepoint, by way of perf: a program that keeps its CPU */
	HOOK_ENTRY, /* of a function of the kernel: by a trampoline */
	HOOK_RETURN,
	HOOK_CGROUP,
	HOOK_ITER_TASK,
	HOOK_ITER_FILES,
	HOOK_ITER_MEMORY,
	HOOK_ITER_SCANNERS,
	HOOK_ITER_SOCKS,
	HOOK_ITER_ENDED,
	HOOK_ITER_DESTINATIONS,
	HOOK_ITER_ACCESSES,
	HOOK_ITER_OTHERS,
};

/** What a set of hooks is for. Of each, the first way that works is used. */
enum feature {
	FEATURE_PROCESSES,
	FEATURE_EXISTING,
	FEATURE_MAPPED,
	FEATURE_SCANNERS,
	FEATURE_SOCKETS,
	FEATURE_DATAGRAMS,
	FEATURE_TICKS,
	FEATURE_FILES,
	FEATURE_URING,
	FEATURE_MEMORY,
	FEATURES,
};

struct feature_info {
	const char *name;
	const char *sees;
	bool required;	  /* without it the sensor does not run */
	const char *lost; /* when no way works */
};
extern const struct feature_info features[FEATURES];

/** What the kernel skips of it, another program sees: no loss. */
#define COVERED 1u
/** Attached once something is watched: it taxes every call of the host. */
#define ON_DEMAND 2u
/** Stands before the program behind it in the table, which then is its spare (bpf/lib/spare.h). */
#define LEADS		   4u
#define LEADS_ON(channel)  (LEADS | (unsigned int)(channel) << 8)
#define HOOK_CHANNEL(hook) ((hook)->traits >> 8)

struct hook {
	const char *program;
	enum feature feature;
	unsigned int way; /* 0 is best */
	enum hook_attach attach;
	const char *target; /* tracepoint, function, or attach point */
	unsigned int traits;
	int arguments; /* that the tracepoint must have, where that tells kernels apart; 0: any */
};
extern const struct hook hooks[];
extern const size_t hook_count;

/** Whether there is a program of this name. */
bool hook_exists(const char *program);

/** What is lost where a way other than the first is used; "" for the first. */
const char *way_lost(enum feature feature, unsigned int way);
#define WAYS 3

#endif
