// SPDX-License-Identifier: GPL-3.0-or-later
/* io_uring, request by request. */
#include "../programs/uring.h"
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	struct uring uring;
	struct io_uring_sqe request = {.opcode = IORING_OP_READ,
				       .fd = way_open(&way),
				       .addr = (unsigned long)bytes,
				       .len = (unsigned int)way.size};

	uring_open(&uring, 0);
	return way_send(&way, bytes, (size_t)need(uring_do(&uring, &request), "read"));
}
