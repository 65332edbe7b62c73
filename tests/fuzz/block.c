// SPDX-License-Identifier: GPL-3.0-or-later
/* Bytes that claim to be a bundle of entries, a block of events, a checkpoint. */
#include <stdlib.h>
#include <string.h>

#include "../../user/capture/bundle.h"
#include "../../user/capture/checkpoint.h"
#include "../../user/engine/engine.h"
#include "../../user/util/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk_events(const uint8_t *bytes, size_t size, uint32_t count)
{
	const struct engine_options options = {.as_of = DAY_NONE, .events = true};
	struct batch batch = {};
	struct engine *engine = engine_new(&options);
	size_t off = sizeof(struct block_head);

	while (count-- && off < size && !event_check(bytes + off, size - off)) {
		const struct ev_head *event = (const struct ev_head *)(bytes + off);

		if (engine_step(engine, event, off, &batch))
			break;
		batch_actions_done(&batch);
		off += event->size;
	}
	batch_free(&batch);
	engine_free(&engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(8) uint8_t raw[BLOCK_MAX];
	struct unpacker *unpacker = unpacker_new();
	struct checkpoint checkpoint;
	struct entry entry;
	struct block block;
	size_t off = 0;

	log_set_level(LOG_LEVEL_ERROR);
	checkpoint_read(&checkpoint, (const char *)data, size);
	while (bundle_entry(data, size, &off, &entry))
		if (!unpack(unpacker, &entry, &block))
			walk_events(block.bytes, block.size, block.head.count);
	/* The same bytes as if they had been compressed: zstd lets few of them through. */
	if (size >= sizeof(block.head) && size <= sizeof(raw)) {
		memcpy(raw, data, size);
		walk_events(raw, size, 1000);
	}
	unpacker_free(&unpacker);
	return 0;
}
