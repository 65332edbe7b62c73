/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A signed log of so many entries as `custodes run` would write it: runs, their key, signs of life,
 * sequences. */
#ifndef CUSTODES_TESTS_SAMPLE_H
#define CUSTODES_TESTS_SAMPLE_H

#include <stdio.h>
#include <string.h>

#include "../../user/capture/writer.h"

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
