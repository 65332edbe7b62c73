// SPDX-License-Identifier: GPL-3.0-or-later
#include "status.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "file.h"

struct status status_of(pid_t pid)
{
	_cleanup_(buf_free) struct buf text = {};
	struct status status = {.state = '?'};
	const char *at;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (file_read_at(AT_FDCWD, path, &text, 65536) || !text.data)
		return status;
	at = strstr(text.data, "\nState:");
	if (at)
		sscanf(at, "\nState: %c", &status.state);
	at = strstr(text.data, "\nTracerPid:");
	if (at)
		sscanf(at, "\nTracerPid: %u", &status.tracer);
	return status;
}
