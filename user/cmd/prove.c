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
#include "logs.h"
#include "resume.h"

static const char help[] =
	"Usage: custodes prove CAPTURE POSITION... -o FILE\n"
	"       custodes prove CAPTURE --finding ID -o FILE\n"
	"\n"
	"Takes single events out of a capture so that a stranger can check them without\n"
	"the rest: the entries in which they stand, each with a proof (c2sp.org/tlog-proof)\n"
	"that it is part of the log whose signed checkpoint follows it: where witnesses\n"
	"have vouched for one that covers them, that one, with their lines. With them go\n"
	"what a stranger needs to read them: the beginning of each run, which names host\n"
	"and time, and the certificates of keys that others vouch for. custodes verify\n"
	"FILE checks it, and docs/VERIFY.md says how to do so without custodes. With\n"
	"--finding CAPTURE may be a folder that capture merge has made.\n"
	"\n"
	"  --finding ID  the event at which this finding was found, and those that it\n"
	"                rests on: the id under \"evidence\", or its first digits\n"
	"  --bare        nothing but the entries of these events\n"
	"  -o FILE       where to; it is replaced\n"
	"  -h, --help\n"
	"\n"
	"An entry holds all events of up to a second: look at what else it tells before\n"
	"you give it away.\n"
	"\n"
	"Exit status: 0 written, 2 bad usage or input or no such finding, 3 evidence\n"
	"invalid.\n";

enum { OPT_FINDING = 256, OPT_BARE };

static const struct option options[] = {
	{"finding", required_argument, NULL, OPT_FINDING},
	{"bare", no_argument, NULL, OPT_BARE},
	{"output", required_argument, NULL, 'o'},
	{"help", no_argument, NULL, 'h'},
	{},
};

/** The beginning of a run. */
struct run {
	uint64_t position, entry;
};

struct prove {
	struct reader_watch watch;
	bool bare;
	struct reader *reader;
	struct hashes hashes;
	uint64_t *positions;
	size_t position_count;
	uint64_t *entries; /* ascending */
	size_t entry_count;
	struct run *runs;
	size_t run_count;
	uint8_t (*certificates)[DIGEST_SIZE]; /* that were met, hashed */
	size_t certificate_count;
	/* Under what they are put: the last checkpoint, or one that witnesses have cosigned. */
	uint64_t size;
	struct buf note;
	size_t cosignatures;
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

/** How often it is found in this log. 0 or the exit code. */
static int find(struct prove *prove, const char *finding, unsigned int *found)
{
	struct engine_options engine_options = {.as_of = DAY_NONE};
	struct engine *engine = engine_new(&engine_options);
	struct outcome_log log = {.recorded = true, .origin = reader_checkpoint(prove->reader)->origin};
	struct progress progress = progress_begin("prove");
	const struct ev_head *event;
	struct batch batch = {};
	struct resume resume = {};
	int r;

	while ((r = source_next(reader_source(prove->reader), &event)) == SOURCE_EVENT) {
		r = resume_take(&resume, engine, event, reader_position(prove->reader), &batch);
		if (r > 0)
			r = engine_step(engine, event, reader_position(prove->reader), &batch);
		if (r)
			break;
		*found += look(prove, &batch, &log, finding);
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
	return 0;
}

/* ---- what a stranger needs beside them ---- */

static void take_certificate(struct prove *prove, const struct ev_head *event)
{
	struct view note = event_view(event, ((const struct ev_key *)event)->certificate);
	uint8_t hash[DIGEST_SIZE];

	digest_of(note.at, note.size, hash);
	for (size_t i = 0; i < prove->certificate_count; i++)
		if (!memcmp(prove->certificates[i], hash, DIGEST_SIZE))
			return;
	memcpy(GROW(prove->certificates, prove->certificate_count), hash, DIGEST_SIZE);
	*GROW(prove->entries, prove->entry_count) = reader_entry(prove->reader);
}

/** The entries with certificates of keys, each once; and where runs begin. */
static int find_context(struct prove *prove)
{
	struct progress progress = progress_begin("prove");
	const struct ev_head *event;
	int r = reader_rewind(prove->reader);

	while (!r && (r = source_next(reader_source(prove->reader), &event)) == SOURCE_EVENT) {
		if (event->kind == EV_START)
			*GROW(prove->runs, prove->run_count) = (struct run){
				reader_position(prove->reader),
				reader_entry(prove->reader),
			};
		if (event->kind == EV_KEY && ((const struct ev_key *)event)->certificate.len)
			take_certificate(prove, event);
		if (reader_position(prove->reader) % 65536 == 0)
			progress_show(&progress, reader_progress(prove->reader));
	}
	progress_end(&progress);
	if (r == SOURCE_END)
		return 0;
	return r == -EBADMSG ? EXIT_EVIDENCE : EXIT_USAGE;
}

/** Where the run of this event begins. */
static void take_run(struct prove *prove, uint64_t position)
{
	size_t i = prove->run_count;

	while (i && prove->runs[i - 1].position > position)
		i--;
	if (i)
		*GROW(prove->entries, prove->entry_count) = prove->runs[i - 1].entry;
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
		take_run(prove, prove->positions[i]);
	}
	if (prove->entry_count)
		qsort(prove->entries, prove->entry_count, sizeof(*prove->entries), by_number);
	return 0;
}

/* ---- a checkpoint that others have vouched for ---- */

/** Of so many cosigned checkpoints that with the most cosignatures is taken, and of those the first. */
#define LOOK_AT 64

/** The note's lines, from the last one on: what a witness has put below the host's. */
static const char *last_line(const struct buf *note)
{
	const char *at = note->data + note->size - 1;

	while (at > note->data && at[-1] != '\n')
		at--;
	return at;
}

/** Another note of the same size has one line more; or it is the first of its size. */
static void merge(struct prove *found, const struct buf *note, uint64_t size)
{
	if (found->size == size && found->cosignatures) {
		buf_str(&found->note, last_line(note));
		found->cosignatures++;
		return;
	}
	buf_clear(&found->note);
	buf_bytes(&found->note, note->data, note->size);
	found->size = size;
	found->cosignatures = 1;
}

static void prefer(struct prove *prove, const struct prove *found)
{
	if (found->cosignatures <= prove->cosignatures)
		return;
	buf_clear(&prove->note);
	buf_bytes(&prove->note, found->note.data, found->note.size);
	prove->size = found->size;
	prove->cosignatures = found->cosignatures;
}

/** Signed by the key that signs the log now, and over all that is to be proved. */
static bool takes(const struct prove *prove, const struct buf *note, struct checkpoint *checkpoint)
{
	const struct buf *last = reader_note(prove->reader);
	const char *origin = reader_checkpoint(prove->reader)->origin;
	uint8_t id[4], now[4];

	return !checkpoint_read(checkpoint, note->data, note->size) &&
	       checkpoint->size > prove->entries[prove->entry_count - 1] &&
	       checkpoint->size <= hashes_size(&prove->hashes) &&
	       !note_signer(note->data, note->size, origin, id) &&
	       !note_signer(last->data, last->size, origin, now) && !memcmp(id, now, sizeof(id));
}

/** The WITNESS events behind what is to be proved: the first cosigned checkpoints that cover it. */
static void find_cosigned(struct prove *prove)
{
	const struct ev_head *event;
	struct prove found = {};
	unsigned int looked = 0;

	while (looked < LOOK_AT && source_next(reader_source(prove->reader), &event) == SOURCE_EVENT) {
		_cleanup_(buf_free) struct buf note = {};
		struct checkpoint checkpoint;
		struct view view;

		if (event->kind != EV_WITNESS)
			continue;
		view = event_view(event, ((const struct ev_witness *)event)->checkpoint);
		buf_bytes(&note, view.at, view.size);
		if (!view.size || !takes(prove, &note, &checkpoint))
			continue;
		looked++;
		merge(&found, &note, checkpoint.size);
		prefer(prove, &found);
	}
	buf_free(&found.note);
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
		proof_write(&prove->hashes, prove->entries[i], &entry, prove->size, &prove->note, &text);
		written++;
	}
	r = file_replace_at(AT_FDCWD, path, text.data, text.size);
	if (r) {
		log_error(r, "%s", path);
		return EXIT_USAGE;
	}
	log_info("%s: %zu entries, %zu bytes; %zu cosignatures", path, written, text.size,
		 prove->cosignatures);
	return 0;
}

