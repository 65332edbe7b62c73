/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Acts of the stand-in: how a socket comes to be, receives, and ends. */
#ifndef CUSTODES_TEST_SOCKETS_H
#define CUSTODES_TEST_SOCKETS_H

#include <linux/sockios.h>
#include <netinet/udp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sending.h"

/* ---- sockets ---- */

static void bind_from(const struct state *state)
{
	struct sockaddr_storage at;
	socklen_t size = net_address(&at, state->to.ss_family == AF_INET6 ? "::" : "0.0.0.0", state->from);

	need(bind(state->sock, (struct sockaddr *)&at, size), "bind");
}

static void reach(struct state *state, int type, int protocol, char **args)
{
	socklen_t size = net_address(&state->to, args[0], args[1]);

	state->sock = (int)need(socket(state->to.ss_family, type, protocol), "socket");
	if (state->from)
		bind_from(state);
	need(connect(state->sock, (struct sockaddr *)&state->to, size), "connect");
	state->to_size = 0;
}

/** The socket is connected anew, to another peer. */
static void act_turn(struct state *state, char **args)
{
	socklen_t size = net_address(&state->to, args[0], args[1]);

	need(connect(state->sock, (struct sockaddr *)&state->to, size), "connect");
}

/** A stream forgets its peer, and the kernel its counters; the socket can connect anew. */
static void act_disconnect(struct state *state, char **args)
{
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

	(void)args;
	need(connect(state->sock, &nobody, sizeof(nobody)), "disconnect");
}

static void act_from(struct state *state, char **args)
{
	state->from = args[0];
}

/** Prints the port of this end. */
static void act_whence(struct state *state, char **args)
{
	struct sockaddr_storage at;
	socklen_t size = sizeof(at);

	(void)args;
	need(getsockname(state->sock, (struct sockaddr *)&at, &size), "getsockname");
	printf("%u\n", ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port :
							((struct sockaddr_in *)&at)->sin_port));
	fflush(stdout);
}

static void act_tcp(struct state *state, char **args)
{
	reach(state, SOCK_STREAM, 0, args);
}

static void act_mptcp(struct state *state, char **args)
{
	reach(state, SOCK_STREAM, IPPROTO_MPTCP, args);
}

static void act_udp(struct state *state, char **args)
{
	reach(state, SOCK_DGRAM, 0, args);
}

/** A datagram socket that is not connected: "to" says where each goes. */
static void act_udp_free(struct state *state, char **args)
{
	state->sock = (int)need(socket(args[0][0] == '6' ? AF_INET6 : AF_INET, SOCK_DGRAM, 0), "socket");
}

static void act_to(struct state *state, char **args)
{
	state->to_size = net_address(&state->to, args[0], args[1]);
}

static void act_connects(struct state *state, char **args)
{
	struct sockaddr_storage to;
	socklen_t size = net_address(&to, args[0], args[1]);
	long count = atol(args[2]);

	(void)state;
	while (count--) {
		int sock = (int)need(socket(to.ss_family, SOCK_STREAM, 0), "socket");

		need(connect(sock, (struct sockaddr *)&to, size), "connect");
		close(sock);
	}
}

/** Refused connections are what is wanted: they end before they begin. */
static void act_refused(struct state *state, char **args)
{
	socklen_t size = net_address(&state->to, args[0], args[1]);
	int sock = (int)need(socket(state->to.ss_family, SOCK_STREAM, 0), "socket");

	if (!connect(sock, (struct sockaddr *)&state->to, size))
		die("a connection that should have been refused");
	close(sock);
}

/** A stream to an address that nothing leads to, and then from the same socket to another. */
static void act_elsewhere(struct state *state, char **args)
{
	socklen_t size = net_address(&state->to, args[0], args[2]);

	state->sock = (int)need(socket(state->to.ss_family, SOCK_STREAM, 0), "socket");
	if (!connect(state->sock, (struct sockaddr *)&state->to, size))
		die("a connection that leads nowhere");
	size = net_address(&state->to, args[1], args[2]);
	need(connect(state->sock, (struct sockaddr *)&state->to, size), "connect");
}

