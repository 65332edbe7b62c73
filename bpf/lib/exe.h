/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What runs: an executable's identity, its path, and the event of an exec. */
#ifndef CUSTODES_BPF_EXE_H
#define CUSTODES_BPF_EXE_H

#include "author.h"
#include "recent.h"

/**
 * Which of a file's names it was started by: a product is known by its path, too,
 * and another link or mount of the file must not have it judged beforehand.
 */
static __always_inline __u32 exe_place(const void *mnt, __u32 name)
{
	struct mount *mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
	__u32 place;

	place = name ^ READ(mount, mnt_id) * 0x9e3779b1u;
	return place ? place : 1; /* 0 stands for any place */
}

/** For a file that the verifier knows as such, most is read without a helper's call: MEMBER is TYPED. */
#define EXE_IDENTIFY(id, file, MEMBER)                                                           \
	do {                                                                                     \
		struct inode *_inode = MEMBER(file, f_inode);                                    \
		struct super_block *_sb = MEMBER(_inode, i_sb);                                  \
		struct dentry *_dentry = MEMBER(file, f_path.dentry);                            \
                                                                                                 \
		(id)->ino = MEMBER(_inode, i_ino);                                               \
		(id)->dev = MEMBER(_sb, s_dev);                                                  \
		(id)->gen = MEMBER(_inode, i_generation);                                        \
		(id)->place = exe_place(MEMBER(file, f_path.mnt), MEMBER(_dentry, d_name.hash)); \
		INODE_CTIME((id)->ctime_sec, (id)->ctime_nsec, _inode, MEMBER);                  \
	} while (0)

/** What was decided about the file under this name; else, whether it is watched under whatever name. */
static __always_inline __u32 exe_verdict(const struct exe_id *exe)
{
	struct exe_id anywhere = *exe;
	__u32 *verdict = bpf_map_lookup_elem(&exes, exe);

	if (!verdict) {
		anywhere.place = 0;
		verdict = bpf_map_lookup_elem(&exes, &anywhere);
	}
	return verdict ? *verdict & 0xff : 0;
}

/** About cgroups it is decided in the same table: by their number, and without a device. */
static __always_inline bool unit_benign(__u64 cgroup)
{
	struct exe_id unit = {.ino = cgroup};
	__u32 *verdict = bpf_map_lookup_elem(&exes, &unit);

	return verdict && (*verdict & 0xff) == EXE_BENIGN;
}

/** The arguments stand in the new image, which has not run yet: nobody could change them. */
static __always_inline bool exe_args(struct scratch *scratch, struct task_struct *task)
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

/**
 * What an exec, and a process met at the start, have in common. It stands on the stack of
 * join(), three calls deep: up to 5.10 the verifier lets all of them together have 512 bytes.
 */
struct exec_facts {
	struct owner owner;
	struct exe_id exe;
	__u64 parent_lineage;
	__u64 cgroup;
	__u32 channel;
	__u32 scratch;
	__u8 state;
	__u8 flags;
	bool any_name; /* what was decided about this file under one name does not hold */
	bool unjudged;
};

static __always_inline void exec_emit(struct task_struct *task, struct file *file,
				      const struct exec_facts *facts)
{
	__u32 which = facts->scratch, path_end;
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &which);
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct ev_exec *event;
	__u8 flags = facts->flags;

	if (!scratch)
		return;
	event = &scratch->event.exec;
	emit_head(&event->head, facts->channel, EV_EXEC, 0, &facts->owner);
	event->exe = facts->exe;
	event->exe_size = BPF_CORE_READ(inode, i_size);
	event->parent_lineage = facts->parent_lineage;
	event->cgroup = facts->cgroup;
	event->state = facts->state;
	__builtin_memset(event->pad, 0, sizeof(event->pad)); /* a STARTED stood there */
	exec_parent(event, task);
	exec_context(event, task);
	if (!BPF_CORE_READ(inode, i_nlink))
		flags |= EXEC_UNLINKED;
	if (!path_walk(scratch, file))
		flags |= EXEC_PATH_CUT;
	path_end = scratch->used;
	scratch_str(&event->path, 0, path_end);
	if (!(flags & EXEC_EXISTING) && !exe_args(scratch, task))
		flags |= EXEC_ARGS_CUT;
	scratch_str(&event->args, path_end, scratch->used);
	event->head.flags = flags;
	/* It is about a program that nobody has judged: the reader is woken for it. */
	scratch_emit(scratch, &event->head, BPF_RB_FORCE_WAKEUP);
}

