// SPDX-License-Identifier: GPL-3.0-or-later
/* What is done to a log is found by verify; what a log alone cannot show, verify says. */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "../../user/util/file.h"
#include "host.h"

static struct key *other;

static int set_up(void **state)
{
	char path[128];

	if (host_set_up(state))
		return -1;
	path_of(path, "other");
	return key_create(&other, path);
}

static int tear_down(void **state)
{
	key_close(&other);
	return host_tear_down(state);
}

static void open_sample(struct sample *sample, const char *name, const struct key *key)
{
	char path[128];

	path_of(path, name);
	sample->key = key;
	assert_int_equal(writer_open(&sample->writer, path, key), 0);
}

static void close_sample(struct sample *sample)
{
	assert_int_equal(sample->error, 0);
	writer_close(&sample->writer);
}

/** One run of the host's, signed, with a heartbeat each minute; one entry more with STOP. */
static struct sample make(const char *name, const struct key *key, unsigned int entries)
{
	struct sample sample = {};

	open_sample(&sample, name, key);
	sample_begin(&sample, "");
	sample_entries(&sample, entries);
	sample_end(&sample);
	close_sample(&sample);
	return sample;
}

static void copy(const char *from, const char *to)
{
	char command[512];

	snprintf(command, sizeof(command), "cp -r %s/%s %s/%s", directory, from, directory, to);
	assert_int_equal(system(command), 0); /* NOLINT: names of our own */
}

static void note_of(const char *name, struct buf *note)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s/checkpoint", directory, name);
	assert_int_equal(file_read_at(AT_FDCWD, path, note, 65536), 0);
}

/* ---- judging ---- */

struct judged {
	uint64_t doubts;
	struct buf said; /* every line: "kind check: text" */
};

static struct judged judge(const char *name, const struct key *key, const struct buf *since)
{
	static const char *const kinds[] = {"proved", "limit", "doubt"};
	struct verified verified = {};
	struct verify_options options = {};
	struct judged judged = {};
	char path[128];
	int r;

	path_of(path, name);
	if (since) {
		options.since = since->data;
		options.since_size = since->size;
	}
	r = host_verify(path, key, options, &verified);
	judged.doubts = verified.verdict.doubts + (r < 0);
	buf_str(&judged.said, "\n");
	for (size_t i = 0; i < verified.verdict.count; i++)
		buf_printf(&judged.said, "%s %s: %s\n", kinds[verified.verdict.lines[i].kind],
			   verified.verdict.lines[i].check, verified.verdict.lines[i].text);
	verified_free(&verified);
	return judged;
}

/** Nothing is in doubt, and this is among what is said. */
static void sound(const char *name, const struct key *key, const struct buf *since, const char *part)
{
	struct judged judged = judge(name, key, since);

	if (judged.doubts || !strstr(judged.said.data, part))
		fail_msg("%s: expected no doubt and \"%s\", found %s", name, part, judged.said.data);
	buf_free(&judged.said);
}

static void doubted(const char *name, const struct key *key, const struct buf *since, const char *part)
{
	struct judged judged = judge(name, key, since);

	if (!judged.doubts || !strstr(judged.said.data, part))
		fail_msg("%s: expected a doubt and \"%s\", found %s", name, part, judged.said.data);
	buf_free(&judged.said);
}

static bool found(const char *name, const struct key *key)
{
	struct judged judged = judge(name, key, NULL);

	buf_free(&judged.said);
	return judged.doubts;
}

/* ---- damage to files ---- */

static struct file {
	char path[256];
	struct buf bytes;
} files[16];
static size_t file_count;

static int take_file(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st, (void)walk;
	if (type != FTW_F)
		return 0;
	if (file_count == sizeof(files) / sizeof(*files))
		return -1;
	snprintf(files[file_count].path, sizeof(files[0].path), "%s", path);
	return file_read_at(AT_FDCWD, path, &files[file_count++].bytes, 1 << 24);
}

static void take_files(const char *name, size_t expected)
{
	char path[128];

	path_of(path, name);
	file_count = 0;
	assert_int_equal(nftw(path, take_file, 16, FTW_PHYS), 0);
	assert_int_equal(file_count, expected);
}

static void free_files(void)
{
	for (size_t i = 0; i < file_count; i++)
		buf_free(&files[i].bytes);
	file_count = 0;
}

static void put_file(const char *path, const char *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(file_write(fd, bytes, size), 0);
	close(fd);
}

