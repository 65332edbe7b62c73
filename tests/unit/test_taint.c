// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What an account can hold is never less than what it holds. Accounts move real bytes of
 * a label, each with a number of its own, through objects, as greedily as they can; the
 * ledger is told of sums alone, in another order. Circles among them end.
 */
#include "unit.h"

#include "../../user/engine/ledger.h"
#include "../../user/engine/state.h"

#define ACCOUNTS 6
#define OBJECTS	 8
#define BYTES	 2048
#define MOVES	 400

struct content {
	bool has[BYTES];
};

struct move {
	enum { OWN, WRITE, READ } what;
	size_t account, object;
	uint64_t bytes;
};

struct world {
	struct engine *engine;
	struct account *accounts[ACCOUNTS];
	struct content held[ACCOUNTS], kept[OBJECTS];
	struct move moves[MOVES];
	uint64_t own[ACCOUNTS];
	uint32_t random;
	size_t fresh; /* bytes of the label that nobody has read yet begin here */
};

static uint32_t chance(struct world *world, uint32_t below)
{
	world->random = world->random * 1664525 + 1013904223;
	return (world->random >> 8) % below;
}

static struct object_id object(size_t number)
{
	return (struct object_id){.ino = 100 + number, .dev = 8 << 20};
}

static void world_begin(struct world *world, uint32_t seed)
{
	static const struct product product = {.id = "product", .name = "A product"};

	memset(world, 0, sizeof(*world));
	world->random = seed;
	world->engine = engine_new(&(struct engine_options){.as_of = DAY_NONE});
	assert_int_equal(taint_label(&world->engine->ledger, "SECRET"), 0);
	for (size_t i = 0; i < ACCOUNTS; i++) {
		const struct lineage lineage = {.root = i + 1, .product = &product};

		world->accounts[i] = ledger_account(world->engine, &lineage);
	}
}

/** As many bytes of the label as fit, and not yet there. */
static void pour(struct world *world, const struct content *from, struct content *to, uint64_t bytes)
{
	size_t begin = chance(world, BYTES);

	for (size_t i = 0; i < BYTES && bytes; i++) {
		size_t byte = (begin + i) % BYTES;

		if (!from->has[byte] || to->has[byte])
			continue;
		to->has[byte] = true;
		bytes--;
	}
}

static void act(struct world *world, struct move *move)
{
	*move = (struct move){.what = chance(world, 8) ? 1 + chance(world, 2) : OWN,
			      .account = chance(world, ACCOUNTS),
			      .object = chance(world, OBJECTS),
			      .bytes = 1 + chance(world, 64)};
	if (move->what == WRITE)
		pour(world, &world->held[move->account], &world->kept[move->object], move->bytes);
	if (move->what == READ)
		pour(world, &world->kept[move->object], &world->held[move->account], move->bytes);
	for (uint64_t i = 0; move->what == OWN && i < move->bytes && world->fresh < BYTES; i++)
		world->held[move->account].has[world->fresh++] = true;
}

static void tell_move(struct world *world, const struct move *move)
{
	struct account *account = world->accounts[move->account];
	struct object_id id = object(move->object);

	if (move->what == OWN) {
		taint_own(world->engine, account, 0, world->own[move->account],
			  world->own[move->account] + move->bytes);
		world->own[move->account] += move->bytes;
	} else if (move->what == WRITE) {
		taint_written(world->engine, account, &id, move->bytes);
	} else {
		taint_read(world->engine, account, &id, move->bytes, true);
	}
}

static void shuffle(struct world *world)
{
	for (size_t i = MOVES - 1; i; i--) {
		size_t other = chance(world, (uint32_t)i + 1);
		struct move move = world->moves[i];

		world->moves[i] = world->moves[other];
		world->moves[other] = move;
	}
}

static uint64_t count(const struct content *content)
{
	uint64_t all = 0;

	for (size_t i = 0; i < BYTES; i++)
		all += content->has[i];
	return all;
}

