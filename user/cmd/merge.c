// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Puts captures of several hosts into one folder: each as it is, nothing signed or written anew, since a
 * merged log would be evidence of whoever merged. What is said of a log is read from the copy.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../capture/copy.h"
#include "../capture/hashes.h"
#include "../capture/reader.h"
#include "../report/progress.h"
#include "../report/runs.h"
#include "../util/file.h"
#include "../util/log.h"
#include "../util/memory.h"
#include "cmd.h"
#include "logs.h"
#include "merge.h"

static const char help[] =
	"Usage: custodes capture merge CAPTURE... -o DIR\n"
	"\n"
	"Copies captures, of several hosts, into one folder that replay, ledger, verify and\n"
	"capture list take like a capture. Each stays as it is, byte for byte, in a\n"
	"directory of its own, and can be verified alone; DIR/merge.json says what there is.\n"
	"A capture may be one that is being written, or such a folder. Of one log at two\n"
	"sizes the larger is taken, if it begins with the smaller. Needs no root.\n"
	"\n"
	"  -o DIR     where to; must not be there yet\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 done, 2 bad usage or input, 3 a capture is damaged, or two are forks\n"
	"of one log. But for 0 nothing is left behind.\n";

static const struct option options[] = {
	{"output", required_argument, NULL, 'o'},
	{"help", no_argument, NULL, 'h'},
	{},
};

struct input {
	char *path;
	struct checkpoint first; /* as it was when the merge began */
	size_t log;		 /* the first input of the same log */
	bool chosen;		 /* the largest of them */
};

struct merge {
	struct buf output;
	struct buf beside; /* where it grows */
	int directory;
	struct input *inputs;
	size_t count;
	struct merged merged;
	struct runs *runs; /* of each log */
	size_t runs_count;
	/* The log that is at work. */
	struct reader_watch watch;
	struct hashes hashes;
	/* In entries, each to be copied and then read. */
	uint64_t done, all;
	struct progress progress;
};

/** The signal that ends the work; what was begun is removed first. */
static volatile sig_atomic_t stopped;

static void stop(int number)
{
	stopped = number;
}

static int step(void *context, uint64_t entries)
{
	struct merge *merge = context;

	progress_show(&merge->progress, (double)(merge->done + entries) / (double)(merge->all + 1));
	return stopped ? -EINTR : 0;
}

static void watch_entry(struct reader_watch *watch, uint64_t number, uint64_t size,
			const uint8_t hash[DIGEST_SIZE])
{
	struct merge *merge = (struct merge *)((char *)watch - offsetof(struct merge, watch));

	(void)size;
	hashes_add(&merge->hashes, hash);
	if (number % 1024 == 0)
		step(merge, number / 2);
}

/* ---- what is given ---- */

static int add_input(struct merge *merge, const char *path)
{
	struct logs logs;
	int r = logs_open(&logs, path);

	for (size_t i = 0; !r && i < logs.count; i++) {
		struct input *input = GROW(merge->inputs, merge->count);

		input->path = need(strdup(logs.paths[i]));
		r = copy_checkpoint(input->path, &input->first);
		if (!r && !merged_origin(input->first.origin))
			r = log_error(0, "%s: a log whose origin is not printable cannot be listed",
				      input->path);
		if (r)
			r = r == -EBADMSG ? EXIT_EVIDENCE : EXIT_USAGE;
	}
	logs_close(&logs);
	return r;
}

/** Of each log its largest state is taken, of equal ones the first that was given. */
static void choose(struct merge *merge)
{
	for (size_t i = 0; i < merge->count; i++) {
		struct input *input = &merge->inputs[i];
		struct input *best = NULL;

		input->log = i;
		for (size_t j = 0; j < i && input->log == i; j++)
			if (!strcmp(merge->inputs[j].first.origin, input->first.origin))
				input->log = j;
		for (size_t j = 0; j < i; j++)
			if (merge->inputs[j].log == input->log && merge->inputs[j].chosen)
				best = &merge->inputs[j];
		input->chosen = !best || best->first.size < input->first.size;
		if (best && input->chosen)
			best->chosen = false;
	}
	for (size_t i = 0; i < merge->count; i++)
		if (merge->inputs[i].chosen)
			merge->all += 2 * merge->inputs[i].first.size;
}

