// SPDX-License-Identifier: GPL-3.0-or-later
/* io_submit(2): Linux's older asynchronous reads. */
#include <linux/aio_abi.h>

#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	int fd = way_open(&way);
	aio_context_t context = 0;
	struct iocb request = {.aio_fildes = (unsigned int)fd,
			       .aio_lio_opcode = IOCB_CMD_PREAD,
			       .aio_buf = (unsigned long)bytes,
			       .aio_nbytes = way.size},
		    *list[] = {&request};
	struct io_event event;

	need(syscall(SYS_io_setup, 8, &context), "io_setup");
	need(syscall(SYS_io_submit, context, 1, list), "io_submit");
	need(syscall(SYS_io_getevents, context, 1, 1, &event, NULL), "io_getevents");
	return way_send(&way, bytes, (size_t)event.res);
}
