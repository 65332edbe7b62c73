// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "../capture/reader.h"
#include "../engine/engine.h"
#include "../report/difference.h"
#include "../report/progress.h"
#include "../util/file.h"
#include "../util/memory.h"
#include "../util/style.h"
#include "cmd.h"
#include "logs.h"
#include "policies.h"
#include "resume.h"

static const char help[] =
	"Usage: custodes diff CAPTURE --policies A --against B\n"
	"\n"
	"Judges one capture by two sets of policies and shows which findings and verdicts\n"
	"differ, and why. A and B are directories, each read on top of the built-in\n"
	"documents (a document takes the place of one of the same kind and id), or one of\n"
	"the words \"recorded\" (as the capture has them) and \"builtin\". CAPTURE may be a\n"
	"folder that capture merge has made: each log by itself. Needs no root.\n"
	"\n"
	"  --policies A      the first set\n"
	"  --against B       the second\n"
	"  --as-of DATE      judge as if all had happened on this day, YYYY-MM-DD\n"
	"  --json            for programs\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 no difference, 1 they differ, 2 bad usage or input, 3 evidence\n"
	"invalid.\n";

enum { OPT_POLICIES = 256, OPT_AGAINST, OPT_AS_OF, OPT_JSON };

static const struct option options[] = {
	{"policies", required_argument, NULL, OPT_POLICIES},
	{"against", required_argument, NULL, OPT_AGAINST},
	{"as-of", required_argument, NULL, OPT_AS_OF},
	{"json", no_argument, NULL, OPT_JSON},
	{"help", no_argument, NULL, 'h'},
	{},
};

/** One of the two sets, with the engine that judges by it. */
struct side {
	const char *name;
	struct documents documents;
	struct engine *engine;
	struct batch batch;
	struct resume resume;
	struct notes notes;
};

struct diff {
	struct side sides[2];
	day_t as_of, day; /* that was asked for; of the record's last run */
	bool json;
};

static int take(struct diff *diff, int option)
{
	switch (option) {
	case OPT_POLICIES:
		diff->sides[0].name = optarg;
		return 0;
	case OPT_AGAINST:
		diff->sides[1].name = optarg;
		return 0;
	case OPT_AS_OF:
		diff->as_of = day_parse(optarg);
		return diff->as_of == DAY_NONE ?
			       usage_error("diff", "--as-of %s: expected a day, YYYY-MM-DD", optarg) :
			       0;
	case OPT_JSON:
		diff->json = true;
		return 0;
	default:
		return usage_error("diff", "unknown or incomplete option");
	}
}

static int side_open(struct side *side, day_t as_of)
{
	struct engine_options engine = {.as_of = as_of};
	struct policy_options policies = {};
	int r = 0;

	if (strcmp(side->name, "recorded")) {
		if (strcmp(side->name, "builtin"))
			policies_add(&policies, side->name);
		r = policies_gather(&policies, &side->documents);
		engine.policies = &side->documents;
	}
	side->notes.name = side->name;
	side->engine = engine_new(&engine);
	return r;
}

static int side_step(struct side *side, const struct ev_head *event, uint64_t position)
{
	int r = resume_take(&side->resume, side->engine, event, position, &side->batch);

	if (r > 0)
		r = engine_step(side->engine, event, position, &side->batch);
	notes_take(&side->notes, &side->batch);
	batch_reset(&side->batch);
	batch_actions_done(&side->batch);
	return r;
}

static void side_close(struct side *side)
{
	notes_free(&side->notes);
	batch_free(&side->batch);
	resume_free(&side->resume);
	engine_free(&side->engine);
	documents_free(&side->documents);
	*side = (struct side){.name = side->name};
}

