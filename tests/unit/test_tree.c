// SPDX-License-Identifier: GPL-3.0-or-later
/* The tree against RFC 6962, by a definition written anew, and by known roots. */
#include "unit.h"

#include "../../user/capture/checkpoint.h"
#include "../../user/capture/tree.h"
#include "../../user/util/buf.h"

/** MTH of RFC 6962, section 2.1, as it stands there: slow and plain. */
static void mth(const uint8_t (*leaves)[DIGEST_SIZE], size_t n, uint8_t out[DIGEST_SIZE])
{
	uint8_t both[65] = {1};
	size_t k = 1;

	if (n == 1) {
		memcpy(out, leaves[0], DIGEST_SIZE);
		return;
	}
	while (k * 2 < n)
		k *= 2;
	mth(leaves, k, both + 1);
	mth(leaves + k, n - k, both + 33);
	digest_of(both, sizeof(both), out);
}

static void every_size_has_the_root_of_the_rfc(void **state)
{
	enum { MOST = 1100 };
	static uint8_t leaves[MOST][DIGEST_SIZE];
	static struct tree tree;
	uint8_t root[DIGEST_SIZE], expected[DIGEST_SIZE];

	(void)state;
	for (uint32_t i = 0; i < MOST; i++) {
		tree_leaf(&i, sizeof(i), leaves[i]);
		tree_add(&tree, leaves[i]);
		mth((const uint8_t(*)[DIGEST_SIZE])leaves, i + 1, expected);
		tree_root(&tree, root);
		assert_memory_equal(root, expected, DIGEST_SIZE);
	}
}

static void assert_hex(const uint8_t bytes[DIGEST_SIZE], const char *expected)
{
	_cleanup_(buf_free) struct buf hex = {};

	buf_hex(&hex, bytes, DIGEST_SIZE);
	assert_string_equal(hex.data, expected);
}

/* Vectors of the Certificate Transparency project's own tests (merkletree). */
static void known_roots(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} inputs[] = {{"", 0}, {"\x00", 1}, {"\x10", 1}, {"\x20\x21", 2}, {"\x30\x31", 2}};
	static const char *const roots[] = {
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	};
	static struct tree tree;
	uint8_t hash[DIGEST_SIZE];

	(void)state;
	tree_root(&tree, hash);
	assert_hex(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (size_t i = 0; i < ARRAY_SIZE(inputs); i++) {
		tree_leaf(inputs[i].bytes, inputs[i].size, hash);
		tree_add(&tree, hash);
		tree_root(&tree, hash);
		assert_hex(hash, roots[i]);
	}
}

static void paths_are_those_of_tlog_tiles(void **state)
{
	char path[LAYOUT_PATH];

	(void)state;
	layout_tile(path, 0, 0, 5);
	assert_string_equal(path, "tile/0/000.p/5");
	layout_tile(path, 1, 1234067, 0);
	assert_string_equal(path, "tile/1/x001/x234/067");
	layout_bundle(path, 1000, 256);
	assert_string_equal(path, "tile/entries/x001/000");
	layout_bundle(path, 999, 255);
	assert_string_equal(path, "tile/entries/999.p/255");
	layout_bundle(path, 5001000007, 0);
	assert_string_equal(path, "tile/entries/x005/x001/x000/007");
}

static void checkpoints_are_read_back(void **state)
{
	struct checkpoint one = {.origin = "custodes/test", .size = 42}, two;
	_cleanup_(buf_free) struct buf text = {};

	(void)state;
	memset(one.root, 0xa5, sizeof(one.root));
	assert_int_equal(checkpoint_write(&one, NULL, &text), 0);
	assert_string_equal(text.data, "custodes/test\n42\npaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU=\n\n");
	assert_int_equal(checkpoint_read(&two, text.data, text.size), 0);
	assert_string_equal(two.origin, one.origin);
	assert_int_equal(two.size, 42);
	assert_memory_equal(two.root, one.root, sizeof(one.root));
	for (size_t size = 0; size < text.size; size++)
		assert_int_not_equal(checkpoint_read(&two, text.data, size), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_has_the_root_of_the_rfc),
		cmocka_unit_test(known_roots),
		cmocka_unit_test(paths_are_those_of_tlog_tiles),
		cmocka_unit_test(checkpoints_are_read_back),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
