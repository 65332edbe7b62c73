// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../capture/absence.h"
#include "../capture/holds.h"
#include "../report/progress.h"
#include "../util/clock.h"
#include "../util/log.h"
#include "../util/text.h"
#include "cmd.h"

static const char help[] =
	"Usage: custodes hold CAPTURE --from TIME --to TIME --reason TEXT\n"
	"       custodes hold CAPTURE --release ID --reason TEXT\n"
	"       custodes hold CAPTURE --list\n"
	"\n"
	"A legal hold: what was recorded between two times is not pruned until the hold is\n"
	"released. It binds at once, also a custodes that runs, which makes an entry of it\n"
	"within ten seconds; else the next one does. Needs write access to the capture.\n"
	"What of that time was pruned, or is before or behind the log, is said once the\n"
	"capture has been read.\n"
	"\n"
	"  --from TIME    YYYY-MM-DD, which begins at midnight, or YYYY-MM-DDTHH:MM[:SS]Z;\n"
	"                 UTC\n"
	"  --to TIME      and before then\n"
	"  --reason TEXT  why; it stands in the record\n"
	"  --release ID   end this one\n"
	"  --list         all that there are, and those that were released\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 done, 2 bad usage or input.\n";

enum { OPT_FROM = 256, OPT_TO, OPT_REASON, OPT_RELEASE, OPT_LIST };

static const struct option options[] = {
	{"from", required_argument, NULL, OPT_FROM},
	{"to", required_argument, NULL, OPT_TO},
	{"reason", required_argument, NULL, OPT_REASON},
	{"release", required_argument, NULL, OPT_RELEASE},
	{"list", no_argument, NULL, OPT_LIST},
	{"help", no_argument, NULL, 'h'},
	{},
};

struct hold_call {
	const char *capture, *reason, *release;
	int64_t from, to;
	bool any_from, any_to, list;
};

static int take(struct hold_call *call, int option)
{
	switch (option) {
	case OPT_FROM:
		call->any_from = true;
		return usage_time("hold", "--from", optarg, &call->from);
	case OPT_TO:
		call->any_to = true;
		return usage_time("hold", "--to", optarg, &call->to);
	case OPT_REASON:
		call->reason = optarg;
		return 0;
	case OPT_RELEASE:
		call->release = optarg;
		return 0;
	case OPT_LIST:
		call->list = true;
		return 0;
	default:
		return usage_error("hold", "unknown or incomplete option");
	}
}

static void put_time(struct buf *to, int64_t wall)
{
	_cleanup_(buf_free) struct buf time = {};

	time_format(&time, wall);
	buf_printf(to, "%.19sZ", time.data);
}

static void put_act(struct buf *to, const char *what, const struct hold_act *act)
{
	buf_printf(to, "          %s ", what);
	put_time(to, act->when);
	buf_printf(to, " by uid %u: ", act->uid);
	text_plain(to, act->reason, strlen(act->reason));
	buf_byte(to, '\n');
}

static int list(const struct holds *holds)
{
	_cleanup_(buf_free) struct buf text = {};

	for (size_t i = 0; i < holds->count; i++) {
		const struct hold *hold = &holds->items[i];

		buf_printf(&text, "%s  ", hold->id);
		put_time(&text, hold->from);
		buf_str(&text, " to ");
		put_time(&text, hold->to);
		buf_str(&text, hold_stands(hold) ? "  stands\n" : "  released\n");
		put_act(&text, "set", &hold->set);
		if (!hold_stands(hold))
			put_act(&text, "released", &hold->released);
	}
	fputs(text.data ? text.data : "no holds\n", stdout);
	return EXIT_CLEAN;
}

static int act_now(const struct hold_call *call, struct hold_act *act)
{
	size_t length = call->reason ? strlen(call->reason) : 0;

	if (!length || length > HOLD_REASON_MAX || strchr(call->reason, '\n'))
		return usage_error("hold", "--reason is needed: one line of at most %d bytes",
				   HOLD_REASON_MAX);
	*act = (struct hold_act){
		.when = (int64_t)clock_boot() + clock_wall_offset(),
		.uid = getuid(),
		.reason = (char *)call->reason,
	};
	return 0;
}

