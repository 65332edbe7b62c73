/* SPDX-License-Identifier: GPL-3.0-or-later */
/* As much of io_uring as one request at a time needs, without a library. */
#ifndef CUSTODES_TEST_URING_H
#define CUSTODES_TEST_URING_H

#include <linux/io_uring.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net.h"

struct uring {
	int fd;
	char *rings;
	struct io_uring_sqe *sqes;
	struct io_uring_params params;
};

static inline void *uring_map(int fd, size_t size, off_t at)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, at);

	if (memory == MAP_FAILED)
		die("io_uring mmap");
	return memory;
}

static inline void uring_open(struct uring *uring, unsigned int flags)
{
	struct io_uring_params *params = &uring->params;
	size_t submissions, completions;

	memset(params, 0, sizeof(*params));
	params->flags = flags;
	params->sq_thread_idle = 1000;
	uring->fd = (int)need(syscall(SYS_io_uring_setup, 8, params), "io_uring_setup");
	submissions = params->sq_off.array + params->sq_entries * sizeof(uint32_t);
	completions = params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe);
	uring->rings = uring_map(uring->fd, submissions > completions ? submissions : completions,
				 IORING_OFF_SQ_RING);
	uring->sqes = uring_map(uring->fd, params->sq_entries * sizeof(*uring->sqes), IORING_OFF_SQES);
}

static inline uint32_t *uring_word(const struct uring *uring, uint32_t offset)
{
	return (uint32_t *)(uring->rings + offset);
}

/** Where the kernel polls for requests, it sleeps after a while and must be woken. */
static inline void uring_enter(const struct uring *uring)
{
	unsigned int flags = IORING_ENTER_GETEVENTS;

	if (uring->params.flags & IORING_SETUP_SQPOLL)
		flags |= IORING_ENTER_SQ_WAKEUP;
	need(syscall(SYS_io_uring_enter, uring->fd, 1, 1, flags, NULL, 0), "io_uring_enter");
}

/** Submits one request and waits for its result. */
static inline int uring_do(struct uring *uring, const struct io_uring_sqe *request)
{
	const struct io_sqring_offsets *sq = &uring->params.sq_off;
	const struct io_cqring_offsets *cq = &uring->params.cq_off;
	uint32_t tail = *uring_word(uring, sq->tail), head = *uring_word(uring, cq->head);
	uint32_t slot = tail & *uring_word(uring, sq->ring_mask);
	const struct io_uring_cqe *done;

	uring->sqes[slot] = *request;
	uring_word(uring, sq->array)[slot] = slot;
	__atomic_store_n(uring_word(uring, sq->tail), tail + 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(uring_word(uring, cq->tail), __ATOMIC_ACQUIRE) == head)
		uring_enter(uring);
	done = (const struct io_uring_cqe *)(uring->rings + cq->cqes) +
	       (head & *uring_word(uring, cq->ring_mask));
	__atomic_store_n(uring_word(uring, cq->head), head + 1, __ATOMIC_RELEASE);
	return done->res;
}

#endif
