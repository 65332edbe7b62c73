// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * attacks DIR HOST OTHER STEP: what can be done to a log, tried, for tests/evidence/attacks. Of a log of some
 * hundred entries everything that can be counted, each STEP-th of it; and of a small one an example of every
 * attack, as DIR/ID/log, where the host's key is needed for it and has signed more since with DIR/ID/kept.
 * Prints a line "ID, how many there are, how many were tried, how many of these verify does not find", with
 * tabs between. The keys are given and nothing is random, so that all runs do the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../user/capture/bundle.h"
#include "../../user/capture/hashes.h"
#include "../../user/capture/statement.h"
#include "../../user/capture/tree.h"
#include "../../user/capture/verify.h"
#include "../../user/util/file.h"
#include "../unit/said.h"
#include "../unit/sample.h"

#define MANY 300
#define FEW  20

static const char *directory;
static struct key *host, *other;
static size_t step;

static uint8_t drawn; /* for the log that was made last */

/** The name of a log is the only random thing about it. */
ssize_t getrandom(void *to, size_t size, unsigned int flags)
{
	(void)flags;
	memset(to, ++drawn, size);
	return (ssize_t)size;
}

static void must(int r, const char *what)
{
	if (!r)
		return;
	fprintf(stderr, "attacks: %s: %d\n", what, r);
	exit(1);
}

/* ---- files ---- */

static struct file {
	char path[256];
	struct buf bytes;
} files[8];
static size_t file_count;

static void put_file(const char *path, const char *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd < 0 ? -errno : file_write(fd, bytes, size), path);
	close(fd);
}

static void put_back(const struct file *file)
{
	put_file(file->path, file->bytes.data, file->bytes.size);
}

static int take_file(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st, (void)walk;
	if (type != FTW_F)
		return 0;
	snprintf(files[file_count].path, sizeof(files[0].path), "%s", path);
	return file_read_at(AT_FDCWD, path, &files[file_count++].bytes, 1 << 24);
}

static int by_path(const void *left, const void *right)
{
	return strcmp(((const struct file *)left)->path, ((const struct file *)right)->path);
}

static void take_files(const char *log, size_t expected)
{
	while (file_count)
		buf_free(&files[--file_count].bytes);
	must(nftw(log, take_file, 16, FTW_PHYS), log);
	must(file_count != expected, "the number of files");
	qsort(files, file_count, sizeof(*files), by_path);
}

static struct file *file_named(const char *part)
{
	for (size_t i = 0; i < file_count; i++)
		if (strstr(files[i].path, part))
			return &files[i];
	must(1, part);
	return NULL;
}

static void log_path(char path[256], const char *id)
{
	snprintf(path, 256, "%s/%s", directory, id);
	must(mkdir(path, 0700) && errno != EEXIST, path);
	snprintf(path, 256, "%s/%s/log", directory, id);
}

static void copy(const char *from, const char *to)
{
	char source[256], target[256], command[600];

	log_path(source, from);
	log_path(target, to);
	snprintf(command, sizeof(command), "cp -r '%s' '%s'", source, target);
	must(system(command), command); /* NOLINT: names of our own */
}

/** Of one bundle: entry `number` left out, or twice, or swapped with the next. But what stands behind the
 * log's last entry is no part of it: false. */
static bool rewrite(const struct file *file, unsigned int number, unsigned int how, struct buf *out)
{
	size_t off = 0;
	bool partial = strstr(file->path, ".p/"), done = false;

	buf_clear(out);
	for (unsigned int i = 0; off < file->bytes.size; i++) {
		const uint8_t *at = (const uint8_t *)file->bytes.data + off;
		size_t size = 2 + ((size_t)at[0] << 8 | at[1]);
		bool last = off + size == file->bytes.size, swap = how == 2 && i == number && !last;
		size_t next = swap ? 2 + ((size_t)at[size] << 8 | at[size + 1]) : 0;

		done |= i == number && (how == 0 || (how == 1 && !(last && partial)) || swap);
		if (next)
			buf_bytes(out, at + size, next);
		if (how || i != number)
			buf_bytes(out, at, size);
		if (how == 1 && i == number)
			buf_bytes(out, at, size);
		off += size + next;
	}
	return done;
}

/* ---- everything that can be counted ---- */

struct tally {
	const char *id;
	size_t there, tried, missed;
};

/** Without any key: what is found then needs nothing from elsewhere. Of entries and tiles, hashes say enough.
 */
