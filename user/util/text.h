/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes from a host that may be hostile, made fit to print. What is valid UTF-8
 * and no control character stays; every other byte becomes \xNN.
 */
#ifndef CUSTODES_UTIL_TEXT_H
#define CUSTODES_UTIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

/** Bytes of the character that begins here (1 to 4), or 0: not valid UTF-8. */
size_t text_character(const char *at, size_t left);
bool text_is_utf8(const char *bytes, size_t size);

/** For a terminal or a line of a log. Newlines, tabs and escapes are \xNN too. */
void text_plain(struct buf *to, const char *bytes, size_t size);

/** Formats, and makes the whole fit to print: nothing that the arguments bring steers a terminal. */
void text_printf(struct buf *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** As a JSON string, with its quotes. */
void text_json(struct buf *to, const char *bytes, size_t size);

/** Columns that the bytes take on a terminal, as text_plain() prints them. */
size_t text_columns(const char *bytes, size_t size);

#endif
