// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "../engine/engine.h"
#include "../report/progress.h"
#include "../report/statement.h"
#include "../util/file.h"
#include "../util/log.h"
#include "../util/memory.h"
#include "../util/style.h"
#include "cmd.h"
#include "current.h"
#include "logs.h"
#include "policies.h"
#include "record.h"
#include "resume.h"

static const char help[] =
	"Usage: custodes ledger CAPTURE|--live [OPTION...]\n"
	"\n"
	"How many bytes of each label may have left this host, at most: by product, and by\n"
	"who controls where they went. Everything is reckoned anew from the capture, from\n"
	"its first event on, since what was read once can be sent at any time after. The\n"
	"capture may be one that is being written; of a folder of captures (capture merge)\n"
	"each is stated alone. Needs no root.\n"
	"\n"
	"  --live            the capture of the custodes that runs here; needs root\n"
	"  --from TIME       count what was sent from then on: YYYY-MM-DD, which begins at\n"
	"                    midnight, or YYYY-MM-DDTHH:MM[:SS]Z; UTC\n"
	"  --to TIME         and before then\n"
	"  --host FILE       judge as if the host had this profile: a file, or a built-in\n"
	"                    name; policies are then the built-in ones\n"
	"  --policies DIR    judge by the built-in documents and this directory's, instead\n"
	"                    of the recorded ones\n"
	"  --json            for programs\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 nothing classified can have left, 1 something can, 2 bad usage or\n"
	"input, 3 evidence invalid.\n";

enum { OPT_FROM = 256, OPT_LIVE, OPT_TO, OPT_HOST, OPT_POLICIES, OPT_JSON };

static const struct option options[] = {
	{"live", no_argument, NULL, OPT_LIVE},
	{"from", required_argument, NULL, OPT_FROM},
	{"to", required_argument, NULL, OPT_TO},
	{"host", required_argument, NULL, OPT_HOST},
	{"policies", required_argument, NULL, OPT_POLICIES},
	{"json", no_argument, NULL, OPT_JSON},
	{"help", no_argument, NULL, 'h'},
	{},
};

struct ledger_call {
	struct policy_options policies;
	int64_t from, to;
	bool json, live;
};

static int take(struct ledger_call *call, int option)
{
	switch (option) {
	case OPT_LIVE:
		call->live = true;
		return 0;
	case OPT_FROM:
		return usage_time("ledger", "--from", optarg, &call->from);
	case OPT_TO:
		return usage_time("ledger", "--to", optarg, &call->to);
	case OPT_HOST:
		call->policies.host = optarg;
		return 0;
	case OPT_POLICIES:
		return policies_add(&call->policies, optarg) ? usage_error("ledger", "too many --policies") :
							       0;
	case OPT_JSON:
		call->json = true;
		return 0;
	default:
		return usage_error("ledger", "unknown or incomplete option");
	}
}

/** What the sensor lost by its hooks in this run, in its own words. */
static void take_start(struct statement *statement, const struct ev_head *event)
{
	const struct ev_start *start = (const struct ev_start *)event;
	struct view hooks = event_view(event, start->hooks);
	cJSON *json = cJSON_ParseWithLength(hooks.at, hooks.size);
	const cJSON *feature;

	cJSON_ArrayForEach(feature, json) {
		const char *lost = cJSON_GetStringValue(cJSON_GetObjectItem(feature, "lost"));
		_cleanup_(buf_free) struct buf line = {};
		bool known = !lost || !*lost;

		buf_printf(&line, "%s: %s", feature->string ? feature->string : "", lost ? lost : "");
		for (size_t i = 0; i < statement->blind_count; i++)
			known |= !strcmp(statement->blind[i], line.data);
		if (!known)
			*GROW(statement->blind, statement->blind_count) = need(strdup(line.data));
	}
	cJSON_Delete(json);
}

struct reckoning {
	const struct ledger_call *call;
	struct engine *engine;
	struct batch batch;
	struct statement statement;
	struct resume resume;
	bool begun, marked;
};

/** False: what comes now is not asked for. */
static bool within(struct reckoning *reckoning, const struct ev_head *event)
{
	int64_t wall;

	if (event->kind == EV_START) /* it says how late it is, and the next ones go by that */
		return ((const struct ev_start *)event)->wall_offset + (int64_t)event->time <
		       reckoning->call->to;
	wall = engine_wall_of(reckoning->engine, event->time);
	if (!reckoning->begun)
		reckoning->statement.from = wall, reckoning->begun = true;
	if (!reckoning->marked && wall >= reckoning->call->from) {
		engine_ledger_mark(reckoning->engine);
		reckoning->marked = true;
	}
	if (wall >= reckoning->call->to)
		return false;
	reckoning->statement.to = wall;
	return true;
}

