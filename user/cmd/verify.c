// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../capture/verify.h"
#include "../report/progress.h"
#include "../util/file.h"
#include "../util/jsonw.h"
#include "../util/log.h"
#include "../util/style.h"
#include "cmd.h"
#include "recall.h"
#include "resume.h"

static const char help[] =
	"Usage: custodes verify CAPTURE|PROOF [OPTION...]\n"
	"\n"
	"Whether a capture is what it was when it was written: every hash, signature,\n"
	"sequence and interval; and what that does not prove. PROOF is a file that\n"
	"custodes prove wrote. Needs no root, and nothing but the capture and a key.\n"
	"\n"
	"  --key KEY     the key to trust, which you have from its owner: a verifier key\n"
	"                (custodes key show), or a file with one, or with one in PEM. Keys\n"
	"                that it vouches for in the record are trusted from there on\n"
	"  --since FILE  an older checkpoint that was kept elsewhere, such as in a SIEM:\n"
	"                nothing before it was changed, and nothing cut off\n"
	"  --deep        also judge all events again, and hold what custodes has written\n"
	"                down of its own state against it\n"
	"  --json        for programs\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 nothing is in doubt, 2 bad usage or input, 3 something is.\n";

#define FILE_BYTES_MAX (64u << 20)

enum { OPT_KEY = 256, OPT_SINCE, OPT_DEEP, OPT_JSON };

static const struct option options[] = {
	{"key", required_argument, NULL, OPT_KEY}, {"since", required_argument, NULL, OPT_SINCE},
	{"deep", no_argument, NULL, OPT_DEEP},	   {"json", no_argument, NULL, OPT_JSON},
	{"help", no_argument, NULL, 'h'},	   {},
};

struct verify_call {
	struct verify_options options;
	struct verifier key;
	struct buf since;
	bool deep, json;
	/* --deep */
	struct engine *engine;
	struct batch batch;
	struct resume resume;
	struct buf state;
	uint64_t snapshots, foreign; /* of other versions of the engine: not looked at */
	uint64_t taken;		     /* behind a gap: nothing to hold them against */
	struct progress progress;
};

/* ---- what was given ---- */

static int take_key(struct verify_call *call, const char *source)
{
	int r = verifier_given(&call->key, source);

	if (r)
		return usage_error("verify", "--key %s: neither a verifier key nor a file with one", source);
	call->options.key = &call->key;
	return 0;
}

static int take_since(struct verify_call *call, const char *path)
{
	int r = file_read_at(AT_FDCWD, path, &call->since, 65536);

	if (r || !call->since.size)
		return usage_error("verify", "--since %s: %s", path, r ? strerror(-r) : "it is empty");
	call->options.since = call->since.data;
	call->options.since_size = call->since.size;
	return 0;
}

static int take(struct verify_call *call, int option)
{
	switch (option) {
	case OPT_KEY:
		return take_key(call, optarg);
	case OPT_SINCE:
		return take_since(call, optarg);
	case OPT_DEEP:
		call->deep = true;
		return 0;
	case OPT_JSON:
		call->json = true;
		return 0;
	default:
		return usage_error("verify", "unknown or incomplete option");
	}
}

/* ---- --deep: the engine reads along ---- */

static void count_snapshot(struct verify_call *call, const struct ev_snapshot *piece)
{
	if ((uint64_t)piece->offset + piece->bytes.len != piece->total)
		return;
	call->snapshots++;
	call->foreign += piece->engine != ENGINE_VERSION;
}

static int judge(void *context, const struct ev_head *event, uint64_t position)
{
	struct verify_call *call = context;
	int r;

	if (event->kind == EV_SNAPSHOT)
		count_snapshot(call, (const struct ev_snapshot *)event);
	if (!call->deep)
		return 0;
	r = resume_take(&call->resume, call->engine, event, position, &call->batch);
	call->taken += r == 2;
	if (r == 1 && snapshot_check(&call->state, call->engine, event))
		r = -EBADMSG;
	if (r > 0)
		r = engine_step(call->engine, event, position, &call->batch);
	batch_reset(&call->batch);
	batch_actions_done(&call->batch);
	return r;
}

static void say_snapshots(const struct verify_call *call, struct verdict *verdict)
{
	uint64_t checked = call->deep ? call->snapshots - call->foreign - call->taken : 0;

	if (verdict_count(verdict, VERDICT_DOUBT, "snapshots"))
		return;
	if (checked)
		verdict_say(verdict, VERDICT_PROVED, "snapshots",
			    "%llu snapshots of the engine are what the events before them come to",
			    (unsigned long long)checked);
	if (call->taken)
		verdict_say(
			verdict, VERDICT_LIMIT, "snapshots",
			"%llu snapshots of the engine were taken as they are: what stood before them is not "
			"there",
			(unsigned long long)call->taken);
	if (call->snapshots > checked + call->taken)
		verdict_say(verdict, VERDICT_LIMIT, "snapshots",
			    "%llu snapshots of the engine were not judged%s",
			    (unsigned long long)(call->snapshots - checked - call->taken),
			    call->deep ? ": another version wrote them" : " (--deep)");
}

