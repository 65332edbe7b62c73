// SPDX-License-Identifier: GPL-3.0-or-later
#include "memory.h"

#include <stdio.h>

void *need(void *memory)
{
	if (!memory) {
		fputs("custodes: out of memory\n", stderr);
		abort();
	}
	return memory;
}
