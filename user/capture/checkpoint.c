// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#define BASE64_OF_DIGEST 44 /* (32 + 2) / 3 * 4 */

int checkpoint_write(const struct checkpoint *checkpoint, const struct key *key, struct buf *to)
{
	unsigned char root[BASE64_OF_DIGEST + 1];
	_cleanup_(buf_free) struct buf lines = {};
	int r;

	EVP_EncodeBlock(root, checkpoint->root, DIGEST_SIZE);
	buf_printf(to, "%s\n%llu\n%s\n", checkpoint->origin, (unsigned long long)checkpoint->size, root);
	r = key ? key_sign(key, checkpoint->origin, to->data, to->size, &lines) : 0;
	buf_byte(to, '\n');
	buf_bytes(to, lines.data, lines.size);
	return r;
}

/** One line, without its end; NULL if there is none. */
static const char *line(const char **at, const char *end, size_t *length)
{
	const char *start = *at, *stop = memchr(start, '\n', (size_t)(end - start));

	if (!stop)
		return NULL;
	*length = (size_t)(stop - start);
	*at = stop + 1;
	return start;
}

static int read_size(const char *digits, size_t length, uint64_t *size)
{
	*size = 0;
	if (!length || length > 19 || (digits[0] == '0' && length > 1))
		return -EBADMSG;
	for (size_t i = 0; i < length; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return -EBADMSG;
		*size = *size * 10 + (uint64_t)(digits[i] - '0');
	}
	return 0;
}

int checkpoint_read(struct checkpoint *checkpoint, const char *text, size_t size)
{
	const char *at = text, *end = text + size, *origin, *number, *root;
	size_t origin_length, number_length, root_length;
	uint8_t raw[DIGEST_SIZE + 1];

	origin = line(&at, end, &origin_length);
	number = origin ? line(&at, end, &number_length) : NULL;
	root = number ? line(&at, end, &root_length) : NULL;
	if (!root || at == end || *at != '\n')
		return -EBADMSG;
	if (!origin_length || origin_length >= ORIGIN_MAX || memchr(origin, '\0', origin_length))
		return -EBADMSG;
	memcpy(checkpoint->origin, origin, origin_length);
	checkpoint->origin[origin_length] = '\0';
	if (root_length != BASE64_OF_DIGEST ||
	    base64_decode(root, root_length, raw, sizeof(raw)) != DIGEST_SIZE)
		return -EBADMSG;
	memcpy(checkpoint->root, raw, DIGEST_SIZE);
	return read_size(number, number_length, &checkpoint->size);
}
