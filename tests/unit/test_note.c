// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Signed notes and the keys under them. The first vector is the example of c2sp.org/signed-note,
 * made by others; openssl holds our own signatures against it in tests/live and docs/VERIFY.md.
 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../user/capture/checkpoint.h"
#include "../../user/capture/key.h"
#include "../../user/capture/note.h"
#include "said.h"

static const char theirs[] =
	"This is an example message.\n"
	"\n"
	"\xe2\x80\x94 example.com/foo "
	"Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
static const char theirs_key[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

static char directory[] = "/tmp/custodes-note.XXXXXX";

static void others_note(void **state)
{
	struct verifier verifier;
	struct buf text = {};
	char note[sizeof(theirs)];

	(void)state;
	assert_int_equal(verifier_parse(&verifier, theirs_key), 0);
	verifier_format(&verifier, &text);
	assert_string_equal(text.data, theirs_key);
	buf_free(&text);
	assert_int_equal(note_verify(&verifier, theirs, sizeof(theirs) - 1, NULL), 0);
	for (size_t i = 0; i < sizeof(theirs) - 1; i++) {
		memcpy(note, theirs, sizeof(theirs));
		note[i] ^= 1;
		assert_int_not_equal(note_verify(&verifier, note, sizeof(theirs) - 1, NULL), 0);
	}
	for (size_t size = 0; size < sizeof(theirs) - 1; size++)
		assert_int_not_equal(note_verify(&verifier, theirs, size, NULL), 0);
}

static void keys_that_are_none(void **state)
{
	static const char *const bad[] = {
		"",
		"example.com/foo",
		"example.com/foo+530d903a",
		"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/foo+530d903a+AekyeRrm56h=pGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		" example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
		"example com+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	};
	struct verifier verifier;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!verifier_parse(&verifier, bad[i]))
			fail_msg("\"%s\" was taken for a key", bad[i]);
}

static void path_of(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", directory, name);
}

static struct key *fresh(const char *name)
{
	char path[128];
	struct key *key;

	path_of(path, name);
	assert_int_equal(key_create(&key, path), 0);
	return key;
}

static void ours_is_verified(void **state)
{
	struct key *key = fresh("ours"), *other = fresh("other");
	struct checkpoint checkpoint = {.origin = "custodes/0123", .size = 42}, again;
	struct verifier verifier;
	struct buf note = {};

	(void)state;
	assert_int_equal(checkpoint_write(&checkpoint, key, &note), 0);
	assert_int_equal(checkpoint_read(&again, note.data, note.size), 0);
	assert_int_equal(again.size, 42);
	verifier_make(&verifier, "custodes/0123", NOTE_ED25519, key_public(key));
	assert_int_equal(note_verify(&verifier, note.data, note.size, NULL), 0);
	verifier_make(&verifier, "custodes/0123", NOTE_ED25519, key_public(other));
	assert_int_equal(note_verify(&verifier, note.data, note.size, NULL), -ENOENT);
	verifier_make(&verifier, "custodes/0124", NOTE_ED25519, key_public(key));
	assert_int_equal(note_verify(&verifier, note.data, note.size, NULL), -ENOENT);
	/* Another's signature beside it, before and behind. */
	assert_int_equal(key_sign(other, "witness", note.data, 60, &note), 0);
	verifier_make(&verifier, "custodes/0123", NOTE_ED25519, key_public(key));
	assert_int_equal(note_verify(&verifier, note.data, note.size, NULL), 0);
	buf_free(&note);
	key_close(&key);
	key_close(&other);
}

static void a_key_is_kept(void **state)
{
	struct key *key = fresh("kept"), *again;
	struct said said;
	char path[128];
	struct stat st;

	(void)state;
	path_of(path, "kept");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(key_open(&again, path), 0);
	assert_memory_equal(key_public(key), key_public(again), ED25519_KEY);
	key_close(&again);
	said_begin(&said);
	assert_int_not_equal(key_create(&again, path), 0); /* never over one that is there */
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(key_open(&again, path), -EPERM);
	assert_non_null(strstr(said_end(&said), "chmod 600"));
	path_of(path, "none");
	assert_int_equal(key_open(&again, path), -ENOENT);
	key_close(&key);
}

static void one_key_vouches_for_another(void **state)
{
	struct key *by = fresh("by"), *new = fresh("new");
	uint8_t public[ED25519_KEY];
	struct buf note = {};

	(void)state;
	assert_int_equal(key_certify(by, key_public(new), &note), 0);
	assert_int_equal(key_certified(key_public(by), note.data, note.size, public), 0);
	assert_memory_equal(public, key_public(new), ED25519_KEY);
	assert_int_equal(key_certified(key_public(new), note.data, note.size, public), -EBADMSG);
	for (size_t i = 0; i < note.size; i++) {
		note.data[i] ^= 4;
		assert_int_equal(key_certified(key_public(by), note.data, note.size, public), -EBADMSG);
		note.data[i] ^= 4;
	}
	buf_free(&note);
	key_close(&by);
	key_close(&new);
}

static int make_directory(void **state)
{
	(void)state;
	return !mkdtemp(directory);
}

static int remove_directory(void **state)
{
	static const char *const names[] = {"ours", "other", "kept", "by", "new"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		path_of(path, names[i]);
		unlink(path);
	}
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_note),
		cmocka_unit_test(keys_that_are_none),
		cmocka_unit_test(ours_is_verified),
		cmocka_unit_test(a_key_is_kept),
		cmocka_unit_test(one_key_vouches_for_another),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
