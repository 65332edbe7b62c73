// SPDX-License-Identifier: GPL-3.0-or-later
/* The log gives back what it was given; what is damaged is refused; a crash costs the unsealed only. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "../../user/capture/reader.h"
#include "../../user/capture/writer.h"
#include "directory.h"
#include "said.h"

static bool beside; /* a thread of its own writes */

static int set_up(void **state)
{
	(void)state;
	return directory_make();
}

static int set_up_beside(void **state)
{
	beside = true;
	return set_up(state);
}

static int tear_down(void **state)
{
	(void)state;
	beside = false;
	return remove_all(directory);
}

static void log_path(char path[128])
{
	snprintf(path, 128, "%s/log", directory);
}

static struct writer *open_writer(void)
{
	struct writer *writer;
	char path[128];

	log_path(path);
	assert_int_equal(writer_open(&writer, path, NULL), 0);
	if (beside)
		assert_int_equal(writer_beside(writer), 0);
	return writer;
}

/** Events of many sizes, hard to compress, each with its number in it. */
static const struct ev_head *numbered(uint64_t number, struct draft *draft)
{
	struct ev_document *event = DRAFT(draft, DOCUMENT, document, number);
	uint64_t noise = number * 0x9e3779b97f4a7c15 + 1;
	uint8_t bytes[12000];

	for (size_t i = 0; i < sizeof(bytes); i++) {
		noise ^= noise << 13, noise ^= noise >> 7, noise ^= noise << 17;
		bytes[i] = (uint8_t)noise;
	}
	event->offset = (uint32_t)number;
	draft_str(draft, &event->text, bytes, (number * 37) % sizeof(bytes));
	return draft_end(draft);
}

static void append(struct writer *writer, uint64_t from, uint64_t to)
{
	struct draft draft;

	for (uint64_t i = from; i < to; i++) {
		assert_int_equal(writer_position(writer), i);
		assert_int_equal(writer_append(writer, numbered(i, &draft)), 0);
	}
}

/** Reads all of it and says how many events there were, every one as it was given. */
static uint64_t read_back(void)
{
	struct reader *reader;
	const struct ev_head *event;
	char path[128];
	uint64_t count = 0;
	int r;

	log_path(path);
	assert_int_equal(reader_open(&reader, path), 0);
	while ((r = source_next(reader_source(reader), &event)) == SOURCE_EVENT) {
		struct draft draft;
		const struct ev_head *expected = numbered(count, &draft);

		assert_int_equal(reader_position(reader), count);
		assert_int_equal(event->size, expected->size);
		assert_memory_equal(event, expected, event->size);
		count++;
	}
	assert_int_equal(r, SOURCE_END);
	reader_close(&reader);
	return count;
}

static void what_is_sealed_is_read_back(void **state)
{
	struct writer *writer = open_writer();

	(void)state;
	assert_int_equal(read_back(), 0);
	append(writer, 0, 1);
	assert_int_equal(writer_seal(writer), 0);
	assert_int_equal(read_back(), 1);
	assert_int_equal(writer_seal(writer), 0); /* nothing new */
	append(writer, 1, 700);
	assert_int_equal(writer_seal(writer), 0);
	assert_int_equal(read_back(), 700);
	writer_close(&writer);
}

/** More than 256 entries, so that bundles and tiles fill and a second level begins. */
static void many_bundles(void **state)
{
	struct writer *writer = open_writer();
	char path[256];

	(void)state;
	for (uint64_t i = 0; i < 600; i++) {
		append(writer, i * 3, i * 3 + 3);
		assert_int_equal(writer_seal(writer), 0);
	}
	assert_int_equal(read_back(), 1800);
	writer_close(&writer);
	snprintf(path, sizeof(path), "%s/log/tile/entries/001", directory);
	assert_int_equal(access(path, F_OK), 0);
	snprintf(path, sizeof(path), "%s/log/tile/0/002.p/88", directory);
	assert_int_equal(access(path, F_OK), 0);
	snprintf(path, sizeof(path), "%s/log/tile/1/000.p/2", directory);
	assert_int_equal(access(path, F_OK), 0);
	snprintf(path, sizeof(path), "%s/log/tile/0/000.p", directory);
	assert_int_not_equal(access(path, F_OK), 0); /* no partial tile is left beside a whole one */
}

