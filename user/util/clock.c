// SPDX-License-Identifier: GPL-3.0-or-later
#include "clock.h"

#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * (int64_t)NSEC_PER_SEC + now.tv_nsec;
}

uint64_t clock_boot(void)
{
	return (uint64_t)read_clock(CLOCK_BOOTTIME);
}

uint64_t clock_monotonic(void)
{
	return (uint64_t)read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_own(void)
{
	return (uint64_t)read_clock(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_wall_offset(void)
{
	int64_t boot = read_clock(CLOCK_BOOTTIME), wall = read_clock(CLOCK_REALTIME);
	int64_t again = read_clock(CLOCK_BOOTTIME);

	return wall - (boot + (again - boot) / 2);
}

day_t day_today(void)
{
	return day_of(read_clock(CLOCK_REALTIME));
}

struct civil {
	int64_t year;
	int month;
	int day;
};

/* Counts from March, so that the leap day ends the year:
 * howardhinnant.github.io/date_algorithms.html has the derivation. */
static int64_t civil_to_day(struct civil civil)
{
	int64_t year = civil.month <= 2 ? civil.year - 1 : civil.year;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t of_year =
		(153 * (civil.month > 2 ? civil.month - 3 : civil.month + 9) + 2) / 5 + civil.day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static struct civil day_to_civil(int64_t day)
{
	int64_t shifted = day + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int64_t of_era = shifted - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int month = (int)((5 * of_year + 2) / 153);
	struct civil civil = {
		.year = year + era * 400,
		.month = month < 10 ? month + 3 : month - 9,
		.day = (int)(of_year - (153 * month + 2) / 5 + 1),
	};

	civil.year += civil.month <= 2;
	return civil;
}

static int digits(const char *at, size_t count)
{
	int value = 0;

	for (size_t i = 0; i < count; i++) {
		if (at[i] < '0' || at[i] > '9')
			return -1;
		value = value * 10 + (at[i] - '0');
	}
	return value;
}

day_t day_parse(const char *text)
{
	struct civil civil, back;
	int64_t day;

	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return DAY_NONE;
	civil = (struct civil){digits(text, 4), digits(text + 5, 2), digits(text + 8, 2)};
	if (civil.year < 0 || civil.month < 1 || civil.month > 12 || civil.day < 1)
		return DAY_NONE;
	day = civil_to_day(civil);
	back = day_to_civil(day);
	if (back.year != civil.year || back.month != civil.month || back.day != civil.day)
		return DAY_NONE; /* such as 30 February */
	return (day_t)day;
}

/** HH:MM[:SS]Z as seconds, or -1. */
static int of_day_parse(const char *text)
{
	size_t size = strlen(text);
	int seconds = size == 9 && text[5] == ':' ? digits(text + 6, 2) : size == 6 ? 0 : -1;
	int hours, minutes;

	if (seconds < 0 || text[2] != ':' || text[size - 1] != 'Z')
		return -1;
	hours = digits(text, 2);
	minutes = digits(text + 3, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds > 59)
		return -1;
	return hours * 3600 + minutes * 60 + seconds;
}

bool time_parse(const char *text, int64_t *wall_ns)
{
	char day_text[11] = {};
	day_t day;
	int seconds = 0;

	if (strlen(text) < 10)
		return false;
	memcpy(day_text, text, 10);
	day = day_parse(day_text);
	if (text[10])
		seconds = text[10] == 'T' ? of_day_parse(text + 11) : -1;
	if (day == DAY_NONE || seconds < 0)
		return false;
	*wall_ns = ((int64_t)day * 86400 + seconds) * (int64_t)NSEC_PER_SEC;
	return true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

day_t day_of(int64_t wall_ns)
{
	return (day_t)floor_div(wall_ns, 86400 * (int64_t)NSEC_PER_SEC);
}

static void padded(struct buf *to, int64_t value, int width)
{
	char digits_[20];

	for (int i = width; i--; value /= 10)
		digits_[i] = (char)('0' + value % 10);
	buf_bytes(to, digits_, (size_t)width);
}

void day_format(struct buf *to, day_t day)
{
	struct civil civil = day_to_civil(day);

	padded(to, civil.year, 4);
	buf_byte(to, '-');
	padded(to, civil.month, 2);
	buf_byte(to, '-');
	padded(to, civil.day, 2);
}

void time_format(struct buf *to, int64_t wall_ns)
{
	day_t day = day_of(wall_ns);
	int64_t of_day = wall_ns - (int64_t)day * 86400 * (int64_t)NSEC_PER_SEC;
	int64_t seconds = of_day / (int64_t)NSEC_PER_SEC;

	day_format(to, day);
	buf_byte(to, 'T');
	padded(to, seconds / 3600, 2);
	buf_byte(to, ':');
	padded(to, seconds / 60 % 60, 2);
	buf_byte(to, ':');
	padded(to, seconds % 60, 2);
	buf_byte(to, '.');
	padded(to, of_day % (int64_t)NSEC_PER_SEC, 9);
	buf_byte(to, 'Z');
}
