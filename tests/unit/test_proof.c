// SPDX-License-Identifier: GPL-3.0-or-later
/* Roots of every older size and inclusion proofs, against RFC 6962's definitions written down naively. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "../../user/capture/proof.h"
#include "../../user/capture/tree.h"

#define SIZES 300

static uint8_t leaves[SIZES][DIGEST_SIZE];

static void leaf_of(uint32_t number, uint8_t hash[DIGEST_SIZE])
{
	uint8_t bytes[5] = {0, (uint8_t)number, (uint8_t)(number >> 8), 'e', 'n'};

	digest_of(bytes, sizeof(bytes), hash);
}

/** MTH(D[n]) of RFC 6962, 2.1. */
static void mth(uint32_t from, uint32_t count, uint8_t hash[DIGEST_SIZE])
{
	uint8_t both[1 + 2 * DIGEST_SIZE] = {1};
	uint32_t k = 1;

	if (count == 1) {
		memcpy(hash, leaves[from], DIGEST_SIZE);
		return;
	}
	while (k << 1 < count)
		k <<= 1;
	mth(from, k, both + 1);
	mth(from + k, count - k, both + 1 + DIGEST_SIZE);
	digest_of(both, sizeof(both), hash);
}

/** PATH(m, D[n]) of RFC 6962, 2.1.1. */
static unsigned int path_of(uint32_t m, uint32_t from, uint32_t count, uint8_t (*path)[DIGEST_SIZE])
{
	unsigned int below;
	uint32_t k = 1;

	if (count == 1)
		return 0;
	while (k << 1 < count)
		k <<= 1;
	if (m < k) {
		below = path_of(m, from, k, path);
		mth(from + k, count - k, path[below]);
	} else {
		below = path_of(m - k, from + k, count - k, path);
		mth(from, k, path[below]);
	}
	return below + 1;
}

static void fill(struct hashes *hashes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		leaf_of(i, leaves[i]);
		hashes_add(hashes, leaves[i]);
	}
}

static void every_older_root(void **state)
{
	struct hashes hashes = {};
	uint8_t root[DIGEST_SIZE], expected[DIGEST_SIZE];

	(void)state;
	fill(&hashes, SIZES);
	hashes_root(&hashes, 0, root);
	digest_of("", 0, expected);
	assert_memory_equal(root, expected, DIGEST_SIZE);
	for (uint32_t size = 1; size <= SIZES; size++) {
		hashes_root(&hashes, size, root);
		mth(0, size, expected);
		assert_memory_equal(root, expected, DIGEST_SIZE);
	}
	hashes_free(&hashes);
}

/** The same path as the definition's, and only its own index and size lead it to the root. */
static void every_path(void **state)
{
	struct hashes hashes = {};
	uint8_t path[PROOF_MAX][DIGEST_SIZE], expected[PROOF_MAX][DIGEST_SIZE], root[DIGEST_SIZE],
		all[DIGEST_SIZE];

	(void)state;
	fill(&hashes, SIZES);
	for (uint32_t size = 1; size <= SIZES; size++) {
		mth(0, size, all);
		for (uint32_t m = 0; m < size; m++) {
			const uint8_t(*const given)[DIGEST_SIZE] = (const uint8_t(*)[DIGEST_SIZE])path;
			unsigned int count = proof_path(&hashes, m, size, path);

			assert_int_equal(count, path_of(m, 0, size, expected));
			assert_memory_equal(path, expected, (size_t)count * DIGEST_SIZE);
			assert_int_equal(proof_root(leaves[m], m, size, given, count, root), 0);
			assert_memory_equal(root, all, DIGEST_SIZE);
			assert_int_equal(proof_root(leaves[m], size, size, given, count, root), -EBADMSG);
			if (!count)
				continue;
			assert_int_equal(proof_root(leaves[m], m, size, given, count - 1, root), -EBADMSG);
			if (!proof_root(leaves[m], m ^ 1, size, given, count, root))
				assert_memory_not_equal(root, all, DIGEST_SIZE);
			path[count / 2][m % DIGEST_SIZE] ^= 1;
			assert_int_equal(proof_root(leaves[m], m, size, given, count, root), 0);
			assert_memory_not_equal(root, all, DIGEST_SIZE);
		}
	}
	hashes_free(&hashes);
}

static bool holds(const struct buf *text, const struct verifier *verifier)
{
	const char *at = text->data, *end = text->data + text->size;
	struct proof proof = {};
	bool held = true;

	while (held && at < end)
		held = !proof_read(&proof, &at, end) &&
		       !note_verify(verifier, proof.note, proof.note_size, NULL);
	proof_free(&proof);
	return held;
}

/** A key of its own, gone from the disk at once. */
static struct key *make_key(const char *origin, struct verifier *verifier)
{
	char directory[] = "/tmp/custodes-unit.XXXXXX", path[64];
	struct key *key;

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/key", directory);
	assert_int_equal(key_create(&key, path), 0);
	assert_int_equal(unlink(path) || rmdir(directory), 0);
	assert_int_equal(verifier_make(verifier, origin, NOTE_ED25519, key_public(key)), 0);
	return key;
}

/** Two proofs behind each other come back; no bit of either can be another. */
static void text_and_back(void **state)
{
	static const uint8_t bytes[] = "an entry";
	const struct entry entry = {bytes, sizeof(bytes)};
	struct checkpoint checkpoint = {.origin = "custodes/test", .size = 7};
	struct buf note = {}, text = {};
	struct hashes hashes = {};
	struct proof proof = {};
	uint8_t leaf[DIGEST_SIZE];
	struct verifier verifier;
	struct key *key = make_key(checkpoint.origin, &verifier);
	const char *at;

	(void)state;
	tree_leaf(entry.at, entry.size, leaf);
	for (uint32_t i = 0; i < 7; i++) {
		leaf_of(i, leaves[i]);
		hashes_add(&hashes, i == 2 || i == 6 ? leaf : leaves[i]);
	}
	hashes_root(&hashes, 7, checkpoint.root);
	assert_int_equal(checkpoint_write(&checkpoint, key, &note), 0);
	proof_write(&hashes, 2, &entry, hashes_size(&hashes), &note, &text);
	proof_write(&hashes, 6, &entry, hashes_size(&hashes), &note, &text);
	at = text.data;
	for (uint64_t i = 2; i <= 6; i += 4) {
		assert_int_equal(proof_read(&proof, &at, text.data + text.size), 0);
		assert_int_equal(proof.index, i);
		assert_int_equal(proof.entry.size, entry.size);
		assert_memory_equal(proof.entry.data, entry.at, entry.size);
		assert_int_equal(proof.note_size, note.size);
	}
	assert_ptr_equal(at, text.data + text.size);
	assert_true(holds(&text, &verifier));
	for (size_t bit = 0; bit < text.size * 8; bit++) {
		text.data[bit / 8] ^= (char)(1 << bit % 8);
		if (holds(&text, &verifier))
			fail_msg("bit %zu of byte %zu passes: %.40s", bit % 8, bit / 8, text.data + bit / 8);
		text.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	proof_free(&proof);
	key_close(&key);
	hashes_free(&hashes);
	buf_free(&note);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_older_root),
		cmocka_unit_test(every_path),
		cmocka_unit_test(text_and_back),
	};

	return cmocka_run_group_tests_name("proof", tests, NULL, NULL);
}
