// SPDX-License-Identifier: GPL-3.0-or-later
/* The only handle on the file is the one that fanotify hands to on-access scanners. */
#include <sys/fanotify.h>

#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	int group = (int)need(fanotify_init(FAN_CLASS_CONTENT, O_RDONLY), "fanotify_init");
	struct fanotify_event_metadata event;
	struct fanotify_response answer;
	size_t size;
	pid_t child;

	need(fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, way.file), "fanotify_mark");
	child = (pid_t)need(fork(), "fork");
	if (!child) { /* of the lineage, too: it opens, and never reads */
		open(way.file, O_RDONLY);
		_exit(0);
	}
	need(read(group, &event, sizeof(event)), "fanotify");
	size = get(event.fd, bytes, sizeof(bytes));
	answer = (struct fanotify_response){.fd = event.fd, .response = FAN_ALLOW};
	need(write(group, &answer, sizeof(answer)), "answer");
	await_child(child);
	return way_send(&way, bytes, size);
}
