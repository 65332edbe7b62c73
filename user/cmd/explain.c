// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "../report/happened.h"
#include "../report/why.h"
#include "../util/file.h"
#include "../util/log.h"
#include "../util/style.h"
#include "../util/text.h"
#include "cmd.h"
#include "logs.h"
#include "pipeline.h"
#include "policies.h"
#include "record.h"
#include "resume.h"

static const char help[] =
	"Usage: custodes explain FINDING CAPTURE [--host FILE] [--policies DIR]\n"
	"       custodes explain --host FILE --product ID [--at DATE]\n"
	"\n"
	"Why a finding, or why a verdict: the measure, its force, the sentence quoted, and\n"
	"what would change it; of a leak what happened, in order. FINDING is the id that\n"
	"stands under \"evidence\" (event.id in ECS), or its first digits; CAPTURE may be a\n"
	"folder that capture merge has made, or a list of events, with --host. Needs no root.\n"
	"\n"
	"  --host FILE       the host's profile: a file, or a built-in name\n"
	"  --product ID      a product of the catalogue\n"
	"  --at DATE         on this day, YYYY-MM-DD (UTC); today if absent\n"
	"  --policies DIR    more documents: a site's own products and measures\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0, 2 bad usage or input or no such finding, 3 evidence invalid.\n";

enum { OPT_HOST = 256, OPT_PRODUCT, OPT_AT, OPT_POLICIES };

static const struct option options[] = {
	{"host", required_argument, NULL, OPT_HOST},
	{"product", required_argument, NULL, OPT_PRODUCT},
	{"at", required_argument, NULL, OPT_AT},
	{"policies", required_argument, NULL, OPT_POLICIES},
	{"help", no_argument, NULL, 'h'},
	{},
};

struct explain_options {
	struct policy_options policies;
	const char *product;
	day_t day;
};

static int take(struct explain_options *explain, int option)
{
	switch (option) {
	case OPT_HOST:
		explain->policies.host = optarg;
		return 0;
	case OPT_PRODUCT:
		explain->product = optarg;
		return 0;
	case OPT_AT:
		explain->day = day_parse(optarg);
		return explain->day == DAY_NONE ?
			       usage_error("explain", "--at %s: expected a day, YYYY-MM-DD", optarg) :
			       0;
	case OPT_POLICIES:
		return policies_add(&explain->policies, optarg) ?
			       usage_error("explain", "too many --policies") :
			       0;
	default:
		return usage_error("explain", "unknown or incomplete option");
	}
}

static int print(struct buf *text)
{
	return file_write(STDOUT_FILENO, text->data, text->size) ? EXIT_USAGE : EXIT_CLEAN;
}

static int explain_verdict(const struct explain_options *explain)
{
	_cleanup_(documents_free) struct documents documents = {};
	_cleanup_(policy_free) struct policy *policy = NULL;
	_cleanup_(buf_free) struct buf text = {};
	const struct product *product;

	if (!explain->policies.host || !explain->product)
		return usage_error("explain", "expected FINDING CAPTURE, or --host and --product");
	if (policies_load(&explain->policies, &documents, &policy))
		return EXIT_USAGE;
	product = policy_product(policy, explain->product);
	if (!product)
		return usage_error("explain", "--product %s: no such product in the catalogue",
				   explain->product);
	why_product(policy, product, explain->day == DAY_NONE ? day_today() : explain->day,
		    style_wanted(STDOUT_FILENO), style_columns(STDOUT_FILENO), &text);
	return print(&text);
}

/* ---- a finding of a capture: replayed until it is found again ---- */

struct search {
	const char *id;
	struct record record;
	struct engine *engine;
	struct batch batch;
	struct resume resume;
	struct buf text, why;
	unsigned int found;
	uint64_t positions[LEDGER_POSITIONS]; /* of the events that it rests on */
	size_t position_count;
};

