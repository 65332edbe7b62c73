/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a watched lineage moves from and to an object: a file, a pipe, a device,
 * a socket that is not of the internet, another process's memory. Summed up by
 * lineage and object, told when it is first touched, by ticks, and when it rests.
 */
#ifndef CUSTODES_BPF_ACCESS_H
#define CUSTODES_BPF_ACCESS_H

#include "author.h"

#define S_IFMT	 0170000
#define S_IFSOCK 0140000
#define S_IFREG	 0100000
#define S_IFBLK	 0060000
#define S_IFDIR	 0040000
#define S_IFCHR	 0020000
#define S_IFIFO	 0010000

#define ANON_INODE_FS_MAGIC 0x09041934
#define PROC_SUPER_MAGIC    0x9fa0

/** What one call moved, and by which program that was seen. */
struct moving {
	struct owner owner;
	__u64 read;
	__u64 written;
	__u64 mapped;
	__u64 from; /* offsets read, where they are known */
	__u64 to;
	__u32 channel;
	__u32 scratch;
	__u32 flags; /* ACCESS_* */
	__u32 pad;
};

/** Memory devices hold nothing and pass nothing on: /dev/null, zero, full, random, urandom. */
static __always_inline bool device_is_empty(__u32 rdev)
{
	const __u32 memory = 1 << 20, minors = 1 << 3 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9;

	return (rdev & ~0xfffffu) == memory && (rdev & 0xfffff) < 32 && minors >> (rdev & 31) & 1;
}

/** False where no bytes are kept: a directory, an event counter, the null device. */
static __always_inline bool object_read(struct object_id *id, struct object_facts *facts, struct inode *inode)
{
	facts->mode = READ(inode, i_mode);
	facts->magic = READ(inode, i_sb, s_magic);
	facts->rdev = READ(inode, i_rdev);
	if ((facts->mode & S_IFMT) == S_IFDIR || facts->magic == ANON_INODE_FS_MAGIC)
		return false;
	if ((facts->mode & S_IFMT) == S_IFCHR && device_is_empty(facts->rdev))
		return false;
	facts->size = READ(inode, i_size);
	facts->links = READ(inode, i_nlink);
	INODE_CTIME(facts->ctime_sec, facts->ctime_nsec, inode, READ);
	object_of(id, inode);
	return true;
}

static __always_inline bool file_is(struct file *file, __u32 type)
{
	return (READ(file, f_inode, i_mode) & S_IFMT) == type;
}

static __always_inline __u64 total_of(const struct access_entry *entry)
{
	return entry->read + entry->written + entry->mapped;
}

static __always_inline void access_fill(struct ev_access *event, const struct access_key *key,
					const struct access_entry *entry)
{
	event->access = entry->access;
	event->object = key->object;
	event->facts = entry->facts;
	event->read = entry->read;
	event->written = entry->written;
	event->mapped = entry->mapped;
	event->from = entry->from;
	event->to = entry->to;
	event->path = (struct ev_str){};
	event->pad = 0;
}

/** What has a name of its own: a file, or the socket at the other end of one; or neither. */
struct named {
	struct file *file;
	const struct unix_address *address;
};

static __always_inline void access_add(struct access_entry *entry, const struct moving *moving)
{
	if (moving->read)
		__sync_fetch_and_add(&entry->read, moving->read);
	if (moving->written)
		__sync_fetch_and_add(&entry->written, moving->written);
	if (moving->mapped > entry->mapped)
		entry->mapped = moving->mapped;
	if (moving->to) {
		if (!entry->to || moving->from < entry->from)
			entry->from = moving->from;
		if (moving->to > entry->to)
			entry->to = moving->to;
	}
	entry->flags |= moving->flags;
	entry->used = bpf_ktime_get_boot_ns();
}

/**
 * A tick may take the entry away between finding it and adding to it, and its place be another's at once.
 * Who finds it gone, or going, adds elsewhere: told twice at worst, never not at all.
 */
static __always_inline bool access_added(const struct access_key *key, const struct moving *moving)
{
	struct access_entry *entry = bpf_map_lookup_elem(&accesses, key);
	__u64 access;

	if (!entry)
		return false;
	access = entry->access;
	access_add(entry, moving);
	entry = bpf_map_lookup_elem(&accesses, key);
	return entry && entry->access == access && !entry->ending;
}

/** Names the object and tells what it was. */
static __always_inline void access_emit(struct scratch *scratch, const struct access_key *key,
					const struct named *named, const struct moving *moving, __u8 flags)
{
	struct ev_access *event = &scratch->event.access;

	emit_head(&event->head, moving->channel, EV_ACCESS, 0, &moving->owner);
	access_fill(event, key, &scratch->first);
	scratch->used = 0;
	if (named->file && !path_walk(scratch, named->file))
		flags |= ACCESS_PATH_CUT;
	if (named->address)
		path_of_socket(scratch, named->address);
	scratch_str(&event->path, 0, scratch->used);
	event->head.flags = flags | scratch->first.flags;
	scratch_emit(scratch, &event->head, wake_flags());
}

