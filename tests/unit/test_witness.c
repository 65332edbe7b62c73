// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What is said to witnesses, whose word counts, and what their word is worth to verify. The first answer here
 * is litewitness's (torchwood 0.9.0) to a log of custodes'; tests/live talks to it.
 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "../../user/capture/quorum.h"
#include "../../user/capture/tree.h"
#include "../../user/capture/verify.h"
#include "../../user/capture/witness.h"
#include "../../user/util/base64.h"
#include "directory.h"
#include "sample.h"

#define DASH "\xe2\x80\x94 "

static const char theirs_key[] = "witness.example/w1+a2f0ceb6+BLoa43Ofi5cK8ebecKnxS7BA6oSDg7WHMWVRZW5lkxD0";
static const char theirs_note[] =
	"custodes/dcdaf2c589f10a89576c13af9a8bb911\n16\n2zLtdDqPAqOMUjS8oQx5etMgk8vHYoES95wpxK1B6KI=\n\n" DASH
	"custodes/dcdaf2c589f10a89576c13af9a8bb911 "
	"fQi0kAlaXwtwkyjh57t7h0aU+n100vnUNSl5+Mg6op5ld0x3pX99ykFN3PvxZ4/hXVCX0zzzpIl+yGb+9vvmkur0OwI=\n";
static const char theirs_line[] = DASH "witness.example/w1 "
				       "ovDOtgAAAABrA5cRrS4aGHqq0REZYw38vw7O4FFPEb7+oLyUaT7/"
				       "ahKK3yHG+RN+FRxwuwQGHz8hz2zY+CACqnRAqKnT3uaXJ0buBA==\n";

/* ---- answers ---- */

static int answered(const char *body, size_t size, struct buf *with, uint64_t *time)
{
	const struct buf note = {.data = (char *)theirs_note, .size = sizeof(theirs_note) - 1};
	struct verifier key;

	assert_int_equal(verifier_parse(&key, theirs_key), 0);
	return witness_cosigned(&key, &note, body, size, with, time);
}

static void others_cosignature(void **state)
{
	char changed[sizeof(theirs_line)];
	struct buf with = {};
	uint64_t time;

	(void)state;
	assert_int_equal(answered(theirs_line, sizeof(theirs_line) - 1, &with, &time), 0);
	assert_int_equal(time, 1795397393);
	assert_int_equal(with.size, sizeof(theirs_note) + sizeof(theirs_line) - 2);
	assert_string_equal(with.data + sizeof(theirs_note) - 1, theirs_line);
	for (size_t i = 0; i < sizeof(theirs_line) - 1; i++) {
		memcpy(changed, theirs_line, sizeof(changed));
		changed[i] ^= 1;
		assert_int_not_equal(answered(changed, sizeof(changed) - 1, &with, &time), 0);
		assert_int_not_equal(answered(theirs_line, i, &with, &time), 0);
	}
	buf_free(&with);
}

/** Lines of other keys, also longer ones of the same name, are passed over; what is no line is not. */
static void lines_of_others(void **state)
{
	struct buf with = {}, body = {}, long_line = {};
	uint8_t mldsa[4 + 8 + 2420] = {1, 2, 3, 4};
	uint64_t time;

	(void)state;
	base64_put(&long_line, mldsa, sizeof(mldsa));
	buf_printf(&body, DASH "witness.example/w1 %s\n" DASH "witness.example/w2 AAAAAAAA\n%s",
		   long_line.data, theirs_line);
	assert_int_equal(answered(body.data, body.size, &with, &time), 0);
	assert_int_equal(with.size, sizeof(theirs_note) + sizeof(theirs_line) - 2);
	assert_int_equal(answered(body.data, body.size - sizeof(theirs_line) + 1, &with, &time), -ENOENT);
	assert_int_equal(answered("", 0, &with, &time), -ENOENT);
	assert_int_equal(answered("\n", 1, &with, &time), -EBADMSG);
	assert_int_equal(answered("<html>\n", 7, &with, &time), -EBADMSG);
	buf_clear(&body);
	buf_printf(&body, "\n%s", theirs_line);
	assert_int_equal(answered(body.data, body.size, &with, &time), -EBADMSG);
	buf_free(&body);
	buf_free(&with);
	buf_free(&long_line);
}