static void never_less_than_what_is_held(void **state)
{
	static struct world world;

	(void)state;
	for (uint32_t seed = 1; seed <= 300; seed++) {
		world_begin(&world, seed);
		for (size_t i = 0; i < MOVES; i++)
			act(&world, &world.moves[i]);
		shuffle(&world);
		for (size_t i = 0; i < MOVES; i++) /* what was read of the label comes last, or anywhere */
			if (world.moves[i].what != OWN || seed % 2)
				tell_move(&world, &world.moves[i]);
		for (size_t i = 0; i < MOVES; i++)
			if (world.moves[i].what == OWN && !(seed % 2))
				tell_move(&world, &world.moves[i]);
		for (size_t i = 0; i < ACCOUNTS; i++)
			if (world.accounts[i]->cap[0] < count(&world.held[i]))
				fail_msg("seed %u: account %zu holds %llu, the ledger says %llu", seed, i,
					 (unsigned long long)count(&world.held[i]),
					 (unsigned long long)world.accounts[i]->cap[0]);
		engine_free(&world.engine);
	}
}

/** 200 bytes from who has read 40 GB are 200 bytes. */
static void no_more_than_was_moved(void **state)
{
	static struct world world;
	const struct object_id pipe = object(0), file = object(1);

	(void)state;
	world_begin(&world, 1);
	taint_own(world.engine, world.accounts[0], 0, 0, 40ull << 30);
	taint_written(world.engine, world.accounts[0], &pipe, 200);
	taint_read(world.engine, world.accounts[1], &pipe, 5000, true);
	assert_int_equal(world.accounts[1]->cap[0], 200);
	/* What one wrote itself gives it nothing new. */
	taint_written(world.engine, world.accounts[1], &file, 1000);
	taint_read(world.engine, world.accounts[1], &file, 1000, true);
	assert_int_equal(world.accounts[1]->cap[0], 200);
	/* And back: who knows that these are the same bytes? At most what was moved. */
	taint_read(world.engine, world.accounts[2], &file, 50, true);
	assert_int_equal(world.accounts[2]->cap[0], 50);
	engine_free(&world.engine);
}

/** Two that hand each other everything: it ends, and says that it was rounded up. */
static void a_circle_ends(void **state)
{
	static struct world world;
	const struct object_id there = object(0), back = object(1);

	(void)state;
	world_begin(&world, 1);
	taint_written(world.engine, world.accounts[0], &there, 1ull << 40);
	taint_read(world.engine, world.accounts[1], &there, 1ull << 40, true);
	taint_written(world.engine, world.accounts[1], &back, 1ull << 40);
	taint_read(world.engine, world.accounts[0], &back, 1ull << 40, true);
	taint_own(world.engine, world.accounts[0], 0, 0, 1);
	assert_true(world.accounts[1]->cap[0] >= 1);
	assert_true(world.accounts[1]->cap[0] < 1 << 20);
	engine_free(&world.engine);
}

/** More objects than are kept: what was given up may be met anywhere, but no more than it was. */
static void what_is_given_up_is_not_forgotten(void **state)
{
	static struct world world;
	const struct object_id unknown = object(3);

	(void)state;
	world_begin(&world, 1);
	taint_own(world.engine, world.accounts[0], 0, 0, 1000);
	for (size_t i = 0; i <= LEDGER_CARRIERS; i++) {
		struct object_id id = object(10 + i);

		taint_written(world.engine, world.accounts[0], &id, 10);
	}
	assert_int_equal(world.engine->ledger.dropped, 1);
	taint_read(world.engine, world.accounts[1], &unknown, 500, false);
	assert_int_equal(world.accounts[1]->cap[0], 10);
	taint_read(world.engine, world.accounts[1], &unknown, 500, false);
	assert_int_equal(world.accounts[1]->cap[0], 10);
	engine_free(&world.engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_less_than_what_is_held),
		cmocka_unit_test(no_more_than_was_moved),
		cmocka_unit_test(a_circle_ends),
		cmocka_unit_test(what_is_given_up_is_not_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
