/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a product has written is its doing, whoever runs it: an executable that another
 * is made to start, a library that another is made to load.
 */
#ifndef CUSTODES_BPF_AUTHOR_H
#define CUSTODES_BPF_AUTHOR_H

#include "path.h"

#define OVERLAY_SUPER_MAGIC 0x794c7630

/** The oldest make room: by then somebody else has written so many files. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, AUTHORED_MAX);
	__type(key, struct object_id);
	__type(value, __u64);
} authored SEC(".maps");

/**
 * An overlay's file has an inode of its own; what is read is a layer's. The layer's
 * file is its private data, or stands first in that (since 6.13). Before 6.5 that
 * file has the overlay's path.
 */
static __always_inline struct inode *layer_inode(struct file *file)
{
	struct inode *inode = READ(file, f_inode), *layer, *there;
	struct file *real;

	if (READ(inode, i_sb, s_magic) != OVERLAY_SUPER_MAGIC)
		return inode;
	real = READ(file, private_data);
	layer = READ(real, f_inode);
	there = READ(real, f_path.dentry, d_inode);
	if (!layer || (there != layer && there != inode)) {
		bpf_probe_read_kernel(&real, sizeof(real), real);
		layer = READ(real, f_inode);
	}
	return layer ? layer : inode;
}

static __always_inline void object_of(struct object_id *id, struct inode *inode)
{
	id->ino = READ(inode, i_ino);
	id->dev = READ(inode, i_sb, s_dev);
	id->gen = READ(inode, i_generation);
}

static __always_inline void author_set(const struct object_id *id, __u64 lineage)
{
	__u64 *before = bpf_map_lookup_elem(&authored, id);

	if (!before || *before != lineage)
		bpf_map_update_elem(&authored, id, &lineage, BPF_ANY);
}

/** The lineage that wrote a file last, under watch then; it may have ended since. 0: none. */
static __noinline __u64 author_of(struct file *file)
{
	struct object_id id;
	__u64 *author;

	object_of(&id, layer_inode(file));
	author = bpf_map_lookup_elem(&authored, &id);
	return author ? *author : 0;
}

#endif
