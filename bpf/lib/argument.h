/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The script that an interpreter is given as an argument: the first that is no option, where it is a whole
 * path. What was decided about an interpreter is of one such path. user/engine/script.c reads them alike.
 */
#ifndef CUSTODES_BPF_ARGUMENT_H
#define CUSTODES_BPF_ARGUMENT_H

#include "started.h"

#define ARGUMENT_BYTES 256 /* of all of them: a power of two */

static __always_inline __u32 argument_in(const struct argument *argument, char next)
{
	switch (argument->in) {
	case ARGUMENT_BEGINS:
		return next == '-' ? ARGUMENT_OPTION : next == '/' ? ARGUMENT_PATH : ARGUMENT_NONE;
	case ARGUMENT_PATH:
		return next ? ARGUMENT_PATH : ARGUMENT_FOUND;
	case ARGUMENT_OPTION:
		if (!next && argument->last == 'c')
			return ARGUMENT_NONE; /* what follows is a program, and no file's name */
		if (next == '-' && argument->last == '-')
			return ARGUMENT_LONG;
		break;
	default:
		break;
	}
	return next ? argument->in : ARGUMENT_BEGINS;
}

/** One byte further. */
static __noinline int argument_step(struct scratch *scratch)
{
	struct argument *argument;
	__u32 at;
	char next;

	if (!scratch)
		return 0;
	argument = &scratch->argument;
	at = argument->at++;
	if (at >= argument->length)
		return 0;
	next = scratch->strings[at & (ARGUMENT_BYTES - 1)];
	argument->in = argument_in(argument, next);
	argument->last = next;
	if (argument->in == ARGUMENT_PATH)
		argument->hash = mix(argument->hash, next);
	return argument->in < ARGUMENT_FOUND;
}

/** False: they cannot be read, or the script may stand further behind. */
static __always_inline bool argument_look(struct scratch *scratch, struct task_struct *task)
{
	struct argument *argument = &scratch->argument;
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	unsigned long start = BPF_CORE_READ(mm, arg_start);
	unsigned long length = BPF_CORE_READ(mm, arg_end) - start;

	if (length > ARGUMENT_BYTES)
		length = ARGUMENT_BYTES;
	*argument = (struct argument){.length = length, .hash = secret};
	if (bpf_probe_read_user(scratch->strings, length, (void *)start))
		return false;
	REPEAT(i, ARGUMENT_BYTES, ARGUMENT_BYTES, argument_step(scratch));
	return argument->in >= ARGUMENT_FOUND || argument->length < ARGUMENT_BYTES;
}

/** Of an interpreter: as it runs this script. Where that is not known it is told each time. */
static __always_inline __u32 argument_verdict(struct exec_facts *facts, struct scratch *scratch,
					      struct task_struct *task)
{
	if (!argument_look(scratch, task))
		return 0;
	if (scratch->argument.in != ARGUMENT_FOUND)
		return EXE_INTERPRETER;
	facts->flags |= EXEC_ARGUMENT;
	facts->exe.place ^= (__u32)(scratch->argument.hash >> 16);
	if (!facts->exe.place)
		facts->exe.place = 1;
	return exec_verdict(facts);
}

#endif
