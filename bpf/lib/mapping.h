/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that stand in memory: mapped, or attached as a System V segment, whose file has no descriptor. */
#ifndef CUSTODES_BPF_MAPPING_H
#define CUSTODES_BPF_MAPPING_H

#include "step.h"

#define MAP_PRIVATE   0x02
#define MAP_TYPE      0x0f
#define MAP_ANONYMOUS 0x20

#define IPC_SHM	      2
#define IPC_INDEX     0x7fff /* unless booted with ipcmni_extend: then it is not found, a loss */
#define XA_NODE	      2
#define XA_TAGS	      3ul
#define XA_SLOTS      64
#define XA_LEVELS_MAX 3 /* 64 to the third are more than there are indices */

/** What an index leads to; NULL: nothing. */
static __always_inline void *xa_at(void *entry, __u32 index)
{
	for (int level = 0; level <= XA_LEVELS_MAX; level++) {
		struct xa_node *node = (void *)((unsigned long)entry & ~XA_TAGS);
		__u32 shift, place;

		if (((unsigned long)entry & XA_TAGS) != XA_NODE)
			return index ? NULL : entry;
		shift = BPF_CORE_READ(node, shift) & 31;
		place = index >> shift & (XA_SLOTS - 1);
		index &= (1u << shift) - 1;
		bpf_core_read(&entry, sizeof(entry), &node->slots[place]);
	}
	return NULL;
}

/** The file behind a segment of the caller's namespace; NULL: there is none of this number. */
static __always_inline struct file *shm_file(__u32 id)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct ipc_namespace *ipc = READ(task, nsproxy, ipc_ns);
	struct shmid_kernel *segment =
		xa_at(BPF_CORE_READ(ipc, ids[IPC_SHM].ipcs_idr.idr_rt.xa_head), id & IPC_INDEX);

	if (!segment || (__u32)BPF_CORE_READ(segment, shm_perm.id) != id)
		return NULL;
	return BPF_CORE_READ(segment, shm_file);
}

/** What is mapped can be read without a call: all of it counts, whatever is touched. */
static __noinline int on_map(struct step *step)
{
	__u64 flags = call_arg(&step->called, 3);

	if (flags & MAP_ANONYMOUS)
		return 0;
	step->from = file_of(call_arg(&step->called, 4));
	if (!step->from)
		return 0;
	step->moving.mapped = file_size(step->from);
	step->moving.flags = ACCESS_AT_MOST;
	if ((flags & MAP_TYPE) != MAP_PRIVATE && file_mode(step->from) & FMODE_WRITE)
		step->moving.flags |= ACCESS_SHARED;
	return 1;
}

/**
 * What a product has written is loaded by somebody else: that one acts for it from now
 * on. Where neither is judged yet, user space hears of it, and goes by what the author is.
 */
static __noinline int code_loaded(struct step *step, bool watched)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct moving moving = {.channel = step->moving.channel, .scratch = step->moving.scratch};
	struct lineage_entry *author;
	struct file *file;

	if (step->called.call.act != ACT_MAP || !(call_arg(&step->called, 2) & PROT_EXEC) ||
	    call_arg(&step->called, 3) & MAP_ANONYMOUS)
		return 0;
	file = file_of(call_arg(&step->called, 4));
	moving.owner.lineage = file ? author_of(file) : 0;
	author = bpf_map_lookup_elem(&lineages, &moving.owner.lineage);
	if (!author)
		return 0;
	if (!watched || author->state == LINEAGE_WATCHED)
		return join(task, &moving, JOIN_CODE);
	return join_later(task, &moving);
}

static __noinline int on_attach(struct step *step)
{
	step->from = shm_file(call_arg(&step->called, 0));
	if (!step->from) {
		lose(LOSS_MEMORY);
		return 0;
	}
	step->moving.mapped = file_size(step->from);
	step->moving.flags = ACCESS_AT_MOST | ACCESS_SHARED;
	return 1;
}

#endif
