// SPDX-License-Identifier: GPL-3.0-or-later
/* io_uring with a kernel thread that polls (SQPOLL), into a registered buffer: no call for a request. */
#include "../programs/uring.h"
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	struct uring uring;
	int fd = way_open(&way);
	struct iovec buffer = {bytes, sizeof(bytes)};
	struct io_uring_sqe request = {.opcode = IORING_OP_READ_FIXED,
				       .flags = IOSQE_FIXED_FILE,
				       .addr = (unsigned long)bytes,
				       .len = (unsigned int)way.size};

	uring_open(&uring, IORING_SETUP_SQPOLL);
	need(syscall(SYS_io_uring_register, uring.fd, IORING_REGISTER_FILES, &fd, 1), "register files");
	need(syscall(SYS_io_uring_register, uring.fd, IORING_REGISTER_BUFFERS, &buffer, 1),
	     "register buffers");
	return way_send(&way, bytes, (size_t)need(uring_do(&uring, &request), "read"));
}
