// SPDX-License-Identifier: GPL-3.0-or-later
#include "bundle.h"

#include "../util/memory.h"

#include <errno.h>
#include <string.h>

#include <zstd.h>

#include "../event/event.h"

bool bundle_entry(const uint8_t *bytes, size_t size, size_t *off, struct entry *entry)
{
	size_t length;

	if (size - *off < 2)
		return false;
	length = (size_t)bytes[*off] << 8 | bytes[*off + 1];
	if (!length || size - *off - 2 < length)
		return false;
	*entry = (struct entry){bytes + *off + 2, length};
	*off += 2 + length;
	return true;
}

struct unpacker {
	ZSTD_DCtx *context;
	_Alignas(8) uint8_t bytes[BLOCK_MAX];
};

struct unpacker *unpacker_new(void)
{
	struct unpacker *unpacker = need(calloc(1, sizeof(*unpacker)));

	unpacker->context = need(ZSTD_createDCtx());
	return unpacker;
}

void unpacker_free(struct unpacker **unpacker)
{
	if (*unpacker)
		ZSTD_freeDCtx((*unpacker)->context);
	free(TAKE_PTR(*unpacker));
}

int unpack(struct unpacker *unpacker, const struct entry *entry, struct block *block)
{
	size_t size = ZSTD_decompressDCtx(unpacker->context, unpacker->bytes, sizeof(unpacker->bytes),
					  entry->at, entry->size);

	if (ZSTD_isError(size) || size < sizeof(block->head))
		return -EBADMSG;
	memcpy(&block->head, unpacker->bytes, sizeof(block->head));
	block->bytes = unpacker->bytes;
	block->size = size;
	if (memcmp(block->head.magic, BLOCK_MAGIC, sizeof(block->head.magic)))
		return -EBADMSG;
	return block->head.abi > ABI_VERSION ? -EPROTO : 0;
}