/* ---- one log ---- */

/** Every other state of this log that was given is one that it has been in: 0, or -EBADMSG. */
static int check_states(const struct merge *merge, const struct input *chosen)
{
	for (size_t i = 0; i < merge->count; i++) {
		const struct input *input = &merge->inputs[i];
		uint8_t root[DIGEST_SIZE];

		if (input->log != chosen->log)
			continue;
		if (input->first.size > hashes_size(&merge->hashes))
			return log_error(-EBADMSG, "%s: it was cut back while it was copied", chosen->path);
		hashes_root(&merge->hashes, input->first.size, root);
		if (memcmp(root, input->first.root, DIGEST_SIZE) != 0)
			return log_error(
				-EBADMSG,
				"%s and %s: two forks of one log; it has its key's holder, or whoever "
				"held the directory, to answer for",
				chosen->path, input->path);
		if (input != chosen)
			log_info("%s: an earlier state of the log in %s, left out", input->path,
				 chosen->path);
	}
	return 0;
}

static int read_runs(struct merge *merge, struct reader *reader, struct runs *runs)
{
	uint64_t size = reader_checkpoint(reader)->size;
	const struct ev_head *event;
	int r;

	while ((r = source_next(reader_source(reader), &event)) == SOURCE_EVENT) {
		runs_add(runs, event, reader_position(reader));
		if (reader_position(reader) % 65536 == 0 && step(merge, size / 2 + reader_entry(reader) / 2))
			return -EINTR;
	}
	return r == SOURCE_END ? step(merge, size) : r;
}

static void state(struct merge *merge, const struct checkpoint *checkpoint, const struct runs *runs)
{
	const struct run_row *last = runs->count ? &runs->rows[runs->count - 1] : NULL;
	struct merged_log log = {.checkpoint = *checkpoint, .runs = runs->count};

	for (size_t i = 0; i < runs->count; i++) {
		const struct run_row *row = &runs->rows[i];

		log.events += row->events;
		log.lost += row->lost;
		if (!row->dated)
			continue;
		log.from = !log.dated || row->begin < log.from ? row->begin : log.from;
		log.to = !log.dated || row->end > log.to ? row->end : log.to;
		log.dated = true;
	}
	log.host_id = last ? last->host_id : NULL;
	log.host_name = last ? last->host : NULL;
	merged_name(&merge->merged, log.host_name, checkpoint->origin, log.directory);
	*GROW(merge->merged.logs, merge->merged.count) = log;
}

/** Reads the copy as anybody would: it is sound, or there is no merge. */
static int check_copy(struct merge *merge, const struct input *input, const char *name)
{
	_cleanup_(buf_free) struct buf path = {};
	struct runs *runs = GROW(merge->runs, merge->runs_count);
	struct reader *reader = NULL;
	int r;

	buf_printf(&path, "%s/%s", merge->beside.data, name);
	r = reader_open_watched(&reader, path.data, &merge->watch);
	if (!r)
		r = check_states(merge, input);
	if (!r)
		r = read_runs(merge, reader, runs);
	if (!r)
		state(merge, reader_checkpoint(reader), runs);
	reader_close(&reader);
	hashes_free(&merge->hashes);
	return r;
}

