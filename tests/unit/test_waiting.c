// SPDX-License-Identifier: GPL-3.0-or-later
/* Who is let go, and when, where one lineage waits for what another turns out to be. */
#include "unit.h"

#include "../../user/cmd/record.h"
#include "../../user/util/log.h"

#define CASE "tests/replay/code-of-one-not-judged/events.ndjson"

/** Two that wait for each other, both clean, go together; who waits for a product never does. */
static void test_each_other(void **state)
{
	struct engine_options engine = {.as_of = DAY_NONE};
	struct policy_options options = {.host = "uk-secret"};
	struct documents documents = {};
	struct record record = {};
	struct batch batch = {};
	struct engine *judge;
	const struct ev_head *event;
	uint64_t position, released = 0;
	size_t count = 0;

	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	assert_int_equal(record_begin(&record, "test", CASE, &options, &documents, &engine), 0);
	judge = engine_new(&engine);
	while (record_next(&record, &event, &position) == SOURCE_EVENT) {
		assert_int_equal(engine_step(judge, event, position, &batch), 0);
		for (size_t i = 0; i < batch.action_count; i++) {
			if (batch.actions[i].action != ACTION_RELEASE)
				continue;
			released += batch.actions[i].lineage;
			count++;
		}
		batch_actions_done(&batch);
		batch_reset(&batch);
	}
	assert_int_equal(count, 2);
	assert_int_equal(released, 9 + 10);
	batch_free(&batch);
	engine_free(&judge);
	record_close(&record);
	documents_free(&documents);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_other)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
