// SPDX-License-Identifier: GPL-3.0-or-later
#include "arena.h"

#include "memory.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE 16384

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used;
	alignas(max_align_t) unsigned char bytes[];
};

static struct arena_chunk *grow(struct arena *arena, size_t size)
{
	size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
	struct arena_chunk *chunk = need(malloc(sizeof(*chunk) + room));

	*chunk = (struct arena_chunk){.next = arena->chunks, .size = room};
	arena->chunks = chunk;
	return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;
	size_t whole = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	void *at;

	if (!chunk || chunk->size - chunk->used < whole)
		chunk = grow(arena, whole);
	at = chunk->bytes + chunk->used;
	chunk->used += whole;
	return memset(at, 0, size);
}

char *arena_copy(struct arena *arena, const char *bytes, size_t size)
{
	char *copy;

	if (!bytes)
		return NULL;
	copy = arena_alloc(arena, size + 1);
	memcpy(copy, bytes, size);
	return copy;
}

char *arena_str(struct arena *arena, const char *str)
{
	return str ? arena_copy(arena, str, strlen(str)) : NULL;
}

static void drop_but(struct arena *arena, struct arena_chunk *kept)
{
	struct arena_chunk *chunk = arena->chunks;

	while (chunk) {
		struct arena_chunk *next = chunk->next;

		if (chunk != kept)
			free(chunk);
		chunk = next;
	}
	arena->chunks = kept;
}

void arena_reset(struct arena *arena)
{
	struct arena_chunk *first = arena->chunks;

	drop_but(arena, first);
	if (first) {
		first->next = NULL;
		first->used = 0;
	}
}

void arena_free(struct arena *arena)
{
	drop_but(arena, NULL);
}
