/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signed notes (c2sp.org/signed-note): a text, an empty line, and under it a line for each
 * signature, "— <name> <base64 of key ID and signature>". Ed25519 is type 0x01.
 */
#ifndef CUSTODES_CAPTURE_NOTE_H
#define CUSTODES_CAPTURE_NOTE_H

#include <stddef.h>
#include <stdint.h>

#include "../util/buf.h"

#define NOTE_NAME_MAX	  128
#define NOTE_ED25519	  0x01
#define NOTE_COSIGNATURE  0x04 /* c2sp.org/tlog-cosignature: a witness's, with the time that it states */
#define ED25519_KEY	  32
#define ED25519_SIGNATURE 64

/** Whose signature is asked for: a name and a public key. As text: "<name>+<key ID, hex>+<base64>". */
struct verifier {
	char name[NOTE_NAME_MAX];
	uint8_t type;
	uint8_t id[4]; /* the first bytes of SHA-256(name || 0x0A || type || key) */
	uint8_t key[ED25519_KEY];
};

/** Of a name and an Ed25519 key. 0; -EINVAL: such a name cannot stand in a note. */
int verifier_make(struct verifier *verifier, const char *name, uint8_t type, const uint8_t key[ED25519_KEY]);
/** Reads its text; -EINVAL where it is none, or of a type that is not known here. */
int verifier_parse(struct verifier *verifier, const char *text);
void verifier_format(const struct verifier *verifier, struct buf *to);

/** Bytes of the note's text with the newline that ends it; the signature lines follow one empty line behind.
 *  0 or -EBADMSG. */
int note_text(const char *note, size_t size, size_t *text);
/** Appends a signature's line. */
void note_line(const char *name, const uint8_t id[4], const void *signature, size_t size, struct buf *to);

/** ID of the key of the first line under this name; not looked at is whether it is right. 0 or -ENOENT. */
int note_signer(const char *note, size_t size, const char *name, uint8_t id[4]);

/**
 * Whether this verifier's signature stands under the note: 0; -ENOENT: none of it does; -EBADMSG: the
 * note is none, or its signature is wrong. `time`, of a cosignature: what it states, seconds since 1970.
 */
int note_verify(const struct verifier *verifier, const char *note, size_t size, uint64_t *time);

#endif
