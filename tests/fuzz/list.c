// SPDX-License-Identifier: GPL-3.0-or-later
/* A list of events that anybody wrote. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../user/ingest/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static int memory = -1;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	memory = memfd_create("list", MFD_CLOEXEC);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ev_head *event;
	struct list *list;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	if (ftruncate(memory, 0) || pwrite(memory, data, size, 0) != (ssize_t)size)
		abort();
	if (list_open(&list, path))
		return 0;
	while (source_next(list_source(list), &event) == SOURCE_EVENT)
		if (event_check(event, event->size))
			abort();
	list_close(&list);
	return 0;
}
