// SPDX-License-Identifier: GPL-3.0-or-later
#include "prune.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../report/progress.h"
#include "../util/clock.h"
#include "../util/file.h"
#include "../util/log.h"
#include "cmd.h"
#include "evidence.h"
#include "recall.h"
#include "record.h"
#include "retention.h"

static const char help[] =
	"Usage: custodes capture prune DIR --older-than AGE|--keep-size SIZE [OPTION...]\n"
	"\n"
	"Removes the content of the oldest entries of a capture that nobody writes to, in\n"
	"bundles of 256. Their hashes stay, so that all that is left can be verified, and\n"
	"that they were removed is an entry itself. What is under a hold stays, and so\n"
	"does what is needed to read on: see custodes(8). A capture that is being written\n"
	"is pruned by custodes run --retain.\n"
	"\n"
	"  --older-than AGE  90d, 12h, 30m, 45s\n"
	"  --keep-size SIZE  of entries, at most: 50G, 700M\n"
	"  --key FILE|URI    what signs the capture, if not the host's own key\n"
	"  --dry-run         say what would go; nothing is written\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 done, also if there was nothing to do, 2 bad usage or input,\n"
	"3 the capture contradicts itself.\n";

enum { OPT_OLDER = 256, OPT_SIZE, OPT_KEY, OPT_DRY };

static const struct option options[] = {
	{"older-than", required_argument, NULL, OPT_OLDER},
	{"keep-size", required_argument, NULL, OPT_SIZE},
	{"key", required_argument, NULL, OPT_KEY},
	{"dry-run", no_argument, NULL, OPT_DRY},
	{"help", no_argument, NULL, 'h'},
	{},
};

struct prune_call {
	const char *path, *source;
	struct prune_limits limits;
	bool dry;
	struct retention retention;
	struct evidence evidence;
	struct pipeline pipeline;
	struct snapshots snapshots;
};

static int take(struct prune_call *call, int option)
{
	switch (option) {
	case OPT_OLDER:
		return retention_age(optarg, &call->limits.age) ?
			       0 :
			       usage_error("capture", "--older-than %s: expected an age, such as 90d or 12h",
					   optarg);
	case OPT_SIZE:
		return retention_size(optarg, &call->limits.size) ?
			       0 :
			       usage_error("capture", "--keep-size %s: expected a size, such as 50G", optarg);
	case OPT_KEY:
		call->source = optarg;
		return 0;
	case OPT_DRY:
		call->dry = true;
		return 0;
	default:
		return usage_error("capture", "unknown or incomplete option");
	}
}

/** The checkpoint that stands there, as a note. */
static int read_note(const struct prune_call *call, struct buf *note, struct checkpoint *checkpoint)
{
	_cleanup_(buf_free) struct buf path = {};
	int r;

	buf_printf(&path, "%s/checkpoint", call->path);
	r = file_read_at(AT_FDCWD, path.data, note, 65536);
	if (r)
		return log_error(r, "%s", path.data);
	r = checkpoint_read(checkpoint, note->data ? note->data : "", note->size);
	return r ? log_error(r, "%s: not a checkpoint", path.data) : 0;
}

/** The key that signed the log last; nobody may go on with another in silence. */
static int open_key(struct prune_call *call)
{
	const char *source = call->source ? call->source : KEY_FILE;
	_cleanup_(buf_free) struct buf note = {};
	struct checkpoint checkpoint;
	struct verifier verifier;
	int r = read_note(call, &note, &checkpoint);

	if (r)
		return r;
	r = key_open(&call->evidence.key, source);
	if (r == -ENOENT)
		return log_error(r, "%s: the key that signs the capture is needed (--key)", source);
	if (!r)
		r = verifier_make(&verifier, checkpoint.origin, NOTE_ED25519, key_public(call->evidence.key));
	if (!r && note_verify(&verifier, note.data, note.size, NULL))
		r = log_error(-EINVAL, "%s: not the key that has signed %s", source, call->path);
	return r;
}

