// SPDX-License-Identifier: GPL-3.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../capture/verify.h"
#include "../report/progress.h"
#include "../util/clock.h"
#include "../util/file.h"
#include "../util/jsonw.h"
#include "../util/log.h"
#include "../util/memory.h"
#include "../util/style.h"
#include "../util/text.h"
#include "cmd.h"
#include "logs.h"
#include "recall.h"
#include "resume.h"

static const char help[] =
	"Usage: custodes verify CAPTURE|PROOF [OPTION...]\n"
	"\n"
	"Whether a capture is what it was when it was written: every hash, signature,\n"
	"sequence and interval; and what that does not prove. PROOF is a file that\n"
	"custodes prove wrote. Of a folder of captures (capture merge) each is checked\n"
	"alone. Needs no root, and nothing but the capture and a key.\n"
	"\n"
	"  --key KEY     the key to trust, which you have from its owner: a verifier key\n"
	"                (custodes key show), or a file with one, or with one in PEM. Keys\n"
	"                that it vouches for in the record are trusted from there on. May\n"
	"                be given again; one with a log's name counts for that log alone\n"
	"  --since FILE  an older checkpoint that was kept elsewhere, such as in a SIEM:\n"
	"                nothing before it was changed, and nothing cut off. Of a folder,\n"
	"                may be given again, for each log\n"
	"  --witness FILE\n"
	"                whose word counts: a policy (c2sp.org/tlog-policy) that names\n"
	"                witnesses, and how many of them are enough\n"
	"  --hashes      only hashes and signatures, about as fast as the bytes can be hashed:\n"
	"                not what stands in the entries, so neither keys that others vouch\n"
	"                for, nor sequences, nor intervals\n"
	"  --deep        also judge all events again, and hold what custodes has written\n"
	"                down of its own state against it\n"
	"  --json        for programs\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 nothing is in doubt, 2 bad usage or input, 3 something is.\n";

#define FILE_BYTES_MAX (64u << 20)

enum { OPT_KEY = 256, OPT_SINCE, OPT_WITNESS, OPT_HASHES, OPT_DEEP, OPT_JSON };

static const struct option options[] = {
	{"key", required_argument, NULL, OPT_KEY},
	{"since", required_argument, NULL, OPT_SINCE},
	{"witness", required_argument, NULL, OPT_WITNESS},
	{"hashes", no_argument, NULL, OPT_HASHES},
	{"deep", no_argument, NULL, OPT_DEEP},
	{"json", no_argument, NULL, OPT_JSON},
	{"help", no_argument, NULL, 'h'},
	{},
};

struct verify_call {
	struct verify_options options;
	struct verifier *keys;
	size_t key_count;
	struct since {
		struct buf note;
		struct checkpoint checkpoint;
	} * since;
	size_t since_count;
	struct quorum quorum;
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
	int r = verifier_given(GROW(call->keys, call->key_count), source);

	return r ? usage_error("verify", "--key %s: neither a verifier key nor a file with one", source) : 0;
}

static int take_since(struct verify_call *call, const char *path)
{
	struct since *since = GROW(call->since, call->since_count);
	int r = file_read_at(AT_FDCWD, path, &since->note, 65536);

	if (r || !since->note.size)
		return usage_error("verify", "--since %s: %s", path, r ? strerror(-r) : "it is empty");
	/* What is none is said with the rest. */
	if (checkpoint_read(&since->checkpoint, since->note.data, since->note.size))
		since->checkpoint = (struct checkpoint){};
	for (size_t i = 0; i + 1 < call->since_count; i++)
		if (!strcmp(call->since[i].checkpoint.origin, since->checkpoint.origin))
			return usage_error("verify", "--since %s: a second one of the same log", path);
	return 0;
}

static int take_policy(struct verify_call *call, const char *path)
{
	quorum_free(&call->quorum);
	call->options.quorum = &call->quorum;
	return quorum_read(&call->quorum, path) ? EXIT_USAGE : 0;
}

