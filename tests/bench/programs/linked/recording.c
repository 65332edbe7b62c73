// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What recording takes of the way of an event: the events of a capture go from memory through
 * the live pipeline, with a capture being written and without, in turns.
 *
 *   recording SOURCE TARGET ROUNDS EACH OUTPUT
 *
 * thread_*: CPU time of the thread that events pass; cpu_*: of the whole process.
 * TARGET is made anew for each round. A seal stands after each EACH events. For each round a line:
 *
 *   plain_ns N recorded_ns N thread_plain_ns N thread_recorded_ns N cpu_plain_ns N cpu_recorded_ns N events N
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../../../user/capture/reader.h"
#include "../../../../user/cmd/pipeline.h"
#include "../../../../user/util/log.h"
#include "../../../../user/util/memory.h"

static struct ev_head **events;
static size_t event_count;

struct took {
	unsigned long long wall, thread, cpu;
};

static void die(const char *what)
{
	fprintf(stderr, "recording: %s\n", what);
	exit(1);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static struct took now(void)
{
	return (struct took){now_ns(CLOCK_MONOTONIC), now_ns(CLOCK_THREAD_CPUTIME_ID),
			     now_ns(CLOCK_PROCESS_CPUTIME_ID)};
}

/** Actions are left out: the pipeline makes them itself. */
static void read_events(const char *path)
{
	struct reader *reader;
	const struct ev_head *event;

	if (reader_open(&reader, path))
		die("the source cannot be read");
	while (source_next(reader_source(reader), &event) == SOURCE_EVENT) {
		if (event->kind == EV_ACTION)
			continue;
		memcpy(*GROW(events, event_count) = need(malloc(event->size)), event, event->size);
	}
	reader_close(&reader);
}

static int apply(void *context, const struct action *action)
{
	(void)context, (void)action;
	return 0;
}

static struct took play(const char *target, uint64_t each, const char *output)
{
	const struct engine_options engine = {.as_of = DAY_NONE};
	struct pipeline pipeline = {.apply = apply, .log = {.origin = "bench", .recorded = target}};
	struct took took, ended;

	if (pipeline_open(&pipeline, &engine, &output, 1, false))
		die("the pipeline cannot be opened");
	if (target && (writer_open(&pipeline.writer, target, NULL) || writer_beside(pipeline.writer)))
		die("the target cannot be opened");
	took = now();
	for (size_t i = 0; i < event_count; i++) {
		if (pipeline_live(&pipeline, events[i]))
			die("an event was refused");
		if (i % each == each - 1)
			pipeline_flush(&pipeline);
	}
	pipeline_flush(&pipeline);
	ended = now();
	if (pipeline.failed)
		die("recording stopped");
	pipeline_close(&pipeline);
	return (struct took){ended.wall - took.wall, ended.thread - took.thread, ended.cpu - took.cpu};
}

int main(int argc, char **argv)
{
	char target[512];
	uint64_t each;

	if (argc != 6)
		die("usage: recording SOURCE TARGET ROUNDS EACH OUTPUT");
	each = strtoull(argv[4], NULL, 10);
	log_set_level(LOG_LEVEL_ERROR);
	read_events(argv[1]);
	for (int round = 0; round < atoi(argv[3]); round++) {
		struct took plain, recorded;

		snprintf(target, sizeof(target), "%s.%d", argv[2], round);
		plain = play(NULL, each, argv[5]);
		recorded = play(target, each, argv[5]);
		printf("plain_ns %llu recorded_ns %llu thread_plain_ns %llu thread_recorded_ns %llu ",
		       plain.wall, recorded.wall, plain.thread, recorded.thread);
		printf("cpu_plain_ns %llu cpu_recorded_ns %llu events %zu\n", plain.cpu, recorded.cpu,
		       event_count);
		fflush(stdout);
	}
	while (event_count)
		free(events[--event_count]);
	free(events);
	return 0;
}
