// SPDX-License-Identifier: GPL-3.0-or-later
#include "known.h"

#include <string.h>

#include "../util/clock.h"

static bool is_of(const struct ev_executable *event, const struct ev_exec *exec, const struct buf *path)
{
	struct view told = event_view(&event->head, event->path);
	struct exe_id exe = event->exe;

	exe.place = exec->exe.place;
	return !memcmp(&exe, &exec->exe, sizeof(exe)) && told.size == path->size &&
	       !memcmp(told.at, path->data, told.size);
}

const struct ev_head *known_find(const struct known *known, const struct ev_exec *exec, struct draft *draft)
{
	_cleanup_(buf_free) struct buf path = {};
	struct ev_executable *event = (struct ev_executable *)draft->bytes;

	if (exec->head.flags & EXEC_PATH_CUT)
		return NULL;
	event_path(&exec->head, exec->path, false, &path);
	for (size_t i = 0; path.size && i < KNOWN_MAX; i++) {
		const struct buf *kept = &known->events[i];

		if (!kept->size || !is_of((const struct ev_executable *)kept->data, exec, &path))
			continue;
		memcpy(event, kept->data, kept->size);
		event->head.time = clock_boot();
		event->exe = exec->exe;
		return &event->head;
	}
	return NULL;
}

void known_keep(struct known *known, const struct ev_head *event)
{
	struct buf *to = &known->events[known->next];

	if (!(event->flags & EXECUTABLE_HASHED))
		return;
	buf_clear(to);
	buf_bytes(to, event, event->size);
	known->next = (known->next + 1) % KNOWN_MAX;
}

void known_clear(struct known *known)
{
	for (size_t i = 0; i < KNOWN_MAX; i++)
		buf_free(&known->events[i]);
}