static int take(struct verify_call *call, int option)
{
	switch (option) {
	case OPT_KEY:
		return take_key(call, optarg);
	case OPT_SINCE:
		return take_since(call, optarg);
	case OPT_WITNESS:
		return take_policy(call, optarg);
	case OPT_HASHES:
		call->options.hashes = true;
		return 0;
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

static void print_text(const struct verdict *verdict, struct buf *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		print_section(verdict, i, to);
	if (verdict->unsaid)
		buf_printf(to, "  and %llu more\n", (unsigned long long)verdict->unsaid);
}

static void put_sections(const struct verdict *verdict, struct jsonw *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		jsonw_array(w, sections[i].key);
		for (size_t j = 0; j < verdict->count; j++) {
			if (verdict->lines[j].kind != sections[i].kind)
				continue;
			jsonw_object(w, NULL);
			jsonw_str(w, "check", verdict->lines[j].check);
			jsonw_str(w, "text", verdict->lines[j].text);
			jsonw_object_end(w);
		}
		jsonw_array_end(w);
	}
}

/** `directory`: of a folder's log; or NULL. */
static void put_verified(const struct verified *verified, const char *directory, struct jsonw *w)
{
	jsonw_object(w, NULL);
	jsonw_str(w, "directory", directory);
	jsonw_bool(w, "sound", !verified->verdict.doubts);
	jsonw_str(w, "origin", verified->checkpoint.origin);
	jsonw_u64(w, "entries", verified->checkpoint.size);
	jsonw_hex(w, "root", verified->checkpoint.root, DIGEST_SIZE);
	jsonw_u64(w, "events", verified->events);
	if (verified->cosigned) {
		jsonw_object(w, "cosigned");
		jsonw_u64(w, "entries", verified->cosigned);
		jsonw_time(w, "by", (int64_t)verified->cosigned_by * (int64_t)NSEC_PER_SEC);
		jsonw_object_end(w);
	}
	jsonw_u64(w, "doubts", verified->verdict.doubts);
	put_sections(&verified->verdict, w);
	jsonw_object_end(w);
}

/* ---- one log, or a proof ---- */

static int verify_file(const struct verify_call *call, const char *path, struct verified *verified)
{
	_cleanup_(buf_free) struct buf text = {};
	int r = file_read_at(AT_FDCWD, path, &text, FILE_BYTES_MAX);

	if (r)
		return log_error(r, "%s", path);
	r = text.size ? verify_proofs(text.data, text.size, &call->options, verified) : -EINVAL;
	return r ? log_error(0, "%s: neither a capture nor a proof", path) : 0;
}

/** The checkpoint that was kept of this log; of a single log, whatever was given. */
static void choose_since(struct verify_call *call, const char *origin)
{
	call->options.since = NULL;
	for (size_t i = 0; i < call->since_count; i++) {
		if (origin && strcmp(call->since[i].checkpoint.origin, origin) != 0)
			continue;
		call->options.since = call->since[i].note.data;
		call->options.since_size = call->since[i].note.size;
	}
}

/** 0, and what it comes to; or a negative errno: it is neither capture nor proof, and that is said. */
static int judge_log(struct verify_call *call, const char *path, struct verified *verified)
{
	struct engine_options engine = {.as_of = DAY_NONE};
	struct stat st;
	int r;

	call->snapshots = call->foreign = 0;
	buf_clear(&call->state);
	if (call->deep)
		call->engine = engine_new(&engine);
	r = !stat(path, &st) && S_ISREG(st.st_mode) ? verify_file(call, path, verified) :
						      verify_capture(path, &call->options, verified);
	engine_free(&call->engine);
	resume_free(&call->resume);
	if (!r)
		say_snapshots(call, &verified->verdict);
	return r;
}

static int verify_log(struct verify_call *call, const char *path, struct buf *text)
{
	struct jsonw w = {.to = text, .pretty = true};
	_cleanup_(verified_free) struct verified verified = {};

	if (call->since_count > 1)
		return usage_error("verify", "--since: once, this is one log");
	choose_since(call, NULL);
	if (judge_log(call, path, &verified))
		return EXIT_USAGE;
	if (call->json)
		put_verified(&verified, NULL, &w);
	else
		print_text(&verified.verdict, text);
	return verified.verdict.doubts ? EXIT_EVIDENCE : EXIT_CLEAN;
}

/* ---- a folder ---- */

static const struct merged_log *listed(const struct merged *merged, const char *directory, const char *origin)
{
	for (size_t i = 0; i < merged->count; i++)
		if ((directory && !strcmp(merged->logs[i].directory, directory)) ||
		    (origin && !strcmp(merged->logs[i].checkpoint.origin, origin)))
			return &merged->logs[i];
	return NULL;
}

/** What lies in the folder is what its list says, and what was given belongs to it. */
static void check_folder(const struct verify_call *call, const char *path, const struct merged *merged,
			 struct verdict *verdict)
{
	_cleanup_closedir_ DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, MERGED_LIST) != 0 &&
		    !listed(merged, entry->d_name, NULL))
			verdict_say(verdict, VERDICT_DOUBT, "list", "%s is here, and not in " MERGED_LIST,
				    entry->d_name);
	for (size_t i = 0; i < call->since_count; i++)
		if (!call->since[i].checkpoint.origin[0])
			verdict_say(verdict, VERDICT_DOUBT, "since", "a checkpoint kept elsewhere is none");
		else if (!listed(merged, NULL, call->since[i].checkpoint.origin))
			verdict_say(verdict, VERDICT_DOUBT, "since",
				    "the log %s, of which a checkpoint was kept elsewhere, is not here",
				    call->since[i].checkpoint.origin);
}

