// SPDX-License-Identifier: GPL-3.0-or-later
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../report/progress.h"
#include "../report/runs.h"
#include "../util/style.h"
#include "cmd.h"
#include "cut.h"
#include "logs.h"
#include "merge.h"
#include "prune.h"
#include "record.h"

static const char help[] =
	"Usage: custodes capture list DIR [--json]\n"
	"       custodes capture cut DIR --from TIME --to TIME -o OUT\n"
	"       custodes capture merge CAPTURE... -o DIR\n"
	"       custodes capture prune DIR --older-than AGE|--keep-size SIZE\n"
	"\n"
	"list: what a capture holds: each run of custodes that wrote to it, from when to when,\n"
	"how many events, and how many things were lost. Checks every entry against the\n"
	"checkpoint on the way. Needs no root; the capture may be one that is being written.\n"
	"cut takes a time out of it that can be verified alone, merge puts captures of several\n"
	"hosts into one folder, prune removes what is old: each with --help says more.\n"
	"\n"
	"  --json     the same as JSON, with the key of each run\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 done, 2 bad usage or input, 3 the capture contradicts itself.\n";

enum {
	OPT_JSON = 256,
};

static const struct option options[] = {
	{"json", no_argument, NULL, OPT_JSON},
	{"help", no_argument, NULL, 'h'},
	{},
};

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"cut", capture_cut},
	{"merge", capture_merge},
	{"prune", capture_prune},
};

static int read_runs(const char *path, struct runs *runs)
{
	_cleanup_(record_close) struct record record = {};
	struct progress progress = progress_begin("reading");
	const struct ev_head *event;
	uint64_t position;
	int r = record_open(&record, path);

	while (!r && (r = record_next(&record, &event, &position)) == SOURCE_EVENT) {
		runs_add(runs, event, position);
		if (position % 65536 == 0)
			progress_show(&progress, record_progress(&record));
	}
	progress_end(&progress);
	if (record.reader) {
		runs->cut = reader_cut(record.reader);
		ranges_join(&runs->absent, reader_absent(record.reader));
	}
	return r == SOURCE_END ? 0 : r;
}

static int list(const char *path, bool json)
{
	_cleanup_(logs_close) struct logs logs;
	_cleanup_(runs_free) struct runs runs = {};
	_cleanup_(buf_free) struct buf text = {};
	int r = logs_open(&logs, path);

	if (r)
		return r;
	for (size_t i = 0; !r && i < logs.count; i++) {
		if (logs.several)
			runs_log(&runs, logs.merged.logs[i].checkpoint.origin);
		r = read_runs(logs.paths[i], &runs);
	}
	if (r)
		return record_exit_code(r);
	if (json)
		runs_json(&runs, &text);
	else
		runs_text(&runs, style_wanted(STDOUT_FILENO), &text);
	fputs(text.data, stdout);
	return EXIT_CLEAN;
}

int cmd_capture(int argc, char **argv)
{
	bool json = false;
	int option;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (argc > 1 && !strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h')
			return usage_help(help);
		if (option != OPT_JSON)
			return usage_error("capture", "unknown or incomplete option");
		json = true;
	}
	if (optind + 2 != argc || strcmp(argv[optind], "list") != 0)
		return usage_error("capture", "expected list and one capture, or cut, merge or prune");
	return list(argv[optind + 1], json);
}