/** Of a destination it is the facts that decide, and who may state them. */
static void why_destination(const struct outcome *outcome, struct buf *to)
{
	buf_str(to, "Why\n");
	for (size_t i = 0; i < outcome->ruling_count; i++) {
		const struct outcome_ruling *ruling = &outcome->rulings[i];

		text_printf(to, "  %s: %s (%s). %s", ruling->id,
			    ruling->in_force ? ruling->verdict : "not in force", ruling->force,
			    ruling->reason);
		buf_byte(to, '\n');
	}
	buf_str(to, "\nWhat would change it\n"
		    "  by the facts: whose address this is: its vendor, who controls that vendor, and from "
		    "where\n"
		    "  by the site:  an overlay (--policies) may state whose network this is, and under "
		    "whose control\n");
}

/** Of rules about what a product does to others and to itself. */
static const struct {
	enum outcome_what what;
	const char *why;
} whys[] = {
	{WHAT_RULE_STEERING,
	 "Why\n"
	 "  Whoever reads that file does what stands in it, and is no kin of the product: what it does\n"
	 "  then is not told as the product's. What it starts or loads is, if the product has written that.\n"
	 "\nWhat is not known\n"
	 "  What was written: nobody looked into it. It may be as it was before, or serve its purpose.\n"
	 "\nWhat would change it\n"
	 "  by the facts: a directory or a unit that is the product's own (a product document, "
	 "\"identify\")\n"
	 "  by the site:  a document of the kind \"steering\" takes the place of the one of the same id\n"},
	{WHAT_RULE_FAMILY,
	 "Why\n"
	 "  Every program uses sockets of the families unix, inet, inet6 and netlink. By others bytes go\n"
	 "  where no firewall and no proxy of the site looks: to the wire itself, to a hypervisor.\n"
	 "\nWhat is not known\n"
	 "  To whom: such a socket leads to no address. How many bytes the ledger counts as \"socket\".\n"
	 "\nWhat would change it\n"
	 "  by the facts: the product's document names the family (\"socket_families\")\n"
	 "  by the site:  the host's profile sets the rule off for its tier (\"limits\", \"rules\")\n"},
	{WHAT_RULE_EXECUTABLE,
	 "Why\n"
	 "  What runs here was not installed, and no package speaks for it. It may be gone before anybody\n"
	 "  can look at it; its hash is in the record, where custodes was in time.\n"
	 "\nWhat is not known\n"
	 "  What it is for. Installers that unpack themselves, and runtimes that compile, do the same.\n"
	 "\nWhat would change it\n"
	 "  by the facts: the directory is the product's own (a product document, \"identify\")\n"
	 "  by the site:  the host's profile sets the rule off for its tier (\"limits\", \"rules\")\n"},
};

static bool why_conduct(enum outcome_what what, struct buf *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(whys); i++)
		if (whys[i].what == what)
			buf_str(to, whys[i].why);
	return to->size;
}

static void describe(struct search *search, const struct outcome *outcome)
{
	const struct policy *policy = engine_policy(search->engine);
	const struct product *product =
		policy && outcome->product ? policy_product(policy, outcome->product->id) : NULL;
	bool colour = style_wanted(STDOUT_FILENO);

	format_text.render(outcome, &search->record.log, colour, &search->text);
	if (outcome->ledger) {
		memcpy(search->positions, outcome->ledger->positions, sizeof(search->positions));
		search->position_count = outcome->ledger->position_count;
		why_leak(product, outcome, style_columns(STDOUT_FILENO), &search->why);
	} else if (outcome->destination)
		why_destination(outcome, &search->why);
	else if (!why_conduct(outcome->what, &search->why) && product)
		why_product(policy, product, day_of(outcome->wall), colour, style_columns(STDOUT_FILENO),
			    &search->why);
}

static void look(struct search *search)
{
	for (size_t i = 0; i < search->batch.outcome_count; i++) {
		const struct outcome *outcome = &search->batch.outcomes[i];
		char id[33];

		if (outcome->type != OUTCOME_FINDING)
			continue;
		outcome_id(outcome, &search->record.log, id);
		if (strncmp(id, search->id, strlen(search->id)))
			continue;
		if (!search->found++)
			describe(search, outcome);
	}
	batch_reset(&search->batch);
	batch_actions_done(&search->batch);
}

