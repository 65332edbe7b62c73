/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's key, which signs checkpoints: Ed25519, by libcrypto. */
#ifndef CUSTODES_CAPTURE_KEY_H
#define CUSTODES_CAPTURE_KEY_H

#include "note.h"

/** Where it is unless somebody says otherwise. */
#define KEY_FILE "/var/lib/custodes/key"

struct key;

/**
 * Opens a private key: a PEM file (PKCS #8, as `openssl genpkey -algorithm ed25519` makes it), a URI
 * that a provider of libcrypto knows ("pkcs11:..."), or a file with such a URI on its first line. A file that
 * others may read is refused, be it a key's or a PIN's. Every fault is said. 0; -ENOENT: no such file; or a
 * negative errno.
 */
int key_open(struct key **key, const char *source);
/** Makes a new one in a file, 0600, which must not be there yet; its directories are made, 0700. Said
 * likewise. */
int key_create(struct key **key, const char *path);
/** Makes a file that names the key of a URI, likewise; its certificate then has a place beside it. */
int key_adopt(struct key **key, const char *path, const char *uri);
void key_close(struct key **key);

const uint8_t *key_public(const struct key *key);
/** Appends its public half in PEM, for openssl. */
void key_pem(const struct key *key, struct buf *to);
/** The certificate that lies beside the key (see key_certify()): a note; "" if there is none. */
const char *key_certificate(const struct key *key);

/** Appends the line of its signature under a note's text; 0 or a negative errno. */
int key_sign(const struct key *key, const char *name, const char *text, size_t size, struct buf *lines);

/*
 * One key vouches for another, such as the one that it is replaced by: a note whose text is
 * KEY_CERTIFICATE and the other's public key in base64, a line each, signed under the name KEY_NAME.
 */
#define KEY_CERTIFICATE "custodes/key/v1"
#define KEY_NAME	"custodes/key"

int key_certify(const struct key *by, const uint8_t public[ED25519_KEY], struct buf *note);
/** Whether the note is such a word of this key: 0, and the other's public key; or -EBADMSG. */
int key_certified(const uint8_t by[ED25519_KEY], const char *note, size_t size, uint8_t public[ED25519_KEY]);

/**
 * As somebody gives it: its text, or a file that holds that on its first line, or a public key in PEM.
 * Without a name of its own it has KEY_NAME. 0 or -EINVAL.
 */
int verifier_given(struct verifier *verifier, const char *source);

#endif