static __always_inline void access_first(struct access_entry *first, const struct object_facts *facts,
					 const struct moving *moving)
{
	__builtin_memset(first, 0, sizeof(*first));
	first->access = unique_id();
	first->owner = moving->owner;
	first->facts = *facts;
	access_add(first, moving);
	first->told = total_of(first);
}

/**
 * No room for the object: its bytes still count, with those of all others that had
 * none, until their lineage ends.
 */
static __always_inline void access_others(struct scratch *scratch, const struct moving *moving)
{
	struct access_key key = {.lineage = moving->owner.lineage, .object = {.dev = OBJECT_OTHERS}};
	struct access_entry *entry = bpf_map_lookup_elem(&others, &key);

	lose(LOSS_ACCESSES);
	if (entry) {
		access_add(entry, moving);
		return;
	}
	scratch->first.facts = (struct object_facts){};
	scratch->first.told = 0;
	if (!bpf_map_update_elem(&others, &key, &scratch->first, BPF_NOEXIST))
		return;
	entry = bpf_map_lookup_elem(&others, &key); /* another thread was first */
	if (entry)
		access_add(entry, moving);
}

static __always_inline void access_begin(const struct access_key *key, const struct object_facts *facts,
					 const struct named *named, const struct moving *moving)
{
	struct lineage_entry *lineage = bpf_map_lookup_elem(&lineages, &key->lineage);
	__u32 which = moving->scratch;
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &which);

	if (!scratch || !lineage || lineage->quiet)
		return;
	access_first(&scratch->first, facts, moving);
	if (!bpf_map_update_elem(&accesses, key, &scratch->first, BPF_NOEXIST)) {
		access_emit(scratch, key, named, moving, ACCESS_FIRST);
		return;
	}
	/* Another thread was first, a tick is at it, or there is no room. */
	if (!access_added(key, moving))
		access_others(scratch, moving);
}

static __always_inline void access_object(const struct access_key *key, const struct object_facts *facts,
					  const struct named *named, const struct moving *moving)
{
	if (!access_added(key, moving))
		access_begin(key, facts, named, moving);
}

/** A process as an object: whoever holds its memory. */
__attribute__((unused)) static __noinline int access_process(const struct process_id *process,
							     const struct moving *moving)
{
	struct access_key key = {.lineage = moving->owner.lineage};
	struct object_facts facts = {.peer = process->tgid};

	key.object.ino = process->start;
	key.object.dev = OBJECT_PROCESS;
	key.object.gen = process->tgid;
	access_object(&key, &facts, &(struct named){}, moving);
	return 0;
}

static __always_inline void identify(struct process_id *id, struct task_struct *task)
{
	*id = (struct process_id){.start = READ(task, group_leader, start_boottime),
				  .tgid = READ(task, tgid)};
}

static __always_inline void access_task(struct task_struct *task, const struct moving *moving)
{
	struct process_id id;

	identify(&id, task);
	access_process(&id, moving);
}

/** Unless it was met already. */
static __always_inline void access_existing(struct file *file, const struct moving *moving)
{
	struct access_key key = {.lineage = moving->owner.lineage};
	struct object_facts facts = {};

	if (!file_is(file, S_IFSOCK) && object_read(&key.object, &facts, layer_inode(file)) &&
	    !bpf_map_lookup_elem(&accesses, &key))
		access_begin(&key, &facts, &(struct named){.file = file}, moving);
}

static __always_inline int access_inode(struct file *file, const struct named *named,
					const struct moving *moving)
{
	struct access_key key = {.lineage = moving->owner.lineage};
	struct object_facts facts = {};

	/* Sockets are counted where they send and receive. */
	if (file_is(file, S_IFSOCK) || !object_read(&key.object, &facts, layer_inode(file)))
		return 0;
	if ((moving->written || moving->flags & ACCESS_SHARED) && (facts.mode & S_IFMT) == S_IFREG)
		author_set(&key.object, key.lineage);
	access_object(&key, &facts, named, moving);
	return 0;
}

__attribute__((unused)) static __noinline int access_file(struct file *file, const struct moving *moving)
{
	return access_inode(file, &(struct named){.file = file}, moving);
}

__attribute__((unused)) static __noinline int access_unnamed(struct file *file, const struct moving *moving)
{
	return access_inode(file, &(struct named){}, moving);
}

#define FMODE_READ  0x1
#define FMODE_WRITE 0x2

static __always_inline __u32 file_mode(struct file *file)
{
	return READ(file, f_mode);
}

static __always_inline __u64 file_position(struct file *file)
{
	return READ(file, f_pos);
}

static __always_inline __u64 file_size(struct file *file)
{
	return READ(file, f_inode, i_size);
}

static __always_inline bool file_has_offsets(struct file *file)
{
	__u32 type = READ(file, f_inode, i_mode) & S_IFMT;

	return type == S_IFREG || type == S_IFBLK;
}

/** What stands behind a descriptor of the current process, now that its call is over. */
static __always_inline struct file *file_of(__s32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = READ(task, files, fdt);
	struct file **files = READ(table, fd), *file = NULL;

	if (fd < 0 || (__u32)fd >= READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	return file;
}

#endif
