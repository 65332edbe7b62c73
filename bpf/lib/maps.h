/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The maps. */
#ifndef CUSTODES_BPF_MAPS_H
#define CUSTODES_BPF_MAPS_H

#include "kernel.h"

#include "../abi/maps.h"
#include "../abi/stats.h"

/** Whether this kernel takes the CPU away inside a tracing program. */
SEC(".rodata.preempted") const volatile __u32 preempted = 0;
/** Whether programs by way of perf stand before those that have a spare's part (lib/spare.h). */
SEC(".rodata.led") const volatile __u32 led = 0;

char LICENSE[] SEC("license") = "GPL";

#define HASH(map_name, key_type, value_type, entries) \
	struct {                                      \
		__uint(type, BPF_MAP_TYPE_HASH);      \
		__uint(max_entries, entries);         \
		__type(key, key_type);                \
		__type(value, value_type);            \
	} map_name SEC(".maps")

#define PER_CPU(map_name, value_type, entries)           \
	struct {                                         \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); \
		__uint(max_entries, entries);            \
		__type(key, __u32);                      \
		__type(value, value_type);               \
	} map_name SEC(".maps")

#define FILTER(map_name)                           \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);  \
		__uint(max_entries, FILTER_SLOTS); \
		__type(key, __u32);                \
		__type(value, __u32);              \
	} map_name SEC(".maps")

HASH(tasks, __u32, struct task_entry, TASKS_MAX);
HASH(lineages, __u64, struct lineage_entry, LINEAGES_MAX);
HASH(lineage_tasks, __u64, __u64, LINEAGES_MAX);
HASH(exes, struct exe_id, __u32, EXES_MAX);
HASH(socks, __u64, struct sock_entry, SOCKS_MAX);
HASH(ended, __u64, struct ended_entry, ENDED_MAX);
HASH(destinations, struct destination_key, struct destination_entry, DESTINATIONS_MAX);
HASH(pending, struct pending_key, struct ev_addr, PENDING_MAX);
HASH(accesses, struct access_key, struct access_entry, ACCESSES_MAX);
HASH(others, struct access_key, struct access_entry, OTHERS_MAX);
HASH(scanners, __u64, __u32, SCANNERS_MAX); /* by start: its process; told already */

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ORPHANS_MAX);
	__type(key, __u64);
	__type(value, __u32);
} orphans SEC(".maps");

/** Who fails in the end leaves one behind. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, AIMS_MAX);
	__type(key, __u64);
	__type(value, struct process_id);
} aims SEC(".maps");

/** One: from 1 on. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} exes_version SEC(".maps");

/** By channel: 1 once the program that leads and its spare are attached. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CHANNELS);
	__type(key, __u32);
	__type(value, __u32);
} spares_armed SEC(".maps");

/** By channel and task: whom the program that leads has met, until its spare has. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CHANNELS *MARKS);
	__type(key, __u32);
	__type(value, __u64);
} marks SEC(".maps");

FILTER(task_filter);
FILTER(sock_filter);

PER_CPU(losses, struct loss_entry, LOSS_KERNEL_CAUSES);
PER_CPU(recent, struct recent_entry, RECENT_SLOTS);
PER_CPU(sequences, __u64, CHANNELS);
PER_CPU(spares_acted, __u64, CHANNELS);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} ring SEC(".maps");

#endif
