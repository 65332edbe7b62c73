/* SPDX-License-Identifier: GPL-3.0-or-later */
/* io_uring splices a file into a pipe, and the pipe into a socket. */
#include "../programs/uring.h"
#include "way.h"

static inline int splice_all(int argc, char **argv, unsigned int flags)
{
	struct way way = way_begin(argc, argv);
	struct uring uring;
	int fd = way_open(&way), sock = way_out(&way), ends[2];
	struct io_uring_sqe request = {.opcode = IORING_OP_SPLICE,
				       .splice_off_in = (unsigned long long)-1,
				       .off = (unsigned long long)-1,
				       .splice_fd_in = flags ? 0 : fd,
				       .splice_flags = flags};

	need(pipe(ends), "pipe");
	request.fd = ends[1];
	uring_open(&uring, 0);
	if (flags)
		need(syscall(SYS_io_uring_register, uring.fd, IORING_REGISTER_FILES, &fd, 1), "register");
	for (size_t left = way.size; left;) {
		ssize_t n;

		request.len = left < 65536 ? (unsigned int)left : 65536;
		n = need(uring_do(&uring, &request), "splice");
		left -= (size_t)n;
		while (n)
			n -= need(splice(ends[0], NULL, sock, NULL, (size_t)n, 0), "splice");
	}
	return 0;
}
