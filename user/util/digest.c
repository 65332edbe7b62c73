// SPDX-License-Identifier: GPL-3.0-or-later
#include "digest.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

/* libcrypto fails here for want of memory only: no sum, no evidence. */
static void must(int ok)
{
	if (ok == 1)
		return;
	fputs("custodes: SHA-256 failed in libcrypto\n", stderr);
	abort();
}

static EVP_MD *algorithm;

/* Once: libcrypto would look for it by name at every use, which costs more than a short sum. */
static void fetch(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL); /* no module that a file names */
	algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	must(algorithm != NULL);
}

static const EVP_MD *sha256(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fetch);
	return algorithm;
}

static void __attribute__((destructor)) drop(void)
{
	EVP_MD_free(algorithm);
}

struct digest *digest_begin(void)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	must(context && EVP_DigestInit_ex(context, sha256(), NULL));
	return (struct digest *)context;
}

void digest_add(struct digest *digest, const void *bytes, size_t size)
{
	must(EVP_DigestUpdate((EVP_MD_CTX *)digest, bytes, size));
}

void digest_end(struct digest **digest, uint8_t sum[DIGEST_SIZE])
{
	must(EVP_DigestFinal_ex((EVP_MD_CTX *)*digest, sum, NULL));
	EVP_MD_CTX_free((EVP_MD_CTX *)*digest);
	*digest = NULL;
}

void digest_of(const void *bytes, size_t size, uint8_t sum[DIGEST_SIZE])
{
	must(EVP_Digest(bytes, size, sum, NULL, sha256(), NULL));
}