static void show_progress(void *context, double done)
{
	struct verify_call *call = context;

	progress_show(&call->progress, done);
}

/* ---- what it comes to ---- */

static const struct {
	enum verdict_kind kind;
	const char *title, *key;
	enum style style;
} sections[] = {
	{VERDICT_PROVED, "proved", "proved", STYLE_GOOD},
	{VERDICT_LIMIT, "not proved", "not_proved", STYLE_WARN},
	{VERDICT_DOUBT, "in doubt", "in_doubt", STYLE_BAD},
};

static void print_section(const struct verdict *verdict, size_t section, struct buf *to)
{
	bool colour = style_wanted(STDOUT_FILENO), any = false;

	for (size_t i = 0; i < verdict->count; i++) {
		if (verdict->lines[i].kind != sections[section].kind)
			continue;
		if (!any)
			style_put(to, colour, sections[section].style, sections[section].title, 0);
		buf_str(to, any ? "  " : ":\n  ");
		any = true;
		style_wrap(to, verdict->lines[i].text, 2, 4, style_columns(STDOUT_FILENO));
		buf_byte(to, '\n');
	}
}

static void print_text(const struct verified *verified, struct buf *to)
{
	const struct verdict *verdict = &verified->verdict;

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		print_section(verdict, i, to);
	if (verdict->unsaid)
		buf_printf(to, "  and %llu more\n", (unsigned long long)verdict->unsaid);
}

static void print_json(const struct verified *verified, struct buf *to)
{
	const struct verdict *verdict = &verified->verdict;
	struct jsonw w = {.to = to, .pretty = true};

	jsonw_object(&w, NULL);
	jsonw_bool(&w, "sound", !verdict->doubts);
	jsonw_str(&w, "origin", verified->checkpoint.origin);
	jsonw_u64(&w, "entries", verified->checkpoint.size);
	jsonw_hex(&w, "root", verified->checkpoint.root, DIGEST_SIZE);
	jsonw_u64(&w, "events", verified->events);
	jsonw_u64(&w, "doubts", verdict->doubts);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		jsonw_array(&w, sections[i].key);
		for (size_t j = 0; j < verdict->count; j++) {
			if (verdict->lines[j].kind != sections[i].kind)
				continue;
			jsonw_object(&w, NULL);
			jsonw_str(&w, "check", verdict->lines[j].check);
			jsonw_str(&w, "text", verdict->lines[j].text);
			jsonw_object_end(&w);
		}
		jsonw_array_end(&w);
	}
	jsonw_object_end(&w);
	buf_byte(to, '\n');
}

static int verify_file(const struct verify_call *call, const char *path, struct verified *verified)
{
	_cleanup_(buf_free) struct buf text = {};
	int r = file_read_at(AT_FDCWD, path, &text, FILE_BYTES_MAX);

	if (r)
		return log_error(r, "%s", path);
	r = text.size ? verify_proofs(text.data, text.size, &call->options, verified) : -EINVAL;
	return r ? log_error(0, "%s: neither a capture nor a proof", path) : 0;
}

static int verify(struct verify_call *call, const char *path)
{
	struct engine_options engine = {.as_of = DAY_NONE};
	_cleanup_(verified_free) struct verified verified = {};
	_cleanup_(buf_free) struct buf text = {};
	struct stat st;
	int r;

	call->progress = progress_begin("verify");
	call->options.progress = show_progress;
	call->options.context = call;
	call->options.event = judge;
	if (call->deep)
		call->engine = engine_new(&engine);
	r = !stat(path, &st) && S_ISREG(st.st_mode) ? verify_file(call, path, &verified) :
						      verify_capture(path, &call->options, &verified);
	progress_end(&call->progress);
	if (r)
		return EXIT_USAGE;
	say_snapshots(call, &verified.verdict);
	(call->json ? print_json : print_text)(&verified, &text);
	if (file_write(STDOUT_FILENO, text.data, text.size))
		return EXIT_USAGE;
	return verified.verdict.doubts ? EXIT_EVIDENCE : EXIT_CLEAN;
}

int cmd_verify(int argc, char **argv)
{
	struct verify_call call = {};
	int option, r = 0;

	while (!r && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h')
			return usage_help(help);
		r = take(&call, option);
	}
	if (!r && optind + 1 != argc)
		r = usage_error("verify", optind < argc ? "expected one capture" : "a capture is needed");
	if (!r)
		r = verify(&call, argv[optind]);
	engine_free(&call.engine);
	batch_free(&call.batch);
	resume_free(&call.resume);
	buf_free(&call.state);
	buf_free(&call.since);
	return r;
}
