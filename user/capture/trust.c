// SPDX-License-Identifier: GPL-3.0-or-later
#include "trust.h"

#include <string.h>

#include "../util/base64.h"
#include "../util/memory.h"

typedef unsigned long long ull;

#define CHECK_KEYS  "keys"
#define CHECK_BEATS "heartbeats"

void trust_free(struct trust *trust)
{
	free(trust->trusted);
	free(trust->known);
	*trust = (struct trust){};
}

static bool has(const struct verifier *keys, size_t count, const uint8_t key[ED25519_KEY])
{
	for (size_t i = 0; i < count; i++)
		if (!memcmp(keys[i].key, key, ED25519_KEY))
			return true;
	return false;
}

void trust_give(struct trust *trust, const uint8_t key[ED25519_KEY])
{
	if (!has(trust->trusted, trust->trusted_count, key))
		verifier_make(GROW(trust->trusted, trust->trusted_count), trust->origin, NOTE_ED25519, key);
}

static bool signed_by(const struct verifier *keys, size_t count, const char *note, size_t size)
{
	for (size_t i = 0; i < count; i++)
		if (!note_verify(&keys[i], note, size, NULL))
			return true;
	return false;
}

bool trust_signed(const struct trust *trust, const char *note, size_t size)
{
	return signed_by(trust->trusted, trust->trusted_count, note, size);
}

/* ---- KEY ---- */

/** The text of the event's verifier is its key, under the log's origin. */
static bool verifier_right(const struct trust *trust, const struct ev_head *event, struct ev_str str,
			   const uint8_t *key)
{
	struct view text = event_view(event, str);
	struct buf expected = {};
	struct verifier verifier;
	bool right;

	if (verifier_make(&verifier, trust->origin, NOTE_ED25519, key))
		return false;
	verifier_format(&verifier, &expected);
	right = text.size == expected.size && !memcmp(text.at, expected.data, text.size);
	buf_free(&expected);
	return right;
}

/** Whoever signed it, a certificate is about this key. */
static bool certificate_right(const struct view *note, const uint8_t *key)
{
	struct buf expected = {};
	size_t text;
	bool right;

	buf_str(&expected, KEY_CERTIFICATE "\n");
	base64_put(&expected, key, ED25519_KEY);
	buf_byte(&expected, '\n');
	right = !note_text(note->at, note->size, &text) && text == expected.size &&
		!memcmp(note->at, expected.data, text);
	buf_free(&expected);
	return right;
}

static bool certified(const struct verifier *keys, size_t count, const struct view *note, const uint8_t *key)
{
	uint8_t about[ED25519_KEY];

	for (size_t i = 0; i < count; i++)
		if (!key_certified(keys[i].key, note->at, note->size, about) &&
		    !memcmp(about, key, ED25519_KEY))
			return true;
	return false;
}

static void name_key(const uint8_t *key, char name[13])
{
	for (int i = 0; i < 6; i++)
		snprintf(name + 2 * (size_t)i, 3, "%02x", key[i]);
}

/** A key that no trusted one vouches for. What a log bears before its own first key is another matter. */
static void stranger(struct trust *trust, const struct ev_key *event, uint64_t position,
		     struct verdict *verdict)
{
	char name[13];

	trust->strangers++;
	name_key(event->public, name);
	if (trust->met)
		verdict_say(verdict, VERDICT_DOUBT, CHECK_KEYS,
			    "event %llu: from here on another key signs (%s...), and no trusted key vouches "
			    "for it",
			    (ull)position, name);
}

/** The key in force stands last. */
static void know(struct trust *trust, const uint8_t key[ED25519_KEY])
{
	size_t count = trust->known_count;

	for (size_t i = 0; i < count; i++)
		if (!memcmp(trust->known[i].key, key, ED25519_KEY)) {
			struct verifier found = trust->known[i];

			trust->known[i] = trust->known[count - 1];
			trust->known[count - 1] = found;
			return;
		}
	verifier_make(GROW(trust->known, trust->known_count), trust->origin, NOTE_ED25519, key);
}

void trust_key(struct trust *trust, const struct ev_head *event, uint64_t position, struct verdict *verdict)
{
	const struct ev_key *key = (const struct ev_key *)event;
	struct view note = event_view(event, key->certificate);

	trust->keys++;
	if (!verifier_right(trust, event, key->verifier, key->public))
		verdict_say(verdict, VERDICT_DOUBT, CHECK_KEYS,
			    "event %llu: its verifier key is not its key under this log's name",
			    (ull)position);
	if (note.size && !certificate_right(&note, key->public))
		verdict_say(verdict, VERDICT_DOUBT, CHECK_KEYS, "event %llu: its certificate is not about it",
			    (ull)position);
	if (!trust->given && trust->keys == 1)
		trust_give(trust, key->public);
	if (!has(trust->trusted, trust->trusted_count, key->public) && note.size &&
	    certified(trust->trusted, trust->trusted_count, &note, key->public)) {
		trust_give(trust, key->public);
		trust->certified++;
	}
	if (has(trust->trusted, trust->trusted_count, key->public))
		trust->met = true;
	else
		stranger(trust, key, position, verdict);
	know(trust, key->public);
}

/* ---- checkpoints in the log itself ---- */

const char *trust_fault(const struct trust *trust, const struct view *note, uint64_t entry,
			const struct hashes *hashes, struct checkpoint *checkpoint)
{
	uint8_t root[DIGEST_SIZE];

	if (checkpoint_read(checkpoint, note->at, note->size))
		return "its checkpoint is none";
	if (strcmp(checkpoint->origin, trust->origin))
		return "its checkpoint is of another log";
	if (checkpoint->size > entry)
		return "its checkpoint counts entries that stand behind it";
	hashes_root(hashes, checkpoint->size, root);
	if (memcmp(root, checkpoint->root, DIGEST_SIZE))
		return "its checkpoint has another root than the entries before it: the log was forked or "
		       "written anew";
	if (trust->known_count && !signed_by(trust->known, trust->known_count, note->at, note->size) &&
	    !trust_signed(trust, note->at, note->size))
		return "its checkpoint is not signed by a key that the log had named by then";
	return NULL;
}

/** What is wrong with a heartbeat's; NULL: nothing. */
static const char *beat_fault(struct trust *trust, const struct ev_heartbeat *beat, uint64_t entry,
			      const struct hashes *hashes)
{
	struct view note = event_view(&beat->head, beat->checkpoint);
	struct checkpoint checkpoint;
	const char *fault = trust_fault(trust, &note, entry, hashes, &checkpoint);

	if (fault)
		return fault;
	if (checkpoint.size != beat->size)
		return "its checkpoint has another size than it says";
	if (checkpoint.size < trust->beat_size)
		return "its checkpoint is older than the heartbeat's before it";
	trust->beat_size = checkpoint.size;
	if (trust->known_count &&
	    !verifier_right(trust, &beat->head, beat->verifier, trust->known[trust->known_count - 1].key))
		return "it names another key than the record did";
	return NULL;
}

void trust_beat(struct trust *trust, const struct ev_head *event, uint64_t position, uint64_t entry,
		const struct hashes *hashes, struct verdict *verdict)
{
	const struct ev_heartbeat *beat = (const struct ev_heartbeat *)event;
	const char *fault;

	if (!beat->checkpoint.len && !beat->size)
		return; /* nothing was recorded when it was made */
	fault = beat_fault(trust, beat, entry, hashes);
	trust->beats += !fault;
	if (fault)
		verdict_say(verdict, VERDICT_DOUBT, CHECK_BEATS, "event %llu: %s", (ull)position, fault);
}