/** Reads all that may go. */
static int survey(struct prune_call *call, uint64_t size)
{
	struct progress progress = progress_begin("reading");
	int64_t now = (int64_t)clock_boot() + clock_wall_offset();
	int r;

	while ((r = prune_survey(call->retention.prune, size, now)) > 0)
		progress_show(&progress, prune_progress(call->retention.prune));
	progress_end(&progress);
	return r;
}

static void plan(struct prune_call *call)
{
	prune_plan(call->retention.prune, &call->retention.holds,
		   (int64_t)clock_boot() + clock_wall_offset());
}

static void say_plan(const struct prune_call *call, const char *what)
{
	_cleanup_(buf_free) struct buf text = {};

	prune_text(call->retention.prune, &text);
	printf("%s: %s\n", what, text.data);
}

static int dry_run(struct prune_call *call)
{
	_cleanup_(reader_close) struct reader *reader = NULL;
	int r = reader_open(&reader, call->path);

	if (r)
		return r;
	retention_opened(&call->retention, reader);
	r = holds_load(&call->retention.holds, call->path);
	if (!r)
		r = survey(call, reader_checkpoint(reader)->size);
	if (r)
		return r;
	plan(call);
	say_plan(call, "would go");
	return 0;
}

static int remove_bundles(struct prune_call *call)
{
	int r;

	do
		r = prune_remove(call->retention.prune);
	while (r > 0);
	return r;
}

/** The engine as it was at the end of the log: a snapshot of it must stand before what goes. */
static int open_log(struct prune_call *call)
{
	const struct engine_options engine = {.as_of = DAY_NONE};
	static const volatile sig_atomic_t never;
	int r = open_key(call);

	if (!r)
		r = writer_open(&call->pipeline.writer, call->path, call->evidence.key);
	if (r)
		return r;
	call->pipeline.engine = engine_new(&engine);
	return recall(&call->pipeline, &call->snapshots, call->path, &call->retention, &never);
}

/** Nobody sets a hold meanwhile: one that came before binds. 1: nothing is to go. */
static int decide(struct prune_call *call)
{
	_cleanup_close_ int lock = holds_lock(call->path, true);
	struct pipeline *pipeline = &call->pipeline;
	uint64_t time = engine_time(pipeline->engine); /* none passes in a log that nobody writes */
	int r = lock < 0 ? lock : retention_holds(&call->retention, pipeline, time);

	if (!r && !call->retention.holds_known)
		r = -EINVAL;
	if (r)
		return r;
	plan(call);
	if (!prune_planned(call->retention.prune)) {
		say_plan(call, "nothing went");
		return 1;
	}
	r = retention_commit(&call->retention, pipeline, &call->snapshots, time);
	return r > 0 ? -EIO : r;
}

static int prune(struct prune_call *call)
{
	int r = open_log(call);

	if (!r)
		r = remove_bundles(call); /* what one before was not done with */
	if (!r)
		r = survey(call, writer_sealed(call->pipeline.writer));
	if (!r)
		r = decide(call);
	if (r)
		return r > 0 ? 0 : r;
	return remove_bundles(call);
}

int capture_prune(int argc, char **argv)
{
	struct prune_call call = {};
	int option, r = 0;

	while (!r && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h')
			return usage_help(help);
		r = take(&call, option);
	}
	if (r)
		return r;
	if (optind + 1 != argc)
		return usage_error("capture", "prune: expected one capture");
	if (!call.limits.age && !call.limits.size)
		return usage_error("capture", "prune: --older-than or --keep-size is needed");
	call.path = argv[optind];
	r = retention_open(&call.retention, call.path, &call.limits);
	if (!r)
		r = call.dry ? dry_run(&call) : prune(&call);
	retention_close(&call.retention);
	pipeline_close(&call.pipeline);
	evidence_close(&call.evidence);
	return r ? record_exit_code(r) : EXIT_CLEAN;
}
