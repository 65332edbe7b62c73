// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One operation: connect to a listener of this very process on loopback, accept,
 * close both ends. The client resets, so that no port waits for its turn.
 */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

struct pair {
	int listener;
	struct sockaddr_in address;
};

static void listen_on_loopback(struct pair *pair)
{
	socklen_t size = sizeof(pair->address);

	pair->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	pair->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (pair->listener < 0 || bind(pair->listener, (struct sockaddr *)&pair->address, size) ||
	    listen(pair->listener, 64) ||
	    getsockname(pair->listener, (struct sockaddr *)&pair->address, &size))
		bench_die("listen");
}

static void op(void *context)
{
	static const struct linger reset = {.l_onoff = 1};
	const struct pair *pair = context;
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;

	if (client < 0 || connect(client, (const struct sockaddr *)&pair->address, sizeof(pair->address)))
		bench_die("connect");
	server = accept(pair->listener, NULL, NULL);
	if (server < 0 || setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
		bench_die("accept");
	close(client);
	close(server);
}

int main(int argc, char **argv)
{
	double seconds = bench_seconds(argc, argv, 2, "SECONDS");
	struct pair pair;

	listen_on_loopback(&pair);
	bench_run(seconds, 64, op, &pair);
	return 0;
}