/* ---- what a hold comes too late or too early for ---- */

#define ABSENCES_SAID 8

static const char *const absent[ABSENCE_WHYS] = {
	[ABSENCE_BEFORE] = "is not in the log, which begins only then",
	[ABSENCE_PRUNED] = "was pruned before this hold",
	[ABSENCE_CUT] = "is not in this cut",
	[ABSENCE_AFTER] = "is behind the end of the log; what is still recorded of it will be held",
};

static void show_progress(void *context, double done)
{
	progress_show(context, done);
}

static void say_absent(const struct hold_call *call)
{
	struct progress progress = progress_begin("looking");
	struct absences absences = {};
	int r = absences_read(&absences, call->capture, call->from, call->to, show_progress, &progress);

	progress_end(&progress);
	if (r)
		log_warning("%s: the hold stands; what is there of that time cannot be said", call->capture);
	for (size_t i = 0; i < absences.count && i < ABSENCES_SAID; i++) {
		_cleanup_(buf_free) struct buf text = {};

		put_time(&text, absences.items[i].from);
		buf_str(&text, " to ");
		put_time(&text, absences.items[i].to);
		log_warning("%s: %s %s", call->capture, text.data, absent[absences.items[i].why]);
	}
	if (absences.count > ABSENCES_SAID)
		log_warning("%s: and %zu more times are not there", call->capture,
			    absences.count - ABSENCES_SAID);
	absences_free(&absences);
}

static int set(const struct hold_call *call)
{
	struct hold hold = {.from = call->from, .to = call->to};
	_cleanup_(buf_free) struct buf id = {};
	uint8_t random[HOLD_ID / 2];
	int r = act_now(call, &hold.set);

	if (r)
		return r;
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return log_error(0, "getrandom"), EXIT_USAGE;
	buf_hex(&id, random, sizeof(random));
	memcpy(hold.id, id.data, HOLD_ID);
	if (holds_append(call->capture, &hold, false))
		return EXIT_USAGE;
	puts(hold.id);
	fflush(stdout); /* to look takes its time, and the hold binds already */
	say_absent(call);
	return EXIT_CLEAN;
}

static int release(const struct hold_call *call, const struct holds *holds)
{
	const struct hold *known = holds_find(holds, call->release, strlen(call->release));
	struct hold hold;
	int r;

	if (!known)
		return usage_error("hold", "--release %s: no such hold (--list)", call->release);
	if (!hold_stands(known))
		return usage_error("hold", "--release %s: it was released before", call->release);
	hold = *known;
	r = act_now(call, &hold.released);
	if (r)
		return r;
	return holds_append(call->capture, &hold, true) ? EXIT_USAGE : EXIT_CLEAN;
}

static int check(const struct hold_call *call)
{
	_cleanup_(buf_free) struct buf path = {};
	struct stat st;

	if (call->list + !!call->release + (call->any_from || call->any_to) != 1)
		return usage_error("hold", "expected --from and --to, or --release, or --list");
	if (!call->list && !call->release && (!call->any_from || !call->any_to || call->from >= call->to))
		return usage_error("hold", "expected --from and --to, and --from before --to");
	buf_printf(&path, "%s/checkpoint", call->capture);
	if (stat(path.data, &st))
		return log_error(-errno, "%s: not a capture", call->capture), EXIT_USAGE;
	return 0;
}

static int act(const struct hold_call *call)
{
	struct holds holds = {};
	int r = check(call);

	if (!r && holds_load(&holds, call->capture))
		r = EXIT_USAGE;
	if (!r)
		r = call->list ? list(&holds) : call->release ? release(call, &holds) : set(call);
	holds_free(&holds);
	return r;
}

int cmd_hold(int argc, char **argv)
{
	struct hold_call call = {};
	int option, r;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h')
			return usage_help(help);
		r = take(&call, option);
		if (r)
			return r;
	}
	if (optind + 1 != argc)
		return usage_error("hold", optind < argc ? "expected one capture" : "a capture is needed");
	call.capture = argv[optind];
	return act(&call);
}
