/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A process of its own that talks to others over HTTP, so that nobody waits for the network, and what
 * reads foreign bytes there has no privilege, no key and no file of ours: user nobody, and one socket
 * to the process that it works for. Each request is a process again, which ends with it.
 */
#ifndef CUSTODES_NET_POSTER_H
#define CUSTODES_NET_POSTER_H

#include <stddef.h>
#include <stdint.h>

#include "../util/buf.h"

/** Longest answer; a longer one is none. */
#define POST_ANSWER_MAX 16384
/** Longest request, its address included. */
#define POST_REQUEST_MAX 32768
/** Seconds that one may take. */
#define POST_SECONDS 10

struct poster;

struct post_answer {
	uint32_t id;	 /* as it was asked */
	uint32_t status; /* of HTTP; 0: there is none, see fault */
	uint32_t size;
	char type[64]; /* of the content */
	char fault[160];
	char body[POST_ANSWER_MAX];
};

/** Begins the process; while this one is root, and before it has anything to hide. 0 or a negative errno,
 * said.
 */
int poster_start(struct poster **poster);
/** POSTs these bytes, http or https, no redirects. 0; -EAGAIN: too much is asked already; -EPIPE: it is gone.
 */
int poster_send(struct poster *poster, uint32_t id, const char *url, const struct buf *body);
/** The next answer: 1; 0: none yet; -EPIPE: it is gone. Never waits. */
int poster_receive(struct poster *poster, struct post_answer *answer);
/** Lets it end what it has begun, for at most some seconds. */
void poster_stop(struct poster **poster);

#endif
