/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256, by libcrypto. */
#ifndef CUSTODES_UTIL_DIGEST_H
#define CUSTODES_UTIL_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE 32

struct digest;

/** Takes any number of pieces; digest_end() frees it and sets *digest to NULL. */
struct digest *digest_begin(void);
void digest_add(struct digest *digest, const void *bytes, size_t size);
void digest_end(struct digest **digest, uint8_t sum[DIGEST_SIZE]);

void digest_of(const void *bytes, size_t size, uint8_t sum[DIGEST_SIZE]);

#endif