static bool found(const char *log, bool hashes)
{
	const struct verify_options options = {.hashes = hashes};
	struct verified verified = {};
	bool doubted = verify_capture(log, &options, &verified) < 0 || verified.verdict.doubts;

	verified_free(&verified);
	return doubted;
}

/** The next one of this kind: whether it is tried. */
static bool turn(struct tally *tally)
{
	return tally->there++ % step == 0;
}

static void judge(struct tally *tally, const char *log, const char *path, size_t where)
{
	tally->tried++;
	if (found(log, !strstr(path, "/checkpoint")))
		return;
	tally->missed++;
	printf("# %s: %s, %zu: not found\n", tally->id, strstr(path, "/log/") + 5, where);
}

static void bits(struct tally *tally, const char *log)
{
	for (size_t i = 0; i < file_count; i++) {
		const struct buf *bytes = &files[i].bytes;
		int fd = open(files[i].path, O_WRONLY | O_CLOEXEC);

		for (size_t bit = 0; bit < bytes->size * 8; bit++) {
			char flipped = (char)(bytes->data[bit / 8] ^ 1 << bit % 8);

			if (!turn(tally))
				continue;
			must(pwrite(fd, &flipped, 1, (off_t)bit / 8) != 1, files[i].path);
			judge(tally, log, files[i].path, bit);
			must(pwrite(fd, &bytes->data[bit / 8], 1, (off_t)bit / 8) != 1, files[i].path);
		}
		close(fd);
	}
}

static void lengths(struct tally *tally, const char *log)
{
	for (size_t i = 0; i < file_count; i++) {
		for (size_t length = files[i].bytes.size; length-- > 0;) {
			if (!turn(tally))
				continue;
			must(truncate(files[i].path, (off_t)length), files[i].path);
			judge(tally, log, files[i].path, length);
		}
		put_back(&files[i]);
	}
}

static void gone(struct tally *tally, const char *log)
{
	for (size_t i = 0; i < file_count; i++) {
		tally->there++;
		must(unlink(files[i].path), files[i].path);
		judge(tally, log, files[i].path, 0);
		put_back(&files[i]);
	}
}

static void places(struct tally *tally, const char *log)
{
	for (size_t i = 0; i < file_count; i++) {
		for (size_t j = 0; j < file_count; j++) {
			if (i == j)
				continue;
			tally->there++;
			put_file(files[i].path, files[j].bytes.data, files[j].bytes.size);
			judge(tally, log, files[i].path, j);
		}
		put_back(&files[i]);
	}
}

/** Who reads one waits for ever. */
static void pipes(struct tally *tally, const char *log)
{
	for (size_t i = 0; i < file_count; i++) {
		tally->there++;
		must(unlink(files[i].path) || mkfifo(files[i].path, 0600), files[i].path);
		judge(tally, log, files[i].path, 0);
		must(unlink(files[i].path), files[i].path);
		put_back(&files[i]);
	}
}

static void entries(struct tally *tally, const char *log)
{
	struct buf out = {};

	for (size_t i = 0; i < file_count; i++) {
		if (!strstr(files[i].path, "/entries/"))
			continue;
		for (unsigned int number = 0; number < 256; number++)
			for (unsigned int how = 0; how < 3; how++) {
				if (!rewrite(&files[i], number, how, &out) || !turn(tally))
					continue;
				put_file(files[i].path, out.data, out.size);
				judge(tally, log, files[i].path, number);
			}
		put_back(&files[i]);
	}
	buf_free(&out);
}

static const struct {
	const char *id;
	void (*all)(struct tally *tally, const char *log);
} counted[] = {
	{"bit", bits},	   {"short", lengths}, {"gone", gone},
	{"place", places}, {"pipe", pipes},    {"entry", entries},
};

/* ---- an example of each ---- */

static struct sample make(const char *id, const struct key *key, unsigned int count, struct sample sample)
{
	char path[256];

	log_path(path, id);
	sample.key = key;
	must(writer_open(&sample.writer, path, key), path);
	sample_begin(&sample, "");
	sample_entries(&sample, count);
	sample_end(&sample);
	must(sample.error, path);
	writer_close(&sample.writer);
	return sample;
}

static void go_on(const char *id, const struct key *key, const char *certificate, uint64_t time)
{
	struct sample sample = {.time = time, .key = key};
	char path[256];

	log_path(path, id);
	must(writer_open(&sample.writer, path, key), path);
	sample_begin(&sample, certificate);
	sample_entries(&sample, 7);
	sample_end(&sample);
	must(sample.error, path);
	writer_close(&sample.writer);
}