static void a_log_is_continued(void **state)
{
	char first[128], again[128];

	(void)state;
	for (uint64_t i = 0; i < 300; i++) {
		struct writer *writer = open_writer();

		snprintf(i ? again : first, sizeof(first), "%s", writer_origin(writer));
		if (i)
			assert_string_equal(first, again);
		append(writer, i * 2, i * 2 + 2);
		assert_int_equal(writer_seal(writer), 0);
		writer_close(&writer);
	}
	assert_int_equal(read_back(), 600);
}

/** kill -9: what was not sealed goes, and the log goes on behind the last seal. */
static void the_unsealed_is_cut_off(void **state)
{
	(void)state;
	for (uint64_t sealed = 0; sealed < 40; sealed += 10) {
		struct writer *writer = open_writer();

		append(writer, sealed, sealed + 10);
		assert_int_equal(writer_seal(writer), 0);
		append(writer, sealed + 10, sealed + 400); /* several blocks reach the bundle */
		writer_close(&writer);
		assert_int_equal(read_back(), sealed + 10);
	}
}

static void keep_link(const char *name, const char *as)
{
	char from[160], to[160];

	snprintf(from, sizeof(from), "%s/log/%s", directory, name);
	snprintf(to, sizeof(to), "%s/%s", directory, as);
	assert_int_equal(link(from, to), 0);
}

static void put_back(const char *as, const char *name)
{
	char from[160], to[160];

	snprintf(from, sizeof(from), "%s/%s", directory, as);
	snprintf(to, sizeof(to), "%s/log/%s", directory, name);
	assert_int_equal(rename(from, to), 0);
}

/**
 * A crash in the middle of a seal: the bundle has its new name beside the old one,
 * and the checkpoint is still the older. It reads, and it goes on.
 */
static void a_seal_cut_short_is_no_seal(void **state)
{
	struct writer *writer = open_writer();

	(void)state;
	append(writer, 0, 20);
	assert_int_equal(writer_seal(writer), 0);
	keep_link("checkpoint", "checkpoint");
	keep_link("tile/entries/000.p/1", "bundle");
	append(writer, 20, 40);
	assert_int_equal(writer_seal(writer), 0);
	writer_close(&writer);
	put_back("checkpoint", "checkpoint");
	put_back("bundle", "tile/entries/000.p/1");
	assert_int_equal(read_back(), 20);
	writer = open_writer();
	assert_int_equal(writer_position(writer), 20);
	append(writer, 20, 30);
	assert_int_equal(writer_seal(writer), 0);
	writer_close(&writer);
	assert_int_equal(read_back(), 30);
}

/** A flood fills bundles between two seals, and the writer dies: nothing of it may come back. */
static void a_flood_cut_short_leaves_nothing(void **state)
{
	char path[160];

	(void)state;
	for (uint64_t sealed = 0; sealed < 3; sealed++) {
		struct writer *writer = open_writer();

		append(writer, sealed * 2000, sealed * 2000 + 2000);
		assert_int_equal(writer_seal(writer), 0);
		append(writer, sealed * 2000 + 2000, sealed * 2000 + 9000); /* some 600 entries */
		writer_close(&writer);
		assert_int_equal(read_back(), sealed * 2000 + 2000);
	}
	writer_close(&(struct writer *){open_writer()});
	for (int bundle = 3; bundle < 8; bundle++) {
		snprintf(path, sizeof(path), "%s/log/tile/entries/%03d", directory, bundle);
		if (!access(path, F_OK))
			fail_msg("%s is left", path);
		snprintf(path, sizeof(path), "%s/log/tile/entries/%03d.p", directory, bundle);
		if (!access(path, F_OK))
			fail_msg("%s is left", path);
	}
}

