// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What names can carry: of each zone the sum of the lengths of the distinct names below it,
 * as ibHH estimates it, and never less, whatever is forgotten.
 */
#include "unit.h"

#include "../../user/engine/ledger.h"
#include "../../user/engine/state.h"
#include "../../user/engine/wire.h"

static void assert_name(const char *name, size_t octets, const char *zone)
{
	const char *found;

	assert_int_equal(name_information(name, &found), octets);
	assert_string_equal(found, zone);
}

static void what_stands_before_the_zone(void **state)
{
	(void)state;
	assert_name("", 0, "");
	assert_name("localhost", 0, "localhost");
	assert_name("example.com", 0, "example.com");
	assert_name("www.example.com", 3, "example.com");
	assert_name("a.bc.example.com", 4, "example.com");
	/* Behind a registry's name the zone has three labels; what stands in the third counts all the same.
	 */
	assert_name("www.example.co.uk", 11, "example.co.uk");
	assert_name("example.co.uk", 7, "example.co.uk");
	assert_name("co.uk", 0, "co.uk");
	/* A short name is no registry's: whoever owns it has all below it. */
	assert_name("secret.abc.com", 6, "abc.com");
	assert_name("secret.t.co", 6, "t.co");
	assert_name("secret.co.com", 6, "co.com");
	/* One octet, however it is written; upper-case letters can carry something anywhere. */
	assert_name("a\\000\\046b.example.com", 4, "example.com");
	assert_name("www.eXample.com", 15, "eXample.com");
	assert_int_equal(name_octets("www.example.com"), 17);
	assert_int_equal(name_octets("a\\046.example.com"), 16);
	assert_int_equal(name_octets(""), 1);
}

struct world {
	struct engine *engine;
	struct account *account;
};

static struct product product = {.id = "product", .name = "A product"};

static void world_begin(struct world *world, struct policy *policy)
{
	const struct lineage lineage = {.root = 1, .product = &product};

	world->engine = engine_new(&(struct engine_options){.as_of = DAY_NONE});
	world->engine->policy = policy;
	world->engine->batch = need(calloc(1, sizeof(struct batch)));
	world->account = ledger_account(world->engine, &lineage);
	taint_own(world->engine, world->account, taint_label(&world->engine->ledger, "SECRET"), 0,
		  1ull << 40);
}

static void world_end(struct world *world)
{
	batch_free(world->engine->batch);
	free(world->engine->batch);
	world->engine->policy = NULL;
	engine_free(&world->engine);
}

/** What all its zones hold, bytes. */
static uint64_t all_of(const struct account *account)
{
	uint64_t all = 0;

	for (size_t i = 0; i < LEDGER_ZONES; i++)
		all += account->zones[i].bucket.level;
	return all / 1000;
}

/** Limits that nothing reaches, and nothing leaks: what is counted is what is seen here. */
static struct limit borne = {.limits = {.bytes = 1ull << 40}};
static const char *labels[] = {"SECRET"};

static struct policy policy_of(void)
{
	borne.labels = (struct strings){.items = labels, .count = 1};
	return (struct policy){.host = {.limits = &borne, .limit_count = 1}};
}

/** The formula of the source, done exactly: the sum over distinct sub-domains of their lengths. */
static void the_sum_of_distinct_lengths(void **state)
{
	struct policy policy = policy_of();
	struct world world;
	uint64_t expected[3] = {};

	(void)state;
	world_begin(&world, &policy);
	for (unsigned int round = 0; round < 3; round++)
		for (unsigned int i = 0; i < 1000; i++) {
			char name[64];
			int size = snprintf(name, sizeof(name), "%x.zone%u.example", i * i, i % 3);

			detect_information(world.engine, world.account, &product, name);
			if (!round)
				expected[i % 3] += (uint64_t)size - strlen(".zone0.example");
		}
	assert_int_equal(all_of(world.account), expected[0] + expected[1] + expected[2]);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(world.account->zones[i].bucket.level, expected[i] * 1000);
	assert_int_equal(world.account->names_asked, all_of(world.account));
	world_end(&world);
}

