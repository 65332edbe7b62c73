/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Base64 (RFC 4648, section 4), by libcrypto; what is read is the one spelling that would be written. */
#ifndef CUSTODES_UTIL_BASE64_H
#define CUSTODES_UTIL_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

void base64_put(struct buf *to, const void *bytes, size_t size);
/** How many bytes; -1 where it is none, is spelled otherwise, or has no room. */
int base64_get(const char *text, size_t length, uint8_t *to, size_t room);

#endif
