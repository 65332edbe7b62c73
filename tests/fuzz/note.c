// SPDX-License-Identifier: GPL-3.0-or-later
/* Signed notes and verifier keys: what is changed in the least is never taken. */
#include <stdlib.h>
#include <string.h>

#include "../../user/capture/checkpoint.h"
#include "../../user/capture/key.h"
#include "../../user/capture/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char example[] =
	"This is an example message.\n"
	"\n"
	"\xe2\x80\x94 example.com/foo "
	"Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
static const char vkey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

/** The example with the input's bytes over it from some place on: right only if nothing has changed. */
static void change_example(const struct verifier *verifier, const uint8_t *data, size_t size)
{
	char note[sizeof(example)];
	size_t at = data[0] % (sizeof(example) - 1), count = size - 1;

	memcpy(note, example, sizeof(example));
	if (count > sizeof(example) - 1 - at)
		count = sizeof(example) - 1 - at;
	memcpy(note + at, data + 1, count);
	if (!note_verify(verifier, note, sizeof(example) - 1, NULL) &&
	    memcmp(note, example, sizeof(example)) != 0 && memcmp(note, example, 28) != 0)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct verifier verifier;
	struct checkpoint checkpoint;
	struct buf again = {};
	uint8_t public[ED25519_KEY];
	uint64_t time;

	memcpy(text, data, size);
	text[size] = '\0';
	if (!verifier_parse(&verifier, text)) {
		verifier_format(&verifier, &again);
		if (strcmp(again.data, text) != 0)
			__builtin_trap();
	}
	checkpoint_read(&checkpoint, text, size);
	key_certified((const uint8_t[ED25519_KEY]){1}, text, size, public);
	if (verifier_parse(&verifier, vkey))
		__builtin_trap();
	note_verify(&verifier, text, size, &time);
	if (size > 1)
		change_example(&verifier, data, size);
	buf_free(&again);
	free(text);
	return 0;
}