static int take_log(struct merge *merge, const struct input *input)
{
	static const char name[] = "log.new";
	struct checkpoint checkpoint;
	_cleanup_close_ int to = -1;
	int r;

	if (!mkdirat(merge->directory, name, 0700))
		to = openat(merge->directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return log_error(-errno, "%s/%s", merge->beside.data, name);
	r = copy_log(input->path, to, &checkpoint, step, merge);
	if (!r) {
		merge->done += input->first.size;
		r = check_copy(merge, input, name);
	}
	if (!r && renameat(merge->directory, name, merge->directory,
			   merge->merged.logs[merge->merged.count - 1].directory))
		r = log_error(-errno, "%s", merge->beside.data);
	merge->done += input->first.size;
	return r;
}

/* ---- the folder ---- */

static int begin(struct merge *merge, const char *name)
{
	struct stat st;

	buf_str(&merge->output, name);
	while (merge->output.size > 1 && merge->output.data[merge->output.size - 1] == '/')
		merge->output.data[--merge->output.size] = '\0';
	if (!lstat(merge->output.data, &st))
		return log_error(-EEXIST, "%s: a merge makes a folder of its own", name);
	buf_printf(&merge->beside, "%s.new", merge->output.data);
	if (mkdir(merge->beside.data, 0700))
		return log_error(-errno, "%s%s", merge->beside.data,
				 errno == EEXIST ? ": of a merge that runs, or that was killed" : "");
	merge->directory = open(merge->beside.data, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return merge->directory < 0 ? log_error(-errno, "%s", merge->beside.data) : 0;
}

static int finish(struct merge *merge)
{
	_cleanup_(buf_free) struct buf text = {};
	int r;

	merged_sort(&merge->merged);
	merged_write(&merge->merged, &text);
	r = file_replace_at(merge->directory, MERGED_LIST, text.data, text.size);
	if (!r && syncfs(merge->directory))
		r = -errno;
	if (!r && renameat2(AT_FDCWD, merge->beside.data, AT_FDCWD, merge->output.data, RENAME_NOREPLACE))
		r = -errno;
	return r ? log_error(r, "%s", merge->output.data) : 0;
}

static int work(struct merge *merge, const char *output)
{
	int r = begin(merge, output);

	if (r)
		return r;
	for (size_t i = 0; !r && i < merge->count; i++)
		if (merge->inputs[i].chosen)
			r = take_log(merge, &merge->inputs[i]);
	if (!r)
		r = finish(merge);
	progress_end(&merge->progress);
	if (r && file_remove_at(AT_FDCWD, merge->beside.data))
		log_warning("%s: remove it, it is half a merge", merge->beside.data);
	return r;
}

static int merge_all(struct merge *merge, const char *output)
{
	const struct sigaction action = {.sa_handler = stop};
	int r;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	choose(merge);
	merge->progress = progress_begin("merge");
	r = work(merge, output);
	if (r == -EINTR && stopped)
		return log_error(0, "stopped: nothing is left of the merge"), EXIT_USAGE;
	if (r)
		return r == -EBADMSG ? EXIT_EVIDENCE : EXIT_USAGE;
	log_info("%s: %zu logs", output, merge->merged.count);
	return EXIT_CLEAN;
}

static void merge_free(struct merge *merge)
{
	for (size_t i = 0; i < merge->count; i++)
		free(merge->inputs[i].path);
	for (size_t i = 0; i < merge->runs_count; i++)
		runs_free(&merge->runs[i]);
	free(merge->inputs);
	free(merge->runs);
	merged_free(&merge->merged);
	buf_free(&merge->output);
	buf_free(&merge->beside);
	closep(&merge->directory);
}

int capture_merge(int argc, char **argv)
{
	struct merge merge = {.directory = -1, .watch.entry = watch_entry};
	const char *output = NULL;
	int option, r = 0;

	while ((option = getopt_long(argc, argv, "ho:", options, NULL)) != -1) {
		if (option == 'h')
			return usage_help(help);
		if (option != 'o')
			return usage_error("capture merge", "unknown or incomplete option");
		output = optarg;
	}
	if (optind == argc || !output)
		return usage_error("capture merge", "captures and -o DIR are needed");
	for (int i = optind; !r && i < argc; i++)
		r = add_input(&merge, argv[i]);
	if (!r)
		r = merge_all(&merge, output);
	merge_free(&merge);
	return r;
}