/** From any position on, whatever was read before; and the last event of a kind before one. */
static void found_by_position(void **state)
{
	static const uint64_t positions[] = {0, 1, 1234, 1799, 600, 599, 3, 0, 1800, 5000, 1798};
	struct writer *writer = open_writer();
	const struct ev_head *event;
	struct reader *reader;
	struct draft draft;
	char path[128];

	(void)state;
	for (uint64_t i = 0; i < 600; i++) {
		append(writer, i * 3, i * 3 + 2);
		DRAFT(&draft, STOP, stop, i);
		assert_int_equal(writer_append(writer, draft_end(&draft)), 0);
		assert_int_equal(writer_seal(writer), 0);
	}
	writer_close(&writer);
	log_path(path);
	assert_int_equal(reader_open(&reader, path), 0);
	for (size_t i = 0; i < sizeof(positions) / sizeof(*positions); i++) {
		assert_int_equal(reader_seek(reader, positions[i]), 0);
		if (positions[i] >= 1800) {
			assert_int_equal(source_next(reader_source(reader), &event), SOURCE_END);
			continue;
		}
		assert_int_equal(source_next(reader_source(reader), &event), SOURCE_EVENT);
		assert_int_equal(reader_position(reader), positions[i]);
		assert_int_equal(event->kind, positions[i] % 3 == 2 ? EV_STOP : EV_DOCUMENT);
	}
	assert_int_equal(reader_last(reader, EV_STOP, UINT64_MAX), 0);
	assert_int_equal(source_next(reader_source(reader), &event), SOURCE_EVENT);
	assert_int_equal(reader_position(reader), 1799);
	assert_int_equal(reader_last(reader, EV_STOP, 1799), 0);
	assert_int_equal(source_next(reader_source(reader), &event), SOURCE_EVENT);
	assert_int_equal(reader_position(reader), 1796);
	assert_int_equal(reader_last(reader, EV_DOCUMENT, 1), 0);
	assert_int_equal(source_next(reader_source(reader), &event), SOURCE_EVENT);
	assert_int_equal(reader_position(reader), 0);
	assert_int_equal(reader_last(reader, EV_STOP, 2), SOURCE_END);
	assert_int_equal(reader_last(reader, EV_START, UINT64_MAX), SOURCE_END);
	reader_close(&reader);
}

static int try_read(void)
{
	struct reader *reader;
	const struct ev_head *event;
	struct said said;
	char path[128];
	int r;

	log_path(path);
	said_begin(&said);
	r = reader_open(&reader, path);
	while (!r && (r = source_next(reader_source(reader), &event)) == SOURCE_EVENT)
		r = 0;
	reader_close(&reader);
	said_end(&said);
	return r == SOURCE_END ? 0 : r;
}

static void make_small_log(void)
{
	struct writer *writer = open_writer();
	struct draft draft;

	for (int i = 0; i < 3; i++) {
		DRAFT(&draft, STOP, stop, (uint64_t)i);
		assert_int_equal(writer_append(writer, draft_end(&draft)), 0);
		assert_int_equal(writer_seal(writer), 0);
	}
	writer_close(&writer);
}

/** Every bit of every entry, and every length of the bundle: none passes. */
static void no_damage_passes(void **state)
{
	char path[160];
	uint8_t bytes[4096];
	ssize_t size;
	int fd;

	(void)state;
	make_small_log();
	assert_int_equal(try_read(), 0);
	snprintf(path, sizeof(path), "%s/log/tile/entries/000.p/3", directory);
	fd = open(path, O_RDWR);
	size = read(fd, bytes, sizeof(bytes));
	assert_in_range(size, 50, 4000);
	for (ssize_t i = 0; i < size * 8; i++) {
		uint8_t flipped = bytes[i / 8] ^ (uint8_t)(1 << i % 8);

		assert_int_equal(pwrite(fd, &flipped, 1, i / 8), 1);
		assert_int_equal(try_read(), -EBADMSG);
		assert_int_equal(pwrite(fd, &bytes[i / 8], 1, i / 8), 1);
	}
	assert_int_equal(try_read(), 0);
	for (ssize_t length = size - 1; length >= 0; length--) {
		assert_int_equal(ftruncate(fd, length), 0);
		assert_int_equal(try_read(), -EBADMSG);
	}
	close(fd);
}

