/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every act of the stand-in works on. */
#ifndef CUSTODES_TEST_STATE_H
#define CUSTODES_TEST_STATE_H

#include <stdlib.h>

#include "net.h"
#include "uring.h"

/** Of the program, or of each of its threads. */
struct state {
	char **rest; /* acts still to come */
	int sock;
	int listener;
	int index; /* which of the children, or threads */
	struct sockaddr_storage to;
	socklen_t to_size; /* 0: the socket is connected */
	const char *from;  /* the port to connect from, or NULL: any */
	struct uring *uring;
};

static inline size_t size_of(const char *text)
{
	return strtoull(text, NULL, 10);
}

#endif