/** A lineage of its own begins with this process. */
static __always_inline bool lineage_begin(struct exec_facts *facts)
{
	struct lineage_entry entry = {
		.state = facts->state,
		.quiet = facts->flags & EXEC_EXISTING && facts->state == LINEAGE_PROVISIONAL,
	};

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
 * What was decided about the executable under this name; nothing, where nobody has said yet
 * whose the cgroup is: an interpreter may be benign, and what a product's unit has it run not.
 */
static __always_inline __u32 exec_verdict(struct exec_facts *facts)
{
	__u64 version = recent_version();
	struct recent_entry *slot = recent_slot(&facts->exe);
	__u32 verdict;

	if (!facts->any_name && recent_is(slot, &facts->exe, facts->cgroup, version))
		return EXE_BENIGN;
	verdict = facts->any_name ? 0 : exe_verdict(&facts->exe);
	if (verdict == EXE_WATCHED)
		return verdict;
	if (!unit_benign(facts->cgroup)) {
		facts->flags |= EXEC_NEW_UNIT;
		return 0;
	}
	if (verdict == EXE_BENIGN)
		recent_keep(slot, &facts->exe, facts->cgroup, version);
	return verdict;
}

/** Who has written what runs: the script, or what runs it. */
static __always_inline __u64 exec_author(struct file *file, struct file *script)
{
	__u64 author = script ? author_of(script) : 0;

	return author ? author : author_of(file);
}

/** It goes on in a lineage that is there: the event has no need to name that one again, but who wrote it. */
static __always_inline void exec_authored(struct exec_facts *facts, __u64 author)
{
	if (!author)
		return;
	facts->parent_lineage = author;
	facts->flags |= EXEC_AUTHORED;
}

/**
 * Which lineage a process belongs to, now that it runs this executable. Says
 * whether that is worth an event: not where a process that nobody watches runs
 * what is known to be benign. A file of which it is the interpreter is the script's, or NULL; the
 * lineage that has written it, where it does not join that at once, is waits_for, or that stays as it is.
 */
static __always_inline bool exec_place(struct exec_facts *facts, __u32 verdict, struct file *file,
				       struct file *script, __u64 *waits_for)
{
	__u64 author = verdict ? 0 : exec_author(file, script); /* most execs have a verdict, and end there */
	struct owner before;
	struct lineage_entry *lineage = NULL, *writer = NULL;

	facts->unjudged = !verdict;
	if (author)
		writer = bpf_map_lookup_elem(&lineages, &author);
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
		exec_authored(facts, author);
		return true;
	}
	if (verdict)
		return false;
	/* Who came out of one that is not judged yet does not leave it for another such. */
	if (writer && (!lineage || writer->state == LINEAGE_WATCHED)) {
		facts->state = writer->state;
		facts->owner.lineage = author;
		exec_authored(facts, author);
		return task_join(facts->owner.tgid, author, facts->owner.start);
	}
	facts->state = LINEAGE_PROVISIONAL;
	*waits_for = author;
	return lineage_begin(facts);
}

/** The same for one that runs on, whatever is known of its executable. */
static __always_inline bool met_place(struct exec_facts *facts)
{
	struct owner before;
	struct lineage_entry *lineage;

	facts->state = LINEAGE_PROVISIONAL;
	if (!task_watched(facts->owner.tgid, &before))
		return lineage_begin(facts);
	lineage = bpf_map_lookup_elem(&lineages, &before.lineage);
	facts->owner.lineage = before.lineage;
	if (lineage)
		facts->state = lineage->state;
	return lineage;
}

#endif
