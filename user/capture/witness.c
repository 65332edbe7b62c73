// SPDX-License-Identifier: GPL-3.0-or-later
#include "witness.h"

#include <errno.h>
#include <string.h>

#include "../util/base64.h"

#define SIZE_TYPE "text/x.tlog.size"

void witness_request(uint64_t old, const uint8_t (*path)[DIGEST_SIZE], unsigned int count,
		     const struct buf *note, struct buf *to)
{
	buf_printf(to, "old %llu\n", (unsigned long long)old);
	for (unsigned int i = 0; i < count; i++) {
		base64_put(to, path[i], DIGEST_SIZE);
		buf_byte(to, '\n');
	}
	buf_byte(to, '\n');
	buf_bytes(to, note->data, note->size);
}

/** The note with one line below: whether it is this key's, and right. */
static int try_line(const struct verifier *key, const struct buf *note, const char *line, size_t size,
		    struct buf *with, uint64_t *time)
{
	int r;

	buf_clear(with);
	buf_bytes(with, note->data, note->size);
	buf_bytes(with, line, size);
	r = note_verify(key, with->data, with->size, time);
	return !r && (!*time || *time > COSIGNED_MAX) ? -EBADMSG : r;
}

int witness_cosigned(const struct verifier *key, const struct buf *note, const char *body, size_t size,
		     struct buf *cosigned, uint64_t *time)
{
	const char *end = body + size;
	int r = -ENOENT;

	for (const char *line = body, *stop; line < end && r == -ENOENT; line = stop + 1) {
		stop = memchr(line, '\n', (size_t)(end - line));
		if (!stop)
			return -EBADMSG;
		r = stop == line ? -EBADMSG : /* it would end the note's text anew */
				   try_line(key, note, line, (size_t)(stop + 1 - line), cosigned, time);
	}
	return r;
}

int witness_conflict(const char *type, const char *body, size_t size, uint64_t *entries)
{
	size_t length = strcspn(type, "; ");

	if (length != strlen(SIZE_TYPE) || memcmp(type, SIZE_TYPE, length) != 0)
		return -EBADMSG;
	return size && body[size - 1] == '\n' ? checkpoint_size(body, size - 1, entries) : -EBADMSG;
}
