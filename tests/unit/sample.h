/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A signed log of so many entries as `custodes run` would write it: runs, their key, signs of life,
 * sequences. */
#ifndef CUSTODES_TESTS_SAMPLE_H
#define CUSTODES_TESTS_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../user/capture/writer.h"
#include "../../user/util/base64.h"

#define SAMPLE_SECOND 1000000000ull
#define SAMPLE_EVERY  (60 * SAMPLE_SECOND)

struct sample {
	struct writer *writer;
	const struct key *key;
	uint64_t time, seq, number;
	int error;
	/* What a dishonest writer does. */
	uint64_t skip_seq;	/* this one of the sequence is not written */
	uint64_t skip_beat;	/* this heartbeat is not */
	const struct buf *beat; /* every heartbeat bears this checkpoint */
};

static inline void sample_put(struct sample *sample, struct draft *draft)
{
	if (!sample->error)
		sample->error = writer_append(sample->writer, draft_end(draft));
}

static inline void sample_seal(struct sample *sample)
{
	if (!sample->error)
		sample->error = writer_seal(sample->writer);
}

static inline void sample_key(struct sample *sample, const char *certificate)
{
	struct buf text = {};
	struct verifier verifier;
	struct draft draft;
	struct ev_key *event = DRAFT(&draft, KEY, key, sample->time);

	if (verifier_make(&verifier, writer_origin(sample->writer), NOTE_ED25519, key_public(sample->key)))
		sample->error = -1;
	verifier_format(&verifier, &text);
	memcpy(event->public, verifier.key, sizeof(event->public));
	draft_text(&draft, &event->verifier, text.data);
	draft_text(&draft, &event->certificate, certificate);
	sample_put(sample, &draft);
	buf_free(&text);
}

static inline void sample_begin(struct sample *sample, const char *certificate)
{
	struct draft draft;

	sample->seq = sample->number = 0;
	sample->time += SAMPLE_SECOND;
	DRAFT(&draft, START, start, sample->time);
	sample_put(sample, &draft);
	if (certificate)
		sample_key(sample, certificate);
}

static inline void sample_beat(struct sample *sample)
{
	const struct buf *note = sample->beat ? sample->beat : writer_note(sample->writer);
	struct checkpoint checkpoint;
	struct buf text = {};
	struct verifier verifier;
	struct draft draft;
	struct ev_heartbeat *event = DRAFT(&draft, HEARTBEAT, heartbeat, sample->time);

	event->number = ++sample->number;
	if (checkpoint_read(&checkpoint, note->data, note->size) ||
	    verifier_make(&verifier, writer_origin(sample->writer), NOTE_ED25519, key_public(sample->key)))
		sample->error = -1;
	event->size = checkpoint.size;
	draft_str(&draft, &event->checkpoint, note->data, note->size);
	verifier_format(&verifier, &text);
	draft_text(&draft, &event->verifier, text.data);
	if (event->number != sample->skip_beat)
		sample_put(sample, &draft);
	buf_free(&text);
}

/** A witness's line below a note, by a key of ours. */
static inline void sample_cosign(const struct key *key, const char *name, uint64_t time, struct buf *note)
{
	_cleanup_(buf_free) struct buf message = {}, line = {};
	uint8_t bytes[4 + ED25519_SIGNATURE], signature[8 + ED25519_SIGNATURE];
	struct verifier verifier;
	const char *at;
	size_t text;

	if (note_text(note->data, note->size, &text))
		abort();
	buf_printf(&message, "cosignature/v1\ntime %llu\n", (unsigned long long)time);
	buf_bytes(&message, note->data, text);
	if (key_sign(key, name, message.data, message.size, &line))
		abort();
	at = strrchr(line.data, ' ') + 1;
	if (base64_get(at, strlen(at) - 1, bytes, sizeof(bytes)) != sizeof(bytes))
		abort();
	for (int i = 0; i < 8; i++)
		signature[i] = (uint8_t)(time >> (56 - 8 * i));
	memcpy(signature + 8, bytes + 4, ED25519_SIGNATURE);
	verifier_make(&verifier, name, NOTE_COSIGNATURE, key_public(key));
	note_line(name, verifier.id, signature, sizeof(signature), note);
}

static inline void sample_cosigned(struct sample *sample, const struct buf *note)
{
	struct draft draft;
	struct ev_witness *event = DRAFT(&draft, WITNESS, witness, sample->time);

	event->result = WITNESS_COSIGNED;
	draft_str(&draft, &event->checkpoint, note->data, note->size);
	sample_put(sample, &draft);
	sample_seal(sample);
}

static inline void sample_fork(struct sample *sample)
{
	struct draft draft;
	struct ev_fork *event = DRAFT(&draft, FORK, fork, sample->time);

	event->head.channel = CHANNEL_FORK;
	event->head.cpu = (uint32_t)(sample->seq % 2);
	event->head.seq = sample->seq / 2;
	event->head.tgid = event->head.tid = 1000 + (uint32_t)sample->seq;
	if (++sample->seq != sample->skip_seq)
		sample_put(sample, &draft);
}

/** So many entries of events, a heartbeat each minute. */
static inline void sample_entries(struct sample *sample, unsigned int entries)
{
	for (unsigned int i = 0; i < entries; i++) {
		sample->time += 10 * SAMPLE_SECOND;
		if (i % 6 == 5)
			sample_beat(sample);
		sample_fork(sample);
		sample_fork(sample);
		sample_seal(sample);
	}
}

static inline void sample_end(struct sample *sample)
{
	struct draft draft;

	DRAFT(&draft, STOP, stop, sample->time);
	sample_put(sample, &draft);
	sample_seal(sample);
}

#endif