static void flip_bits(const char *name, const struct file *file, size_t step, const struct key *key)
{
	int fd = open(file->path, O_WRONLY);

	assert_true(fd >= 0);
	for (size_t bit = 0; bit < file->bytes.size * 8; bit += step) {
		char flipped = (char)(file->bytes.data[bit / 8] ^ 1 << bit % 8);

		assert_int_equal(pwrite(fd, &flipped, 1, (off_t)bit / 8), 1);
		if (!found(name, key))
			fail_msg("%s: bit %zu of byte %zu is another, and nothing is in doubt", file->path,
				 bit % 8, bit / 8);
		assert_int_equal(pwrite(fd, &file->bytes.data[bit / 8], 1, (off_t)bit / 8), 1);
	}
	close(fd);
}

static void cut_short(const char *name, const struct file *file, size_t step)
{
	for (size_t length = 0; length < file->bytes.size; length += step) {
		put_file(file->path, file->bytes.data, length);
		if (!found(name, host))
			fail_msg("%s: %zu of %zu bytes are there, and nothing is in doubt", file->path,
				 length, file->bytes.size);
	}
	assert_int_equal(unlink(file->path), 0);
	if (!found(name, host))
		fail_msg("%s: it is gone, and nothing is in doubt", file->path);
	put_file(file->path, file->bytes.data, file->bytes.size);
}

/* ---- where the damage is ---- */

/** The entry in which this byte of a bundle stands, as verify names it. */
static void name_of_entry(char name[192], const struct file *file, uint64_t first, size_t byte)
{
	const char *path = strstr(file->path, "tile/entries/");
	size_t off = 0, next;

	for (;; off = next, first++) {
		const uint8_t *at = (const uint8_t *)file->bytes.data + off;

		next = off + 2 + ((size_t)at[0] << 8 | at[1]);
		if (byte < next)
			break;
	}
	snprintf(name, 192, "doubt entries: entry %llu (%s, from byte %zu) is not what its tile",
		 (unsigned long long)first, path, off);
}

/** A single bit of a bundle is another: that entry is named, and no other. */
static void bits_are_located(const char *name, const struct file *file, uint64_t first, size_t step)
{
	int fd = open(file->path, O_WRONLY);

	assert_true(fd >= 0);
	for (size_t bit = 0; bit < file->bytes.size * 8; bit += step) {
		char flipped = (char)(file->bytes.data[bit / 8] ^ 1 << bit % 8);
		struct judged judged;
		char expected[192];
		const char *said;

		name_of_entry(expected, file, first, bit / 8);
		assert_int_equal(pwrite(fd, &flipped, 1, (off_t)bit / 8), 1);
		judged = judge(name, host, NULL);
		said = strstr(judged.said.data, expected);
		if (!said || strstr(said + 1, "\ndoubt entries: ") ||
		    !strstr(judged.said.data, "\nproved entries: the other "))
			fail_msg("%s: bit %zu of byte %zu: expected %s, found %s", file->path, bit % 8,
				 bit / 8, expected, judged.said.data);
		buf_free(&judged.said);
		assert_int_equal(pwrite(fd, &file->bytes.data[bit / 8], 1, (off_t)bit / 8), 1);
	}
	close(fd);
}

static void damage_is_located(void **state)
{
	(void)state;
	make("log", host, 300);
	take_files("log", 6);
	for (size_t i = 0; i < file_count; i++)
		if (strstr(files[i].path, "/entries/")) {
			uint64_t first = strstr(files[i].path, "entries/000") ? 0 : TILE_WIDTH;

			bits_are_located("log", &files[i], first, files[i].bytes.size * 8 / 400 + 1);
		}
	sound("log", host, NULL, "\nproved entries: the 301 entries");
	free_files();
}

/** Where not only one entry is damaged, and where nobody can say which. */
static void damage_of_other_kinds(void **state)
{
	struct file *bundle = NULL, *tile = NULL;

	(void)state;
	make("log", host, 300);
	take_files("log", 6);
	for (size_t i = 0; i < file_count; i++) {
		if (strstr(files[i].path, "entries/000"))
			bundle = &files[i];
		if (strstr(files[i].path, "tile/0/000"))
			tile = &files[i];
	}
	assert_true(bundle && tile);
	put_file(bundle->path, bundle->bytes.data, bundle->bytes.size / 2);
	doubted("log", host, NULL, "behind it be told apart");
	assert_int_equal(unlink(bundle->path), 0);
	doubted("log", host, NULL, "doubt entries: entries 0 to 255 (tile/entries/000): No such file");
	put_file(bundle->path, bundle->bytes.data, bundle->bytes.size);
	bundle->bytes.data[1000] ^= 1;
	tile->bytes.data[1000] ^= 1;
	put_file(bundle->path, bundle->bytes.data, bundle->bytes.size);
	put_file(tile->path, tile->bytes.data, tile->bytes.size);
	doubted("log", host, NULL, "limit entries: which entries are damaged: the tiles of hashes do not");
	free_files();
}

