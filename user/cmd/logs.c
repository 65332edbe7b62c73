// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs.h"

#include <errno.h>

#include "../util/log.h"
#include "../util/memory.h"
#include "cmd.h"

int logs_open(struct logs *logs, const char *path)
{
	int r;

	*logs = (struct logs){};
	r = merged_read(&logs->merged, path);
	if (r == -ENOENT) {
		*GROW(logs->paths, logs->count) = need(strdup(path));
		return 0;
	}
	if (r)
		return EXIT_USAGE;
	logs->several = true;
	for (size_t i = 0; i < logs->merged.count; i++) {
		struct buf each = {};

		buf_printf(&each, "%s/%s", path, logs->merged.logs[i].directory);
		*GROW(logs->paths, logs->count) = each.data;
	}
	if (!logs->count)
		return log_error(0, "%s: there is no log in it", path), EXIT_USAGE;
	return 0;
}

void logs_close(struct logs *logs)
{
	for (size_t i = 0; i < logs->count; i++)
		free(logs->paths[i]);
	free(logs->paths);
	merged_free(&logs->merged);
	*logs = (struct logs){};
}
