// SPDX-License-Identifier: GPL-3.0-or-later
/* process_vm_writev(2): into another process's memory. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	struct iovec here = {bytes, way.size + 1}, there = {(void *)strtoul(argv[5], NULL, 16), way.size + 1};

	get(way_open(&way), bytes, sizeof(bytes));
	bytes[way.size] = 1;
	need(process_vm_writev(atoi(argv[4]), &here, 1, &there, 1, 0), "process_vm_writev");
	return 0;
}
