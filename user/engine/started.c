// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Under what name a program was started, and in what unit: an interpreter is nobody's by
 * itself. What the kernel half calls the same executable was started by the same name.
 */
#include <string.h>

#include "state.h"

/** Adds the components of a path to one that is whole: "." and ".." lead where they would without links. */
static void add_components(struct buf *path, struct view more)
{
	for (size_t at = 0, end; at < more.size; at = end + 1) {
		const char *component = more.at + at, *slash;

		slash = memchr(component, '/', more.size - at);
		end = slash ? (size_t)(slash - more.at) : more.size;
		if (end == at || (end - at == 1 && component[0] == '.'))
			continue;
		if (end - at == 2 && !memcmp(component, "..", 2)) {
			while (path->size && path->data[--path->size] != '/')
				;
			continue;
		}
		buf_byte(path, '/');
		buf_bytes(path, component, end - at);
	}
}

void on_started(struct engine *engine, const struct ev_head *event)
{
	const struct ev_started *told = (const struct ev_started *)event;
	_cleanup_(buf_free) struct buf path = {}, from = {};
	struct view name = event_view(event, told->name);
	struct exe *exe = exe_find(engine, &told->exe);

	if (name.size && name.at[0] != '/') {
		event_path(event, told->directory, event->flags & STARTED_CUT, &from);
		add_components(&path, (struct view){from.data, from.size});
	}
	add_components(&path, name);
	set_view(&exe->started, (struct view){path.data, path.size});
	exe->known = false;
}

void judge_unit(struct engine *engine, struct process *process)
{
	const char *unit = process->unit ? process->unit : "";
	struct action *action;

	if (!process->new_unit || !engine->policy || policy_has_unit(engine->policy, unit))
		return; /* of a product's unit every program is told, and judged by that */
	action = batch_action(engine->batch);
	action->action = ACTION_EXE_BENIGN;
	action->exe = (struct exe_id){.ino = process->new_unit};
	process->new_unit = 0;
}
