/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes JSON into a buffer as it goes: no tree, no copy. A key of NULL is an
 * array's element; a string of NULL is left out with its key.
 */
#ifndef CUSTODES_UTIL_JSONW_H
#define CUSTODES_UTIL_JSONW_H

#include <stdbool.h>

#include "buf.h"

struct jsonw {
	struct buf *to;
	bool pretty; /* two spaces an indent, one member a line */
	bool comma;
	unsigned int depth;
};

void jsonw_object(struct jsonw *w, const char *key);
void jsonw_object_end(struct jsonw *w);
void jsonw_array(struct jsonw *w, const char *key);
void jsonw_array_end(struct jsonw *w);
void jsonw_str(struct jsonw *w, const char *key, const char *value);
void jsonw_bytes(struct jsonw *w, const char *key, const char *bytes, size_t size);
void jsonw_hex(struct jsonw *w, const char *key, const void *bytes, size_t size);
void jsonw_u64(struct jsonw *w, const char *key, uint64_t value);
void jsonw_i64(struct jsonw *w, const char *key, int64_t value);
void jsonw_bool(struct jsonw *w, const char *key, bool value);
void jsonw_null(struct jsonw *w, const char *key);
/** ns since 1970, as clock.h writes them. */
void jsonw_time(struct jsonw *w, const char *key, int64_t wall_ns);
/** A string, or null where the answer is known to be missing. */
void jsonw_str_or_null(struct jsonw *w, const char *key, const char *value);

#endif
