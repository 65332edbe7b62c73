// SPDX-License-Identifier: GPL-3.0-or-later
#include "note.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "../util/base64.h"
#include "../util/digest.h"

#define DASH	   "\xe2\x80\x94 "
#define DASH_SIZE  (sizeof(DASH) - 1)
#define LINE_BYTES 4096 /* of a signature, decoded: more than any type has */
/** A verifier must bear this many; of more the note is none of ours. */
#define SIGNATURES_MAX 100

static bool name_sound(const char *name)
{
	if (!*name || strlen(name) >= NOTE_NAME_MAX)
		return false;
	for (; *name; name++)
		if ((unsigned char)*name <= ' ' || *name == '+' || *name == 0x7f)
			return false;
	return true;
}

int verifier_make(struct verifier *verifier, const char *name, uint8_t type, const uint8_t key[ED25519_KEY])
{
	uint8_t sum[DIGEST_SIZE];
	struct digest *digest;

	*verifier = (struct verifier){.type = type};
	if (!name_sound(name))
		return -EINVAL;
	snprintf(verifier->name, sizeof(verifier->name), "%s", name);
	memcpy(verifier->key, key, ED25519_KEY);
	digest = digest_begin();
	digest_add(digest, name, strlen(name));
	digest_add(digest, (const uint8_t[]){'\n', type}, 2);
	digest_add(digest, key, ED25519_KEY);
	digest_end(&digest, sum);
	memcpy(verifier->id, sum, sizeof(verifier->id));
	return 0;
}

int verifier_parse(struct verifier *verifier, const char *text)
{
	const char *id = strchr(text, '+'), *key = id ? strchr(id + 1, '+') : NULL;
	char name[NOTE_NAME_MAX], hex[9];
	uint8_t bytes[48];
	int r;

	if (!key || (size_t)(id - text) >= sizeof(name) || key - id != 9 || strlen(key + 1) != 44 ||
	    base64_get(key + 1, 44, bytes, sizeof(bytes)) != 1 + ED25519_KEY)
		return -EINVAL;
	if (bytes[0] != NOTE_ED25519 && bytes[0] != NOTE_COSIGNATURE)
		return -EINVAL;
	snprintf(name, sizeof(name), "%.*s", (int)(id - text), text);
	r = verifier_make(verifier, name, bytes[0], bytes + 1);
	snprintf(hex, sizeof(hex), "%02x%02x%02x%02x", verifier->id[0], verifier->id[1], verifier->id[2],
		 verifier->id[3]);
	return r || memcmp(hex, id + 1, 8) ? -EINVAL : 0;
}

void verifier_format(const struct verifier *verifier, struct buf *to)
{
	uint8_t bytes[1 + ED25519_KEY] = {verifier->type};

	memcpy(bytes + 1, verifier->key, ED25519_KEY);
	buf_printf(to, "%s+", verifier->name);
	buf_hex(to, verifier->id, sizeof(verifier->id));
	buf_byte(to, '+');
	base64_put(to, bytes, sizeof(bytes));
}

int note_text(const char *note, size_t size, size_t *text)
{
	/* The last empty line parts them: a text may have some of its own. */
	for (size_t i = size; i >= 2; i--)
		if (note[i - 1] == '\n' && note[i - 2] == '\n') {
			*text = i - 1;
			return 0;
		}
	return -EBADMSG;
}

void note_line(const char *name, const uint8_t id[4], const void *signature, size_t size, struct buf *to)
{
	_cleanup_(buf_free) struct buf bytes = {};

	buf_bytes(&bytes, id, 4);
	buf_bytes(&bytes, signature, size);
	buf_printf(to, DASH "%s ", name);
	base64_put(to, bytes.data, bytes.size);
	buf_byte(to, '\n');
}

static bool signature_right(const struct verifier *verifier, const void *text, size_t size,
			    const uint8_t *signature)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, verifier->key, ED25519_KEY);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool right = key && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
		     EVP_DigestVerify(context, signature, ED25519_SIGNATURE, text, size) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return right;
}

/** A cosignature is over the time that it states, and the text. */
static bool cosignature_right(const struct verifier *verifier, const char *text, size_t size,
			      const uint8_t *bytes, uint64_t *time)
{
	_cleanup_(buf_free) struct buf message = {};

	*time = 0;
	for (size_t i = 0; i < 8; i++)
		*time = *time << 8 | bytes[i];
	buf_printf(&message, "cosignature/v1\ntime %llu\n", (unsigned long long)*time);
	buf_bytes(&message, text, size);
	return signature_right(verifier, message.data, message.size, bytes + 8);
}

/** One line, without its dash and its end: 0; -ENOENT where it is not this verifier's. */
static int verify_line(const struct verifier *verifier, const char *line, size_t length, const char *text,
		       size_t size, uint64_t *time)
{
	size_t name = strlen(verifier->name);
	uint8_t bytes[LINE_BYTES];
	uint64_t stated;
	int count;

	if (length <= name + 1 || memcmp(line, verifier->name, name) || line[name] != ' ')
		return -ENOENT;
	count = base64_get(line + name + 1, length - name - 1, bytes, sizeof(bytes));
	if (count < 5)
		return -EBADMSG;
	if (memcmp(bytes, verifier->id, sizeof(verifier->id)))
		return -ENOENT; /* of another key under the same name */
	if (verifier->type == NOTE_ED25519)
		return count == 4 + ED25519_SIGNATURE && signature_right(verifier, text, size, bytes + 4) ?
			       0 :
			       -EBADMSG;
	if (count != 4 + 8 + ED25519_SIGNATURE ||
	    !cosignature_right(verifier, text, size, bytes + 4, time ? time : &stated))
		return -EBADMSG;
	return 0;
}

int note_signer(const char *note, size_t size, const char *name, uint8_t id[4])
{
	_cleanup_(buf_free) struct buf begin = {};
	uint8_t bytes[6];
	const char *line;
	size_t text;

	buf_printf(&begin, "\n" DASH "%s ", name);
	if (note_text(note, size, &text))
		return -ENOENT;
	line = memmem(note + text, size - text, begin.data, begin.size);
	if (!line || note + size - line < (ptrdiff_t)begin.size + 8 ||
	    base64_get(line + begin.size, 8, bytes, sizeof(bytes)) != sizeof(bytes))
		return -ENOENT;
	memcpy(id, bytes, 4);
	return 0;
}

int note_verify(const struct verifier *verifier, const char *note, size_t size, uint64_t *time)
{
	const char *end = note + size;
	size_t text, count = 0;
	int found = -ENOENT;

	if (note_text(note, size, &text) || note[size - 1] != '\n')
		return -EBADMSG;
	for (const char *line = note + text + 1, *stop; line < end; line = stop + 1) {
		int r;

		stop = memchr(line, '\n', (size_t)(end - line));
		if (!stop || (size_t)(stop - line) < DASH_SIZE || memcmp(line, DASH, DASH_SIZE) ||
		    ++count > SIGNATURES_MAX)
			return -EBADMSG;
		r = verify_line(verifier, line + DASH_SIZE, (size_t)(stop - line) - DASH_SIZE, note, text,
				time);
		if (r == -EBADMSG)
			return r;
		if (!r)
			found = 0;
	}
	return found;
}
