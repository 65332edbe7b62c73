// SPDX-License-Identifier: GPL-3.0-or-later
#include "token.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#include "../util/log.h"
#include "../util/memory.h"

bool token_uri(const char *source)
{
	const char *colon = strchr(source, ':'), *slash = strchr(source, '/');

	return colon && (!slash || colon < slash);
}

void token_name(const char *uri, struct buf *to)
{
	buf_bytes(to, uri, strcspn(uri, "?"));
}

/* ---- its parts, RFC 7512 ---- */

/** What is behind "name=" in a list with these separators; or NULL. */
static const char *attribute(const char *list, const char *separators, const char *name, size_t *length)
{
	size_t named = strlen(name);

	while (*list) {
		*length = strcspn(list, separators);
		if (*length > named && !memcmp(list, name, named) && list[named] == '=') {
			*length -= named + 1;
			return list + named + 1;
		}
		list += *length + (list[*length] != '\0');
	}
	return NULL;
}

static const char *in_query(const char *uri, const char *name, size_t *length)
{
	const char *query = strchr(uri, '?');

	return query ? attribute(query + 1, "&", name, length) : NULL;
}

/** The byte of "%41"; -1: it is none. */
static int percent(const char *at, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	const char *high, *low;

	if (length < 3 || *at != '%' || !at[1] || !at[2])
		return -1;
	high = strchr(digits, tolower((unsigned char)at[1]));
	low = strchr(digits, tolower((unsigned char)at[2]));
	return high && low ? (int)(high - digits) * 16 + (int)(low - digits) : -1;
}

bool token_pin_file(const char *uri, struct buf *path)
{
	size_t length;
	const char *at = in_query(uri, "pin-source", &length);

	if (!at)
		return false;
	for (size_t i = 0; i < length; i++) {
		int byte = percent(at + i, length - i);

		buf_byte(path, byte < 0 ? at[i] : (char)byte);
		i += byte < 0 ? 0 : 2;
	}
	if (path->size >= 5 && !memcmp(path->data, "file:", 5)) {
		memmove(path->data, path->data + 5, path->size - 5 + 1);
		path->size -= 5;
	}
	return true;
}

/** The same without the key's own name and without the query: the token. */
static void token_only(const char *uri, struct buf *to)
{
	static const char *const of_key[] = {"object", "id", "type"};
	size_t scheme = strcspn(uri, ":") + 1, end = strcspn(uri, "?");

	buf_bytes(to, uri, scheme);
	for (size_t at = scheme, length; at < end; at += length + 1) {
		bool skip = false;

		length = strcspn(uri + at, ";?");
		for (size_t i = 0; i < ARRAY_SIZE(of_key); i++) {
			size_t named = strlen(of_key[i]);

			skip |= length > named && !memcmp(uri + at, of_key[i], named) &&
				uri[at + named] == '=';
		}
		if (skip)
			continue;
		if (to->size > scheme)
			buf_byte(to, ';');
		buf_bytes(to, uri + at, length);
	}
}

/* ---- what is there ---- */

/** A question for a PIN is not answered. */
static int no_answer(char *to, int size, int verify, void *context)
{
	(void)to, (void)size, (void)verify, (void)context;
	return -1;
}

/** How many objects of a kind the URI names, and the first of them; below 0: it cannot be told. */
static int look(OSSL_LIB_CTX *context, const char *uri, int kind, UI_METHOD *asks, EVP_PKEY **first)
{
	OSSL_STORE_CTX *store = OSSL_STORE_open_ex(uri, context, NULL, asks, NULL, NULL, NULL, NULL);
	int count = 0;

	if (!store)
		return -1;
	OSSL_STORE_expect(store, kind);
	while (!OSSL_STORE_eof(store)) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (info && OSSL_STORE_INFO_get_type(info) == kind) {
			if (!count++ && kind == OSSL_STORE_INFO_PKEY)
				*first = OSSL_STORE_INFO_get1_PKEY(info);
		} else if (!info && OSSL_STORE_error(store)) {
			break;
		}
		OSSL_STORE_INFO_free(info);
	}
	OSSL_STORE_close(store);
	return count;
}

/**
 * Providers do not say why they have found nothing. What can be had without a PIN shows whether the token is
 * there, and what can be had without a second one, whether the first was taken: a wrong one is not tried
 * twice, since tokens lock themselves.
 */
static const char *why_not(OSSL_LIB_CTX *context, const char *uri)
{
	UI_METHOD *mute = UI_UTIL_wrap_read_pem_callback(no_answer, 0);
	_cleanup_(buf_free) struct buf token = {};
	EVP_PKEY *any = NULL;
	const char *why = "no such private key there, or the PIN was refused or is not known";
	size_t length;

	token_only(uri, &token);
	if (look(context, token.data, OSSL_STORE_INFO_PUBKEY, mute, &any) <= 0)
		why = "no such token, or no key in it";
	else if (in_query(uri, "pin-source", &length))
		why = look(context, token.data, OSSL_STORE_INFO_PKEY, mute, &any) > 0 ?
			      "the token is there, and no such private key in it" :
			      "the token is there, and the PIN was refused";
	EVP_PKEY_free(any);
	UI_destroy_method(mute);
	return why;
}

static int open_in(OSSL_LIB_CTX *context, EVP_PKEY **key, const char *uri, const char *name)
{
	int count = look(context, uri, OSSL_STORE_INFO_PKEY, NULL, key);

	ERR_clear_error();
	if (count == 1 && *key)
		return 0;
	if (count < 0)
		return log_error(0,
				 "%s: no provider of OpenSSL opens it: openssl.cnf must name one (see "
				 "custodes(8), KEYS IN TOKENS)",
				 name);
	if (count > 1)
		return log_error(0, "%s: %d private keys: name one by object= or id=", name, count);
	log_error(0, "%s: %s", name,
		  strncmp(uri, "pkcs11:", 7) != 0 ? "no private key there" : why_not(context, uri));
	ERR_clear_error();
	return -EINVAL;
}

int token_open(OSSL_LIB_CTX **context, EVP_PKEY **key, const char *uri)
{
	_cleanup_(buf_free) struct buf name = {};
	size_t length;

	token_name(uri, &name);
	if (!strncmp(uri, "file:", 5))
		return log_error(0, "%s: a file is given by its path", name.data);
	if (in_query(uri, "pin-value", &length))
		return log_error(0,
				 "%s: a PIN in a URI is everybody's to read: put it in a file, "
				 "pin-source=file:PATH",
				 name.data);
	*context = need(OSSL_LIB_CTX_new());
	OSSL_LIB_CTX_load_config(*context, NULL); /* if it is none, no provider is there: said next */
	return open_in(*context, key, uri, name.data);
}
