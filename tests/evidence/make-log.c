// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * make-log DIR KEY ENTRIES [right|wrong|WITNESS]: a signed log with heartbeats, by a key that is made if it
 * is not there. Again: goes on. With a snapshot, or cosigned once by the key in the file WITNESS.
 */
#include <errno.h>
#include <stdlib.h>

#include "../../user/engine/engine.h"
#include "../unit/sample.h"

static void put_snapshot(struct sample *sample, bool right)
{
	struct engine_options options = {.as_of = DAY_NONE};
	struct engine *engine = engine_new(&options);
	struct buf state = {};

	engine_save(engine, &state);
	if (!right)
		state.data[state.size / 2] ^= 1;
	for (size_t off = 0; off < state.size; off += 12000) {
		struct draft draft;
		struct ev_snapshot *event = DRAFT(&draft, SNAPSHOT, snapshot, 1);

		event->engine = ENGINE_VERSION;
		event->offset = (uint32_t)off;
		event->total = (uint32_t)state.size;
		draft_str(&draft, &event->bytes, state.data + off,
			  state.size - off < 12000 ? state.size - off : 12000);
		sample_put(sample, &draft);
	}
	buf_free(&state);
	engine_free(&engine);
}

/** One entry more, at the end. */
static int put_cosigned(struct sample *sample, const char *path)
{
	struct key *witness;
	struct buf note = {};
	int r = key_open(&witness, path);

	if (r)
		return r;
	buf_bytes(&note, writer_note(sample->writer)->data, writer_note(sample->writer)->size);
	sample_cosign(witness, "witness.example/w", 1795397393, &note);
	sample_cosigned(sample, &note);
	buf_free(&note);
	key_close(&witness);
	return 0;
}

int main(int argc, char **argv)
{
	struct sample sample = {};
	struct key *key;
	int r;

	if (argc < 4)
		return 2;
	r = key_open(&key, argv[2]);
	if (r == -ENOENT)
		r = key_create(&key, argv[2]);
	if (r || writer_open(&sample.writer, argv[1], key))
		return 1;
	sample.key = key;
	sample.time = writer_position(sample.writer) * 10 * SAMPLE_SECOND;
	if (argc > 4 && strchr(argv[4], '/') == NULL)
		put_snapshot(&sample, !strcmp(argv[4], "right"));
	sample_begin(&sample, key_certificate(key));
	sample_entries(&sample, (unsigned int)strtoul(argv[3], NULL, 10) - 1);
	if (argc > 4 && strchr(argv[4], '/') && put_cosigned(&sample, argv[4]))
		return 1;
	sample_end(&sample);
	writer_close(&sample.writer);
	key_close(&key);
	return sample.error ? 1 : 0;
}