/** A log's checkpoint as it is now, elsewhere: ID/kept is what somebody else has of it. */
static void keep(const char *of, const char *as)
{
	struct buf note = {};
	char path[300];

	snprintf(path, sizeof(path), "%s/%s/log/checkpoint", directory, of);
	must(file_read_at(AT_FDCWD, path, &note, 65536), path);
	snprintf(path, sizeof(path), "%s/%s", directory, as);
	put_file(path, note.data, note.size);
	buf_free(&note);
}

static void damaged_files(void)
{
	struct buf out = {};
	char path[256];
	struct file *bundle;

	copy("sound", "bit");
	copy("sound", "short");
	copy("sound", "gone");
	copy("sound", "place");
	copy("sound", "pipe");
	copy("sound", "entry");
	copy("sound", "unsigned");
	log_path(path, "sound");
	take_files(path, 3);
	bundle = file_named("/entries/");
	snprintf(path, sizeof(path), "%s/bit%s", directory, strstr(bundle->path, "/log/"));
	bundle->bytes.data[bundle->bytes.size / 2] ^= 1;
	put_file(path, bundle->bytes.data, bundle->bytes.size);
	bundle->bytes.data[bundle->bytes.size / 2] ^= 1;
	snprintf(path, sizeof(path), "%s/short%s", directory, strstr(bundle->path, "/log/"));
	must(truncate(path, (off_t)bundle->bytes.size / 2), path);
	snprintf(path, sizeof(path), "%s/gone%s", directory, strstr(bundle->path, "/log/"));
	must(unlink(path), path);
	snprintf(path, sizeof(path), "%s/place%s", directory, strstr(bundle->path, "/log/"));
	put_file(path, file_named("/tile/0/")->bytes.data, file_named("/tile/0/")->bytes.size);
	snprintf(path, sizeof(path), "%s/pipe%s", directory, strstr(bundle->path, "/log/"));
	must(unlink(path) || mkfifo(path, 0600), path);
	snprintf(path, sizeof(path), "%s/entry%s", directory, strstr(bundle->path, "/log/"));
	rewrite(bundle, FEW / 2, 2, &out);
	put_file(path, out.data, out.size);
	snprintf(path, sizeof(path), "%s/unsigned/log/checkpoint", directory);
	must(truncate(path, strstr(file_named("/checkpoint")->bytes.data, "\n\n") + 2 -
				    file_named("/checkpoint")->bytes.data),
	     path);
	buf_free(&out);
}

/** What the entries of a bundle come to: a tile, and the checkpoint's text. */
static void hash_anew(const struct buf *bundle, struct hashes *hashes, struct buf *text)
{
	struct checkpoint checkpoint = {};
	uint8_t hash[DIGEST_SIZE];
	struct entry entry;
	size_t off = 0;

	while (bundle_entry((const uint8_t *)bundle->data, bundle->size, &off, &entry)) {
		tree_leaf(entry.at, entry.size, hash);
		hashes_add(hashes, hash);
	}
	must(checkpoint_read(&checkpoint, text->data, text->size), "checkpoint");
	buf_clear(text);
	checkpoint.size = hashes_size(hashes);
	hashes_root(hashes, checkpoint.size, checkpoint.root);
	must(checkpoint_write(&checkpoint, NULL, text), "checkpoint");
}

/** An entry is left out and all that is computed from the entries is computed anew; the signature stays. */
static void rebuilt(void)
{
	const struct file *note = file_named("/checkpoint");
	const char *signature = strstr(note->bytes.data, "\n\n");
	struct buf bundle = {}, text = {};
	struct hashes hashes = {};
	char path[300], command[600];

	rewrite(file_named("/entries/"), FEW / 2, 0, &bundle);
	buf_bytes(&text, note->bytes.data, note->bytes.size);
	hash_anew(&bundle, &hashes, &text);
	buf_str(&text, signature + 2);
	snprintf(command, sizeof(command), "rm '%s/rebuilt/log/tile/'*/000.p/*", directory);
	must(system(command), command); /* NOLINT: names of our own */
	snprintf(path, sizeof(path), "%s/rebuilt/log/tile/0/000.p/%zu", directory, hashes.levels[0].count);
	put_file(path, (const char *)hashes.levels[0].at, hashes.levels[0].count * DIGEST_SIZE);
	snprintf(path, sizeof(path), "%s/rebuilt/log/tile/entries/000.p/%zu", directory,
		 hashes.levels[0].count);
	put_file(path, bundle.data, bundle.size);
	snprintf(path, sizeof(path), "%s/rebuilt/log/checkpoint", directory);
	put_file(path, text.data, text.size);
	hashes_free(&hashes);
	buf_free(&bundle);
	buf_free(&text);
}

