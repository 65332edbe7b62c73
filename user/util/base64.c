// SPDX-License-Identifier: GPL-3.0-or-later
#include "base64.h"

#include <string.h>

#include <openssl/evp.h>

void base64_put(struct buf *to, const void *bytes, size_t size)
{
	buf_reserve(to, (size + 2) / 3 * 4);
	to->size += (size_t)EVP_EncodeBlock((unsigned char *)to->data + to->size, bytes, (int)size);
}

int base64_get(const char *text, size_t length, uint8_t *to, size_t room)
{
	_cleanup_(buf_free) struct buf bytes = {}, again = {};
	int size;

	if (!length || length % 4 || length > INT32_MAX)
		return -1;
	buf_reserve(&bytes, length);
	size = EVP_DecodeBlock((unsigned char *)bytes.data, (const unsigned char *)text, (int)length);
	if (size < 0)
		return -1;
	if (text[length - 1] == '=')
		size -= text[length - 2] == '=' ? 2 : 1; /* libcrypto counts what fills it up */
	if (size <= 0 || (size_t)size > room)
		return -1;
	/* It takes '=' in the middle, blanks at the ends and bits that are cut off: others must not. */
	base64_put(&again, bytes.data, (size_t)size);
	if (again.size != length || memcmp(again.data, text, length) != 0)
		return -1;
	memcpy(to, bytes.data, (size_t)size);
	return size;
}
