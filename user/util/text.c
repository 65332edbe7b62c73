// SPDX-License-Identifier: GPL-3.0-or-later
#include "text.h"

#include <stdint.h>
#include <string.h>

static bool continues(const char *at, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (((unsigned char)at[i] & 0xc0) != 0x80)
			return false;
	return true;
}

static uint32_t decode(const char *at, size_t count)
{
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t point = (unsigned char)at[0] & masks[count];

	for (size_t i = 1; i < count; i++)
		point = point << 6 | ((unsigned char)at[i] & 0x3f);
	return point;
}

size_t text_character(const char *at, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = (unsigned char)*at;
	size_t count = first < 0x80 ? 1 :
		       first < 0xc2 ? 0 :
		       first < 0xe0 ? 2 :
		       first < 0xf0 ? 3 :
		       first < 0xf5 ? 4 :
				      0;
	uint32_t point;

	if (!count || count > left || !continues(at, count))
		return 0;
	point = decode(at, count);
	if (point < least[count] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	return count;
}

bool text_is_utf8(const char *bytes, size_t size)
{
	for (size_t i = 0, count; i < size; i += count) {
		count = text_character(bytes + i, size - i);
		if (!count)
			return false;
	}
	return true;
}

/** C0, DEL, C1, and what turns the direction of a line or ends it. */
static bool steers(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x200b && point <= 0x200f) ||
	       (point >= 0x2028 && point <= 0x202e) || (point >= 0x2060 && point <= 0x2069) ||
	       point == 0xfeff;
}

static void escape(struct buf *to, const char *bytes, size_t size, const char *prefix)
{
	for (size_t i = 0; i < size; i++) {
		buf_str(to, prefix);
		buf_hex(to, bytes + i, 1);
	}
}

/** Bytes from here on that stand for themselves: nearly all of nearly every string. */
static size_t simple(const char *bytes, size_t size)
{
	static const bool stands[256] = {[' ' ... '!'] = true, ['#' ... '['] = true, [']' ... '~'] = true};
	size_t i = 0;

	while (i < size && stands[(unsigned char)bytes[i]])
		i++;
	return i;
}

static void fit(struct buf *to, const char *bytes, size_t size, bool json)
{
	for (size_t i = 0, count; i < size; i += count) {
		count = simple(bytes + i, size - i);
		if (count) {
			buf_bytes(to, bytes + i, count);
			continue;
		}
		count = text_character(bytes + i, size - i);
		if (!count || steers(decode(bytes + i, count))) {
			count = count ? count : 1;
			escape(to, bytes + i, count, json ? "\\\\x" : "\\x");
			continue;
		}
		if (json && (bytes[i] == '"' || bytes[i] == '\\'))
			buf_byte(to, '\\');
		buf_bytes(to, bytes + i, count);
	}
}

void text_plain(struct buf *to, const char *bytes, size_t size)
{
	fit(to, bytes, size, false);
}

void text_printf(struct buf *to, const char *format, ...)
{
	_cleanup_(buf_free) struct buf raw = {};
	va_list args;

	va_start(args, format);
	buf_vprintf(&raw, format, args);
	va_end(args);
	text_plain(to, raw.data, raw.size);
}

void text_json(struct buf *to, const char *bytes, size_t size)
{
	buf_byte(to, '"');
	fit(to, bytes, size, true);
	buf_byte(to, '"');
}

size_t text_columns(const char *bytes, size_t size)
{
	_cleanup_(buf_free) struct buf plain = {};
	size_t columns = 0;

	text_plain(&plain, bytes, size);
	for (size_t i = 0; i < plain.size; i++)
		columns += ((unsigned char)plain.data[i] & 0xc0) != 0x80;
	return columns;
}
