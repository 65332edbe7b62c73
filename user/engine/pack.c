// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack.h"

#include <string.h>

#include "../util/memory.h"

/** Longer than any string of an event. */
#define TEXT_MAX  UINT32_C(0x1000000)
#define TEXT_NONE UINT32_MAX

void pack_bytes(struct pack *pack, void *bytes, size_t size)
{
	if (pack->to) {
		buf_bytes(pack->to, bytes, size);
		return;
	}
	if (pack->bad || size > pack->left) {
		pack->bad = true;
		memset(bytes, 0, size);
		return;
	}
	memcpy(bytes, pack->at, size);
	pack->at += size;
	pack->left -= size;
}

void pack_blob(struct pack *pack, char **text, size_t *size)
{
	uint32_t length = *text ? (uint32_t)*size : TEXT_NONE;

	pack_bytes(pack, &length, sizeof(length));
	if (pack->to) {
		if (*text)
			buf_bytes(pack->to, *text, *size);
		return;
	}
	free(*text);
	*text = NULL;
	*size = 0;
	if (pack->bad || length == TEXT_NONE)
		return;
	if (length > TEXT_MAX || length > pack->left) {
		pack->bad = true;
		return;
	}
	*text = need(calloc(1, (size_t)length + 1));
	*size = length;
	pack_bytes(pack, *text, length);
}

void pack_text(struct pack *pack, char **text)
{
	size_t size = pack->to && *text ? strlen(*text) : 0;

	pack_blob(pack, text, &size);
}

size_t pack_count(struct pack *pack, size_t now)
{
	uint64_t count = now;

	pack_bytes(pack, &count, sizeof(count));
	if (pack_reads(pack) && count > pack->left)
		pack->bad = true;
	return pack->bad ? 0 : (size_t)count;
}

static void pack_flag(struct pack *pack, bool *flag)
{
	uint8_t byte = pack->to ? *flag : 0;

	pack_bytes(pack, &byte, sizeof(byte));
	if (pack_reads(pack))
		*flag = byte;
}

static void pack_below(struct pack *pack, void *at, const struct field *field)
{
	uint64_t value = 0;

	memcpy(&value, at, field->size);
	pack_bytes(pack, &value, field->size);
	if (!pack_reads(pack))
		return;
	if (value >= field->limit)
		pack->bad = true, value = 0;
	memcpy(at, &value, field->size);
}

static void pack_product(struct pack *pack, const struct product **product)
{
	char *id = pack->to && *product ? need(strdup((*product)->id)) : NULL;

	pack_text(pack, &id);
	if (pack_reads(pack)) {
		*product = id && pack->policy ? policy_product(pack->policy, id) : NULL;
		pack->bad |= id && !*product;
	}
	free(id);
}

void pack_item(struct pack *pack, void *item, const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *at = (char *)item + fields[i].offset;

		switch ((enum field_kind)fields[i].kind) {
		case FIELD_PLAIN:
			pack_bytes(pack, at, fields[i].size);
			break;
		case FIELD_FLAG:
			pack_flag(pack, (bool *)at);
			break;
		case FIELD_BELOW:
			pack_below(pack, at, &fields[i]);
			break;
		case FIELD_CHARS:
			pack_bytes(pack, at, fields[i].size);
			if (pack_reads(pack))
				at[fields[i].size - 1] = '\0';
			break;
		case FIELD_TEXT:
			pack_text(pack, (char **)at);
			break;
		case FIELD_PRODUCT:
			pack_product(pack, (const struct product **)at);
			break;
		}
	}
}
