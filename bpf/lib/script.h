/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of a script. Once its interpreter is found the kernel lets go of it, and the
 * exec's own hook is shown the interpreter alone. But a file whose last reference was
 * dropped ends on its task's way back to user space: until then it stands in the list of
 * what is to be done there, as it was opened, whatever stands at its name by now.
 */
#ifndef CUSTODES_BPF_SCRIPT_H
#define CUSTODES_BPF_SCRIPT_H

#include "access.h"

#define FMODE_EXEC \
	0x20 /* opened by the kernel to be executed, by its mode or its flags: no call can ask for it */
#define WORKS_OLD 64 /* before 6.4 */
#define WORKS_MAX (1u << 20)

/** What lies about a piece of work, if it is a file that ends. */
static __always_inline struct file *file_around(void *work)
{
	struct file *file = NULL;
	struct file___v6_7 *v6_7 = NULL;
	struct file___v6_0 *v6_0 = NULL;

	if (bpf_core_field_exists(v6_7->f_task_work))
		return work - bpf_core_field_offset(struct file___v6_7, f_task_work);
	if (bpf_core_field_exists(v6_0->f_rcuhead))
		return work - bpf_core_field_offset(struct file___v6_0, f_rcuhead);
	if (bpf_core_field_exists(((struct file___v5_10 *)file)->f_u))
		return work - bpf_core_field_offset(struct file___v5_10, f_u.fu_rcuhead);
	return NULL;
}

/** What is no file reads as none: its dentry would have to lead to its inode. */
static __always_inline bool file_to_execute(struct file *file)
{
	struct inode *inode = READ(file, f_inode);

	return (READ(file, f_mode) | READ(file, f_flags)) & FMODE_EXEC && inode &&
	       READ(file, f_path.dentry, d_inode) == inode && (READ(inode, i_mode) & S_IFMT) == S_IFREG;
}

/** The latest comes first. Behind the script's are those of the program that ran before, if it was the last
 * to have them; so the one that was handed in first counts. */
static __noinline int work_step(struct scratch *scratch)
{
	struct file *file;

	if (!scratch || !scratch->work)
		return 0;
	file = file_around(scratch->work);
	if (file && file_to_execute(file))
		scratch->script = file;
	scratch->work = READ(scratch->work, next);
	return 1;
}

/**
 * NULL: it is none, or the kernel has ended its file already (a task that uses io_uring may).
 * Of another program than a script it may be the executable that ran before: by way of perf
 * nothing says which was asked for. A verdict is of one more thing then, and no more.
 */
static __always_inline struct file *script_of(struct scratch *scratch, struct task_struct *task)
{
	scratch->script = NULL;
	scratch->work = BPF_CORE_READ(task, task_works);
	REPEAT(i, WORKS_MAX, WORKS_OLD, work_step(scratch));
	return scratch->script;
}

#endif