/** A small log, every file: every bit with the key and without, every length. */
static void every_bit_and_length(void **state)
{
	(void)state;
	make("log", host, 7);
	take_files("log", 3); /* checkpoint, a tile, a bundle */
	sound("log", host, NULL, "\nproved signature: ");
	for (size_t i = 0; i < file_count; i++) {
		flip_bits("log", &files[i], 1, host);
		flip_bits("log", &files[i], 7, NULL);
		cut_short("log", &files[i], 1);
	}
	sound("log", host, NULL, "\nproved signature: ");
	free_files();
}

/** Some hundred entries, two bundles, two levels of tiles: bits and lengths here and there, of every file. */
static void bits_of_many_entries(void **state)
{
	(void)state;
	make("log", host, 300);
	take_files("log", 6);
	sound("log", host, NULL, "\nproved heartbeats: the checkpoints in 50 heartbeats");
	for (size_t i = 0; i < file_count; i++) {
		size_t bits = files[i].bytes.size * 8;

		flip_bits("log", &files[i], bits / 150 + 1, host);
		cut_short("log", &files[i], files[i].bytes.size / 30 + 1);
	}
	free_files();
}

/** Each file in the place of each other. */
static void files_in_each_others_place(void **state)
{
	(void)state;
	make("log", host, 300);
	take_files("log", 6);
	for (size_t i = 0; i < file_count; i++) {
		for (size_t j = 0; j < file_count; j++) {
			if (i == j)
				continue;
			put_file(files[i].path, files[j].bytes.data, files[j].bytes.size);
			if (!found("log", host))
				fail_msg("%s in the place of %s: nothing is in doubt", files[j].path,
					 files[i].path);
		}
		put_file(files[i].path, files[i].bytes.data, files[i].bytes.size);
	}
	sound("log", host, NULL, "\nproved tiles: ");
	free_files();
}

/** A bundle with entry `drop` left out, or written twice, or changed with the next. */
static void rewrite(const struct file *file, unsigned int number, int how)
{
	struct buf out = {};
	size_t off = 0;

	for (unsigned int i = 0; off < file->bytes.size; i++) {
		const uint8_t *at = (const uint8_t *)file->bytes.data + off;
		size_t size = 2 + ((size_t)at[0] << 8 | at[1]);
		size_t next = how == 2 && i == number ? 2 + ((size_t)at[size] << 8 | at[size + 1]) : 0;

		if (next)
			buf_bytes(&out, at + size, next);
		if (how || i != number)
			buf_bytes(&out, at, size);
		if (how == 1 && i == number)
			buf_bytes(&out, at, size);
		off += size + next;
	}
	put_file(file->path, out.data, out.size);
	buf_free(&out);
}

static void entries_dropped_doubled_swapped(void **state)
{
	static const char *const ways[] = {"is left out", "stands twice", "is swapped with the next"};

	(void)state;
	make("log", host, 300);
	take_files("log", 6);
	for (size_t f = 0; f < file_count; f++) {
		bool whole = strstr(files[f].path, "entries/000");

		if (!strstr(files[f].path, "/entries/"))
			continue;
		for (unsigned int i = 0; i + 1 < (whole ? 256 : 45); i += whole ? 5 : 1)
			for (int how = 0; how < 3; how++) {
				rewrite(&files[f], i, how);
				if (!found("log", host))
					fail_msg("%s: entry %u %s, and nothing is in doubt", files[f].path, i,
						 ways[how]);
			}
		put_file(files[f].path, files[f].bytes.data, files[f].bytes.size);
	}
	sound("log", host, NULL, "\nproved entries: the 301 entries");
	free_files();
}

/* ---- what whoever holds the directory, or even the key, may do ---- */

static void go_on(const char *name, const struct key *key, const char *certificate, uint64_t time)
{
	struct sample sample = {.time = time};

	open_sample(&sample, name, key);
	sample_begin(&sample, certificate);
	sample_entries(&sample, 20);
	sample_end(&sample);
	close_sample(&sample);
}

/** An older copy in its place: only who holds a later checkpoint sees it, and without one that is said. */
static void rolled_back(void **state)
{
	struct sample sample = make("log", host, 40);
	struct buf older = {}, newer = {};

	(void)state;
	copy("log", "old");
	note_of("log", &older);
	go_on("log", host, "", sample.time);
	note_of("log", &newer);
	sound("log", host, &older, "\nproved since: its first 41 entries");
	sound("log", host, &newer, "\nproved since: its first 62 entries");
	sound("old", host, NULL, "\nlimit since: that nothing was cut off at the end");
	doubted("old", host, &newer, "the log was rolled back");
	older.data[12] ^= 1; /* of another origin */
	doubted("log", host, &older, "it is of another log");
	older.data[12] ^= 1;
	older.data[older.size - 20] ^= 1;
	doubted("log", host, &older, "it is not signed by a trusted key");
	buf_free(&older);
	buf_free(&newer);
}

