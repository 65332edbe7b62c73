/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A growing run of bytes, always followed by a NUL that does not count. */
#ifndef CUSTODES_UTIL_BUF_H
#define CUSTODES_UTIL_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"

struct buf {
	char *data; /* NULL while empty */
	size_t size;
	size_t room;
};

/** Frees the bytes and makes the buffer empty; fits the cleanup attribute. */
void buf_free(struct buf *buf);
static inline void buf_clear(struct buf *buf)
{
	buf->size = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

/** Out of memory ends the program: no caller could carry on with half a line. */
void buf_grow(struct buf *buf, size_t more);
/** Room for so many bytes more, and the NUL. */
static inline void buf_reserve(struct buf *buf, size_t more)
{
	if (buf->room <= buf->size + more)
		buf_grow(buf, more);
}

void buf_bytes(struct buf *buf, const void *bytes, size_t size);
static inline void buf_byte(struct buf *buf, char byte)
{
	buf_reserve(buf, 1);
	buf->data[buf->size++] = byte;
	buf->data[buf->size] = '\0';
}

void buf_str(struct buf *buf, const char *str);
void buf_u64(struct buf *buf, uint64_t value);
void buf_i64(struct buf *buf, int64_t value);
void buf_hex(struct buf *buf, const void *bytes, size_t size);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *format, va_list args);

#endif
