// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A run that was killed between a question and its answer: the next one asks again, whether the
 * engine has read all events or begins with a snapshot, and asks no more once it was answered.
 */
#include "unit.h"

#include "../../user/cmd/record.h"
#include "../../user/engine/ledger.h"
#include "../../user/util/log.h"
#include "../../user/util/memory.h"

#define CASE "tests/replay/ledger-a-file-that-stays/events.ndjson"

static struct ev_head **events;
static size_t event_count;
static struct engine_options judged_by = {.as_of = DAY_NONE};

/** The events of the case that come before the first of this kind. */
static size_t until(uint16_t kind)
{
	size_t at = 0;

	while (at < event_count && events[at]->kind != kind)
		at++;
	assert_true(at < event_count);
	return at;
}

static size_t looks(const struct batch *batch)
{
	size_t count = 0;

	for (size_t i = 0; i < batch->action_count; i++)
		count += batch->actions[i].action == ACTION_LOOK;
	return count;
}

static void take(struct engine *engine, size_t from, size_t to)
{
	struct batch batch = {};

	for (size_t i = from; i < to; i++) {
		assert_int_equal(engine_step(engine, events[i], i, &batch), 0);
		batch_reset(&batch);
	}
	batch_free(&batch);
}

/** A run begins: how often it is asked, and for what first. */
static size_t asked_anew(struct engine *engine, struct object_id *object, char path[64])
{
	struct batch batch = {};
	size_t count;

	assert_int_equal(engine_step(engine, events[0], event_count, &batch), 0);
	count = looks(&batch);
	for (size_t i = batch.action_count; i--;)
		if (batch.actions[i].action == ACTION_LOOK) {
			*object = batch.actions[i].object;
			snprintf(path, 64, "%s", batch.actions[i].path);
		}
	batch_free(&batch);
	return count;
}

static void what_has_no_answer_is_asked_again(void **state)
{
	struct engine *engine = engine_new(&judged_by), *other = engine_new(&judged_by);
	struct object_id object = {};
	struct buf snapshot = {};
	size_t cut = until(EV_LEFT);
	char path[64] = "";

	(void)state;
	take(engine, 0, cut);
	engine_save(engine, &snapshot);
	assert_int_equal(asked_anew(engine, &object, path), 2); /* of the third, who wrote it holds nothing */
	assert_int_equal(object.ino, 601);
	assert_string_equal(path, "/srv/scratch/part");
	assert_int_equal(asked_anew(engine, &object, path), 2); /* killed again */

	take(other, 0, until(EV_POLICY) + 1);
	assert_int_equal(engine_load(other, snapshot.data, snapshot.size), 0);
	object = (struct object_id){};
	assert_int_equal(asked_anew(other, &object, path), 2);
	assert_int_equal(object.ino, 601);
	buf_free(&snapshot);
	engine_free(&engine);
	engine_free(&other);
}

static void what_was_answered_is_not(void **state)
{
	struct engine *engine = engine_new(&judged_by);
	struct object_id object = {};
	size_t cut = until(EV_LEFT);
	char path[64] = "";

	(void)state;
	take(engine, 0, cut + 1);
	assert_int_equal(asked_anew(engine, &object, path), 1);
	assert_int_equal(object.ino, 603);
	take(engine, cut + 2, cut + 3);
	assert_int_equal(asked_anew(engine, &object, path), 0);
	engine_free(&engine);
}

/** That no answer has come for so long says that it was not there. */
static void what_is_old_is_not(void **state)
{
	struct engine *engine = engine_new(&judged_by);
	struct object_id object = {};
	size_t cut = until(EV_LEFT);
	uint64_t before = events[cut - 1]->time;
	char path[64] = "";

	(void)state;
	take(engine, 0, cut - 1);
	events[cut - 1]->time += LEDGER_AWAITED_NS;
	take(engine, cut - 1, cut);
	events[cut - 1]->time = before;
	assert_int_equal(asked_anew(engine, &object, path), 1);
	assert_int_equal(object.ino, 603);
	engine_free(&engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_no_answer_is_asked_again),
		cmocka_unit_test(what_was_answered_is_not),
		cmocka_unit_test(what_is_old_is_not),
	};
	struct policy_options options = {.host = "uk-secret"};
	struct documents documents = {};
	struct record record = {};
	const struct ev_head *event;
	uint64_t position;
	int failed;

	log_set_level(LOG_LEVEL_ERROR);
	if (record_begin(&record, "test", CASE, &options, &documents, &judged_by))
		return 1;
	while (record_next(&record, &event, &position) == SOURCE_EVENT) {
		struct ev_head **copy = GROW(events, event_count);

		*copy = need(malloc(event->size));
		memcpy(*copy, event, event->size);
		if (event->kind == EV_ACCESS) /* which a list does not say */
			((struct ev_access *)*copy)->facts.links = 1;
	}
	failed = cmocka_run_group_tests_name("left", tests, NULL, NULL);
	while (event_count)
		free(events[--event_count]);
	free(events);
	record_close(&record);
	documents_free(&documents);
	return failed;
}