/** More zones than are kept: the greatest is never less than its share of all. */
static void spread_over_many_zones(void **state)
{
	struct policy policy = policy_of();
	struct world world;
	uint64_t all = 0, most = 0;

	(void)state;
	world_begin(&world, &policy);
	for (unsigned int i = 0; i < 5000; i++) {
		char name[64];
		int size = snprintf(name, sizeof(name), "%06u.zone%u.example", i, i % 50);

		detect_information(world.engine, world.account, &product, name);
		all += (uint64_t)size - strlen(strchr(name, '.'));
	}
	for (size_t i = 0; i < LEDGER_ZONES; i++)
		if (world.account->zones[i].bucket.level / 1000 > most)
			most = world.account->zones[i].bucket.level / 1000;
	assert_true(all_of(world.account) >= all);
	assert_true(most >= all / LEDGER_ZONES);
	world_end(&world);
}

/** More names than are remembered count again; those asked for all the time do not. */
static void what_is_forgotten_counts_again(void **state)
{
	static uint64_t table[LEDGER_SEEN];
	unsigned int again = 0;

	(void)state;
	for (uint64_t i = 1; i <= 100000; i++) {
		assert_int_equal(seen_before(table, 7), i > 1);
		assert_false(seen_before(table, i * 0x9e3779b97f4a7c15));
		assert_true(seen_before(table, i * 0x9e3779b97f4a7c15));
	}
	for (uint64_t i = 1; i <= 100000; i++)
		again += !seen_before(table, i * 0x9e3779b97f4a7c15);
	assert_true(again >= 100000 - LEDGER_SEEN);
}

/** A contract for reputation allows 64 bytes for each object, also when that is told later; others nothing.
 */
static void objects_newly_read_allow(void **state)
{
	static const char *hosts[] = {".look.example"};
	static struct contract contract = {.purpose = "reputation", .hosts = {hosts, 1}};
	struct policy policy = policy_of();
	struct world world;
	char name[96];

	(void)state;
	product.contracts = &contract, product.contract_count = 1;
	world_begin(&world, &policy);
	for (unsigned int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%064u.look.example", i);
		detect_information(world.engine, world.account, &product, name);
	}
	assert_int_equal(all_of(world.account), 6400);
	world.account->objects = 102; /* the reads are told now */
	detect_information(world.engine, world.account, &product, "x.look.example");
	assert_int_equal(all_of(world.account), 0);
	contract.purpose = "telemetry";
	detect_information(world.engine, world.account, &product, "yz.look.example");
	assert_int_equal(all_of(world.account), 2);
	product.contract_count = 0;
	world_end(&world);
}

/** A message explains itself by its question, and by little that may stand behind it; to a resolver of the
 * site's. */
static void a_question_explains_its_message(void **state)
{
	static struct overlay_network resolver = {
		.address = {10, 0, 0, 53}, .family = 4, .bits = 32, .role = "resolver"};
	struct ev_addr to = {.addr = {10, 0, 0, 53}, .family = 4};
	struct policy policy = policy_of();
	struct world world;

	(void)state;
	policy.overlays = &resolver, policy.overlay_count = 1;
	world_begin(&world, &policy);
	questions_asked(world.engine, world.account, &to, 37, 20);
	assert_int_equal(world.account->questions.read, 37);
	questions_asked(world.engine, world.account, &to, 1000, 20);
	assert_int_equal(world.account->questions.read, 37 + 20 + 18 + 64);
	to.addr[3] = 54;
	questions_asked(world.engine, world.account, &to, 37, 20);
	assert_int_equal(world.account->questions.read, 37 + 20 + 18 + 64);
	world_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stands_before_the_zone),
		cmocka_unit_test(the_sum_of_distinct_lengths),
		cmocka_unit_test(spread_over_many_zones),
		cmocka_unit_test(what_is_forgotten_counts_again),
		cmocka_unit_test(objects_newly_read_allow),
		cmocka_unit_test(a_question_explains_its_message),
	};

	return cmocka_run_group_tests_name("information", tests, NULL, NULL);
}
