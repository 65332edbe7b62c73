// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <getopt.h>
#include <signal.h>

#include "../report/progress.h"
#include "../util/log.h"
#include "../util/memory.h"
#include "cmd.h"
#include "logs.h"
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
	"custodes(8)); that needs --host. Of a folder of captures (capture merge) each is\n"
	"judged alone, and all is told in the order of their clocks. Needs no root.\n"
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

/** One log, and the engine that judges it. */
struct player {
	struct record record;
	struct pipeline pipeline;
	struct resume resume;
	struct buf state;
	bool ended;
};

struct play {
	struct player *players;
	size_t count;
	bool as_recorded; /* by its policies and days, so that what custodes knew then is known now */
	struct progress progress;
};

static void show(struct play *play)
{
	double done = 0;

	for (size_t i = 0; i < play->count; i++)
		done += record_progress(&play->players[i].record);
	progress_show(&play->progress, done / (double)play->count);
}

static int step(struct play *play, struct player *player, const struct ev_head *event, uint64_t position)
{
	struct pipeline *pipeline = &player->pipeline;
	int r = resume_take(&player->resume, pipeline->engine, event, position, &pipeline->batch);

	if (r <= 0)
		return r;
	r = r == 1 && play->as_recorded ? snapshot_check(&player->state, pipeline->engine, event) : 0;
	if (r >= 0)
		r = pipeline_replayed(pipeline, event, position);
	if (!r && position % 65536 == 0)
		show(play);
	return r;
}

/** Until there is something to tell: of one log many outcomes, so as to tell them at once. */
static int advance(struct play *play, struct player *player)
{
	const struct batch *batch = &player->pipeline.batch;
	size_t enough = play->count > 1 ? 1 : BATCH_MAX;
	const struct ev_head *event;
	uint64_t position;
	int r = 0;

	while (!r && !player->ended && batch->outcome_count < enough) {
		r = record_next(&player->record, &event, &position);
		player->ended = r == SOURCE_END;
		if (r == SOURCE_EVENT)
			r = step(play, player, event, position);
		else if (r == SOURCE_END && resume_end(&player->resume))
			return -EINVAL;
	}
	return r < 0 ? r : 0;
}

/** Whose next outcome is the earliest by the wall clock; of equal ones the first log's. */
static struct player *earliest(const struct play *play)
{
	struct player *found = NULL;

	for (size_t i = 0; i < play->count; i++) {
		struct player *player = &play->players[i];

		if (player->pipeline.batch.outcome_count &&
		    (!found ||
		     player->pipeline.batch.outcomes[0].wall < found->pipeline.batch.outcomes[0].wall))
			found = player;
	}
	return found;
}

static int run(struct play *play)
{
	struct player *player;
	int r = 0;

	play->progress = progress_begin("replay");
	for (size_t i = 0; !r && i < play->count; i++)
		r = advance(play, &play->players[i]);
	while (!r && (player = earliest(play))) {
		pipeline_flush(&player->pipeline);
		r = advance(play, player);
	}
	progress_end(&play->progress);
	return r;
}

static int open_players(struct play *play, const struct replay_options *replay, const struct logs *logs,
			const struct engine_options *engine)
{
	int r = 0;

	play->players = need(calloc(logs->count, sizeof(*play->players)));
	for (; !r && play->count < logs->count; play->count++) {
		struct player *player = &play->players[play->count];

		r = record_judge(&player->record, "replay", logs->paths[play->count], engine);
		player->pipeline.log = player->record.log;
		if (!r && play->count)
			pipeline_join(&player->pipeline, engine, &play->players[0].pipeline);
		else if (!r && pipeline_open(&player->pipeline, engine, replay->outputs, replay->output_count,
					     true))
			r = EXIT_USAGE;
	}
	return r;
}

/** The worst that can be said of any. */
static int say(const struct play *play, const struct logs *logs)
{
	int worst = EXIT_CLEAN;

	for (size_t i = 0; i < play->count; i++) {
		const struct pipeline *pipeline = &play->players[i].pipeline;
		int code = pipeline_exit_code(pipeline);

		if (logs->several)
			log_info("%s:", logs->merged.logs[i].directory);
		pipeline_say(pipeline);
		worst = code > worst ? code : worst;
	}
	return worst;
}

static void close_players(struct play *play)
{
	while (play->count--) {
		struct player *player = &play->players[play->count];

		pipeline_close(&player->pipeline);
		record_close(&player->record);
		resume_free(&player->resume);
		buf_free(&player->state);
	}
	free(play->players);
}

static int replay_logs(const struct replay_options *replay, const struct logs *logs)
{
	_cleanup_(documents_free) struct documents documents = {};
	struct engine_options engine = {.as_of = replay->as_of};
	struct play play = {};
	int r = record_rules(&replay->policies, &documents, &engine);

	if (!r)
		r = open_players(&play, replay, logs, &engine);
	if (!r) {
		play.as_recorded = !engine.policies && replay->as_of == DAY_NONE;
		r = run(&play);
		r = r ? record_exit_code(r) : say(&play, logs);
	}
	close_players(&play);
	return r;
}

int cmd_replay(int argc, char **argv)
{
	struct replay_options replay = {.as_of = DAY_NONE};
	_cleanup_(logs_close) struct logs logs = {};
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
	r = logs_open(&logs, argv[optind]);
	return r ? r : replay_logs(&replay, &logs);
}
