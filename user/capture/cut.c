// SPDX-License-Identifier: GPL-3.0-or-later
#include "cut.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../util/file.h"
#include "../util/log.h"
#include "hashes.h"
#include "reader.h"
#include "survey.h"

/** Of all the work, what reading the entries once for their hashes is. */
#define HASHING 0.2

struct cutting {
	struct reader_watch watch;
	const struct cut_options *options;
	struct reader *reader;
	struct hashes hashes;
	struct survey survey;
	const char *out;
	int dir;
};

static void watch_entry(struct reader_watch *watch, uint64_t number, uint64_t size,
			const uint8_t hash[DIGEST_SIZE])
{
	struct cutting *cutting = (struct cutting *)watch;

	hashes_add(&cutting->hashes, hash);
	if (number % 1024 == 0 && cutting->options->progress)
		cutting->options->progress(cutting->options->context,
					   HASHING * (double)number / (double)size);
}

/* ---- what is in it ---- */

static int survey_all(struct cutting *cutting)
{
	const struct cut_options *options = cutting->options;
	const struct ev_head *event;
	int r;

	while ((r = source_next(reader_source(cutting->reader), &event)) == SOURCE_EVENT) {
		survey_event(&cutting->survey, reader_entry(cutting->reader), event);
		if (reader_position(cutting->reader) % 65536 == 0 && options->progress)
			options->progress(options->context,
					  HASHING + (1 - HASHING) * reader_progress(cutting->reader));
	}
	return r == SOURCE_END ? 0 : r;
}

static void add_bundle(struct ranges *ranges, const struct surveyed *bundle)
{
	ranges_add(ranges, bundle->index * TILE_WIDTH, (bundle->index + 1) * TILE_WIDTH);
}

/** The bundles of that time, from the snapshot before it on. */
static bool select_time(const struct cutting *cutting, struct ranges *chosen)
{
	const struct survey *survey = &cutting->survey;
	bool any = false;

	for (size_t i = 0; i < survey->count; i++) {
		const struct surveyed *bundle = &survey->bundles[i];
		size_t from;

		if (bundle->end < cutting->options->from || bundle->begin >= cutting->options->to)
			continue;
		any = true;
		from = survey_from(survey, i);
		for (size_t j = from; j <= i; j++)
			add_bundle(chosen, &survey->bundles[j]);
		survey_needed(&survey->bundles[from], chosen);
	}
	survey_keys(survey, chosen);
	return any;
}

/** Of what was chosen, what the log has: no more entries than it counts, and none that were pruned. */
static void select_there(const struct cutting *cutting, const struct ranges *chosen, struct ranges *entries)
{
	uint64_t size = reader_checkpoint(cutting->reader)->size;

	for (size_t i = 0; i < cutting->survey.count; i++) {
		uint64_t from = cutting->survey.bundles[i].index * TILE_WIDTH;

		if (ranges_find(chosen, from))
			ranges_add(entries, from, size - from < TILE_WIDTH ? size : from + TILE_WIDTH);
	}
}

/* ---- writing ---- */

static int put(const struct cutting *cutting, const char *path, const void *bytes, size_t size)
{
	_cleanup_close_ int fd = -1;
	int r = file_make_parents_at(cutting->dir, path);

	if (!r)
		fd = openat(cutting->dir, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (!r)
		r = fd < 0 ? -errno : file_write(fd, bytes, size);
	return r ? log_error(r, "%s/%s", cutting->out, path) : 0;
}

static int put_tiles(const struct cutting *cutting)
{
	char path[LAYOUT_PATH];
	int r = 0;

	for (unsigned int level = 0; level < TREE_LEVELS; level++) {
		const struct hashes_level *hashes = &cutting->hashes.levels[level];

		for (size_t at = 0; !r && at < hashes->count; at += TILE_WIDTH) {
			size_t width = hashes->count - at < TILE_WIDTH ? hashes->count - at : TILE_WIDTH;

			layout_tile(path, level, at / TILE_WIDTH, (unsigned int)width);
			r = put(cutting, path, hashes->at[at], width * DIGEST_SIZE);
		}
	}
	return r;
}

static int put_bundles(const struct cutting *cutting, const struct ranges *entries)
{
	_cleanup_(buf_free) struct buf bytes = {};
	char path[LAYOUT_PATH];
	int r = 0;

	for (size_t i = 0; i < entries->count; i++)
		for (uint64_t at = entries->items[i].from; !r && at < entries->items[i].to;
		     at += TILE_WIDTH) {
			unsigned int width = 0;

			buf_clear(&bytes);
			r = reader_bundle(cutting->reader, at / TILE_WIDTH, &bytes, &width);
			layout_bundle(path, at / TILE_WIDTH, width);
			if (!r)
				r = put(cutting, path, bytes.data, bytes.size);
		}
	return r;
}

/** The checkpoint last: without it, it is no capture. */
static int put_log(struct cutting *cutting, const struct cut *cut)
{
	const struct buf *note = reader_note(cutting->reader);
	_cleanup_(buf_free) struct buf text = {};
	int r;

	if (mkdir(cutting->out, 0700))
		return log_error(-errno, "%s", cutting->out);
	cutting->dir = open(cutting->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cutting->dir < 0)
		return log_error(-errno, "%s", cutting->out);
	r = put_tiles(cutting);
	if (!r)
		r = put_bundles(cutting, &cut->entries);
	cut_write(cut, &text);
	if (!r)
		r = put(cutting, CUT_FILE, text.data, text.size);
	if (!r && syncfs(cutting->dir))
		r = log_error(-errno, "%s", cutting->out);
	if (!r)
		r = put(cutting, "checkpoint", note->data, note->size);
	if (!r && syncfs(cutting->dir))
		r = log_error(-errno, "%s", cutting->out);
	return r;
}

static int choose(const struct cutting *cutting, struct cut *cut)
{
	const struct checkpoint *checkpoint = reader_checkpoint(cutting->reader);
	_cleanup_(ranges_free) struct ranges chosen = {};

	memcpy(cut->origin, checkpoint->origin, sizeof(cut->origin));
	cut->size = checkpoint->size;
	cut->from = cutting->options->from;
	cut->to = cutting->options->to;
	if (!select_time(cutting, &chosen))
		return log_error(-ENODATA, "nothing of that time is there");
	select_there(cutting, &chosen, &cut->entries);
	return 0;
}

int cut_make(const char *capture, const char *out, const struct cut_options *options, struct cut *cut)
{
	struct cutting cutting = {.watch.entry = watch_entry, .options = options, .out = out, .dir = -1};
	int r = reader_open_watched(&cutting.reader, capture, &cutting.watch);

	survey_begin(&cutting.survey, options->engine);
	if (!r)
		r = survey_all(&cutting);
	if (!r)
		r = choose(&cutting, cut);
	if (!r)
		r = put_log(&cutting, cut);
	survey_free(&cutting.survey);
	hashes_free(&cutting.hashes);
	reader_close(&cutting.reader);
	closep(&cutting.dir);
	return r;
}