static int judge_both(struct diff *diff, struct reader *reader)
{
	struct progress progress = progress_begin("diff");
	const struct ev_head *event;
	int r;

	while ((r = source_next(reader_source(reader), &event)) == SOURCE_EVENT) {
		uint64_t position = reader_position(reader);

		if (event->kind == EV_START)
			diff->day =
				day_of((int64_t)event->time + ((const struct ev_start *)event)->wall_offset);
		r = side_step(&diff->sides[0], event, position);
		if (!r)
			r = side_step(&diff->sides[1], event, position);
		if (r)
			return r;
		if (position % 65536 == 0)
			progress_show(&progress, reader_progress(reader));
	}
	progress_end(&progress);
	if (r == SOURCE_END)
		r = resume_end(&diff->sides[0].resume);
	return r ? r : resume_end(&diff->sides[1].resume);
}

static size_t report(struct diff *diff, const char *log, struct jsonw *w)
{
	const struct notes *a = &diff->sides[0].notes, *b = &diff->sides[1].notes;
	struct verdict_question question = {.day = diff->as_of == DAY_NONE ? diff->day : diff->as_of};
	struct engine_summary summary;
	const char **ids;
	size_t differ;

	engine_summary(diff->sides[0].engine, &summary);
	ids = need(calloc(summary.product_count + 1, sizeof(*ids)));
	for (size_t i = 0; i < summary.product_count; i++)
		ids[question.count++] = summary.products[i].id;
	question.products = ids;
	for (int i = 0; i < 2; i++)
		diff->sides[i].notes.policy = engine_policy(diff->sides[i].engine);
	differ = diff->json ? difference_json(a, b, &question, log, w) :
			      difference_text(a, b, &question, log, style_wanted(STDOUT_FILENO),
					      style_columns(STDOUT_FILENO), w->to);
	free(summary.products);
	free(ids);
	return differ;
}

/** Of one log: EXIT_FINDINGS if the sets differ. */
static int compare(struct diff *diff, const char *path, bool several, struct jsonw *w)
{
	_cleanup_(reader_close) struct reader *reader = NULL;
	size_t differ = 0;
	int r = reader_open(&reader, path);

	for (int i = 0; !r && i < 2; i++)
		r = side_open(&diff->sides[i], diff->as_of);
	if (!r)
		r = judge_both(diff, reader);
	if (!r)
		differ = report(diff, several ? reader_checkpoint(reader)->origin : NULL, w);
	side_close(&diff->sides[0]);
	side_close(&diff->sides[1]);
	if (r)
		return r == -EBADMSG ? EXIT_EVIDENCE : EXIT_USAGE;
	return differ ? EXIT_FINDINGS : EXIT_CLEAN;
}

/** A report for each log; of a folder of them, in JSON, below "logs". */
static int compare_all(struct diff *diff, const struct logs *logs, struct buf *text)
{
	struct jsonw w = {.to = text, .pretty = true};
	int worst = EXIT_CLEAN;

	if (diff->json && logs->several) {
		jsonw_object(&w, NULL);
		jsonw_array(&w, "logs");
	}
	for (size_t i = 0; i < logs->count && worst <= EXIT_FINDINGS; i++) {
		int code;

		if (i && !diff->json)
			buf_byte(text, '\n');
		code = compare(diff, logs->paths[i], logs->several, &w);
		worst = code > worst ? code : worst;
	}
	if (diff->json && logs->several) {
		jsonw_array_end(&w);
		jsonw_object_end(&w);
	}
	if (diff->json)
		buf_byte(text, '\n');
	return worst;
}

static int diff_of(struct diff *diff, const char *path)
{
	_cleanup_(logs_close) struct logs logs = {};
	_cleanup_(buf_free) struct buf text = {};
	int r = logs_open(&logs, path);

	if (!r)
		r = compare_all(diff, &logs, &text);
	if (r <= EXIT_FINDINGS && file_write(STDOUT_FILENO, text.data, text.size))
		return EXIT_USAGE;
	return r;
}

int cmd_diff(int argc, char **argv)
{
	struct diff diff = {.as_of = DAY_NONE};
	int option, r;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h')
			return usage_help(help);
		r = take(&diff, option);
		if (r)
			return r;
	}
	if (optind + 1 != argc || !diff.sides[0].name || !diff.sides[1].name)
		return usage_error("diff", "expected CAPTURE, --policies and --against");
	return diff_of(&diff, argv[optind]);
}
