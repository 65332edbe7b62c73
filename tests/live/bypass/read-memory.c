// SPDX-License-Identifier: GPL-3.0-or-later
/* process_vm_readv(2) from a process that has the bytes in its memory. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	struct iovec here = {bytes, way.size};
	struct iovec there = {(void *)strtoul(argv[5], NULL, 16), way.size};

	return way_send(
		&way, bytes,
		(size_t)need(process_vm_readv(atoi(argv[4]), &here, 1, &there, 1, 0), "process_vm_readv"));
}
