// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <unistd.h>

#include "../capture/reader.h"
#include "../report/progress.h"
#include "../util/log.h"
#include "cmd.h"
#include "pipeline.h"
#include "policies.h"

static const char help[] =
	"Usage: custodes replay CAPTURE [OPTION...]\n"
	"\n"
	"Checks a capture against its checkpoint and finds again what was found live,\n"
	"byte for byte. Needs no root.\n"
	"\n"
	"  --policies DIR         judge by the built-in documents and this directory's,\n"
	"                         instead of the recorded ones; the host's profile stays\n"
	"  --as-of DATE           judge as if all had happened on this day, YYYY-MM-DD\n"
	"  --output FORMAT:TARGET text or ecs, to - or a file; may be given again (text:-)\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 nothing found, 1 findings, 2 bad usage or input, 3 evidence\n"
	"invalid.\n";

struct replay_options {
	struct policy_options policies;
	struct engine_options engine;
	const char *outputs[OUTPUTS_MAX];
	unsigned int output_count;
};

enum { OPT_POLICIES = 256, OPT_AS_OF, OPT_OUTPUT };

static const struct option options[] = {
	{"policies", required_argument, NULL, OPT_POLICIES},
	{"as-of", required_argument, NULL, OPT_AS_OF},
	{"output", required_argument, NULL, OPT_OUTPUT},
	{"help", no_argument, NULL, 'h'},
	{},
};

static int take(struct replay_options *replay, int option)
{
	switch (option) {
	case OPT_POLICIES:
		return policies_add(&replay->policies, optarg) ? usage_error("replay", "too many --policies") : 0;
	case OPT_AS_OF:
		replay->engine.as_of = day_parse(optarg);
		return replay->engine.as_of == DAY_NONE ?
			       usage_error("replay", "--as-of %s: expected a day, YYYY-MM-DD", optarg) :
			       0;
	case OPT_OUTPUT:
		if (replay->output_count == OUTPUTS_MAX)
			return usage_error("replay", "more than %d outputs", OUTPUTS_MAX);
		replay->outputs[replay->output_count++] = optarg;
		return 0;
	default:
		return usage_error("replay", "unknown or incomplete option");
	}
}

static int exit_code(int error)
{
	return error == -EBADMSG ? EXIT_EVIDENCE : EXIT_USAGE;
}

static int play(struct pipeline *pipeline, struct reader *reader)
{
	struct progress progress = progress_begin("replay");
	const struct ev_head *event;
	int r;

	while ((r = source_next(reader_source(reader), &event)) == SOURCE_EVENT) {
		uint64_t position = reader_position(reader);

		r = pipeline_replayed(pipeline, event, position);
		if (r)
			return r;
		if (position % 65536 == 0)
			progress_show(&progress, reader_progress(reader));
	}
	progress_end(&progress);
	return r == SOURCE_END ? pipeline_flush(pipeline) : r;
}

static int replay_capture(struct replay_options *replay, const char *path)
{
	_cleanup_(documents_free) struct documents documents = {};
	_cleanup_(reader_close) struct reader *reader = NULL;
	struct pipeline pipeline = {};
	int r;

	if (replay->policies.count) {
		if (policies_gather(&replay->policies, &documents))
			return EXIT_USAGE;
		replay->engine.policies = &documents;
	}
	r = reader_open(&reader, path);
	if (r)
		return exit_code(r);
	if (pipeline_open(&pipeline, &replay->engine, replay->outputs, replay->output_count, true)) {
		pipeline_close(&pipeline);
		return EXIT_USAGE;
	}
	pipeline.log = (struct outcome_log){.origin = reader_checkpoint(reader)->origin, .recorded = true};
	r = play(&pipeline, reader);
	if (!r)
		pipeline_say(&pipeline);
	r = r ? exit_code(r) : pipeline_exit_code(&pipeline);
	pipeline_close(&pipeline);
	return r;
}

int cmd_replay(int argc, char **argv)
{
	struct replay_options replay = {.engine = {.as_of = DAY_NONE}};
	int option, r;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h')
			return usage_help(help);
		r = take(&replay, option);
		if (r)
			return r;
	}
	if (optind + 1 != argc)
		return usage_error("replay", optind < argc ? "expected one capture" : "a capture is needed");
	signal(SIGPIPE, SIG_IGN);
	return replay_capture(&replay, argv[optind]);
}
