/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A key that stays where it is: in a token, which a provider of libcrypto reaches by a URI. */
#ifndef CUSTODES_CAPTURE_TOKEN_H
#define CUSTODES_CAPTURE_TOKEN_H

#include <stdbool.h>

#include <openssl/types.h>

#include "../util/buf.h"

/** "pkcs11:..." and its like; a path has a slash before any colon. */
bool token_uri(const char *source);
/** What may be said of it: all but the query, which may tell where the PIN is. */
void token_name(const char *uri, struct buf *to);
/** The file in which the URI says that the PIN is; false: it says none. */
bool token_pin_file(const char *uri, struct buf *path);

/**
 * Opens the one private key there. What reaches it has a library context of its own, so that it ends before
 * libcrypto does: some drivers use libcrypto when they are closed. Free the key, then the context. Every
 * fault is said. 0 or a negative errno.
 */
int token_open(OSSL_LIB_CTX **context, EVP_PKEY **key, const char *uri);

#endif