static int try_write(void)
{
	struct writer *writer = NULL;
	struct said said;
	char path[128];
	int r;

	log_path(path);
	said_begin(&said);
	r = writer_open(&writer, path, NULL);
	said_end(&said);
	writer_close(&writer);
	return r;
}

/** What a crash left is cut off, but not from a log that turns out to be damaged. */
static void a_log_that_is_refused_stays_as_it_is(void **state)
{
	char path[160];
	struct stat before, after;
	uint8_t byte;
	int fd;

	(void)state;
	make_small_log();
	snprintf(path, sizeof(path), "%s/log/tile/entries/000.p/3", directory);
	fd = open(path, O_RDWR);
	assert_int_equal(pread(fd, &byte, 1, 40), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 40), 1);
	assert_int_equal(lseek(fd, 0, SEEK_END) > 0 && write(fd, "left by a crash", 15) == 15, 1);
	assert_int_equal(fstat(fd, &before), 0);
	assert_int_equal(try_write(), -EBADMSG);
	assert_int_equal(fstat(fd, &after), 0);
	assert_int_equal(after.st_size, before.st_size);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 40), 1);
	assert_int_equal(try_write(), 0);
	assert_int_equal(fstat(fd, &after), 0);
	assert_int_equal(after.st_size, before.st_size - 15);
	close(fd);
	snprintf(path, sizeof(path), "%s/log/checkpoint", directory);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(try_write(), -EBADMSG);
}

static void what_is_no_capture_is_said_to_be_none(void **state)
{
	char path[160];
	FILE *file;

	(void)state;
	assert_int_equal(try_read(), -ENOENT);
	make_small_log();
	snprintf(path, sizeof(path), "%s/log/checkpoint", directory);
	file = fopen(path, "w");
	fputs("not a checkpoint\n", file);
	fclose(file);
	assert_int_equal(try_read(), -EBADMSG);
}

static void one_writer_at_a_time(void **state)
{
	struct writer *writer = open_writer(), *second;
	struct said said;
	char path[128];

	(void)state;
	log_path(path);
	said_begin(&said);
	assert_int_equal(writer_open(&second, path, NULL), -EWOULDBLOCK);
	assert_non_null(strstr(said_end(&said), "another custodes writes to it"));
	writer_close(&writer);
}

static void files_are_the_writers_only(void **state)
{
	struct stat st;
	char path[160];

	(void)state;
	make_small_log();
	snprintf(path, sizeof(path), "%s/log", directory);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	snprintf(path, sizeof(path), "%s/log/tile/entries/000.p/3", directory);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

#define TEST(name)   cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define BESIDE(name) cmocka_unit_test_setup_teardown(name, set_up_beside, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_sealed_is_read_back),
		TEST(many_bundles),
		BESIDE(what_is_sealed_is_read_back),
		BESIDE(many_bundles),
		BESIDE(a_log_is_continued),
		BESIDE(the_unsealed_is_cut_off),
		BESIDE(a_flood_cut_short_leaves_nothing),
		TEST(found_by_position),
		TEST(a_log_is_continued),
		TEST(the_unsealed_is_cut_off),
		TEST(a_seal_cut_short_is_no_seal),
		TEST(a_flood_cut_short_leaves_nothing),
		TEST(no_damage_passes),
		TEST(a_log_that_is_refused_stays_as_it_is),
		TEST(what_is_no_capture_is_said_to_be_none),
		TEST(one_writer_at_a_time),
		TEST(files_are_the_writers_only),
	};

	return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
