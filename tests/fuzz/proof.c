// SPDX-License-Identifier: GPL-3.0-or-later
/* Proofs that anybody wrote: what is taken leads to its checkpoint's root; a sound one with other bytes over
 * it is the same, or none. */
#include <stdlib.h>
#include <string.h>

#include "../../user/capture/proof.h"
#include "../../user/capture/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define SIZE  7
#define INDEX 4
/** More could bring another entry and a root for it. */
#define CHANGED_MAX 32

static const uint8_t bytes[] = "an entry";
static const struct entry entry = {bytes, sizeof(bytes)};
static struct buf sound;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct checkpoint checkpoint = {.origin = "custodes/fuzz", .size = SIZE};
	struct hashes hashes = {};
	struct buf note = {};

	(void)argc, (void)argv;
	for (uint8_t i = 0; i < SIZE; i++) {
		uint8_t hash[DIGEST_SIZE];

		if (i == INDEX)
			tree_leaf(entry.at, entry.size, hash);
		else
			digest_of(&i, 1, hash);
		hashes_add(&hashes, hash);
	}
	hashes_root(&hashes, SIZE, checkpoint.root);
	checkpoint_write(&checkpoint, NULL, &note);
	proof_write(&hashes, INDEX, &entry, &note, &sound);
	hashes_free(&hashes);
	buf_free(&note);
	return 0;
}

/** The first byte says where. */
static void change_sound(const uint8_t *data, size_t size)
{
	struct proof proof = {};
	size_t at = data[0] * 2 % sound.size, count = size - 1;
	char *text = malloc(sound.size);
	const char *from = text;

	memcpy(text, sound.data, sound.size);
	if (count > CHANGED_MAX)
		count = CHANGED_MAX;
	if (count > sound.size - at)
		count = sound.size - at;
	memcpy(text + at, data + 1, count);
	if (!proof_read(&proof, &from, text + sound.size) &&
	    (proof.index != INDEX || proof.entry.size != entry.size ||
	     memcmp(proof.entry.data, entry.at, entry.size) != 0)) /* the size is the signature's to keep */
		__builtin_trap();
	proof_free(&proof);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	const char *at = text, *end = text + size;
	struct proof proof = {};

	memcpy(text, data, size); /* of its own, so that ASan sees its ends */
	while (at < end && !proof_read(&proof, &at, end))
		if (at > end || proof.index >= proof.checkpoint.size || proof.note < text ||
		    proof.note + proof.note_size != at)
			__builtin_trap();
	proof_free(&proof);
	if (size > 1)
		change_sound(data, size);
	free(text);
	return 0;
}
