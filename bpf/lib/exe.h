/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What runs: an executable's identity, its path, and the event of an exec. */
#ifndef CUSTODES_BPF_EXE_H
#define CUSTODES_BPF_EXE_H

#include "task.h"

#define PATH_NAMES 128
#define PATH_BYTES 4096
#define NAME_BYTES 256
#define ARGS_BYTES 1024

/** Multigrain time stamps keep a flag above the nanoseconds (6.13: 4e40eff0b573). */
#define NSEC_MASK 0x3fffffff

/** Too large for the stack; a program of this file never runs within itself. */
struct exec_scratch {
	struct ev_exec event;
	char strings[PATH_BYTES + NAME_BYTES + ARGS_BYTES + 8]; /* and what fills the last word */
	struct dentry *dentry;
	struct vfsmount *mnt;
	__u32 used;
	__u32 pad;
};

/** One for the iterator, which an exec may interrupt. */
PER_CPU(exec_scratches, struct exec_scratch, 2);

static __always_inline void exe_ctime(struct exe_id *id, struct inode *inode)
{
	struct inode___v6_6 *v6_6 = (void *)inode;
	struct inode___v5_10 *v5_10 = (void *)inode;

	if (bpf_core_field_exists(inode->i_ctime_sec)) {
		id->ctime_sec = inode->i_ctime_sec;
		id->ctime_nsec = inode->i_ctime_nsec & NSEC_MASK;
	} else if (bpf_core_field_exists(v6_6->__i_ctime)) {
		id->ctime_sec = v6_6->__i_ctime.tv_sec;
		id->ctime_nsec = v6_6->__i_ctime.tv_nsec;
	} else {
		id->ctime_sec = v5_10->i_ctime.tv_sec;
		id->ctime_nsec = v5_10->i_ctime.tv_nsec;
	}
}

/**
 * Which of a file's names it was started by: a product is known by its path, too,
 * and another link or mount of the file must not have it judged beforehand.
 */
static __always_inline __u32 exe_place(struct file *file)
{
	const void *mnt = file->f_path.mnt;
	__u32 mount = 0, place;

	/* One read: a struct mount begins before its mnt, where no typed pointer may go. */
	bpf_probe_read_kernel(&mount, sizeof(mount),
			      mnt + bpf_core_field_offset(struct mount, mnt_id) -
				      bpf_core_field_offset(struct mount, mnt));
	place = file->f_path.dentry->d_name.hash ^ mount * 0x9e3779b1u;
	return place ? place : 1; /* 0 stands for any place */
}

/** The file is one that the verifier knows as such: most is read without a helper's call. */
static __always_inline void exe_identify(struct exe_id *id, struct file *file)
{
	struct inode *inode = file->f_inode;

	id->ino = inode->i_ino;
	id->dev = inode->i_sb->s_dev;
	id->gen = inode->i_generation;
	id->place = exe_place(file);
	exe_ctime(id, inode);
}

/** What was decided about the file under this name; else, whether it is watched under whatever name. */
static __always_inline __u32 exe_verdict(const struct exe_id *exe)
{
	__u32 *verdict = bpf_map_lookup_elem(&exes, exe);
	struct exe_id anywhere;

	if (verdict)
		return *verdict;
	anywhere = *exe;
	anywhere.place = 0;
	verdict = bpf_map_lookup_elem(&exes, &anywhere);
	return verdict ? *verdict : 0;
}

enum path_step { PATH_GO_ON, PATH_WHOLE, PATH_CUT };

/**
 * One step from a file up to the root of its mount namespace: writes a name with
 * its NUL, or passes from a mount's root to what it covers. The state lives in a
 * map value, since in registers the verifier would follow every way through the
 * loop; and the step is a function of its own, since kernels before 6.2 take a
 * loop only if every edge back to its head is a jump.
 */
static __noinline int path_step(struct exec_scratch *scratch)
{
	struct mount *mount, *above;
	struct vfsmount *mnt;
	struct dentry *dentry, *parent;
	const unsigned char *name;
	__u32 off;
	long n;

	if (!scratch)
		return PATH_CUT;
	dentry = scratch->dentry;
	mnt = scratch->mnt;
	if (dentry == BPF_CORE_READ(mnt, mnt_root)) {
		mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
		above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount)
			return PATH_WHOLE;
		scratch->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		scratch->mnt = (void *)above + bpf_core_field_offset(struct mount, mnt);
		return PATH_GO_ON;
	}
	parent = BPF_CORE_READ(dentry, d_parent);
	name = BPF_CORE_READ(dentry, d_name.name);
	off = scratch->used;
	if (off >= PATH_BYTES)
		return PATH_CUT;
	n = bpf_probe_read_kernel_str(scratch->strings + off, NAME_BYTES, name);
	if (n <= 0)
		return PATH_CUT;
	scratch->used = off + n;
	scratch->dentry = parent;
	/* No root above it: a memfd, or a mount that is gone. */
	return parent == dentry ? PATH_WHOLE : PATH_GO_ON;
}

/** The names of a file's path, from the file up. False where the walk was cut short. */
static __always_inline bool exe_path(struct exec_scratch *scratch, struct file *file)
{
	int step = PATH_GO_ON;

	scratch->used = 0;
	scratch->dentry = BPF_CORE_READ(file, f_path.dentry);
	scratch->mnt = BPF_CORE_READ(file, f_path.mnt);
	for (int i = 0; i < PATH_NAMES && step == PATH_GO_ON; i++)
		step = path_step(scratch);
	return step == PATH_WHOLE;
}

