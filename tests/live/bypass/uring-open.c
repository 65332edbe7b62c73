// SPDX-License-Identifier: GPL-3.0-or-later
/* io_uring opens the file as well, into a place that is no descriptor. */
#include "../programs/uring.h"
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	struct uring uring;
	int none = -1;
	struct io_uring_sqe request = {.opcode = IORING_OP_OPENAT,
				       .fd = AT_FDCWD,
				       .addr = (unsigned long)way.file,
				       .open_flags = O_RDONLY,
				       .file_index = 1};

	uring_open(&uring, 0);
	need(syscall(SYS_io_uring_register, uring.fd, IORING_REGISTER_FILES, &none, 1), "register");
	need(uring_do(&uring, &request), "openat");
	request = (struct io_uring_sqe){.opcode = IORING_OP_READ,
					.flags = IOSQE_FIXED_FILE,
					.addr = (unsigned long)bytes,
					.len = (unsigned int)way.size};
	return way_send(&way, bytes, (size_t)need(uring_do(&uring, &request), "read"));
}
