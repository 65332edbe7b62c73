// SPDX-License-Identifier: GPL-3.0-or-later
#include "buf.h"

#include "memory.h"

#include <stdio.h>
#include <string.h>

void buf_free(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){};
}

void buf_grow(struct buf *buf, size_t more)
{
	size_t room = buf->room ? buf->room : 256;

	while (room <= buf->size + more)
		room *= 2;
	buf->data = need(realloc(buf->data, room));
	buf->room = room;
}

void buf_bytes(struct buf *buf, const void *bytes, size_t size)
{
	buf_reserve(buf, size);
	if (size)
		memcpy(buf->data + buf->size, bytes, size);
	buf->size += size;
	buf->data[buf->size] = '\0';
}

void buf_str(struct buf *buf, const char *str)
{
	buf_bytes(buf, str, strlen(str));
}

void buf_u64(struct buf *buf, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	buf_bytes(buf, digits + at, sizeof(digits) - at);
}

void buf_i64(struct buf *buf, int64_t value)
{
	if (value < 0)
		buf_byte(buf, '-');
	buf_u64(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void buf_hex(struct buf *buf, const void *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *from = bytes;

	buf_reserve(buf, 2 * size);
	for (size_t i = 0; i < size; i++) {
		buf_byte(buf, digits[from[i] >> 4]);
		buf_byte(buf, digits[from[i] & 15]);
	}
}

void buf_vprintf(struct buf *buf, const char *format, va_list args)
{
	va_list again;
	int size;

	va_copy(again, args);
	size = vsnprintf(NULL, 0, format, again); /* NOLINT: clang 14 does not follow va_copy */
	va_end(again);
	if (size < 0)
		return;
	buf_reserve(buf, (size_t)size);
	vsnprintf(buf->data + buf->size, (size_t)size + 1, format, args);
	buf->size += (size_t)size;
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(buf, format, args);
	va_end(args);
}
