// SPDX-License-Identifier: GPL-3.0-or-later
/* One operation: 64 KiB written to a connection on loopback that a thread drains. */
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define WRITE_BYTES (64 << 10)
#define READ_BYTES  (256 << 10)

static int connected_pair(int *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener < 0 || client < 0 || bind(listener, (struct sockaddr *)&address, size) ||
	    listen(listener, 1) || getsockname(listener, (struct sockaddr *)&address, &size) ||
	    connect(client, (struct sockaddr *)&address, size))
		bench_die("connect");
	*server = accept(listener, NULL, NULL);
	if (*server < 0)
		bench_die("accept");
	close(listener);
	return client;
}

static void *drain(void *context)
{
	static char bytes[READ_BYTES];
	const int *fd = context;

	while (read(*fd, bytes, sizeof(bytes)) > 0)
		continue;
	return NULL;
}

static void op(void *context)
{
	static char bytes[WRITE_BYTES];
	const int *fd = context;

	for (size_t done = 0; done < sizeof(bytes);) {
		ssize_t n = write(*fd, bytes + done, sizeof(bytes) - done);

		if (n <= 0)
			bench_die("write");
		done += (size_t)n;
	}
}

int main(int argc, char **argv)
{
	double seconds = bench_seconds(argc, argv, 2, "SECONDS");
	pthread_t reader;
	int server, client = connected_pair(&server);

	if (pthread_create(&reader, NULL, drain, &server))
		bench_die("pthread_create");
	bench_run(seconds, 64, op, &client);
	close(client);
	pthread_join(reader, NULL);
	return 0;
}
