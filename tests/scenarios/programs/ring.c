// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Reads and sends files by nothing but io_uring.
 *
 *   ring ADDRESS PORT FILE...
 */
#include <fcntl.h>

#include "../../live/programs/uring.h"

static char bytes[65536];

static int done(struct uring *uring, const struct io_uring_sqe *request, const char *what)
{
	int result = uring_do(uring, request);

	errno = result < 0 ? -result : 0;
	return (int)need(result < 0 ? -1 : result, what);
}

static void put(struct uring *uring, int sock, size_t size)
{
	for (size_t at = 0; at < size;) {
		struct io_uring_sqe request = {.opcode = IORING_OP_SEND,
					       .fd = sock,
					       .addr = (unsigned long)(bytes + at),
					       .len = (unsigned int)(size - at)};

		at += (size_t)done(uring, &request, "send");
	}
}

static void send_file(struct uring *uring, int sock, const char *path)
{
	struct io_uring_sqe request = {.opcode = IORING_OP_OPENAT,
				       .fd = AT_FDCWD,
				       .addr = (unsigned long)path,
				       .open_flags = O_RDONLY};
	int fd = done(uring, &request, path), size;

	request = (struct io_uring_sqe){.opcode = IORING_OP_READ,
					.fd = fd,
					.addr = (unsigned long)bytes,
					.len = sizeof(bytes),
					.off = (unsigned long long)-1};
	while ((size = done(uring, &request, "read")) > 0)
		put(uring, sock, (size_t)size);
	close(fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_storage to;
	struct uring uring;
	int sock;
	struct io_uring_sqe request = {.opcode = IORING_OP_CONNECT, .addr = (unsigned long)&to};

	if (argc < 4) {
		fprintf(stderr, "usage: %s ADDRESS PORT FILE...\n", argv[0]);
		return EXIT_BROKEN;
	}
	request.off = net_address(&to, argv[1], argv[2]);
	uring_open(&uring, 0);
	sock = (int)need(socket(to.ss_family, SOCK_STREAM, 0), "socket");
	request.fd = sock;
	done(&uring, &request, "connect");
	for (int i = 3; i < argc; i++)
		send_file(&uring, sock, argv[i]);
	return 0;
}
