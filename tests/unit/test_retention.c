// SPDX-License-Identifier: GPL-3.0-or-later
/* Pruning that is cut off at any step leaves a log that verifies, and is completed later; sets of entries and
 * the texts of holds and cuts. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../user/capture/prune.h"
#include "../../user/capture/reader.h"
#include "../../user/util/file.h"
#include "host.h"

/* ---- sets of entries ---- */

static void is(const struct ranges *ranges, const char *expected)
{
	struct buf text = {};

	ranges_text(ranges, &text);
	assert_string_equal(text.data ? text.data : "", expected);
	buf_free(&text);
}

static void sets(void **state)
{
	struct ranges ranges = {}, others = {}, rest = {};

	(void)state;
	ranges_add(&ranges, 10, 20);
	ranges_add(&ranges, 40, 50);
	ranges_add(&ranges, 20, 25);
	is(&ranges, "10 to 24, 40 to 49");
	ranges_add(&ranges, 0, 5);
	ranges_add(&ranges, 30, 31);
	is(&ranges, "0 to 4, 10 to 24, 30 to 30, 40 to 49");
	assert_int_equal(ranges_total(&ranges), 31);
	assert_null(ranges_find(&ranges, 5));
	assert_null(ranges_find(&ranges, 25));
	assert_int_equal(ranges_find(&ranges, 24)->from, 10);
	assert_int_equal(ranges_find(&ranges, 0)->to, 5);
	ranges_without(&rest, 45, &ranges);
	is(&rest, "5 to 9, 25 to 29, 31 to 39");
	ranges_add(&others, 12, 15);
	assert_true(ranges_cover(&ranges, &others));
	ranges_add(&others, 44, 51);
	assert_false(ranges_cover(&ranges, &others));
	ranges_add(&ranges, 4, 45);
	is(&ranges, "0 to 49");
	ranges_add(&ranges, 7, 7);
	is(&ranges, "0 to 49");
	ranges_free(&ranges);
	ranges_free(&others);
	ranges_free(&rest);
}

/* ---- texts ---- */

static void texts_of_holds(void **state)
{
	static const char *const bad[] = {
		"hold",
		"hold 0011aabb 1 2 3 0 why", /* no end */
		"hold 0011aabb 1 2 3 0 \n",
		"hold 0011aab 1 2 3 0 why\n",
		"hold 0011aabG 1 2 3 0 why\n",
		"hold 0011aabb 1 2 3 -1 why\n",
		"hold 0011aabb 1 2 x 0 why\n",
		"hold 0011aabb 9999999999999999999 2 3 0 why\n",
		"keep 0011aabb 1 2 3 0 why\n",
		"\n",
	};
	static const char good[] = "hold 0011aabb -5 1790000000000000000 3 1000 why not\n"
				   "release 99999999 4 0 nobody knows it\n"
				   "hold 22222222 1 2 3 0 another\n"
				   "release 0011aabb 4 0 done\n";
	struct holds holds = {};
	struct draft draft;
	unsigned int told = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(holds_read(&holds, bad[i], strlen(bad[i])), -EBADMSG);
	assert_int_equal(holds.count, 0);
	assert_int_equal(holds_read(&holds, good, strlen(good)), 0);
	assert_int_equal(holds.count, 2);
	assert_int_equal(holds.items[0].from, -5);
	assert_int_equal(holds.items[0].to, 1790000000000000000);
	assert_string_equal(holds.items[0].set.reason, "why not");
	assert_false(hold_stands(&holds.items[0]));
	assert_true(hold_stands(&holds.items[1]));
	while (holds_untold(&holds, &draft, 1))
		told++;
	assert_int_equal(told, 3);
	/* Lines that are taken away change nothing of what is known. */
	assert_int_equal(holds_read(&holds, "", 0), 0);
	assert_int_equal(holds.count, 2);
	assert_true(hold_stands(&holds.items[1]) && !holds.items[1].in_file);
	holds_free(&holds);
}

static void texts_of_cuts(void **state)
{
	static const char good[] = "custodes/cut/v1\nlog\n600 entries\nasked -1 to 20\n0-255\n512-599\n";
	static const char *const bad[] = {
		"",
		"custodes/cut/v1\nlog\n600 entries\nasked -1 to 20\n0-600\n",
		"custodes/cut/v1\nlog\n600 entries\nasked -1 to 20\n0-255\n0-255\n",
		"custodes/cut/v1\nlog\n600 entries\nasked -1 to 20\n0-255\n256-511\n",
		"custodes/cut/v1\nlog\n0600 entries\nasked -1 to 20\n0-255\n",
		"custodes/cut/v1\nlog\n600 entries\nasked -1 to 20\n0-255",
		"custodes/cut/v2\nlog\n600 entries\nasked -1 to 20\n0-255\n",
	};
	struct cut cut = {};

	(void)state;
	assert_int_equal(cut_read(&cut, good, strlen(good)), 0);
	is(&cut.entries, "0 to 255, 512 to 599");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(cut_read(&cut, bad[i], strlen(bad[i])), -EBADMSG);
	cut_free(&cut);
}

