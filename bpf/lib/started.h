/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Under what name a program was started. A script's interpreter is the same file whatever
 * the script: what was decided about it is of one name, and of the script as it stands there
 * now; and user space is told that name before it is told of the exec.
 */
#ifndef CUSTODES_BPF_STARTED_H
#define CUSTODES_BPF_STARTED_H

#include "exe.h"
#include "script.h"

/** Drawn by each custodes: nobody can make up a name that meets another's number. */
SEC(".rodata.secret") const volatile __u32 secret = 0;

/** Of so many bytes each, the last of them a NUL: on the stack, since most execs end here. */
#define CHUNK	      64
#define CHUNKS_MAX    8
#define STARTED_BYTES (CHUNKS_MAX * (CHUNK - 1) + 1)

#define DEV_FD 0x2f64662f7665642full /* "/dev/fd/": by descriptor, so by any name */

static __always_inline __u64 mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 32;
}

/** What a relative name starts from. */
static __always_inline __u64 started_from(struct task_struct *task)
{
	struct inode *inode = BPF_CORE_READ(task, fs, pwd.dentry, d_inode);

	return mix(READ(inode, i_ino), READ(inode, i_sb, s_dev));
}

/** Which script, and since when it reads as it does. */
static __always_inline __u64 started_script(__u64 hash, struct file *script)
{
	struct exe_id id;

	EXE_IDENTIFY(&id, script, READ);
	hash = mix(hash, id.ino);
	hash = mix(hash, id.ctime_sec);
	hash = mix(hash, (__u64)id.ctime_nsec << 32 | id.dev);
	return mix(hash, (__u64)id.gen << 32 | id.place);
}

/**
 * Makes the name, and the script, if it is one, part of the executable's place. False: this
 * start cannot be told from others by its name.
 */
static __always_inline bool started_place(struct exe_id *exe, struct task_struct *task, const char *name,
					  struct file *script)
{
	__u64 hash = secret, chunk[CHUNK / 8];
	long n = CHUNK;

	for (__u32 i = 0; i < CHUNKS_MAX && n == CHUNK; i++) {
		__builtin_memset(chunk, 0, sizeof(chunk));
		n = bpf_probe_read_kernel_str(chunk, sizeof(chunk), name + i * (CHUNK - 1));
		if (!i && (n <= 1 || chunk[0] == DEV_FD))
			return false;
		if (!i && (chunk[0] & 0xff) != '/')
			hash ^= started_from(task);
		for (__u32 word = 0; word < CHUNK / 8; word++)
			hash = mix(hash, chunk[word]);
	}
	if (script)
		hash = started_script(hash, script);
	exe->place ^= (__u32)(hash >> 16);
	if (!exe->place)
		exe->place = 1;
	return n > 0 && n < CHUNK;
}

/** The name, with the directory that a relative one starts from. */
static __always_inline void started_emit(struct scratch *scratch, struct task_struct *task, const char *name,
					 const struct exec_facts *facts)
{
	struct ev_started *event = &scratch->event.started.event;
	long named = bpf_probe_read_kernel_str(scratch->strings, STARTED_BYTES, name);
	__u32 end;

	if (named <= 1 || named > STARTED_BYTES)
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
	end = (sizeof(*event) + end + 7) & ~7u;
	event->head.size = end;
	emit_whole(event, end, BPF_RB_NO_WAKEUP);
}

#endif
