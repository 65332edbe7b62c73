// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>

#include "../capture/proof.h"
#include "../capture/reader.h"
#include "../engine/engine.h"
#include "../report/progress.h"
#include "../util/file.h"
#include "../util/log.h"
#include "../util/memory.h"
#include "cmd.h"
#include "resume.h"

static const char help[] =
	"Usage: custodes prove CAPTURE POSITION... -o FILE\n"
	"       custodes prove CAPTURE --finding ID -o FILE\n"
	"\n"
	"Takes single events out of a capture so that a stranger can check them without\n"
	"the rest: the entries in which they stand, each with a proof (c2sp.org/tlog-proof)\n"
	"that it is part of the log whose signed checkpoint follows it. custodes verify\n"
	"FILE checks it, and docs/VERIFY.md says how to do so without custodes.\n"
	"\n"
	"  --finding ID  the event at which this finding was found, and those that it\n"
	"                rests on: the id under \"evidence\", or its first digits\n"
	"  -o FILE       where to; it is replaced\n"
	"  -h, --help\n"
	"\n"
	"An entry holds all events of up to a second: look at what else it tells before\n"
	"you give it away.\n"
	"\n"
	"Exit status: 0 written, 2 bad usage or input or no such finding, 3 evidence\n"
	"invalid.\n";

enum { OPT_FINDING = 256 };

static const struct option options[] = {
	{"finding", required_argument, NULL, OPT_FINDING},
	{"output", required_argument, NULL, 'o'},
	{"help", no_argument, NULL, 'h'},
	{},
};

struct prove {
	struct reader_watch watch;
	struct reader *reader;
	struct hashes hashes;
	uint64_t *positions;
	size_t position_count;
	uint64_t *entries; /* ascending, each once */
	size_t entry_count;
};

static void watch_entry(struct reader_watch *watch, uint64_t number, uint64_t size,
			const uint8_t hash[DIGEST_SIZE])
{
	struct prove *prove = (struct prove *)watch;

	(void)number, (void)size;
	hashes_add(&prove->hashes, hash);
}

static int take_position(struct prove *prove, const char *digits)
{
	char *end;
	uint64_t position;

	errno = 0;
	position = strtoull(digits, &end, 10);
	if (*digits < '0' || *digits > '9' || *end || errno)
		return usage_error("prove", "%s: expected the position of an event", digits);
	*GROW(prove->positions, prove->position_count) = position;
	return 0;
}

/* ---- the events of a finding ---- */

/** Keeps the positions of the outcome if it is the finding that is looked for. */
static unsigned int look(struct prove *prove, const struct batch *batch, const struct outcome_log *log,
			 const char *finding)
{
	unsigned int found = 0;

	for (size_t i = 0; i < batch->outcome_count; i++) {
		const struct outcome *outcome = &batch->outcomes[i];
		char id[33];

		if (outcome->type != OUTCOME_FINDING)
			continue;
		outcome_id(outcome, log, id);
		if (strncmp(id, finding, strlen(finding)))
			continue;
		found++;
		*GROW(prove->positions, prove->position_count) = outcome->position;
		for (size_t j = 0; outcome->ledger && j < outcome->ledger->position_count; j++)
			*GROW(prove->positions, prove->position_count) = outcome->ledger->positions[j];
	}
	return found;
}

