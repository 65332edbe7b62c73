// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Bytes that claim to be what an engine kept: of a case of tests/replay, the snapshot from its
 * middle, in which the input has changed some bytes or cut some off. Refused, or it bears what
 * comes after it: then the second half of the case is judged.
 */
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "../../user/engine/engine.h"
#include "../../user/ingest/list.h"
#include "../../user/util/log.h"
#include "../../user/util/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct play {
	struct ev_head **events;
	size_t count;
	struct buf snapshot;
} * plays;
static size_t play_count;
static struct documents documents;
static struct engine *engine;

static void step(const struct ev_head *event, uint64_t position)
{
	static struct batch batch;

	engine_step(engine, event, position, &batch);
	batch_actions_done(&batch);
	batch_reset(&batch);
}

static void begin(void)
{
	const struct engine_options options = {
		.policies = &documents, .host = "hosts/uk-secret.json", .as_of = DAY_NONE, .events = true};
	struct draft draft;

	engine_free(&engine);
	engine = engine_new(&options);
	DRAFT(&draft, POLICY, policy, 1);
	step(draft_end(&draft), 0);
}

/** A run that begins or ends takes the policies away: of those events there is no second half. */
static bool ends_run(const struct ev_head *event)
{
	return event->kind == EV_START || event->kind == EV_POLICY;
}

static void take_case(const char *path)
{
	struct play *play = GROW(plays, play_count);
	const struct ev_head *event;
	struct list *list;

	if (list_open(&list, path))
		abort();
	while (source_next(list_source(list), &event) == SOURCE_EVENT) {
		struct ev_head **copy;

		if (ends_run(event))
			continue;
		copy = GROW(play->events, play->count);
		*copy = need(malloc(event->size));
		memcpy(*copy, event, event->size);
	}
	list_close(&list);
	begin();
	for (size_t i = 0; i < play->count / 2; i++)
		step(play->events[i], i);
	engine_save(engine, &play->snapshot);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const names[] = {"schemes/gb.json", "catalogue/kaspersky.json",
					    "catalogue/sophos.json", "measures/uk-ncsc-2017.json",
					    "hosts/uk-secret.json"};
	glob_t found;

	(void)argc, (void)argv;
	log_set_level(LOG_LEVEL_ERROR);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct document *document = documents_embedded(names[i]);

		documents_add(&documents, document->name, document->text, document->size);
	}
	if (glob("tests/replay/*/events.ndjson", 0, NULL, &found))
		abort();
	for (size_t i = 0; i < found.gl_pathc; i++)
		take_case(found.gl_pathv[i]);
	globfree(&found);
	return 0;
}

/** Input: which case; by how much it is cut; then three bytes of place and one of content, again and again.
 */
static void change(const uint8_t *data, size_t size, uint8_t *bytes, size_t *whole)
{
	for (size_t i = 2; i + 4 <= size; i += 4) {
		size_t at = (size_t)data[i] << 16 | (size_t)data[i + 1] << 8 | data[i + 2];

		bytes[at % *whole] = data[i + 3];
	}
	if (data[1])
		*whole -= *whole * data[1] / 256;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct play *play;
	uint8_t *bytes;
	size_t whole;

	if (size < 2)
		return 0;
	play = &plays[data[0] % play_count];
	whole = play->snapshot.size;
	bytes = need(malloc(whole));
	memcpy(bytes, play->snapshot.data, whole);
	change(data, size, bytes, &whole);
	if (!engine_load(engine, bytes, whole))
		for (size_t i = play->count / 2; i < play->count; i++)
			step(play->events[i], i);
	free(bytes);
	return 0;
}
