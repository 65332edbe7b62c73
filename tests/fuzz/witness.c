// SPDX-License-Identifier: GPL-3.0-or-later
/* What a witness answers, and who counts: bytes that others have written, read as both. */
#include <stdlib.h>
#include <string.h>

#include "../../user/capture/quorum.h"
#include "../../user/capture/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char note_text_[] =
	"custodes/dcdaf2c589f10a89576c13af9a8bb911\n16\n2zLtdDqPAqOMUjS8oQx5etMgk8vHYoES95wpxK1B6KI=\n\n";
static const char vkey[] = "witness.example/w1+a2f0ceb6+BLoa43Ofi5cK8ebecKnxS7BA6oSDg7WHMWVRZW5lkxD0";
static const char line[] = "\xe2\x80\x94 witness.example/w1 ovDOtgAAAABrA5cRrS4aGHqq0REZYw38vw7O4FFPEb7+"
			   "oLyUaT7/ahKK3yHG+RN+FRxwuwQGHz8hz2zY+CACqnRAqKnT3uaXJ0buBA==\n";

static void read_policy(const char *text, size_t size)
{
	struct quorum quorum;
	struct buf fault = {};

	if (!quorum_parse(&quorum, text, size, &fault)) {
		uint64_t *numbers = calloc(quorum.count + 1, sizeof(*numbers));

		for (size_t i = 0; i < quorum.count; i++)
			numbers[i] = 5 + i % 3;
		if (quorum_reached(&quorum, numbers) > 7)
			__builtin_trap();
		free(numbers);
		quorum_free(&quorum);
	} else if (!fault.size) {
		__builtin_trap();
	}
	buf_free(&fault);
}

static void read_answer(const struct verifier *key, const char *body, size_t size)
{
	const struct buf note = {.data = (char *)note_text_, .size = sizeof(note_text_) - 1};
	struct buf with = {};
	uint64_t time;

	/* What it takes holds the one line that is right, and no other text than was asked about. */
	if (!witness_cosigned(key, &note, body, size, &with, &time) &&
	    (time != 1795397393 || with.size != note.size + sizeof(line) - 1 ||
	     memcmp(with.data, note.data, note.size) != 0 || !memmem(body, size, line, sizeof(line) - 1)))
		__builtin_trap();
	buf_free(&with);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verifier key;
	struct buf body = {};
	char *text = malloc(size + 1);
	uint64_t entries;

	memcpy(text, data, size);
	text[size] = '\0';
	if (verifier_parse(&key, vkey))
		__builtin_trap();
	read_policy(text, size);
	read_answer(&key, text, size);
	buf_bytes(&body, text, size);
	buf_str(&body, line);
	read_answer(&key, body.data, body.size);
	witness_conflict("text/x.tlog.size", text, size, &entries);
	witness_conflict(text, "7\n", 2, &entries);
	buf_free(&body);
	free(text);
	return 0;
}
