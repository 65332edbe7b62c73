/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a person sees it: colour on a terminal only, and never with NO_COLOR. */
#ifndef CUSTODES_UTIL_STYLE_H
#define CUSTODES_UTIL_STYLE_H

#include <stdbool.h>

#include "buf.h"

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_WARN, STYLE_BAD };

/** Begins a style, or ends it with STYLE_PLAIN; nothing without colour. */
void style_set(struct buf *to, bool colour, enum style style);

/** Whether text for this descriptor may hold colour. */
bool style_wanted(int fd);

/** Appends text (made fit to print) in a style; padded with spaces to `width` columns. */
void style_put(struct buf *to, bool colour, enum style style, const char *text, unsigned int width);

/** The style of a verdict's name. */
enum style style_of_verdict(const char *verdict);

/**
 * Appends text broken at spaces so that lines end before column `right`, each
 * but the first behind `left` spaces. The first begins where the cursor is, at
 * column `at`.
 */
void style_wrap(struct buf *to, const char *text, unsigned int at, unsigned int left, unsigned int right);

/** Columns of the terminal on this descriptor; 100 where there is none. */
unsigned int style_columns(int fd);

#endif
