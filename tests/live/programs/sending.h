/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Acts of the stand-in: every way to send. */
#ifndef CUSTODES_TEST_SENDING_H
#define CUSTODES_TEST_SENDING_H

#include <fcntl.h>
#include <linux/errqueue.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "state.h"

static char payload[1 << 20];

/* ---- ways to send: each sends the chunk it is given, or a part of it ---- */

static struct sockaddr *aimed(struct state *state)
{
	return state->to_size ? (struct sockaddr *)&state->to : NULL;
}

static ssize_t by_send(struct state *state, size_t chunk)
{
	return sendto(state->sock, payload, chunk, 0, aimed(state), state->to_size);
}

static ssize_t by_sendmsg(struct state *state, size_t chunk)
{
	struct iovec parts[2] = {{payload, chunk / 2}, {payload + chunk / 2, chunk - chunk / 2}};
	struct msghdr message = {
		.msg_name = aimed(state),
		.msg_namelen = state->to_size,
		.msg_iov = parts,
		.msg_iovlen = 2,
	};

	return sendmsg(state->sock, &message, 0);
}

/** Two datagrams, or writes, in one call. */
static ssize_t by_sendmmsg(struct state *state, size_t chunk)
{
	struct iovec parts[2] = {{payload, chunk / 2}, {payload, chunk - chunk / 2}};
	struct mmsghdr messages[2] = {};

	for (int i = 0; i < 2; i++)
		messages[i].msg_hdr = (struct msghdr){
			.msg_name = aimed(state),
			.msg_namelen = state->to_size,
			.msg_iov = &parts[i],
			.msg_iovlen = 1,
		};
	if (need(sendmmsg(state->sock, messages, 2, 0), "sendmmsg") != 2)
		die("sendmmsg sent less than it was given");
	return messages[0].msg_len + messages[1].msg_len;
}

static ssize_t by_sendfile(struct state *state, size_t chunk)
{
	int file = (int)need(memfd_create("payload", 0), "memfd_create");
	ssize_t sent;

	need(ftruncate(file, (off_t)chunk), "ftruncate");
	sent = sendfile(state->sock, file, NULL, chunk);
	close(file);
	return sent;
}

static ssize_t by_splice(struct state *state, size_t chunk)
{
	int ends[2];
	ssize_t sent = 0;
	size_t in;

	need(pipe(ends), "pipe");
	in = (size_t)need(write(ends[1], payload, chunk < 65536 ? chunk : 65536), "write to the pipe");
	while ((size_t)sent < in)
		sent += need(splice(ends[0], NULL, state->sock, NULL, in - (size_t)sent, 0), "splice");
	close(ends[0]);
	close(ends[1]);
	return sent;
}

static ssize_t by_uring(struct state *state, size_t chunk)
{
	struct io_uring_sqe request = {
		.opcode = IORING_OP_SEND,
		.fd = state->sock,
		.addr = (uintptr_t)payload,
		.len = (uint32_t)chunk,
	};
	int sent = uring_do(state->uring, &request);

	errno = -sent;
	return sent;
}

/** Waits for the kernel's word that the pages are free again, so that none is in flight at the end. */
static ssize_t by_zerocopy(struct state *state, size_t chunk)
{
	ssize_t sent = send(state->sock, payload, chunk, MSG_ZEROCOPY);
	struct pollfd errors = {.fd = state->sock};
	char control[256];
	struct msghdr message = {.msg_control = control, .msg_controllen = sizeof(control)};

	if (sent >= 0) {
		need(poll(&errors, 1, 30000), "poll");
		need(recvmsg(state->sock, &message, MSG_ERRQUEUE), "error queue");
	}
	return sent;
}

static void send_by(struct state *state, char **args, ssize_t (*way)(struct state *, size_t))
{
	size_t left = size_of(args[0]), chunk = size_of(args[1]);

	while (left)
		left -= (size_t)need(way(state, left < chunk ? left : chunk), "send");
}

/** One datagram each to an address and the ones that follow it. */
static void act_spread(struct state *state, char **args)
{
	struct sockaddr_in *to = (struct sockaddr_in *)&state->to;
	uint32_t first;

	state->to_size = net_address(&state->to, args[0], args[1]);
	first = ntohl(to->sin_addr.s_addr);
	for (uint32_t i = 0; i < (uint32_t)atoi(args[2]); i++) {
		to->sin_addr.s_addr = htonl(first + i);
		need(by_send(state, size_of(args[3])), "sendto");
	}
}

/** A datagram of no bytes at all. */
static void act_empty(struct state *state, char **args)
{
	(void)args;
	need(by_send(state, 0), "send");
}

#define WAY(name)                                                \
	static void act_##name(struct state *state, char **args) \
	{                                                        \
		send_by(state, args, by_##name);                 \
	}
WAY(send)
WAY(sendmsg)
WAY(sendmmsg)
WAY(sendfile)
WAY(splice)
WAY(zerocopy)
WAY(uring)

/* ---- io_uring ---- */

static void open_uring(struct state *state, unsigned int flags)
{
	state->uring = calloc(1, sizeof(*state->uring));
	uring_open(state->uring, flags);
}

static void act_uring_open(struct state *state, char **args)
{
	(void)args;
	open_uring(state, 0);
}

/** A thread of the kernel acts for this process. */
static void act_uring_polled(struct state *state, char **args)
{
	(void)args;
	open_uring(state, IORING_SETUP_SQPOLL);
}

static void act_uring_connect(struct state *state, char **args)
{
	socklen_t size = net_address(&state->to, args[0], args[1]);
	struct io_uring_sqe request = {
		.opcode = IORING_OP_CONNECT, .addr = (uintptr_t)&state->to, .off = size};
	int r;

	request.fd = state->sock = (int)need(socket(state->to.ss_family, SOCK_STREAM, 0), "socket");
	r = uring_do(state->uring, &request);
	errno = -r;
	need(r, "connect by io_uring");
	state->to_size = 0;
}

#endif
