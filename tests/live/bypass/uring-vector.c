// SPDX-License-Identifier: GPL-3.0-or-later
/* io_uring: READV by a worker thread (IOSQE_ASYNC), from a registered file. */
#include "../programs/uring.h"
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	struct uring uring;
	int fd = way_open(&way);
	struct iovec parts[2] = {{bytes, 1000}, {bytes + 1000, way.size - 1000}};
	struct io_uring_sqe request = {.opcode = IORING_OP_READV,
				       .flags = IOSQE_FIXED_FILE | IOSQE_ASYNC,
				       .addr = (unsigned long)parts,
				       .len = 2};

	uring_open(&uring, 0);
	need(syscall(SYS_io_uring_register, uring.fd, IORING_REGISTER_FILES, &fd, 1), "register");
	close(fd);
	return way_send(&way, bytes, (size_t)need(uring_do(&uring, &request), "readv"));
}
