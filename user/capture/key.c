// SPDX-License-Identifier: GPL-3.0-or-later
#include "key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "../util/base64.h"
#include "../util/file.h"
#include "../util/log.h"
#include "../util/memory.h"
#include "token.h"

#define CERTIFICATE_MAX 8192

struct key {
	OSSL_LIB_CTX *context; /* of a token's; NULL: a file's */
	EVP_PKEY *pkey;
	uint8_t public[ED25519_KEY];
	struct buf certificate;
};

/** What libcrypto says of its last error; the rest of its queue is dropped. */
static int crypto_error(int error, const char *what, const char *source)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return log_error(error, "%s: %s%s%s", source, what, reason ? ": " : "", reason ? reason : "");
}

static int take_pkey(struct key *key, const char *source)
{
	size_t size = sizeof(key->public);

	if (!EVP_PKEY_is_a(key->pkey, "ED25519"))
		return log_error(0,
				 "%s: expected an Ed25519 key, found %s: signed notes know no other (see "
				 "custodes(8), KEYS IN TOKENS)",
				 source, EVP_PKEY_get0_type_name(key->pkey));
	if (EVP_PKEY_get_raw_public_key(key->pkey, key->public, &size) != 1 || size != sizeof(key->public))
		return crypto_error(-EINVAL, "its public half cannot be had", source);
	return 0;
}

/* ---- from where it is ---- */

static int check_mode(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st))
		return log_error(-errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return log_error(0, "%s: not a file", path);
	if (st.st_mode & 077)
		return log_error(-EPERM, "%s: others than its owner may use it (mode %04o): chmod 600", path,
				 st.st_mode & 07777);
	return 0;
}

/** A PIN is as secret as a key. */
static int check_pin(const char *uri)
{
	_cleanup_(buf_free) struct buf path = {};
	_cleanup_close_ int fd = -1;

	if (!token_pin_file(uri, &path))
		return 0;
	fd = open(path.data ? path.data : "", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return log_error(0, "%s, where the PIN should be: %s", path.data ? path.data : "",
				 strerror(errno));
	return check_mode(fd, path.data);
}

static int read_token(struct key *key, const char *uri)
{
	_cleanup_(buf_free) struct buf name = {};
	int r = check_pin(uri);

	token_name(uri, &name);
	if (!r)
		r = token_open(&key->context, &key->pkey, uri);
	return r ? r : take_pkey(key, name.data);
}

/** A key file may hold a URI on its first line instead of a key. */
static bool names_token(int fd, struct buf *uri)
{
	char text[4096 + 1];
	ssize_t size = pread(fd, text, sizeof(text) - 1, 0);
	bool named;

	text[size < 0 ? 0 : size] = '\0';
	named = !strstr(text, "-----BEGIN");
	text[strcspn(text, "\r\n")] = '\0';
	named = named && token_uri(text);
	if (named)
		buf_str(uri, text);
	OPENSSL_cleanse(text, sizeof(text));
	return named;
}

static int read_pem(struct key *key, int fd, const char *path)
{
	BIO *file = need(BIO_new_fd(fd, BIO_NOCLOSE));

	key->pkey = PEM_read_bio_PrivateKey(file, NULL, NULL, NULL);
	BIO_free(file);
	return key->pkey ? take_pkey(key, path) : crypto_error(-EINVAL, "no private key in PEM", path);
}

static int read_file(struct key *key, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	_cleanup_(buf_free) struct buf uri = {};
	int r = fd < 0 ? -errno : 0;

	if (r == -ENOENT)
		return r; /* whoever asks may make one */
	r = r ? log_error(r, "%s", path) : check_mode(fd, path);
	if (r)
		return r;
	return names_token(fd, &uri) ? read_token(key, uri.data) : read_pem(key, fd, path);
}

static void read_certificate(struct key *key, const char *path)
{
	_cleanup_(buf_free) struct buf name = {};

	buf_printf(&name, "%s.certificate", path);
	if (file_read_at(AT_FDCWD, name.data, &key->certificate, CERTIFICATE_MAX))
		buf_free(&key->certificate);
}

int key_open(struct key **key, const char *source)
{
	struct key *k = need(calloc(1, sizeof(*k)));
	int r = token_uri(source) ? read_token(k, source) : read_file(k, source);

	if (!r && !token_uri(source))
		read_certificate(k, source);
	if (r)
		key_close(&k);
	*key = k;
	return r;
}

/* ---- a new one ---- */

static int make_parents(const char *path)
{
	_cleanup_free_ char *part = need(strdup(path));

	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0700) && errno != EEXIST)
			return log_error(-errno, "%s", part);
		*slash = '/';
	}
	return 0;
}

static int write_private(const char *path, const char *text, size_t size)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : file_write(fd, text, size);

	if (!r && fsync(fd))
		r = -errno;
	if (r && fd >= 0)
		unlink(path);
	return r ? log_error(r, "%s", path) : 0;
}

static int write_key(const struct key *key, const char *path)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *pem;
	long size;
	int r;

	if (!memory || PEM_write_bio_PKCS8PrivateKey(memory, key->pkey, NULL, NULL, 0, NULL, NULL) != 1) {
		BIO_free(memory);
		return crypto_error(-EIO, "the new key cannot be written down", path);
	}
	size = BIO_get_mem_data(memory, &pem);
	r = write_private(path, pem, (size_t)size);
	OPENSSL_cleanse(pem, (size_t)size);
	BIO_free(memory);
	return r;
}

