// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Wherever a record is cut, an engine that begins with a snapshot from there judges the rest
 * as the one does that has read it all; and a snapshot of it is the same snapshot.
 */
#include "unit.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../user/cmd/record.h"
#include "../../user/output/output.h"
#include "../../user/util/log.h"
#include "../../user/util/memory.h"

/** Of a long list so many places are tried. */
#define CUTS 60

struct play {
	struct engine *engine;
	struct batch batch;
	struct buf told;
};

static struct ev_head **events;
static size_t event_count;

static void copy_events(struct record *record)
{
	const struct ev_head *event;
	uint64_t position;

	while (record_next(record, &event, &position) == SOURCE_EVENT) {
		struct ev_head **copy = GROW(events, event_count);

		*copy = need(malloc(event->size));
		memcpy(*copy, event, event->size);
	}
}

static void drop_events(void)
{
	while (event_count)
		free(events[--event_count]);
	free(events);
	events = NULL;
}

static void step(struct play *play, size_t number)
{
	const struct outcome_log log = {.origin = "test", .recorded = true};

	assert_int_equal(engine_step(play->engine, events[number], number, &play->batch), 0);
	batch_actions_done(&play->batch);
	for (size_t i = 0; i < play->batch.outcome_count; i++)
		format_ecs.render(&play->batch.outcomes[i], &log, false, &play->told);
	batch_reset(&play->batch);
}

static void play_end(struct play *play)
{
	buf_free(&play->told);
	batch_free(&play->batch);
	engine_free(&play->engine);
}

#define NO_POLICY SIZE_MAX

/** The last word on policies of the run that this event is of; or NO_POLICY. */
static size_t policy_before(size_t at)
{
	while (at--) {
		if (events[at]->kind == EV_POLICY)
			return at;
		if (events[at]->kind == EV_START)
			break;
	}
	return NO_POLICY;
}

/** An engine that has seen something else: compiling policies anew each time takes too long. */
static void begin_again(struct play *again, const struct engine_options *options, size_t policy,
			size_t *given)
{
	buf_clear(&again->told);
	if (again->engine && *given == policy)
		return;
	engine_free(&again->engine);
	again->engine = engine_new(options);
	if (policy != NO_POLICY)
		step(again, policy);
	buf_clear(&again->told);
	*given = policy;
}

static void cut_at(struct play *again, const struct buf *snapshot, size_t at, const char *rest)
{
	struct buf second = {};

	assert_int_equal(engine_load(again->engine, snapshot->data, snapshot->size), 0);
	engine_save(again->engine, &second);
	assert_int_equal(second.size, snapshot->size);
	assert_memory_equal(second.data, snapshot->data, second.size);
	for (size_t i = at; i < event_count; i++)
		step(again, i);
	assert_string_equal(again->told.data ? again->told.data : "", rest);
	buf_free(&second);
}

static void cut_everywhere(const struct engine_options *options)
{
	size_t stride = event_count / CUTS + 1;
	struct buf *snapshots = need(calloc(event_count, sizeof(*snapshots)));
	size_t *told = need(calloc(event_count, sizeof(*told)));
	struct play whole = {.engine = engine_new(options)}, again = {};
	size_t given = NO_POLICY;

	for (size_t i = 0; i < event_count; i++) {
		told[i] = whole.told.size;
		if (i % stride == 0)
			engine_save(whole.engine, &snapshots[i]);
		step(&whole, i);
	}
	for (size_t i = 0; i < event_count; i += stride) {
		begin_again(&again, options, policy_before(i), &given);
		cut_at(&again, &snapshots[i], i, whole.told.data ? whole.told.data + told[i] : "");
		if (policy_before(event_count) != given)
			engine_free(&again.engine); /* it knows others now */
	}
	for (size_t i = 0; i < event_count; i++)
		buf_free(&snapshots[i]);
	free(snapshots);
	free(told);
	play_end(&again);
	play_end(&whole);
}

/** The arguments of a case: "--host NAME --policies DIR ...". */
static void read_arguments(const char *directory, char *text, size_t room, struct policy_options *options,
			   struct engine_options *engine)
{
	char path[512];
	FILE *file;
	const char *word, *value;

	snprintf(path, sizeof(path), "%s/args", directory);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(text, (int)room, file));
	fclose(file);
	for (word = strtok(text, " \n"); word; word = strtok(NULL, " \n")) {
		value = strtok(NULL, " \n");
		if (!strcmp(word, "--host"))
			options->host = value;
		else if (!strcmp(word, "--policies"))
			policies_add(options, value);
		else if (!strcmp(word, "--as-of"))
			engine->as_of = day_parse(value);
		else
			fail_msg("%s: %s is not understood here", path, word);
	}
}

static void one_case(const char *directory)
{
	struct engine_options engine = {.as_of = DAY_NONE, .events = true};
	struct policy_options options = {};
	struct documents documents = {};
	struct record record = {};
	char path[512], text[1024];

	snprintf(path, sizeof(path), "%s/events.ndjson", directory);
	read_arguments(directory, text, sizeof(text), &options, &engine);
	assert_int_equal(record_begin(&record, "test", path, &options, &documents, &engine), 0);
	copy_events(&record);
	cut_everywhere(&engine);
	drop_events();
	record_close(&record);
	documents_free(&documents);
}

static void test_every_case(void **state)
{
	glob_t found;

	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	assert_int_equal(glob("tests/replay/*/events.ndjson", 0, NULL, &found), 0);
	assert_true(found.gl_pathc > 20);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		*strrchr(found.gl_pathv[i], '/') = '\0';
		print_message("%s\n", found.gl_pathv[i]);
		one_case(found.gl_pathv[i]);
	}
	globfree(&found);
}

/** What is cut short, or is of other policies, is refused. */
static void test_refused(void **state)
{
	struct engine *engine = engine_new(&(struct engine_options){.as_of = DAY_NONE});
	struct buf snapshot = {};

	(void)state;
	engine_save(engine, &snapshot);
	assert_int_equal(engine_load(engine, snapshot.data, snapshot.size), 0);
	for (size_t size = 0; size < snapshot.size; size += size < 200 ? 1 : 997)
		assert_int_equal(engine_load(engine, snapshot.data, size), -EBADMSG);
	snapshot.data[8] = 'x'; /* of the policies' digest */
	assert_int_equal(engine_load(engine, snapshot.data, snapshot.size), -EBADMSG);
	buf_free(&snapshot);
	engine_free(&engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_case),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
