/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thread that does pieces of work for one caller, in the order in which it is asked to. */
#ifndef CUSTODES_UTIL_WORKER_H
#define CUSTODES_UTIL_WORKER_H

struct worker;

/**
 * Begins a thread that calls work(context) once for each piece. It takes no signals, and has the
 * privileges that the caller has now. 0 or a negative errno.
 */
int worker_begin(struct worker **worker, int (*work)(void *context), void *context);
/**
 * Waits until at most so many pieces are left to do, and returns what the first of all came to that failed;
 * 0: none has. After it none is done any more.
 */
int worker_wait(struct worker *worker, unsigned int left);
/** One piece more. What it is about is the worker's until worker_wait() has said that it is done. */
void worker_ask(struct worker *worker);
/** Waits for what it was asked; sets *worker to NULL. */
void worker_end(struct worker **worker);

#endif
