/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that is let go all at once: what belongs to one delivery. */
#ifndef CUSTODES_UTIL_ARENA_H
#define CUSTODES_UTIL_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks;
};

/** Zeroed bytes, aligned for anything; out of memory ends the program. */
void *arena_alloc(struct arena *arena, size_t size);
/** A copy with a NUL behind it; NULL of NULL. */
char *arena_copy(struct arena *arena, const char *bytes, size_t size);
char *arena_str(struct arena *arena, const char *str);

/** Everything is let go but one chunk, which is used again. */
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena);

#endif