int key_create(struct key **key, const char *path)
{
	struct key *k = need(calloc(1, sizeof(*k)));
	int r = make_parents(path);

	k->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (!r)
		r = k->pkey ? take_pkey(k, path) : crypto_error(-EIO, "no key can be made", path);
	if (!r)
		r = write_key(k, path);
	if (r)
		key_close(&k);
	*key = k;
	return r;
}

int key_adopt(struct key **key, const char *path, const char *uri)
{
	struct key *k = need(calloc(1, sizeof(*k)));
	_cleanup_(buf_free) struct buf line = {};
	int r = token_uri(uri) ? make_parents(path) : log_error(0, "%s: not a URI", uri);

	buf_printf(&line, "%s\n", uri);
	if (!r)
		r = read_token(k, uri);
	if (!r)
		r = write_private(path, line.data, line.size);
	if (r)
		key_close(&k);
	*key = k;
	return r;
}

void key_close(struct key **key)
{
	if (!*key)
		return;
	EVP_PKEY_free((*key)->pkey);
	OSSL_LIB_CTX_free((*key)->context);
	buf_free(&(*key)->certificate);
	free(*key);
	*key = NULL;
}

const uint8_t *key_public(const struct key *key)
{
	return key->public;
}

void key_pem(const struct key *key, struct buf *to)
{
	BIO *memory = need(BIO_new(BIO_s_mem()));
	char *pem;
	long size;

	PEM_write_bio_PUBKEY(memory, key->pkey);
	size = BIO_get_mem_data(memory, &pem);
	buf_bytes(to, pem, (size_t)size);
	BIO_free(memory);
}

const char *key_certificate(const struct key *key)
{
	return key->certificate.data ? key->certificate.data : "";
}

/* ---- signing ---- */

int key_sign(const struct key *key, const char *name, const char *text, size_t size, struct buf *lines)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t signature[ED25519_SIGNATURE];
	size_t length = sizeof(signature);
	struct verifier verifier;
	bool done = context &&
		    EVP_DigestSignInit_ex(context, NULL, NULL, key->context, NULL, key->pkey, NULL) == 1 &&
		    EVP_DigestSign(context, signature, &length, (const uint8_t *)text, size) == 1 &&
		    length == sizeof(signature);

	EVP_MD_CTX_free(context);
	if (!done)
		return crypto_error(-EIO, "the key does not sign", name);
	if (verifier_make(&verifier, name, NOTE_ED25519, key->public))
		return log_error(0, "%s: no such name can stand under a note", name);
	note_line(name, verifier.id, signature, sizeof(signature), lines);
	return 0;
}

#define BASE64_OF_KEY 44

int key_certify(const struct key *by, const uint8_t public[ED25519_KEY], struct buf *note)
{
	_cleanup_(buf_free) struct buf lines = {};
	int r;

	buf_str(note, KEY_CERTIFICATE "\n");
	base64_put(note, public, ED25519_KEY);
	buf_byte(note, '\n');
	r = key_sign(by, KEY_NAME, note->data, note->size, &lines);
	buf_byte(note, '\n');
	buf_bytes(note, lines.data, lines.size);
	return r;
}

int key_certified(const uint8_t by[ED25519_KEY], const char *note, size_t size, uint8_t public[ED25519_KEY])
{
	static const char head[] = KEY_CERTIFICATE "\n";
	struct verifier verifier;
	size_t text;

	if (verifier_make(&verifier, KEY_NAME, NOTE_ED25519, by) || note_verify(&verifier, note, size, NULL))
		return -EBADMSG;
	if (note_text(note, size, &text) || text != sizeof(head) - 1 + BASE64_OF_KEY + 1 ||
	    memcmp(note, head, sizeof(head) - 1) ||
	    base64_get(note + sizeof(head) - 1, BASE64_OF_KEY, public, ED25519_KEY) != ED25519_KEY)
		return -EBADMSG;
	return 0;
}

/* ---- whose signature is asked for ---- */

static int from_pem(struct verifier *verifier, const struct buf *text)
{
	BIO *memory = need(BIO_new_mem_buf(text->data, (int)text->size));
	EVP_PKEY *pkey = PEM_read_bio_PUBKEY(memory, NULL, NULL, NULL);
	uint8_t public[ED25519_KEY];
	size_t size = sizeof(public);
	int r = -EINVAL;

	if (pkey && EVP_PKEY_is_a(pkey, "ED25519") && EVP_PKEY_get_raw_public_key(pkey, public, &size) == 1 &&
	    size == sizeof(public))
		r = verifier_make(verifier, KEY_NAME, NOTE_ED25519, public);
	ERR_clear_error();
	EVP_PKEY_free(pkey);
	BIO_free(memory);
	return r;
}

int verifier_given(struct verifier *verifier, const char *source)
{
	_cleanup_(buf_free) struct buf text = {};
	size_t line;

	if (!verifier_parse(verifier, source))
		return verifier->type == NOTE_ED25519 ? 0 : -EINVAL;
	if (file_read_at(AT_FDCWD, source, &text, CERTIFICATE_MAX) || !text.size)
		return -EINVAL;
	line = strcspn(text.data, "\r\n");
	if (text.data[line]) {
		char end = text.data[line];

		text.data[line] = '\0';
		if (!verifier_parse(verifier, text.data))
			return verifier->type == NOTE_ED25519 ? 0 : -EINVAL;
		text.data[line] = end;
	}
	return from_pem(verifier, &text);
}