static void conflicts(void **state)
{
	static const struct {
		const char *type, *body;
		int result;
		uint64_t entries;
	} cases[] = {
		{"text/x.tlog.size", "0\n", 0, 0},
		{"text/x.tlog.size", "20852163\n", 0, 20852163},
		{"text/x.tlog.size; charset=utf-8", "7\n", 0, 7},
		{"text/plain", "7\n", -EBADMSG, 0},
		{"", "7\n", -EBADMSG, 0},
		{"text/x.tlog.sizes", "7\n", -EBADMSG, 0},
		{"text/x.tlog.size", "7", -EBADMSG, 0},
		{"text/x.tlog.size", "", -EBADMSG, 0},
		{"text/x.tlog.size", "\n", -EBADMSG, 0},
		{"text/x.tlog.size", "07\n", -EBADMSG, 0},
		{"text/x.tlog.size", "-7\n", -EBADMSG, 0},
		{"text/x.tlog.size", "7\n\n", -EBADMSG, 0},
		{"text/x.tlog.size", "99999999999999999999\n", -EBADMSG, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t entries = 0;

		assert_int_equal(
			witness_conflict(cases[i].type, cases[i].body, strlen(cases[i].body), &entries),
			cases[i].result);
		if (!cases[i].result)
			assert_int_equal(entries, cases[i].entries);
	}
}

static void a_request(void **state)
{
	const uint8_t path[2][DIGEST_SIZE] = {{1}, {2}};
	struct buf note = {.data = (char *)"origin\n3\nroot\n\n", .size = 15}, text = {};

	(void)state;
	witness_request(0, path, 0, &note, &text);
	assert_string_equal(text.data, "old 0\n\norigin\n3\nroot\n\n");
	buf_clear(&text);
	witness_request(2, path, 2, &note, &text);
	assert_string_equal(text.data, "old 2\nAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
				       "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\norigin\n3\nroot\n\n");
	buf_free(&text);
}

/* ---- policies ---- */

/** A witness's key of a name, out of nothing. */
static void put_key(struct buf *to, const char *name, uint8_t byte, uint8_t type)
{
	uint8_t key[ED25519_KEY];
	struct verifier verifier;

	memset(key, byte, sizeof(key));
	assert_int_equal(verifier_make(&verifier, name, type, key), 0);
	verifier_format(&verifier, to);
}

/** The policy with $1 to $9 as witnesses' keys, and $L as a log's. */
static int parse(struct quorum *quorum, const char *form, struct buf *fault)
{
	struct buf text = {};
	int r;

	for (; *form; form++) {
		const char name[] = {'w', form[0] == '$' ? form[1] : 0, 0};

		if (*form != '$') {
			buf_byte(&text, *form);
			continue;
		}
		put_key(&text, name, (uint8_t)form[1], form[1] == 'L' ? NOTE_ED25519 : NOTE_COSIGNATURE);
		form++;
	}
	r = quorum_parse(quorum, text.data ? text.data : "", text.size, fault);
	buf_free(&text);
	return r;
}

static void sound_policies(void **state)
{
	static const struct {
		const char *form;
		uint64_t numbers[6], reached;
	} cases[] = {
		{"witness a $1\nquorum a\n", {7}, 7},
		{"witness a $1\nquorum none\n", {7}, 0},
		{"quorum none", {}, 0},
		{"# who\n\n  \t\nwitness a $1 https://a.example/x/\n quorum\ta \n", {7}, 7},
		{"log $L http://log\nwitness a $1\nwitness b $2\ngroup g all a b\nquorum g\n", {7, 5}, 5},
		{"witness a $1\nwitness b $2\ngroup g any a b\nquorum g\n", {7, 5}, 7},
		{"witness a $1\nwitness b $2\nwitness c $3\ngroup g 2 a b c\nquorum g\n", {7, 5, 9}, 7},
		{"witness a $1\nwitness b $2\nwitness c $3\ngroup g 2 a b c\nquorum g\n", {7, 0, 0}, 0},
		{"witness a $1\nwitness b $2\ngroup g any a b\nwitness c $3\ngroup h all g c\nquorum h\n",
		 {7, 5, 0, 6},
		 6},
		{"witness a $1\nwitness b $2\nwitness c $3\nquorum b\n", {7, 5, 9}, 5},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct quorum quorum;
		struct buf fault = {};

		if (parse(&quorum, cases[i].form, &fault))
			fail_msg("%s: %s", cases[i].form, fault.data);
		assert_int_equal(quorum_reached(&quorum, cases[i].numbers), cases[i].reached);
		quorum_free(&quorum);
		buf_free(&fault);
	}
}

static void an_address(void **state)
{
	struct quorum quorum;
	struct buf fault = {};

	(void)state;
	assert_int_equal(parse(&quorum, "witness a $1 https://a.example/x//\nquorum a\n", &fault), 0);
	assert_string_equal(quorum.members[0].url, "https://a.example/x");
	assert_string_equal(quorum.members[0].key.name, "w1");
	quorum_free(&quorum);
}

static void policies_with_faults(void **state)
{
	static const struct {
		const char *form, *fault;
	} cases[] = {
		{"", "no quorum is named"},
		{"witness a $1\n", "no quorum is named"},
		{"witness a $1\nquorum b\n", "line 2: b: no witness or group of this name stands above"},
		{"quorum a\nwitness a $1\n", "line 1: a: no witness or group"},
		{"witness a $1\nquorum a\nquorum a\n", "line 3: a second quorum"},
		{"witness a $1\nquorum none\nquorum a\n", "line 3: a second quorum"},
		{"witness a $1\nwitness a $2\nquorum a\n", "line 2: a: this name is another's already"},
		{"witness none $1\nquorum none\n", "line 1: none: this name"},
		{"witness a $1\nwitness b $1\nquorum a\n", "this key stands twice"},
		{"log $L\nlog $L\nquorum none\n", "this key stands twice"},
		{"witness a $L\nquorum a\n", "a log's key (type 1), expected a witness's"},
		{"log $1\nquorum none\n", "a witness's key (type 4), expected a log's"},
		{"witness a x+1+y\nquorum a\n", "no verifier key"},
		{"witness a $1 ftp://x\nquorum a\n", "expected an address that begins with http"},
		{"witness a\nquorum a\n", "expected: witness NAME KEY [URL]"},
		{"witness a $1 http://x y\nquorum a\n", "expected: witness NAME KEY [URL]"},
		{"witness a $1\ngroup g 2 a\nquorum g\n", "line 2: 2: expected all, any or how many"},
		{"witness a $1\ngroup g 0 a\nquorum g\n", "0: expected all, any or how many"},
		{"witness a $1\ngroup g 1x a\nquorum g\n", "1x: expected all, any or how many"},
		{"witness a $1\ngroup g all a a\nquorum g\n", "a: a group has it already"},
		{"witness a $1\ngroup g all a\ngroup h all a\nquorum g\n",
		 "line 3: a: a group has it already"},
		{"witness a $1\ngroup g all g\nquorum g\n", "g: no witness or group"},
		{"witness a $1\ngroup g all none\nquorum g\n", "none: no witness or group"},
		{"group g all\nquorum g\n", "expected: group NAME"},
		{"wittness a $1\nquorum a\n", "wittness: expected log, witness, group or quorum"},
		{"witness a $1\r\nquorum a\n", "no text"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct quorum quorum;
		struct buf fault = {};

		assert_int_equal(parse(&quorum, cases[i].form, &fault), -EINVAL);
		if (!strstr(fault.data, cases[i].fault))
			fail_msg("%s: expected \"%s\", found \"%s\"", cases[i].form, cases[i].fault,
				 fault.data);
		buf_free(&fault);
	}
}

/* ---- consistency ---- */

/** Whether the hashes lead from the one root to the other (RFC 9162, 2.1.4.2). */
static bool leads(uint64_t old, uint64_t size, const uint8_t *from, const uint8_t *to,
		  const uint8_t (*path)[DIGEST_SIZE], int count)
{
	uint64_t fn = old - 1, sn = size - 1;
	uint8_t fr[DIGEST_SIZE], sr[DIGEST_SIZE];
	int at = 0;

	while (fn & 1)
		fn >>= 1, sn >>= 1;
	memcpy(fr, fn ? path[at++] : from, DIGEST_SIZE);
	memcpy(sr, fr, DIGEST_SIZE);
	for (; at < count; at++) {
		if (!sn)
			return false;
		if (fn & 1 || fn == sn) {
			tree_node(path[at], fr, fr);
			tree_node(path[at], sr, sr);
			while (!(fn & 1) && fn)
				fn >>= 1, sn >>= 1;
		} else {
			tree_node(sr, path[at], sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return !sn && !memcmp(fr, from, DIGEST_SIZE) && !memcmp(sr, to, DIGEST_SIZE);
}

static struct key *fresh(const char *name)
{
	char path[128];
	struct key *key;

	path_of(path, name);
	assert_int_equal(key_create(&key, path), 0);
	return key;
}

/** From every older size, as a run finds the hashes: whole tiles on disk, the rest in memory. */
static void a_log_goes_on(void **state)
{
	static uint8_t roots[300][DIGEST_SIZE];
	struct key *key = fresh("goes-on-key");
	struct sample sample = {.key = key};
	struct checkpoint checkpoint;
	uint8_t path[PROOF_MAX][DIGEST_SIZE];
	char name[128];

	(void)state;
	path_of(name, "goes-on");
	assert_int_equal(writer_open(&sample.writer, name, sample.key), 0);
	assert_int_equal(writer_consistency(sample.writer, 0, path), 0);
	for (uint64_t size = 1; size < ARRAY_SIZE(roots); size++) {
		sample_fork(&sample);
		sample_seal(&sample);
		checkpoint_read(&checkpoint, writer_note(sample.writer)->data,
				writer_note(sample.writer)->size);
		assert_int_equal(checkpoint.size, size);
		memcpy(roots[size], checkpoint.root, DIGEST_SIZE);
		if (size % 40 > 1 && (size < 254 || size > 260))
			continue;
		assert_int_equal(writer_consistency(sample.writer, 0, path), 0);
		assert_int_equal(writer_consistency(sample.writer, size, path), 0);
		assert_int_equal(writer_consistency(sample.writer, size + 1, path), -EINVAL);
		for (uint64_t old = 1; old < size; old++) {
			int count = writer_consistency(sample.writer, old, path);

			assert_true(count > 0);
			assert_true(leads(old, size, roots[old], roots[size],
					  (const uint8_t(*)[DIGEST_SIZE])path, count));
			path[count / 2][0] ^= 1;
			assert_false(leads(old, size, roots[old], roots[size],
					   (const uint8_t(*)[DIGEST_SIZE])path, count));
		}
	}
	writer_close(&sample.writer);
	key_close(&key);
}

/* ---- verify ---- */

/** What a witness has done to it before it stands in the record. */
enum deed { RIGHT, NO_TIME, OTHER_KEY, OTHER_BYTE, OTHER_LOG, LATER, FORKED };

static void make_cosigned(const char *name, const struct key *host, const struct key *witness, enum deed deed)
{
	struct sample sample = {.key = host};
	struct key *other = NULL;
	struct buf note = {};
	char path[128];

	path_of(path, name);
	assert_int_equal(writer_open(&sample.writer, path, host), 0);
	sample_begin(&sample, "");
	sample_entries(&sample, 20);
	buf_bytes(&note, writer_note(sample.writer)->data, writer_note(sample.writer)->size);
	if (deed == OTHER_LOG)
		note.data[12] ^= 1;
	if (deed == FORKED || deed == LATER) {
		struct checkpoint changed;

		checkpoint_read(&changed, note.data, note.size);
		changed.root[3] ^= deed == FORKED;
		changed.size += deed == LATER ? 100 : 0;
		buf_clear(&note);
		assert_int_equal(checkpoint_write(&changed, host, &note), 0);
	}
	if (deed == OTHER_KEY)
		other = fresh("deed-key");
	sample_cosign(other ? other : witness, "w", deed == NO_TIME ? 0 : 1795397393, &note);
	if (deed == OTHER_BYTE)
		note.data[note.size - 20] = note.data[note.size - 20] == 'A' ? 'B' : 'A';
	sample_cosigned(&sample, &note);
	sample_entries(&sample, 9);
	sample_end(&sample);
	assert_int_equal(sample.error, 0);
	writer_close(&sample.writer);
	if (other)
		key_close(&other);
	buf_free(&note);
}

/** What verify says under a policy of one witness: all of its words, one line each. */
static uint64_t judge(const char *name, const struct key *witness, struct buf *said)
{
	_cleanup_(buf_free) struct buf policy = {}, fault = {};
	struct verify_options options = {};
	struct verified verified = {};
	struct verifier verifier;
	struct quorum quorum;
	uint64_t doubts;
	char path[128];

	path_of(path, name);
	buf_str(&policy, "witness a ");
	verifier_make(&verifier, "w", NOTE_COSIGNATURE, key_public(witness));
	verifier_format(&verifier, &policy);
	buf_str(&policy, "\nquorum a\n");
	assert_int_equal(quorum_parse(&quorum, policy.data, policy.size, &fault), 0);
	options.quorum = &quorum;
	assert_int_equal(verify_capture(path, &options, &verified), 0);
	for (size_t i = 0; i < verified.verdict.count; i++)
		buf_printf(said, "%s\n", verified.verdict.lines[i].text);
	doubts = verified.verdict.doubts;
	verified_free(&verified);
	quorum_free(&quorum);
	return doubts;
}

static void what_their_word_is_worth(void **state)
{
	static const struct {
		const char *name, *says;
		enum deed deed;
		uint64_t doubts;
	} cases[] = {
		{"right",
		 "enough witnesses have vouched for the first 20 of the 31 entries, by 2026-11-23T01:29:53Z",
		 RIGHT, 0},
		{"right-behind", "that of the 11 entries behind those", RIGHT, 0},
		{"no-time", "the cosignature of w is wrong", NO_TIME, 2},
		{"other-key", "not enough of the policy's witnesses", OTHER_KEY, 1},
		{"other-byte", "the cosignature of w is wrong", OTHER_BYTE, 2},
		{"other-log", "its checkpoint is of another log", OTHER_LOG, 2},
		{"later", "its checkpoint counts entries that stand behind it", LATER, 2},
		{"forked", "another root than the entries before it", FORKED, 2},
	};
	struct key *host = fresh("host"), *witness = fresh("witness");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf said = {};
		uint64_t doubts;

		make_cosigned(cases[i].name, host, witness, cases[i].deed);
		doubts = judge(cases[i].name, witness, &said);
		if (doubts != cases[i].doubts || !strstr(said.data, cases[i].says))
			fail_msg("%s: %llu doubts; expected %llu and \"%s\" in:\n%s", cases[i].name,
				 (unsigned long long)doubts, (unsigned long long)cases[i].doubts,
				 cases[i].says, said.data);
		buf_free(&said);
		if (cases[i].deed == OTHER_KEY) {
			char path[128];

			path_of(path, "deed-key");
			remove(path);
		}
	}
	key_close(&host);
	key_close(&witness);
}

/* ---- */

static int make_directory(void **state)
{
	(void)state;
	return directory_make();
}

static int remove_directory(void **state)
{
	(void)state;
	return remove_all(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_cosignature),
		cmocka_unit_test(lines_of_others),
		cmocka_unit_test(conflicts),
		cmocka_unit_test(a_request),
		cmocka_unit_test(sound_policies),
		cmocka_unit_test(an_address),
		cmocka_unit_test(policies_with_faults),
		cmocka_unit_test(a_log_goes_on),
		cmocka_unit_test(what_their_word_is_worth),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
