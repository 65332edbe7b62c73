// SPDX-License-Identifier: GPL-3.0-or-later
/* The list in a folder of captures: what is taken leads nowhere but into that folder. */
#include <stdlib.h>
#include <string.h>

#include "../../user/capture/merged.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct merged merged = {}, again = {};
	char *text = malloc(size + 1), name[MERGED_NAME];
	struct buf written = {};

	memcpy(text, data, size);
	text[size] = '\0';
	merged_name(&merged, text, text, name);
	if (strchr(name, '/') || *name == '.' || !*name)
		__builtin_trap();
	if (!merged_parse(&merged, "list", text, size)) {
		for (size_t i = 0; i < merged.count; i++)
			if (strchr(merged.logs[i].directory, '/') || merged.logs[i].directory[0] == '.')
				__builtin_trap();
		merged_write(&merged, &written);
		if (merged_parse(&again, "again", written.data, written.size) || again.count != merged.count)
			__builtin_trap();
	}
	merged_free(&merged);
	merged_free(&again);
	buf_free(&written);
	free(text);
	return 0;
}