/* ---- pruning, cut off ---- */

static struct sample make(char path[128], unsigned int entries)
{
	struct sample sample = {.key = host};

	path_of(path, "log");
	assert_int_equal(writer_open(&sample.writer, path, host), 0);
	sample_begin(&sample, "");
	sample_entries(&sample, entries);
	return sample;
}

/** Doubts; what is said is among the lines. */
static void judge(const char *path, uint64_t doubts, const char *part)
{
	struct verified verified = {};
	bool found = !part;

	assert_int_equal(host_verify(path, host, (struct verify_options){}, &verified), 0);
	for (size_t i = 0; i < verified.verdict.count; i++) {
		found |= part && strstr(verified.verdict.lines[i].text, part);
		if (verified.verdict.doubts != doubts)
			print_error("%s\n", verified.verdict.lines[i].text);
	}
	assert_int_equal(verified.verdict.doubts, doubts);
	assert_true(found);
	verified_free(&verified);
}

static unsigned int bundles_there(const char *path)
{
	unsigned int there = 0;

	for (unsigned int i = 0; i < 10; i++) {
		char name[160];

		snprintf(name, sizeof(name), "%s/tile/entries/%03u", path, i);
		there += !access(name, F_OK);
	}
	return there;
}

/** So many steps of it, and then no more: 0 nothing is written, 1 the entry is, 2 one is removed ... */
static void prune(const char *path, struct sample *sample, unsigned int steps, bool declared)
{
	static const struct prune_limits limits = {.age = 60};
	const struct holds none = {};
	int64_t now = (int64_t)(100 * SAMPLE_SECOND + sample->time);
	struct prune *prune;
	struct draft draft;

	assert_int_equal(prune_open(&prune, path, &limits, 0), 0);
	if (declared) {
		struct reader *reader;

		assert_int_equal(reader_open(&reader, path), 0);
		prune_declared(prune, reader_pruned(reader));
		reader_close(&reader);
	}
	while (prune_survey(prune, writer_sealed(sample->writer), now) > 0)
		;
	prune_plan(prune, &none, now);
	if (steps && prune_planned(prune)) {
		assert_int_equal(writer_append(sample->writer, prune_event(prune, &draft, sample->time, now)),
				 0);
		sample_seal(sample);
		prune_sealed(prune);
		steps--;
	}
	while (steps-- && prune_remove(prune) > 0)
		;
	prune_close(&prune);
}

/** At every step: what is there verifies, the log goes on, and the next one ends what was begun. */
static void cut_off_at_each_step(void **state)
{
	(void)state;
	for (unsigned int steps = 0; steps < 6; steps++) {
		char path[128];
		struct sample sample = make(path, 1100); /* four bundles, and some; the first holds the key */

		prune(path, &sample, steps, false);
		assert_int_equal(sample.error, 0);
		judge(path, 0,
		      steps < 2	 ? "entries are those of the checkpoint" :
		      steps == 2 ? "pruning was cut off" :
				   "were pruned, as the log itself says");
		assert_int_equal(bundles_there(path), steps < 2 ? 4 : steps < 3 ? 3 : 2);
		writer_close(&sample.writer);
		assert_int_equal(writer_open(&sample.writer, path, host), 0);
		sample_entries(&sample, 6);
		prune(path, &sample, 100, true);
		sample_end(&sample);
		assert_int_equal(sample.error, 0);
		judge(path, 0, "entries 256 to 767 were pruned, as the log itself says");
		assert_int_equal(bundles_there(path), 2);
		writer_close(&sample.writer);
		remove_all(path);
	}
}

/** Removing before the entry is sealed is what must never be: it is found. */
static void removed_before_it_is_told(void **state)
{
	char path[128], name[160];
	struct sample sample = make(path, 1100);

	(void)state;
	writer_close(&sample.writer);
	snprintf(name, sizeof(name), "%s/tile/entries/001", path);
	assert_int_equal(unlink(name), 0);
	judge(path, 2, "entries 256 to 511 (tile/entries/001): No such file");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, host_set_up, host_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sets),
		TEST(texts_of_holds),
		TEST(texts_of_cuts),
		TEST(cut_off_at_each_step),
		TEST(removed_before_it_is_told),
	};

	return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
