// SPDX-License-Identifier: GPL-3.0-or-later
#include "cut.h"

#include <errno.h>
#include <getopt.h>

#include "../capture/cut.h"
#include "../engine/engine.h"
#include "../report/progress.h"
#include "../util/clock.h"
#include "../util/log.h"
#include "cmd.h"
#include "record.h"

static const char help[] =
	"Usage: custodes capture cut DIR --from TIME --to TIME -o OUT\n"
	"\n"
	"Takes a time out of a capture: a directory that can be verified, replayed and\n"
	"explained alone. It has the signed checkpoint and the hashes of the whole log, the\n"
	"entries of that time in bundles of 256, the snapshot before them, and what is needed\n"
	"to read on from there. Findings have the ids that they have in the whole. Needs no\n"
	"root; the capture may be one that is being written.\n"
	"\n"
	"  --from TIME  YYYY-MM-DD, which begins at midnight, or YYYY-MM-DDTHH:MM[:SS]Z; UTC\n"
	"  --to TIME    and before then\n"
	"  -o OUT       where to; it must not be there yet\n"
	"  -h, --help\n"
	"\n"
	"Look at what else stands in those bundles before you give it away.\n"
	"\n"
	"Exit status: 0 done, 2 bad usage or input, or nothing of that time, 3 the capture\n"
	"contradicts itself.\n";

enum { OPT_FROM = 256, OPT_TO };

static const struct option options[] = {
	{"from", required_argument, NULL, OPT_FROM},
	{"to", required_argument, NULL, OPT_TO},
	{"output", required_argument, NULL, 'o'},
	{"help", no_argument, NULL, 'h'},
	{},
};

struct cut_call {
	struct cut_options options;
	struct progress progress;
	const char *out;
};

static void show_progress(void *context, double done)
{
	progress_show(&((struct cut_call *)context)->progress, done);
}

static int take(struct cut_call *call, int option)
{
	switch (option) {
	case OPT_FROM:
		return usage_time("capture", "--from", optarg, &call->options.from);
	case OPT_TO:
		return usage_time("capture", "--to", optarg, &call->options.to);
	case 'o':
		call->out = optarg;
		return 0;
	default:
		return usage_error("capture", "unknown or incomplete option");
	}
}

static int cut(struct cut_call *call, const char *path)
{
	_cleanup_(cut_free) struct cut made = {};
	_cleanup_(buf_free) struct buf text = {};
	int r;

	call->progress = progress_begin("cutting");
	call->options.progress = show_progress;
	call->options.context = call;
	call->options.engine = ENGINE_VERSION;
	r = cut_make(path, call->out, &call->options, &made);
	progress_end(&call->progress);
	if (r)
		return record_exit_code(r);
	ranges_text(&made.entries, &text);
	log_info("%s: entries %s of %llu", call->out, text.data, (unsigned long long)made.size);
	return EXIT_CLEAN;
}

int capture_cut(int argc, char **argv)
{
	struct cut_call call = {.options = {.from = INT64_MIN, .to = INT64_MAX}};
	int option, r = 0;

	while (!r && (option = getopt_long(argc, argv, "ho:", options, NULL)) != -1) {
		if (option == 'h')
			return usage_help(help);
		r = take(&call, option);
	}
	if (r)
		return r;
	if (optind + 1 != argc || !call.out)
		return usage_error("capture", "cut: expected one capture, and -o");
	if (call.options.from == INT64_MIN || call.options.to == INT64_MAX ||
	    call.options.from >= call.options.to)
		return usage_error("capture", "cut: expected --from and --to, and --from before --to");
	return cut(&call, argv[optind]);
}