static int search_record(struct search *search)
{
	const struct ev_head *event;
	uint64_t position;
	int r;

	while ((r = record_next(&search->record, &event, &position)) == SOURCE_EVENT) {
		r = resume_take(&search->resume, search->engine, event, position, &search->batch);
		if (r < 0)
			return r;
		if (!r)
			continue;
		r = engine_step(search->engine, event, position, &search->batch);
		if (r)
			return r;
		look(search);
	}
	return r == SOURCE_END ? resume_end(&search->resume) : r;
}

/** The events that it rests on, in order: they came before it, so the record is read again. */
static int tell_what_happened(struct search *search, const char *path)
{
	_cleanup_(record_close) struct record record = {};
	const struct ev_head *event;
	int64_t wall_offset = 0;
	uint64_t position;
	int r = record_open(&record, path);

	buf_str(&search->text, "What happened\n");
	while (!r && (r = record_next(&record, &event, &position)) == SOURCE_EVENT) {
		r = 0;
		if (event->kind == EV_START)
			wall_offset = ((const struct ev_start *)event)->wall_offset;
		if (event->kind == EV_CLOCK)
			wall_offset = ((const struct ev_clock *)event)->wall_offset;
		for (size_t i = 0; i < search->position_count; i++)
			if (search->positions[i] == position)
				happened_line(event, position, (int64_t)(event->time + (uint64_t)wall_offset),
					      style_wanted(STDOUT_FILENO), &search->text);
	}
	buf_byte(&search->text, '\n');
	return r == SOURCE_END ? 0 : r;
}

/** Of one log; what was found in those before it is kept. */
static int search_log(struct search *search, const char *path, const struct engine_options *engine)
{
	unsigned int before = search->found;
	int r = record_judge(&search->record, "explain", path, engine);

	if (!r) {
		search->engine = engine_new(engine);
		r = search_record(search);
		if (!r && search->found == before + 1 && search->position_count)
			r = tell_what_happened(search, path);
		r = r ? record_exit_code(r) : 0;
	}
	record_close(&search->record);
	batch_free(&search->batch);
	resume_free(&search->resume);
	engine_free(&search->engine);
	search->batch = (struct batch){};
	search->resume = (struct resume){};
	search->position_count = 0;
	return r;
}

static int say_found(struct search *search, const char *path)
{
	if (!search->found)
		return usage_error("explain", "%s: no finding of %s has this id", search->id, path);
	if (search->found > 1)
		return usage_error("explain", "%s: %u findings begin so; give more digits", search->id,
				   search->found);
	buf_bytes(&search->text, search->why.data, search->why.size);
	return print(&search->text);
}

/** An id is that of one log's finding: of a folder with several, each is searched. */
static int explain_finding(const struct explain_options *explain, const char *id, const char *path)
{
	_cleanup_(documents_free) struct documents documents = {};
	_cleanup_(logs_close) struct logs logs = {};
	struct engine_options engine = {.as_of = DAY_NONE};
	struct search search = {.id = id};
	int r = record_rules(&explain->policies, &documents, &engine);

	if (!r)
		r = logs_open(&logs, path);
	for (size_t i = 0; !r && i < logs.count; i++)
		r = search_log(&search, logs.paths[i], &engine);
	if (!r)
		r = say_found(&search, path);
	buf_free(&search.text);
	buf_free(&search.why);
	return r;
}

int cmd_explain(int argc, char **argv)
{
	struct explain_options explain = {.day = DAY_NONE};
	int option, r;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h')
			return usage_help(help);
		r = take(&explain, option);
		if (r)
			return r;
	}
	if (optind + 2 == argc)
		return explain_finding(&explain, argv[optind], argv[optind + 1]);
	if (optind != argc)
		return usage_error("explain", "expected FINDING CAPTURE, or --host and --product");
	return explain_verdict(&explain);
}
