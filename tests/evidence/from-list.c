// SPDX-License-Identifier: GPL-3.0-or-later
/* from-list LIST DIR KEY: a capture of a list of events, signed, as if custodes had recorded them. */
#include "../../user/capture/writer.h"
#include "../../user/ingest/list.h"

#define EVENTS_IN_A_BLOCK 7

int main(int argc, char **argv)
{
	const struct ev_head *event;
	struct writer *writer;
	unsigned int count = 0;
	struct list *list;
	struct key *key;
	int r;

	if (argc != 4)
		return 2;
	if (key_open(&key, argv[3]) || list_open(&list, argv[1]) || writer_open(&writer, argv[2], key))
		return 1;
	while ((r = source_next(list_source(list), &event)) == SOURCE_EVENT) {
		r = writer_append(writer, event);
		if (!r && ++count % EVENTS_IN_A_BLOCK == 0)
			r = writer_seal(writer);
		if (r)
			break;
	}
	if (r == SOURCE_END)
		r = writer_seal(writer);
	writer_close(&writer);
	list_close(&list);
	key_close(&key);
	return r != 0;
}