static int open_log(struct prove *prove, const char *path)
{
	int r = reader_open_watched(&prove->reader, path, &prove->watch);

	return r ? (r == -EBADMSG ? EXIT_EVIDENCE : EXIT_USAGE) : 0;
}

static void close_log(struct prove *prove)
{
	reader_close(&prove->reader);
	hashes_free(&prove->hashes);
	buf_free(&prove->note);
	free(prove->positions);
	free(prove->entries);
	free(prove->runs);
	free(prove->certificates);
	*prove = (struct prove){.watch.entry = watch_entry, .bare = prove->bare};
}

/** An id is that of one log's finding: of a folder with several, that log is opened. */
static int open_by_finding(struct prove *prove, const struct logs *logs, const char *path,
			   const char *finding)
{
	unsigned int found = 0;
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; !r && i < logs->count; i++) {
		unsigned int before = found;

		close_log(prove);
		r = open_log(prove, logs->paths[i]);
		if (!r)
			r = find(prove, finding, &found);
		if (found > before)
			at = i;
	}
	if (r)
		return r;
	if (found != 1)
		return usage_error("prove",
				   found ? "%s: more than one finding of %s begins so" :
					   "%s: no finding of %s has this id",
				   finding, path);
	if (at + 1 == logs->count)
		return 0;
	found = 0;
	close_log(prove);
	r = open_log(prove, logs->paths[at]);
	return r ? r : find(prove, finding, &found);
}

static int open_by_positions(struct prove *prove, const struct logs *logs, const char *path)
{
	if (logs->several)
		return usage_error("prove", "%s: positions are those of one log: name its directory in it",
				   path);
	return open_log(prove, path);
}

static int prove_events(struct prove *prove, const char *output)
{
	int r = prove->bare ? 0 : find_context(prove);

	if (!r)
		r = find_entries(prove);
	if (r)
		return r;
	prove->size = hashes_size(&prove->hashes);
	buf_bytes(&prove->note, reader_note(prove->reader)->data, reader_note(prove->reader)->size);
	find_cosigned(prove);
	return write_proofs(prove, output);
}

static int prove(struct prove *prove, const char *path, const char *finding, const char *output)
{
	_cleanup_(logs_close) struct logs logs = {};
	int r = logs_open(&logs, path);

	if (!r)
		r = finding ? open_by_finding(prove, &logs, path, finding) :
			      open_by_positions(prove, &logs, path);
	return r ? r : prove_events(prove, output);
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
		else if (option == OPT_BARE)
			call.bare = true;
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
	close_log(&call);
	return r;
}
