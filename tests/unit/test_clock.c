// SPDX-License-Identifier: GPL-3.0-or-later
#include "unit.h"

#include <time.h>

#include "../../user/util/clock.h"

static void days_agree_with_the_c_library(void **state)
{
	(void)state;
	for (int64_t day = -200000; day < 200000; day += 7) {
		time_t seconds = (time_t)(day * 86400);
		struct tm tm;
		char expected[32];
		_cleanup_(buf_free) struct buf text = {};

		gmtime_r(&seconds, &tm);
		if (tm.tm_year < -1900 + 1 || tm.tm_year > 8000)
			continue;
		snprintf(expected, sizeof(expected), "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1,
			 tm.tm_mday);
		day_format(&text, (day_t)day);
		assert_string_equal(text.data, expected);
		assert_int_equal(day_parse(expected), day);
	}
}

static void days_that_do_not_exist_are_refused(void **state)
{
	static const char *const bad[] = {"2018-02-30", "2018-13-01", "2018-00-10", "2018-1-1",
					  "18-01-01",	"2019-02-29", "2018-04-31", "2018-05-14T",
					  "",		"2018/05/14", "2018-05-1x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(day_parse(bad[i]), DAY_NONE);
	assert_int_not_equal(day_parse("2020-02-29"), DAY_NONE);
}

static void a_day_ends_at_midnight_utc(void **state)
{
	const int64_t midnight = (int64_t)day_parse("2018-05-14") * 86400 * (int64_t)NSEC_PER_SEC;

	(void)state;
	assert_int_equal(day_of(midnight), day_parse("2018-05-14"));
	assert_int_equal(day_of(midnight - 1), day_parse("2018-05-13"));
	assert_int_equal(day_of(-1), day_parse("1969-12-31"));
}

static void times_are_read(void **state)
{
	static const char *const bad[] = {
		"2018-05-14T",	       "2018-05-14 10:00Z",    "2018-05-14T10:00",
		"2018-05-14T24:00Z",   "2018-05-14T10:60Z",    "2018-05-14T10:00:60Z",
		"2018-05-14T10:00:1Z", "2018-02-30T10:00:00Z", "10:00Z"};
	int64_t wall;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(time_parse(bad[i], &wall));
	assert_true(time_parse("2017-12-01T09:30:01Z", &wall));
	assert_int_equal(wall, 1512120601000000000);
	assert_true(time_parse("2017-12-01T09:30Z", &wall));
	assert_int_equal(wall, 1512120600000000000);
	assert_true(time_parse("1970-01-02", &wall));
	assert_int_equal(wall, 86400000000000);
}

static void times_have_nanoseconds(void **state)
{
	_cleanup_(buf_free) struct buf text = {};

	(void)state;
	time_format(&text, 1512120600123456789);
	assert_string_equal(text.data, "2017-12-01T09:30:00.123456789Z");
	buf_clear(&text);
	time_format(&text, -1);
	assert_string_equal(text.data, "1969-12-31T23:59:59.999999999Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_agree_with_the_c_library),
		cmocka_unit_test(days_that_do_not_exist_are_refused),
		cmocka_unit_test(a_day_ends_at_midnight_utc),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(times_have_nanoseconds),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
