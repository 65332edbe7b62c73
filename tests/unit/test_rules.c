// SPDX-License-Identifier: GPL-3.0-or-later
/* The formulas of the rules size-echo, lookups and selectivity, by numbers that were reckoned elsewhere. */
#include "unit.h"

#include "../../user/engine/ledger.h"

/** A profile that states nothing. */
static const struct limits plain = {};

static void an_echo_is_as_long_as_the_file(void **state)
{
	(void)state;
	/* In the clear: from the size to 512 and 1/256 more. */
	assert_false(echo_fits(&plain, 100000, 99999, 0));
	assert_true(echo_fits(&plain, 100000, 100000, 0));
	assert_true(echo_fits(&plain, 100000, 100000 + 512 + 390, 0));
	assert_false(echo_fits(&plain, 100000, 100000 + 512 + 391, 0));
	/* Behind a handshake that began with 500 bytes and may have had 192 more. */
	assert_false(echo_fits(&plain, 100000, 100499, 500));
	assert_true(echo_fits(&plain, 100000, 100500, 500));
	assert_true(echo_fits(&plain, 100000, 100500 + 512 + 390 + 192, 500));
	assert_false(echo_fits(&plain, 100000, 100500 + 512 + 390 + 193, 500));
	/* What TLS adds to 64 MiB: 22 bytes for each of 4,096 records. */
	assert_true(echo_fits(&plain, 64 << 20, (64 << 20) + 4096 * 22 + 500 + 80, 500));
}

static void a_profile_says_how_much_longer(void **state)
{
	struct limits limits = {.stated = 1u << THRESHOLD_ECHO_HEAD | 1u << THRESHOLD_ECHO_DIVISOR};

	(void)state;
	limits.thresholds[THRESHOLD_ECHO_HEAD] = 0;
	limits.thresholds[THRESHOLD_ECHO_DIVISOR] = 1000;
	assert_true(echo_fits(&limits, 100000, 100100, 0));
	assert_false(echo_fits(&limits, 100000, 100101, 0));
}

static void the_last_sizes_are_candidates(void **state)
{
	struct account account = {};

	(void)state;
	echo_read(&account, 1, ECHO_LEAST - 1);
	assert_int_equal(account.echo.sizes[0], 0);
	for (uint64_t i = 0; i <= ECHO_SIZES; i++)
		echo_read(&account, i, 10000 + i);
	assert_int_equal(account.echo.sizes[0], 10000 + ECHO_SIZES);
	assert_int_equal(account.echo.labels[0], ECHO_SIZES);
	assert_int_equal(account.echo.sizes[ECHO_SIZES - 1], 10001);
	echo_read(&account, 0, 10003); /* again: it comes first, and stands there once */
	assert_int_equal(account.echo.sizes[0], 10003);
	assert_int_equal(account.echo.sizes[ECHO_SIZES - 1], 10001);
	for (size_t i = 1; i < ECHO_SIZES; i++)
		assert_int_not_equal(account.echo.sizes[i], 10003);
}

static void an_echo_that_comes_again_is_none(void **state)
{
	struct echo echo = {.uploads = {5000, 0, 7000, 5000, 5000, 0, 9000}};
	uint64_t bytes;

	(void)state;
	assert_int_equal(echoes_of(&echo, &bytes), 3);
	assert_int_equal(bytes, 21000);
	assert_int_equal(echoes_of(&(struct echo){}, &bytes), 0);
	assert_int_equal(bytes, 0);
}

static void lookups_are_held_against_files(void **state)
{
	const struct contract unstated = {.purpose = "reputation", .per_day = 1 << 20};
	const struct contract stated = {.purpose = "reputation", .per_file = 100, .per_connection = 600};
	struct contract_use use = {.sent = 100000, .connections = 3};

	(void)state;
	assert_int_equal(lookups_over(&unstated, &use, 0, 544), 100000); /* whatever is allowed a day */
	assert_int_equal(lookups_over(&unstated, &use, 10, 544), 100000 - 10 * 544);
	assert_int_equal(lookups_over(&unstated, &use, 184, 544), 0);
	assert_int_equal(lookups_over(&stated, &use, 10, 544), 100000 - 1000 - 1800);
	assert_int_equal(lookups_over(&stated, &use, 1000, 544), 0);
	/* What a profile states counts where the contract says nothing. */
	assert_int_equal(lookups_over(&unstated, &use, 10, 50), 100000 - 10 * 50);
	assert_int_equal(lookups_over(&stated, &use, 10, 50), 100000 - 1000 - 1800);
}

static unsigned int tenths(uint64_t a, uint64_t n1, uint64_t b, uint64_t n2)
{
	const struct reading labelled = {n1, a}, other = {n2, b};

	return selectivity_tenths(&labelled, &other, 20);
}

/** Against the formula in floating point, by another program. */
static void z_of_two_proportions(void **state)
{
	(void)state;
	assert_int_equal(tenths(40, 40, 100, 200), 58);		       /* 5.855 */
	assert_int_equal(tenths(45, 50, 30, 100), 69);		       /* 6.928 */
	assert_int_equal(tenths(15, 30, 10, 30), 13);		       /* 1.309 */
	assert_int_equal(tenths(20, 20, 19, 20), 10);		       /* 1.013 */
	assert_int_equal(tenths(1 << 20, 1 << 20, 0, 1 << 20), 14481); /* 1448.15 */
	assert_int_equal(tenths(30, 100, 45, 50), 0);		       /* the other way */
	assert_int_equal(tenths(50, 50, 1000, 1000), 0);	       /* everything alike: no variance */
	assert_int_equal(tenths(0, 50, 0, 1000), 0);
	assert_int_equal(tenths(19, 19, 0, 1000), 0); /* too few of either */
	assert_int_equal(tenths(1000, 1000, 0, 19), 0);
	assert_int_not_equal(tenths(20, 20, 0, 20), 0);
	assert_int_not_equal(selectivity_tenths(&(struct reading){5, 5}, &(struct reading){5, 0}, 5), 0);
	assert_int_equal(selectivity_tenths(&(struct reading){5, 5}, &(struct reading){5, 0}, 6), 0);
}

static void counts_stay_within_what_the_formula_can(void **state)
{
	struct reading reading = {};

	(void)state;
	for (unsigned int i = 0; i < 5; i++)
		selectivity_add(&reading, 1 << 20, 1 << 19);
	assert_true(reading.opened <= 1 << 20);
	assert_int_equal(reading.full * 2, reading.opened);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_echo_is_as_long_as_the_file),
		cmocka_unit_test(a_profile_says_how_much_longer),
		cmocka_unit_test(the_last_sizes_are_candidates),
		cmocka_unit_test(an_echo_that_comes_again_is_none),
		cmocka_unit_test(lookups_are_held_against_files),
		cmocka_unit_test(z_of_two_proportions),
		cmocka_unit_test(counts_stay_within_what_the_formula_can),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
