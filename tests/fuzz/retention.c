// SPDX-License-Identifier: GPL-3.0-or-later
/* The texts that lie beside a log: holds, and the statement of a cut; and the list in a PRUNE. */
#include <stdlib.h>
#include <string.h>

#include "../../user/capture/holds.h"
#include "../../user/capture/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_holds(const char *text, size_t size)
{
	struct holds holds = {};
	struct draft draft;
	const struct ev_head *event;

	if (!holds_read(&holds, text, size))
		while ((event = holds_untold(&holds, &draft, 1)))
			if (event_check(event, event->size))
				__builtin_trap();
	holds_free(&holds);
}

static void read_cut(const char *text, size_t size)
{
	struct cut cut = {};
	struct buf again = {};

	if (!cut_read(&cut, text, size)) {
		cut_write(&cut, &again);
		if (again.size != size || memcmp(again.data, text, size) != 0)
			__builtin_trap();
	}
	buf_free(&again);
	cut_free(&cut);
}

static void read_ranges(const char *list, size_t size)
{
	struct draft draft;
	struct ev_prune *event = DRAFT(&draft, PRUNE, prune, 1);
	struct ranges ranges = {};

	draft_str(&draft, &event->absent, list, size);
	if (!ranges_pruned(&ranges, draft_end(&draft)))
		for (size_t i = 1; i < ranges.count; i++)
			if (ranges.items[i].from <= ranges.items[i - 1].to)
				__builtin_trap();
	ranges_free(&ranges);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	read_holds(text, size);
	read_cut(text, size);
	read_ranges(text, size);
	free(text);
	return 0;
}