/** By whoever has no key, but knows what a log looks like. */
static void without_a_key(void)
{
	const struct buf *note = &file_named("/checkpoint")->bytes;
	struct checkpoint checkpoint = {};
	struct buf text = {};
	struct cut cut;
	char path[300];

	copy("sound", "rebuilt");
	rebuilt();
	copy("sound", "called");
	must(checkpoint_read(&checkpoint, note->data, note->size), "checkpoint");
	cut = (struct cut){.size = checkpoint.size, .to = 1};
	memcpy(cut.origin, checkpoint.origin, sizeof(cut.origin));
	cut_write(&cut, &text);
	snprintf(path, sizeof(path), "%s/called/log/" CUT_FILE, directory);
	put_file(path, text.data, text.size);
	snprintf(path, sizeof(path), "%s/called%s", directory,
		 strstr(file_named("/entries/")->path, "/log/"));
	must(unlink(path), path);
	buf_free(&text);
}

/** By whoever has another key. */
static void forged(uint64_t time)
{
	struct buf certificate = {};

	make("anew", other, FEW, (struct sample){});
	copy("sound", "silent");
	go_on("silent", other, NULL, time);
	copy("sound", "named");
	go_on("named", other, "", time);
	copy("sound", "vouched");
	must(key_certify(other, key_public(other), &certificate), "certificate");
	buf_byte(&certificate, '\0');
	go_on("vouched", other, certificate.data, time);
	buf_free(&certificate);
}

/** By whoever has the host's. */
static void by_the_host(uint64_t time)
{
	struct sample paused = {.key = host}, late = {.time = time + 30 * SAMPLE_SECOND, .key = host};
	struct buf note = {};
	char path[300];

	make("swapped", host, FEW, (struct sample){});
	keep("sound", "swapped/kept");
	copy("sound", "back");
	copy("sound", "whole");
	copy("sound", "fork");
	copy("sound", "branch");
	go_on("whole", host, "", time);
	keep("whole", "back/kept");
	go_on("fork", host, "", time + SAMPLE_SECOND);
	keep("whole", "fork/kept");
	copy("fork", "ends");
	keep("whole", "ends/log/checkpoint");
	copy("whole", "older");
	keep("sound", "older/log/checkpoint");
	go_on("branch", host, "", time + SAMPLE_SECOND);
	snprintf(path, sizeof(path), "%s/whole/log/checkpoint", directory);
	must(file_read_at(AT_FDCWD, path, &note, 65536), path);
	late.beat = &note;
	log_path(path, "branch");
	must(writer_open(&late.writer, path, host), path);
	sample_begin(&late, "");
	sample_entries(&late, 7);
	sample_end(&late);
	writer_close(&late.writer);
	buf_free(&note);
	drawn = 0; /* the name that "sound" has */
	make("history", host, FEW, (struct sample){.time = SAMPLE_SECOND});
	drawn = 100;
	keep("sound", "history/kept");
	make("event", host, FEW, (struct sample){.skip_seq = 11});
	make("beat", host, FEW, (struct sample){.skip_beat = 2});
	log_path(path, "pause");
	must(writer_open(&paused.writer, path, host), path);
	sample_begin(&paused, "");
	sample_entries(&paused, FEW);
	paused.time += 200 * SAMPLE_SECOND;
	sample_entries(&paused, FEW);
	sample_end(&paused);
	writer_close(&paused.writer);
}

int main(int argc, char **argv)
{
	char path[256];
	struct sample sample;
	struct said said;

	if (argc != 5)
		return 2;
	directory = argv[1];
	must(key_open(&host, argv[2]), argv[2]);
	must(key_open(&other, argv[3]), argv[3]);
	step = strtoul(argv[4], NULL, 10);
	sample = make("sound", host, FEW, (struct sample){});
	damaged_files();
	without_a_key();
	forged(sample.time);
	by_the_host(sample.time);
	make("many", host, MANY, (struct sample){});
	log_path(path, "many");
	take_files(path, 6);
	must(found(path, false), "the log is not sound");
	said_begin(&said);
	for (size_t i = 0; step && i < ARRAY_SIZE(counted); i++) {
		struct tally tally = {.id = counted[i].id};

		counted[i].all(&tally, path);
		printf("%s\t%zu\t%zu\t%zu\n", tally.id, tally.there, tally.tried, tally.missed);
	}
	said_end(&said);
	must(found(path, false), "the log is not sound any more");
	key_close(&host);
	key_close(&other);
	return 0;
}