/** The arguments stand in the new image, which has not run yet: nobody could change them. */
static __always_inline bool exe_args(struct exec_scratch *scratch, struct task_struct *task)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	unsigned long start = BPF_CORE_READ(mm, arg_start);
	unsigned long length = BPF_CORE_READ(mm, arg_end) - start;
	bool whole = length <= ARGS_BYTES;
	__u32 off = scratch->used, n = whole ? length : ARGS_BYTES;

	if (off > PATH_BYTES + NAME_BYTES || n > ARGS_BYTES)
		return false;
	if (bpf_probe_read_user(scratch->strings + off, n, (void *)start))
		return false;
	scratch->used = off + n;
	return whole;
}

static __always_inline void exec_parent(struct ev_exec *event, struct task_struct *task)
{
	struct task_struct *parent = BPF_CORE_READ(task, real_parent, group_leader);

	event->parent_tgid = BPF_CORE_READ(parent, tgid);
	event->parent_start = BPF_CORE_READ(parent, start_boottime);
}

static __always_inline void exec_context(struct ev_exec *event, struct task_struct *task)
{
	event->uid = BPF_CORE_READ(task, cred, uid.val);
	event->gid = BPF_CORE_READ(task, cred, gid.val);
	event->mntns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	event->netns = BPF_CORE_READ(task, nsproxy, net_ns, ns.inum);
	event->pidns = BPF_CORE_READ(task, nsproxy, pid_ns_for_children, ns.inum);
	BPF_CORE_READ_INTO(&event->comm, task, comm);
}

static __always_inline void str_at(struct ev_str *str, __u32 off, __u32 end)
{
	str->off = sizeof(struct ev_exec) + off;
	str->len = end - off;
}

/** What an exec, and a process met at the start, have in common. */
struct exec_facts {
	struct owner owner;
	struct exe_id exe;
	__u64 parent_lineage;
	__u64 cgroup;
	__u32 channel;
	__u8 state;
	__u8 flags;
};

static __always_inline void exec_emit(struct task_struct *task, struct file *file,
				      const struct exec_facts *facts)
{
	__u32 which = facts->flags & EXEC_EXISTING ? 1 : 0, path_end, size;
	struct exec_scratch *scratch = bpf_map_lookup_elem(&exec_scratches, &which);
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct ev_exec *event;
	__u8 flags = facts->flags;

	if (!scratch)
		return;
	event = &scratch->event;
	emit_head(&event->head, facts->channel, EV_EXEC, 0, &facts->owner);
	event->exe = facts->exe;
	event->exe_size = BPF_CORE_READ(inode, i_size);
	event->parent_lineage = facts->parent_lineage;
	event->cgroup = facts->cgroup;
	event->state = facts->state;
	exec_parent(event, task);
	exec_context(event, task);
	if (!BPF_CORE_READ(inode, i_nlink))
		flags |= EXEC_UNLINKED;
	if (!exe_path(scratch, file))
		flags |= EXEC_PATH_CUT;
	path_end = scratch->used;
	str_at(&event->path, 0, path_end);
	if (!(flags & EXEC_EXISTING) && !exe_args(scratch, task))
		flags |= EXEC_ARGS_CUT;
	str_at(&event->args, path_end, scratch->used);
	event->head.flags = flags;
	path_end = scratch->used;
	if (path_end > sizeof(scratch->strings) - 8)
		return;
	__builtin_memset(scratch->strings + path_end, 0, 8); /* nothing of an event before */
	size = (sizeof(*event) + path_end + 7) & ~7u;
	event->head.size = size;
	emit_whole(event, size);
}

/** A lineage of its own begins with this process. */
static __always_inline bool lineage_begin(struct exec_facts *facts)
{
	struct lineage_entry entry = {.state = facts->state};

	facts->owner.lineage = unique_id();
	if (bpf_map_update_elem(&lineages, &facts->owner.lineage, &entry, BPF_NOEXIST)) {
		lose(LOSS_LINEAGES);
		return false;
	}
	if (task_join(facts->owner.tgid, facts->owner.lineage, facts->owner.start))
		return true;
	bpf_map_delete_elem(&lineages, &facts->owner.lineage);
	return false;
}

/**
 * Which lineage a process belongs to, now that it runs this executable. Says
 * whether that is worth an event: not where a process that nobody watches runs
 * what is known to be benign.
 */
static __always_inline bool exec_place(struct exec_facts *facts)
{
	__u32 verdict = exe_verdict(&facts->exe);
	struct owner before;
	struct lineage_entry *lineage = NULL;

	if (task_watched(facts->owner.tgid, &before)) {
		lineage = bpf_map_lookup_elem(&lineages, &before.lineage);
		facts->parent_lineage = before.lineage;
	}
	if (verdict == EXE_WATCHED) {
		facts->state = LINEAGE_WATCHED;
		return lineage_begin(facts);
	}
	if (lineage && (lineage->state == LINEAGE_WATCHED || verdict)) {
		facts->state = lineage->state;
		facts->owner.lineage = before.lineage;
		return true;
	}
	if (verdict)
		return false;
	facts->state = LINEAGE_PROVISIONAL;
	return lineage_begin(facts);
}

#endif
