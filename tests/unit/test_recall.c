// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A run that is asked to stop while it recalls ends without a fault and without a trace, wherever
 * it is by then; and the next one recalls the same.
 */
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

#include "../../user/capture/reader.h"
#include "../../user/cmd/recall.h"
#include "../../user/cmd/retention.h"
#include "../../user/util/log.h"
#include "../../user/util/memory.h"
#include "directory.h"
#include "sample.h"

#define PLAYED "tests/replay/families/bulk/attack/capture"
/** So many times it is asked to, each a little later. */
#define STOPS	    40
#define STOPS_APART 400 /* microseconds */

static char capture[64];
static volatile sig_atomic_t stop;

static void on_alarm(int number)
{
	(void)number;
	stop = 1;
}

static void put(struct pipeline *pipeline, const struct ev_head *event)
{
	uint64_t position = writer_position(pipeline->writer);

	assert_int_equal(writer_append(pipeline->writer, event), 0);
	assert_int_equal(engine_step(pipeline->engine, event, position, &pipeline->batch), 0);
	batch_reset(&pipeline->batch);
}

/** What was played once, with a snapshot behind its policies. */
static void make_capture(struct key *key)
{
	const struct engine_options options = {.as_of = DAY_NONE};
	struct pipeline pipeline = {.engine = engine_new(&options)};
	struct snapshots snapshots = {};
	struct reader *reader;
	const struct ev_head *event;
	bool in_set = false;

	assert_int_equal(writer_open(&pipeline.writer, capture, key), 0);
	assert_int_equal(reader_open(&reader, PLAYED), 0);
	while (source_next(reader_source(reader), &event) == SOURCE_EVENT) {
		bool last = event->kind == EV_POLICY;

		if (event->kind == EV_DOCUMENT && !in_set)
			snapshots_documents(&snapshots, &pipeline);
		if (last)
			snapshots_policy(&snapshots, &pipeline);
		in_set = event->kind == EV_DOCUMENT;
		put(&pipeline, event);
		if (last)
			assert_int_equal(snapshot_now(&snapshots, &pipeline), 0);
	}
	reader_close(&reader);
	assert_int_equal(writer_seal(pipeline.writer), 0);
	pipeline_close(&pipeline);
}

/** What recall() answers, and the engine as it is then. */
static int recalled(struct buf *state)
{
	const struct engine_options options = {.as_of = DAY_NONE};
	struct pipeline pipeline = {.engine = engine_new(&options)};
	struct snapshots snapshots = {};
	struct retention retention = {.capture = capture};
	int r = recall(&pipeline, &snapshots, capture, &retention, &stop);

	buf_clear(state);
	engine_save(pipeline.engine, state);
	retention_close(&retention);
	pipeline_close(&pipeline);
	return r;
}

static void checkpoint_is(char text[512])
{
	char path[128];
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "%s/checkpoint", capture);
	file = fopen(path, "re");
	assert_non_null(file);
	size = fread(text, 1, 511, file);
	text[size] = '\0';
	fclose(file);
}

static void a_stop_while_recalling(void **state)
{
	struct itimerval timer = {};
	struct buf whole = {}, now = {};
	char before[512], after[512];
	unsigned int stopped = 0;

	(void)state;
	checkpoint_is(before);
	stop = 0;
	assert_int_equal(recalled(&whole), 0);
	for (unsigned int i = 0; i < STOPS; i++) {
		stop = i == 0; /* before it has begun, and then wherever the time falls */
		timer.it_value.tv_usec = i * STOPS_APART;
		setitimer(ITIMER_REAL, &timer, NULL);
		assert_int_equal(recalled(&now), 0);
		timer.it_value.tv_usec = 0;
		setitimer(ITIMER_REAL, &timer, NULL);
		stopped += now.size != whole.size;
	}
	assert_true(stopped > 0);
	checkpoint_is(after);
	assert_string_equal(before, after);
	stop = 0;
	assert_int_equal(recalled(&now), 0);
	assert_int_equal(now.size, whole.size);
	assert_memory_equal(now.data, whole.data, whole.size);
	buf_free(&whole);
	buf_free(&now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_stop_while_recalling)};
	struct sigaction alarmed = {.sa_handler = on_alarm};
	char path[128];
	struct key *key;
	int failed;

	log_set_level(LOG_LEVEL_ERROR);
	if (directory_make())
		return 1;
	sigaction(SIGALRM, &alarmed, NULL);
	snprintf(capture, sizeof(capture), "%s/capture", directory);
	path_of(path, "key");
	if (key_create(&key, path))
		return 1;
	make_capture(key);
	key_close(&key);
	failed = cmocka_run_group_tests_name("recall", tests, NULL, NULL);
	return remove_all(directory) || failed ? 1 : 0;
}