static void act_listen(struct state *state, char **args)
{
	struct sockaddr_storage at;
	socklen_t size = net_address(&at, args[0], args[1]);
	int yes = 1;

	state->listener = (int)need(socket(at.ss_family, SOCK_STREAM, 0), "socket");
	setsockopt(state->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	need(bind(state->listener, (struct sockaddr *)&at, size), "bind");
	need(listen(state->listener, 128), "listen");
}

static void act_accept(struct state *state, char **args)
{
	(void)args;
	state->sock = (int)need(accept(state->listener, NULL, NULL), "accept");
	state->to_size = 0;
}

/** TCP Fast Open: the data goes with the SYN, if the peer's cookie is known. */
static void act_fast_open(struct state *state, char **args)
{
	socklen_t size = net_address(&state->to, args[0], args[1]);

	state->sock = (int)need(socket(state->to.ss_family, SOCK_STREAM, 0), "socket");
	need(sendto(state->sock, payload, size_of(args[2]), MSG_FASTOPEN, (struct sockaddr *)&state->to,
		    size),
	     "sendto MSG_FASTOPEN");
	state->to_size = 0;
}

/** Gives the socket a number that the next program can know. */
static void act_as(struct state *state, char **args)
{
	need(dup2(state->sock, atoi(args[0])), "dup2");
	close(state->sock);
	state->sock = atoi(args[0]);
}

/** Goes on with a socket that was there when this program began. */
static void act_inherited(struct state *state, char **args)
{
	state->sock = atoi(args[0]);
}

/* ---- receiving, and the end of a socket ---- */

static void act_receive(struct state *state, char **args)
{
	static __thread char received[1 << 16];
	size_t left = size_of(args[0]);
	ssize_t got;

	while (left) {
		got = need(recv(state->sock, received, sizeof(received), 0), "recv");
		if (!got)
			die("the peer ended too early");
		left -= (size_t)got < left ? (size_t)got : left;
	}
}

static void act_eof(struct state *state, char **args)
{
	static __thread char received[1 << 16];

	(void)args;
	while (need(recv(state->sock, received, sizeof(received), 0), "recv"))
		;
}

/** The peer ends by a reset, sooner or later. */
static void act_broken(struct state *state, char **args)
{
	char byte[4096];
	ssize_t got;

	(void)args;
	while ((got = recv(state->sock, byte, sizeof(byte), 0)) > 0)
		;
	if (!got || errno != ECONNRESET)
		die("expected a reset");
}

/** Until so many bytes wait to be read; they are left where they are. */
static void act_readable(struct state *state, char **args)
{
	int wanted = atoi(args[0]), waiting = 0;

	while (waiting < wanted) {
		need(ioctl(state->sock, FIONREAD, &waiting), "FIONREAD");
		usleep(1000);
	}
}

/** Until the peer has acknowledged every byte. */
static void act_flush(struct state *state, char **args)
{
	int waiting = 1;

	(void)args;
	while (waiting) {
		need(ioctl(state->sock, SIOCOUTQ, &waiting), "SIOCOUTQ");
		usleep(1000);
	}
}

static void act_shutdown(struct state *state, char **args)
{
	(void)args;
	need(shutdown(state->sock, SHUT_WR), "shutdown");
}

static void act_close(struct state *state, char **args)
{
	(void)args;
	close(state->sock);
	state->sock = -1;
}

static void act_reset(struct state *state, char **args)
{
	struct linger now = {.l_onoff = 1};

	need(setsockopt(state->sock, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), "SO_LINGER");
	act_close(state, args);
}

static void set_option(const struct state *state, int level, int option, int value)
{
	need(setsockopt(state->sock, level, option, &value, sizeof(value)), "setsockopt");
}

static void act_cork(struct state *state, char **args)
{
	set_option(state, SOL_UDP, UDP_CORK, atoi(args[0]));
}

static void act_segment(struct state *state, char **args)
{
	set_option(state, SOL_UDP, UDP_SEGMENT, atoi(args[0]));
}

static void act_allow_zerocopy(struct state *state, char **args)
{
	(void)args;
	set_option(state, SOL_SOCKET, SO_ZEROCOPY, 1);
}

#endif
