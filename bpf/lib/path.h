/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files: their path, the time of their last change, and events that carry names. */
#ifndef CUSTODES_BPF_PATH_H
#define CUSTODES_BPF_PATH_H

#include "loop.h"
#include "task.h"

#define PATH_NAMES 128
#define PATH_BYTES 4096
#define NAME_BYTES 256
#define ARGS_BYTES 1024

/** Every program that names files has its own: it may be interrupted by another, never by itself. */
enum scratch_of {
	SCRATCH_EXEC,
	SCRATCH_EXEC_PERF,
	SCRATCH_EXISTING,
	SCRATCH_FILES,
	SCRATCH_CALL,
	SCRATCH_CALL_PERF,
	SCRATCH_URING,
	SCRATCH_URING_PERF,
	SCRATCH_SENT,
	SCRATCH_SENT_PERF,
	SCRATCH_RECEIVED,
	SCRATCH_RECEIVED_PERF,
	SCRATCH_ALLOWED,
	SCRATCH_WRITTEN,
	SCRATCHES
};

/** Where the look at an interpreter's arguments stands: in its name, at the next one's start, in that one. */
enum argument_in {
	ARGUMENT_NAME,
	ARGUMENT_BEGINS,
	ARGUMENT_OPTION,
	ARGUMENT_LONG, /* an option that begins with "--" */
	ARGUMENT_PATH,
	ARGUMENT_FOUND,
	ARGUMENT_NONE,
};

struct argument {
	__u32 at, length;
	__u32 in;
	char last;
	__u64 hash;
};

/** Too large for the stack. */
struct scratch {
	union {
		struct ev_exec exec;
		struct ev_access access;
		struct {
			char before[sizeof(struct ev_access) - sizeof(struct ev_payload)];
			struct ev_payload event;
		} payload;
		struct {
			char before[sizeof(struct ev_access) - sizeof(struct ev_started)];
			struct ev_started event;
		} started;
	} event;
	char strings[PATH_BYTES + NAME_BYTES + ARGS_BYTES + 8]; /* and what fills the last word */
	struct dentry *dentry;
	struct vfsmount *mnt;
	__u32 used;
	__u32 pad;
	struct callback_head *work;
	struct file *script;
	struct argument argument;
	struct access_entry first;
};
_Static_assert(sizeof(struct ev_exec) == sizeof(struct ev_access), "strings begin right behind either");

PER_CPU(scratches, struct scratch, SCRATCHES);

/** Multigrain time stamps keep a flag above the nanoseconds (6.13: 4e40eff0b573). */
#define NSEC_MASK 0x3fffffff

#define TYPED(pointer, member) ((pointer)->member)

/** MEMBER is TYPED for a pointer that the verifier knows the type of, BPF_CORE_READ for any other. */
#define INODE_CTIME(sec, nsec, inode, MEMBER)                             \
	do {                                                              \
		struct inode___v6_6 *v6_6 = (void *)(inode);              \
		struct inode___v5_10 *v5_10 = (void *)(inode);            \
                                                                          \
		if (bpf_core_field_exists((inode)->i_ctime_sec)) {        \
			(sec) = MEMBER(inode, i_ctime_sec);               \
			(nsec) = MEMBER(inode, i_ctime_nsec) & NSEC_MASK; \
		} else if (bpf_core_field_exists(v6_6->__i_ctime)) {      \
			(sec) = MEMBER(v6_6, __i_ctime.tv_sec);           \
			(nsec) = MEMBER(v6_6, __i_ctime.tv_nsec);         \
		} else {                                                  \
			(sec) = MEMBER(v5_10, i_ctime.tv_sec);            \
			(nsec) = MEMBER(v5_10, i_ctime.tv_nsec);          \
		}                                                         \
	} while (0)

enum path_step { PATH_GO_ON, PATH_WHOLE, PATH_CUT };

/**
 * One step from a file up to the root of its mount namespace: writes a name with
 * its NUL, or passes from a mount's root to what it covers. The state lives in a
 * map value, since in registers the verifier would follow every way through the
 * loop; and the step is a function of its own, since kernels before 6.2 take a
 * loop only if every edge back to its head is a jump.
 */
static __noinline int path_step(struct scratch *scratch)
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
	if (dentry == READ(mnt, mnt_root)) {
		mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
		above = READ(mount, mnt_parent);
		if (above == mount)
			return PATH_WHOLE;
		scratch->dentry = READ(mount, mnt_mountpoint);
		scratch->mnt = (void *)above + bpf_core_field_offset(struct mount, mnt);
		return PATH_GO_ON;
	}
	parent = READ(dentry, d_parent);
	name = READ(dentry, d_name.name);
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

/** The names from where the scratch stands up, behind what is used of it. False where the walk was cut short.
 */
static __always_inline bool path_walk_on(struct scratch *scratch)
{
	int step = PATH_GO_ON;

	REPEAT(i, PATH_NAMES, PATH_NAMES, (step = path_step(scratch)) == PATH_GO_ON);
	return step == PATH_WHOLE;
}

/** The names of a file's path, from the file up. */
static __always_inline bool path_walk(struct scratch *scratch, struct file *file)
{
	scratch->used = 0;
	scratch->dentry = READ(file, f_path.dentry);
	scratch->mnt = READ(file, f_path.mnt);
	return path_walk_on(scratch);
}

/** A unix socket's name, as if it were a file's; "@" begins one that is in no directory. */
static __always_inline void path_of_socket(struct scratch *scratch, const struct unix_address *address)
{
	const char *name = (const char *)address + bpf_core_field_offset(struct unix_address, name) +
			   bpf_core_field_offset(struct sockaddr_un, sun_path);
	char first = 0;
	long n;

	bpf_probe_read_kernel(&first, 1, name);
	scratch->strings[0] = '@';
	scratch->used = first ? 0 : 1;
	n = bpf_probe_read_kernel_str(scratch->strings + scratch->used % 2, NAME_BYTES,
				      first == '/' || !first ? name + 1 : name);
	scratch->used = n > 1 ? scratch->used + n : 0;
}

static __always_inline void scratch_str(struct ev_str *str, __u32 off, __u32 end)
{
	str->off = sizeof(((struct scratch *)0)->event) + off;
	str->len = end - off;
}

/** The event with what was written behind it. */
static __always_inline void scratch_emit(struct scratch *scratch, struct ev_head *head, __u64 wake)
{
	__u32 end = scratch->used;

	if (end > sizeof(scratch->strings) - 8)
		return;
	__builtin_memset(scratch->strings + end, 0, 8); /* nothing of an event before */
	head->size = (sizeof(scratch->event) + end + 7) & ~7u;
	emit_whole(head, head->size, wake);
}

#endif