static void forged_by_a_fresh_key(void **state)
{
	struct sample sample = make("log", host, 40);

	(void)state;
	copy("log", "silent");
	go_on("silent", other, NULL, sample.time);
	doubted("silent", host, NULL,
		"doubt signature: the checkpoint is not signed by the key that you gave");
	doubted("silent", NULL, NULL,
		"doubt signature: the checkpoint is not signed by the key that the log");
	copy("log", "named");
	go_on("named", other, "", sample.time);
	doubted("named", host, NULL, "doubt keys: event 90: from here on another key signs");
	doubted("named", NULL, NULL, "doubt keys: event 90: from here on another key signs");
	/* All of it anew: nothing in it speaks against it, and that is said. */
	make("anew", other, 40);
	sound("anew", NULL, NULL, "this proves only that one hand wrote it all");
	doubted("anew", host, NULL, "doubt signature: the checkpoint is not signed by the key that you gave");
}

static void forked(void **state)
{
	struct sample sample = make("log", host, 40), late = {.time = sample.time + 30 * SAMPLE_SECOND};
	struct buf one = {};

	(void)state;
	copy("log", "fork");
	go_on("log", host, "", sample.time);
	go_on("fork", host, "", sample.time + SAMPLE_SECOND);
	note_of("log", &one);
	sound("fork", host, NULL, "\nlimit since: ");
	doubted("fork", host, &one, "the log was forked");
	/* A heartbeat of the other branch in this one. */
	late.beat = &one;
	open_sample(&late, "fork", host);
	sample_begin(&late, "");
	sample_entries(&late, 7);
	sample_end(&late);
	close_sample(&late);
	doubted("fork", host, NULL, "its checkpoint has another root than the entries before it");
	buf_free(&one);
}

/** The key's holder leaves something out and signs the rest: what must be there shows it. */
static void left_out_by_the_writer(void **state)
{
	static const struct {
		const char *name, *said;
		struct sample sample;
	} cases[] = {
		{"event",
		 "1 events are missing in their sequences, and the record tells of 0",
		 {.skip_seq = 31}},
		{"beat", "heartbeat 4 comes after 2", {.skip_beat = 3}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sample sample = cases[i].sample;

		open_sample(&sample, cases[i].name, host);
		sample_begin(&sample, "");
		sample_entries(&sample, 40);
		sample_end(&sample);
		close_sample(&sample);
		doubted(cases[i].name, host, NULL, cases[i].said);
	}
}

static void nobody_watched(void **state)
{
	struct sample sample = {};

	(void)state;
	open_sample(&sample, "log", host);
	sample_begin(&sample, "");
	sample_entries(&sample, 20);
	sample.time += 200 * SAMPLE_SECOND;
	sample_entries(&sample, 20);
	sample_end(&sample);
	close_sample(&sample);
	doubted("log", host, NULL, "280 s without a sign of life before event");
}

/** A crash is no doubt, and it is said. */
static void a_run_cut_off(void **state)
{
	struct sample sample = {};

	(void)state;
	open_sample(&sample, "log", host);
	sample_begin(&sample, "");
	sample_entries(&sample, 20);
	close_sample(&sample);
	sound("log", host, NULL, "\nlimit intervals: the last run has no end");
	go_on("log", host, "", sample.time);
	sound("log", host, NULL, "\nlimit intervals: run 1 was cut off before event 45");
}

static void a_key_is_changed(void **state)
{
	struct sample sample = make("log", host, 20);
	struct buf certificate = {}, older = {};

	(void)state;
	note_of("log", &older);
	assert_int_equal(key_certify(host, key_public(other), &certificate), 0);
	go_on("log", other, certificate.data, sample.time);
	sound("log", host, &older,
	      "\nproved signature: the checkpoint is signed by the key that you gave, or one");
	sound("log", NULL, NULL, "\nproved keys: the record tells of its key 2 times, 1 of them");
	sound("log", other, NULL, "\nlimit keys: runs before it were signed by other keys");
	buf_clear(&certificate);
	assert_int_equal(key_certify(other, key_public(host), &certificate), 0);
	make("wrong", host, 20);
	go_on("wrong", other, certificate.data, sample.time);
	doubted("wrong", host, NULL, "its certificate is not about it");
	buf_free(&certificate);
	buf_free(&older);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_bit_and_length),
		TEST(bits_of_many_entries),
		TEST(files_in_each_others_place),
		TEST(damage_is_located),
		TEST(damage_of_other_kinds),
		TEST(entries_dropped_doubled_swapped),
		TEST(rolled_back),
		TEST(forged_by_a_fresh_key),
		TEST(forked),
		TEST(left_out_by_the_writer),
		TEST(nobody_watched),
		TEST(a_run_cut_off),
		TEST(a_key_is_changed),
	};

	return cmocka_run_group_tests_name("attack", tests, NULL, NULL);
}
