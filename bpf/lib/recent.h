/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this CPU has lately found benign: most execs of a host are of few programs, and
 * end here without a hash. It holds for one version of the verdicts, which is read
 * before they are: what was found meanwhile under another never counts.
 */
#ifndef CUSTODES_BPF_RECENT_H
#define CUSTODES_BPF_RECENT_H

#include "maps.h"

/** Which of a file's names counts, too: build tools and shells run few under many. */
static __always_inline struct recent_entry *recent_slot(const struct exe_id *exe)
{
	__u32 slot = (exe->ino ^ exe->place) & (RECENT_SLOTS - 1);

	return preempted ? NULL : bpf_map_lookup_elem(&recent, &slot);
}

/** 0 where there is none: nothing is kept under it. */
static __always_inline __u64 recent_version(void)
{
	__u32 only = 0;
	__u64 *version = bpf_map_lookup_elem(&exes_version, &only);

	return version ? *(volatile __u64 *)version : 0;
}

static __always_inline bool recent_is(const struct recent_entry *entry, const struct exe_id *exe,
				      __u64 cgroup, __u64 version)
{
	return entry && version && entry->version == version && entry->cgroup == cgroup &&
	       entry->exe.ino == exe->ino && entry->exe.ctime_sec == exe->ctime_sec &&
	       entry->exe.ctime_nsec == exe->ctime_nsec && entry->exe.dev == exe->dev &&
	       entry->exe.gen == exe->gen && entry->exe.place == exe->place;
}

static __always_inline void recent_keep(struct recent_entry *entry, const struct exe_id *exe, __u64 cgroup,
					__u64 version)
{
	if (!entry)
		return;
	entry->exe = *exe;
	entry->cgroup = cgroup;
	entry->version = version;
}

#endif
