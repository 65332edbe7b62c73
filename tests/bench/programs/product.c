// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What is watched: a copy of this stands at a path of the catalogue, inside a
 * mount and network namespace of its own where every address is local.
 *
 *   product idle                       one open connection, and nothing more
 *   product connect COUNT ADDRESSES    connect, send, receive, close; then as idle
 *
 * It says "ready" when its work is done and stays until stdin ends.
 */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define PORT 443

static int listen_everywhere(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 64))
		bench_die("listen");
	return fd;
}

/** An address anywhere in 1.0.0.0 to 126.255.255.255, the same for the same number. */
static uint32_t address_of(uint32_t number)
{
	uint32_t mixed = number * 2654435761u;

	mixed ^= mixed >> 15;
	return (1 + mixed % 126) << 24 | (mixed >> 8 & 0xffffff);
}

static int connect_to(int listener, uint32_t to, int *accepted)
{
	static const struct linger reset = {.l_onoff = 1};
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr = {htonl(to)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		bench_die("connect");
	*accepted = accept(listener, NULL, NULL);
	if (*accepted < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
		bench_die("accept");
	return fd;
}

static void talk(int listener, uint32_t to)
{
	char bytes[256] = "";
	int accepted, fd = connect_to(listener, to, &accepted);

	if (write(fd, bytes, sizeof(bytes)) < 0 || read(accepted, bytes, sizeof(bytes)) < 0)
		bench_die("write");
	close(fd);
	close(accepted);
}

int main(int argc, char **argv)
{
	int accepted, listener = listen_everywhere();
	uint32_t count = 0, addresses = 1;
	char byte;

	if (argc == 4 && !strcmp(argv[1], "connect")) {
		count = (uint32_t)strtoul(argv[2], NULL, 10);
		addresses = (uint32_t)strtoul(argv[3], NULL, 10);
	}
	for (uint32_t i = 0; i < count; i++)
		talk(listener, address_of(i % addresses));
	connect_to(listener, INADDR_LOOPBACK, &accepted);
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	return 0;
}
