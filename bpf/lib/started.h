/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Under what name a program was started. A script's interpreter is the same file whatever
 * the script: what was decided about it is of one name, and user space is told that name
 * before it is told of the exec.
 */
#ifndef CUSTODES_BPF_STARTED_H
#define CUSTODES_BPF_STARTED_H

#include "exe.h"

/** Drawn by each custodes: nobody can make up a name that meets another's number. */
SEC(".rodata.secret") const volatile __u32 secret = 0;

#define STARTED_BYTES 512
#define STARTED_WORDS (STARTED_BYTES / 8)

#define DEV_FD 0x2f64662f7665642full /* "/dev/fd/": by descriptor, so by any name */

static __always_inline __u64 mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 32;
}

/** One word of the name; what is left of the last is zero. A function of its own as path_step() is. */
static __noinline int started_step(struct scratch *scratch)
{
	__u32 off;

	if (!scratch)
		return 0;
	off = scratch->used;
	if (off > STARTED_BYTES - 8)
		return 0;
	scratch->hash = mix(scratch->hash, *(__u64 *)(scratch->strings + off));
	scratch->used = off + 8;
	return scratch->used < scratch->named;
}

/** What a relative name starts from. */
static __always_inline __u64 started_from(struct task_struct *task)
{
	struct inode *inode = BPF_CORE_READ(task, fs, pwd.dentry, d_inode);

	return mix(READ(inode, i_ino), READ(inode, i_sb, s_dev));
}

/**
 * Reads the name into the scratch, which keeps it until exec_emit(), and makes it part of
 * the executable's place. False: this start cannot be told from others by its name.
 */
static __always_inline bool started_place(struct scratch *scratch, struct exe_id *exe,
					  struct task_struct *task, const char *name)
{
	__u64 from = 0;
	long n = bpf_probe_read_kernel_str(scratch->strings, STARTED_BYTES, name);

	scratch->named = 0;
	if (n <= 1 || n > STARTED_BYTES)
		return false;
	__builtin_memset(scratch->strings + n, 0, 8);
	scratch->named = n;
	if (n == STARTED_BYTES || *(__u64 *)scratch->strings == DEV_FD)
		return false;
	if (scratch->strings[0] != '/')
		from = started_from(task);
	scratch->hash = secret ^ from;
	scratch->used = 0;
	REPEAT(i, STARTED_WORDS, STARTED_WORDS, started_step(scratch));
	exe->place ^= (__u32)(scratch->hash >> 16);
	if (!exe->place)
		exe->place = 1;
	return true;
}

/** The name, with the directory that a relative one starts from. */
static __always_inline void started_emit(struct scratch *scratch, struct task_struct *task,
					 const struct exec_facts *facts)
{
	struct ev_started *event = &scratch->event.started.event;
	__u32 named = scratch->named, end, size;

	if (!named || named > STARTED_BYTES)
		return;
	emit_head(&event->head, facts->channel, EV_STARTED, 0, &facts->owner);
	event->exe = facts->exe;
	scratch->used = named;
	if (scratch->strings[0] != '/') {
		scratch->dentry = BPF_CORE_READ(task, fs, pwd.dentry);
		scratch->mnt = BPF_CORE_READ(task, fs, pwd.mnt);
		if (!path_walk_on(scratch))
			event->head.flags |= STARTED_CUT;
	}
	end = scratch->used;
	if (end > PATH_BYTES + NAME_BYTES)
		return;
	event->name = (struct ev_str){.off = sizeof(*event), .len = named - 1};
	event->directory = (struct ev_str){.off = sizeof(*event) + named, .len = end - named};
	__builtin_memset(scratch->strings + end, 0, 8);
	size = (sizeof(*event) + end + 7) & ~7u;
	event->head.size = size;
	emit_whole(event, size, BPF_RB_NO_WAKEUP);
}

#endif
