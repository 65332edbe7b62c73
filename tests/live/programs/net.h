/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the programs that are watched and their peers have in common. */
#ifndef CUSTODES_TEST_NET_H
#define CUSTODES_TEST_NET_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/** A test asserts this code where it expects a failure of nothing but the program itself. */
#define EXIT_BROKEN 70

__attribute__((noreturn)) static inline void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(EXIT_BROKEN);
}

static inline long need(long result, const char *what)
{
	if (result < 0)
		die(what);
	return result;
}

/** Fills in an IPv4 or IPv6 address; says how large it is. */
static inline socklen_t net_address(struct sockaddr_storage *to, const char *text, const char *port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((unsigned short)atoi(port));
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1) {
		fprintf(stderr, "%s: no address\n", text);
		exit(EXIT_BROKEN);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((unsigned short)atoi(port));
	return sizeof(*v6);
}

#endif
