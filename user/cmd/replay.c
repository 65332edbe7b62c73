// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <getopt.h>
#include <signal.h>

#include "../report/progress.h"
#include "../util/log.h"
#include "cmd.h"
#include "pipeline.h"
#include "policies.h"
#include "recall.h"
#include "record.h"
#include "resume.h"

static const char help[] =
	"Usage: custodes replay CAPTURE [OPTION...]\n"
	"\n"
	"Checks a capture against its checkpoint and finds again what was found live,\n"
	"byte for byte. CAPTURE may also be a file with a list of events in JSON (see\n"
	"custodes(8)); that needs --host. Needs no root.\n"
	"\n"
	"  --host FILE            judge as if the host had this profile: a file, or a\n"
	"                         built-in name; policies are then the built-in ones\n"
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
	day_t as_of;
	const char *outputs[OUTPUTS_MAX];
	unsigned int output_count;
};

enum { OPT_HOST = 256, OPT_POLICIES, OPT_AS_OF, OPT_OUTPUT };

static const struct option options[] = {
	{"host", required_argument, NULL, OPT_HOST},
	{"policies", required_argument, NULL, OPT_POLICIES},
	{"as-of", required_argument, NULL, OPT_AS_OF},
	{"output", required_argument, NULL, OPT_OUTPUT},
	{"help", no_argument, NULL, 'h'},
	{},
};

static int take(struct replay_options *replay, int option)
{
	switch (option) {
	case OPT_HOST:
		replay->policies.host = optarg;
		return 0;
	case OPT_POLICIES:
		return policies_add(&replay->policies, optarg) ?
			       usage_error("replay", "too many --policies") :
			       0;
	case OPT_AS_OF:
		replay->as_of = day_parse(optarg);
		return replay->as_of == DAY_NONE ?
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

/** `as_recorded`: by the policies and days of the record, so that what custodes knew then is known now. */
static int play(struct pipeline *pipeline, struct record *record, bool as_recorded)
{
	struct progress progress = progress_begin("replay");
	_cleanup_(buf_free) struct buf state = {};
	_cleanup_(resume_free) struct resume resume = {};
	const struct ev_head *event;
	uint64_t position;
	int r;

	while ((r = record_next(record, &event, &position)) == SOURCE_EVENT) {
		r = resume_take(&resume, pipeline->engine, event, position, &pipeline->batch);
		if (!r)
			continue;
		r = r == 1 && as_recorded ? snapshot_check(&state, pipeline->engine, event) : r;
		if (r >= 0)
			r = pipeline_replayed(pipeline, event, position);
		if (r)
			return r;
		if (position % 65536 == 0)
			progress_show(&progress, record_progress(record));
	}
	progress_end(&progress);
	if (r == SOURCE_END && resume_end(&resume))
		return -EINVAL;
	return r == SOURCE_END ? pipeline_flush(pipeline) : r;
}

static int replay_record(const struct replay_options *replay, const char *path)
{
	_cleanup_(documents_free) struct documents documents = {};
	_cleanup_(record_close) struct record record = {};
	struct engine_options engine = {.as_of = replay->as_of};
	struct pipeline pipeline = {};
	int r;

	r = record_begin(&record, "replay", path, &replay->policies, &documents, &engine);
	if (r)
		return r;
	pipeline.log = record.log;
	r = pipeline_open(&pipeline, &engine, replay->outputs, replay->output_count, true) ?
		    -EINVAL :
		    play(&pipeline, &record, !engine.policies && replay->as_of == DAY_NONE);
	if (!r)
		pipeline_say(&pipeline);
	r = r ? record_exit_code(r) : pipeline_exit_code(&pipeline);
	pipeline_close(&pipeline);
	return r;
}

int cmd_replay(int argc, char **argv)
{
	struct replay_options replay = {.as_of = DAY_NONE};
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
	return replay_record(&replay, argv[optind]);
}
