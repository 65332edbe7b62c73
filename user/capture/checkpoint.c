// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../util/base64.h"

int checkpoint_write(const struct checkpoint *checkpoint, const struct key *key, struct buf *to)
{
	_cleanup_(buf_free) struct buf lines = {};
	int r;

	buf_printf(to, "%s\n%llu\n", checkpoint->origin, (unsigned long long)checkpoint->size);
	base64_put(to, checkpoint->root, DIGEST_SIZE);
	buf_byte(to, '\n');
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

int checkpoint_size(const char *digits, size_t length, uint64_t *size)
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

	origin = line(&at, end, &origin_length);
	number = origin ? line(&at, end, &number_length) : NULL;
	root = number ? line(&at, end, &root_length) : NULL;
	if (!root || at == end || *at != '\n')
		return -EBADMSG;
	if (!origin_length || origin_length >= ORIGIN_MAX || memchr(origin, '\0', origin_length))
		return -EBADMSG;
	memcpy(checkpoint->origin, origin, origin_length);
	checkpoint->origin[origin_length] = '\0';
	if (base64_get(root, root_length, checkpoint->root, DIGEST_SIZE) != DIGEST_SIZE)
		return -EBADMSG;
	return checkpoint_size(number, number_length, &checkpoint->size);
}