static int reckon(struct reckoning *reckoning, struct record *record)
{
	struct progress progress = progress_begin("ledger");
	const struct ev_head *event;
	uint64_t position;
	int r;

	while ((r = record_next(record, &event, &position)) == SOURCE_EVENT) {
		if (event->kind == EV_START)
			take_start(&reckoning->statement, event);
		r = resume_take(&reckoning->resume, reckoning->engine, event, position, &reckoning->batch);
		if (r < 0)
			return r;
		if (!r)
			continue;
		if (!within(reckoning, event))
			break;
		r = engine_step(reckoning->engine, event, position, &reckoning->batch);
		batch_actions_done(&reckoning->batch);
		batch_reset(&reckoning->batch);
		if (r)
			return r;
		if (position % 65536 == 0)
			progress_show(&progress, record_progress(record));
	}
	progress_end(&progress);
	return r < 0 ? r : resume_end(&reckoning->resume);
}

/** Appends the statement, as text or JSON. */
static int state(struct reckoning *reckoning, struct jsonw *w)
{
	struct statement *statement = &reckoning->statement;
	bool left = false;

	engine_ledger_settle(reckoning->engine, &reckoning->batch);
	engine_ledger(reckoning->engine, &statement->rows, &statement->count);
	engine_summary(reckoning->engine, &statement->summary);
	statement->dropped = engine_ledger_dropped(reckoning->engine);
	statement->policy = engine_policy(reckoning->engine);
	statement->host = engine_host_name(reckoning->engine);
	if (reckoning->call->from > statement->from)
		statement->from = reckoning->call->from;
	if (reckoning->call->json)
		statement_json(statement, w);
	else
		statement_text(statement, style_wanted(STDOUT_FILENO), style_columns(STDOUT_FILENO), w->to);
	for (size_t i = 0; i < statement->count; i++)
		left |= statement->rows[i].bound;
	return left ? EXIT_FINDINGS : EXIT_CLEAN;
}

static int ledger_of(const struct ledger_call *call, const char *path, bool several,
		     const struct engine_options *with, struct jsonw *w)
{
	_cleanup_(record_close) struct record record = {};
	struct reckoning reckoning = {.call = call};
	int r = record_judge(&record, "ledger", path, with);

	if (r)
		return r;
	reckoning.statement.log = several ? record.log.origin : NULL;
	reckoning.engine = engine_new(with);
	r = reckon(&reckoning, &record);
	r = r ? record_exit_code(r) : state(&reckoning, w);
	statement_clear(&reckoning.statement);
	engine_free(&reckoning.engine);
	batch_free(&reckoning.batch);
	resume_free(&reckoning.resume);
	return r;
}

/** A statement for each log; of a folder of them, in JSON, below "logs". */
static int ledger_all(const struct ledger_call *call, const struct logs *logs,
		      const struct engine_options *with, struct buf *text)
{
	struct jsonw w = {.to = text, .pretty = true};
	int worst = EXIT_CLEAN;

	if (call->json && logs->several) {
		jsonw_object(&w, NULL);
		jsonw_array(&w, "logs");
	}
	for (size_t i = 0; i < logs->count && worst <= EXIT_FINDINGS; i++) {
		int code;

		if (i && !call->json)
			buf_byte(text, '\n');
		code = ledger_of(call, logs->paths[i], logs->several, with, &w);
		worst = code > worst ? code : worst;
	}
	if (call->json && logs->several) {
		jsonw_array_end(&w);
		jsonw_object_end(&w);
	}
	if (call->json)
		buf_byte(text, '\n');
	return worst;
}

static int ledger(const struct ledger_call *call, const char *path)
{
	_cleanup_(documents_free) struct documents documents = {};
	_cleanup_(logs_close) struct logs logs = {};
	_cleanup_(buf_free) struct buf text = {};
	struct engine_options with = {.as_of = DAY_NONE};
	int r = record_rules(&call->policies, &documents, &with);

	if (!r)
		r = logs_open(&logs, path);
	if (!r)
		r = ledger_all(call, &logs, &with, &text);
	if (r <= EXIT_FINDINGS && file_write(STDOUT_FILENO, text.data, text.size))
		return EXIT_USAGE;
	return r;
}

int cmd_ledger(int argc, char **argv)
{
	struct ledger_call call = {.from = INT64_MIN, .to = INT64_MAX};
	_cleanup_(buf_free) struct buf path = {};
	int option, r;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h')
			return usage_help(help);
		r = take(&call, option);
		if (r)
			return r;
	}
	if (optind + !call.live != argc)
		return usage_error("ledger",
				   optind < argc ? "expected one capture" : "a capture is needed, or --live");
	if (call.from >= call.to)
		return usage_error("ledger", "--from must be before --to");
	if (call.live) {
		r = current_capture(&path);
		if (r)
			return log_error(r, "no custodes runs here that records in a capture"), EXIT_USAGE;
	}
	return ledger(&call, call.live ? path.data : argv[optind]);
}