static void check_listed(const struct merged_log *log, const struct verified *verified,
			 struct verdict *verdict)
{
	const struct checkpoint *found = &verified->checkpoint;

	if (strcmp(found->origin, log->checkpoint.origin) != 0 || found->size != log->checkpoint.size ||
	    memcmp(found->root, log->checkpoint.root, DIGEST_SIZE) != 0)
		verdict_say(verdict, VERDICT_DOUBT, "list", "%s is not the log that " MERGED_LIST " lists",
			    log->directory);
}

static void say_folder(const struct logs *logs, uint64_t sound, struct verdict *verdict)
{
	if (!verdict_count(verdict, VERDICT_DOUBT, "list"))
		verdict_say(verdict, VERDICT_PROVED, "list",
			    "the %zu logs are those that " MERGED_LIST " lists", logs->count);
	verdict_say(verdict, VERDICT_LIMIT, "list",
		    "that no log was left out: nobody signs " MERGED_LIST ", and each log speaks for itself");
	if (sound < logs->count)
		verdict_say(verdict, VERDICT_DOUBT, "logs", "%llu of %zu logs are in doubt, see there",
			    (unsigned long long)(logs->count - sound), logs->count);
}

static void verify_each(struct verify_call *call, const struct logs *logs, struct verdict *folder,
			struct jsonw *w)
{
	uint64_t sound = 0;

	for (size_t i = 0; i < logs->count; i++) {
		_cleanup_(verified_free) struct verified verified = {};
		const struct merged_log *log = &logs->merged.logs[i];

		choose_since(call, log->checkpoint.origin);
		if (judge_log(call, logs->paths[i], &verified))
			verdict_say(&verified.verdict, VERDICT_DOUBT, "entries",
				    "this is no capture, or one that this version cannot read");
		check_listed(log, &verified, folder);
		sound += !verified.verdict.doubts;
		if (call->json) {
			put_verified(&verified, log->directory, w);
			continue;
		}
		style_put(w->to, style_wanted(STDOUT_FILENO), STYLE_BOLD, log->directory, 0);
		text_printf(w->to, " (%s)", log->checkpoint.origin);
		buf_byte(w->to, '\n');
		print_text(&verified.verdict, w->to);
		buf_byte(w->to, '\n');
	}
	say_folder(logs, sound, folder);
}

static int verify_folder(struct verify_call *call, const char *path, const struct logs *logs,
			 struct buf *text)
{
	_cleanup_(verdict_free) struct verdict folder = {};
	struct jsonw w = {.to = text, .pretty = true};

	check_folder(call, path, &logs->merged, &folder);
	if (call->json) {
		jsonw_object(&w, NULL);
		jsonw_array(&w, "logs");
	}
	verify_each(call, logs, &folder, &w);
	if (call->json) {
		jsonw_array_end(&w);
		jsonw_bool(&w, "sound", !folder.doubts);
		jsonw_u64(&w, "doubts", folder.doubts);
		put_sections(&folder, &w);
		jsonw_object_end(&w);
	} else {
		print_text(&folder, text);
	}
	return folder.doubts ? EXIT_EVIDENCE : EXIT_CLEAN;
}

static int verify(struct verify_call *call, const char *path)
{
	_cleanup_(logs_close) struct logs logs = {};
	_cleanup_(buf_free) struct buf text = {};
	int r = logs_open(&logs, path);

	if (r)
		return r;
	call->options.keys = call->keys;
	call->options.key_count = call->key_count;
	call->progress = progress_begin("verify");
	call->options.progress = show_progress;
	call->options.context = call;
	call->options.event = judge;
	r = logs.several ? verify_folder(call, path, &logs, &text) : verify_log(call, path, &text);
	progress_end(&call->progress);
	if (call->json && text.size)
		buf_byte(&text, '\n');
	return file_write(STDOUT_FILENO, text.data, text.size) ? EXIT_USAGE : r;
}

static void call_free(struct verify_call *call)
{
	for (size_t i = 0; i < call->since_count; i++)
		buf_free(&call->since[i].note);
	free(call->since);
	free(call->keys);
	batch_free(&call->batch);
	buf_free(&call->state);
	quorum_free(&call->quorum);
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
	if (!r && call.deep && call.options.hashes)
		r = usage_error("verify", "--deep and --hashes exclude each other");
	if (!r && call.options.quorum && call.options.hashes)
		r = usage_error("verify",
				"--witness and --hashes exclude each other: cosignatures stand in entries");
	if (!r)
		r = verify(&call, argv[optind]);
	call_free(&call);
	return r;
}
