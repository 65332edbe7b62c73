/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Both directions of one description: what is written out when a snapshot is taken, is read
 * back by the same lines. Bytes that are read may be anybody's: what cannot be, sets `bad`,
 * and everything after it is zero. Private to user/engine.
 */
#ifndef CUSTODES_ENGINE_PACK_H
#define CUSTODES_ENGINE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../policy/policy.h"
#include "../util/buf.h"

struct pack {
	struct buf *to; /* written to; NULL: `at` is read */
	const uint8_t *at;
	size_t left;
	const struct policy *policy; /* whose products are meant */
	bool bad;
};

enum field_kind {
	FIELD_PLAIN,   /* bytes; no padding among them that is not always zero */
	FIELD_FLAG,    /* a bool */
	FIELD_BELOW,   /* an int, enum or count that is an index, below `limit` */
	FIELD_CHARS,   /* an array of char that ends in NUL */
	FIELD_TEXT,    /* char *, owned, or NULL */
	FIELD_PRODUCT, /* const struct product *, or NULL */
};

struct field {
	uint32_t offset, size;
	uint16_t kind; /* enum field_kind */
	uint16_t limit;
};

#define FIELD_OF(type, member, size, kind, limit)                          \
	{                                                                  \
		offsetof(struct type, member), (size), FIELD_##kind, limit \
	}
#define SIZE_OF(type, member)	   sizeof(((struct type *)0)->member)
#define PLAIN(type, member)	   FIELD_OF(type, member, SIZE_OF(type, member), PLAIN, 0)
#define FLAG(type, member)	   FIELD_OF(type, member, SIZE_OF(type, member), FLAG, 0)
#define BELOW(type, member, limit) FIELD_OF(type, member, SIZE_OF(type, member), BELOW, limit)
#define CHARS(type, member)	   FIELD_OF(type, member, SIZE_OF(type, member), CHARS, 0)
#define TEXT(type, member)	   FIELD_OF(type, member, sizeof(void *), TEXT, 0)
#define PRODUCT(type, member)	   FIELD_OF(type, member, sizeof(void *), PRODUCT, 0)

static inline bool pack_reads(const struct pack *pack)
{
	return !pack->to;
}

void pack_bytes(struct pack *pack, void *bytes, size_t size);
/** A string that may hold NULs; NULL is kept apart from an empty one. */
void pack_blob(struct pack *pack, char **text, size_t *size);
void pack_text(struct pack *pack, char **text);
/** How many follow: `now` where it is written; never more than there are bytes left to read. */
size_t pack_count(struct pack *pack, size_t now);
void pack_item(struct pack *pack, void *item, const struct field *fields, size_t count);
#define PACK_ITEM(pack, item, fields) pack_item(pack, item, fields, ARRAY_SIZE(fields))

#endif