static int find(struct prove *prove, const char *path, const char *finding)
{
	struct engine_options engine_options = {.as_of = DAY_NONE};
	struct engine *engine = engine_new(&engine_options);
	struct outcome_log log = {.recorded = true, .origin = reader_checkpoint(prove->reader)->origin};
	struct progress progress = progress_begin("prove");
	const struct ev_head *event;
	struct batch batch = {};
	struct resume resume = {};
	unsigned int found = 0;
	int r;

	while ((r = source_next(reader_source(prove->reader), &event)) == SOURCE_EVENT) {
		r = resume_take(&resume, engine, event, reader_position(prove->reader), &batch);
		if (r > 0)
			r = engine_step(engine, event, reader_position(prove->reader), &batch);
		if (r)
			break;
		found += look(prove, &batch, &log, finding);
		batch_reset(&batch);
		batch_actions_done(&batch);
		progress_show(&progress, reader_progress(prove->reader));
	}
	progress_end(&progress);
	if (r == SOURCE_END && resume_end(&resume))
		r = -EINVAL;
	resume_free(&resume);
	batch_free(&batch);
	engine_free(&engine);
	if (r < 0)
		return r == -EBADMSG ? EXIT_EVIDENCE : EXIT_USAGE;
	if (found != 1)
		return usage_error("prove",
				   found ? "%s: more than one finding of %s begins so" :
					   "%s: no finding of %s has this id",
				   finding, path);
	return 0;
}

/* ---- their entries ---- */

static int by_number(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static int find_entries(struct prove *prove)
{
	const struct ev_head *event;

	for (size_t i = 0; i < prove->position_count; i++) {
		int r = reader_seek(prove->reader, prove->positions[i]);

		if (!r)
			r = source_next(reader_source(prove->reader), &event);
		if (r == SOURCE_END)
			return usage_error("prove", "%llu: the capture has fewer events",
					   (unsigned long long)prove->positions[i]);
		if (r)
			return r == -EBADMSG ? EXIT_EVIDENCE : EXIT_USAGE;
		*GROW(prove->entries, prove->entry_count) = reader_entry(prove->reader);
	}
	qsort(prove->entries, prove->entry_count, sizeof(*prove->entries), by_number);
	return 0;
}

static int write_proofs(struct prove *prove, const char *path)
{
	_cleanup_(buf_free) struct buf text = {}, bytes = {};
	size_t written = 0;
	int r = 0;

	for (size_t i = 0; !r && i < prove->entry_count; i++) {
		struct entry entry;

		if (i && prove->entries[i] == prove->entries[i - 1])
			continue;
		buf_clear(&bytes);
		r = reader_take(prove->reader, prove->entries[i], &bytes);
		if (r)
			return r == -EBADMSG ? EXIT_EVIDENCE : EXIT_USAGE;
		entry = (struct entry){(const uint8_t *)bytes.data, bytes.size};
		proof_write(&prove->hashes, prove->entries[i], &entry, reader_note(prove->reader), &text);
		written++;
	}
	r = file_replace_at(AT_FDCWD, path, text.data, text.size);
	if (r) {
		log_error(r, "%s", path);
		return EXIT_USAGE;
	}
	log_info("%s: %zu entries, %zu bytes", path, written, text.size);
	return 0;
}

static int prove(struct prove *prove, const char *path, const char *finding, const char *output)
{
	int r = reader_open_watched(&prove->reader, path, &prove->watch);

	if (r)
		return r == -EBADMSG ? EXIT_EVIDENCE : EXIT_USAGE;
	if (finding)
		r = find(prove, path, finding);
	if (!r)
		r = find_entries(prove);
	return r ? r : write_proofs(prove, output);
}

int cmd_prove(int argc, char **argv)
{
	struct prove call = {.watch.entry = watch_entry};
	const char *finding = NULL, *output = NULL;
	int option, r = 0;

	while ((option = getopt_long(argc, argv, "ho:", options, NULL)) != -1) {
		if (option == 'h')
			return usage_help(help);
		if (option == OPT_FINDING)
			finding = optarg;
		else if (option == 'o')
			output = optarg;
		else
			return usage_error("prove", "unknown or incomplete option");
	}
	if (optind == argc || !output)
		return usage_error("prove", "a capture and -o FILE are needed");
	if (!finding == (optind + 1 == argc))
		return usage_error("prove", "expected positions, or --finding");
	for (int i = optind + 1; !r && i < argc; i++)
		r = take_position(&call, argv[i]);
	if (!r)
		r = prove(&call, argv[optind], finding, output);
	reader_close(&call.reader);
	hashes_free(&call.hashes);
	free(call.positions);
	free(call.entries);
	return r;
}
