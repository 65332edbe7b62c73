// SPDX-License-Identifier: GPL-3.0-or-later
#include "evidence.h"

#include <errno.h>
#include <string.h>

#include "../util/clock.h"
#include "../util/log.h"

int evidence_open(struct evidence *evidence, const char *source)
{
	const char *path = source ? source : KEY_FILE;
	int r = key_open(&evidence->key, path);

	if (r != -ENOENT)
		return r;
	if (source)
		return log_error(r, "%s: make one with custodes key new %s", path, path);
	r = key_create(&evidence->key, path);
	if (!r)
		log_info("a new key signs what is recorded: %s; its public half stands in every heartbeat",
			 path);
	return r;
}

void evidence_close(struct evidence *evidence)
{
	key_close(&evidence->key);
	buf_free(&evidence->verifier);
}

int evidence_begin(struct evidence *evidence, struct pipeline *pipeline)
{
	struct verifier verifier;
	struct draft draft;
	struct ev_key *event = DRAFT(&draft, KEY, key, clock_boot());

	if (!evidence->key)
		return 0;
	if (verifier_make(&verifier, writer_origin(pipeline->writer), NOTE_ED25519,
			  key_public(evidence->key)))
		return log_error(0, "%s: no key can sign under this origin", writer_origin(pipeline->writer));
	verifier_format(&verifier, &evidence->verifier);
	memcpy(event->public, verifier.key, sizeof(event->public));
	draft_text(&draft, &event->verifier, evidence->verifier.data);
	draft_text(&draft, &event->certificate, key_certificate(evidence->key));
	return pipeline_live(pipeline, draft_end(&draft));
}

int evidence_beat(struct evidence *evidence, struct pipeline *pipeline, uint64_t now, uint64_t events,
		  uint64_t lost)
{
	struct draft draft;
	struct ev_heartbeat *event;
	int r;

	if (!evidence->time)
		evidence->time = now;
	if (now - evidence->time < evidence->every)
		return 0;
	evidence->time = now;
	event = DRAFT(&draft, HEARTBEAT, heartbeat, clock_boot());
	event->number = ++evidence->number;
	event->events = events;
	event->lost = lost;
	event->cosigned = evidence->cosigned;
	if (pipeline->writer) {
		event->size = writer_sealed(pipeline->writer);
		draft_str(&draft, &event->checkpoint, writer_note(pipeline->writer)->data,
			  writer_note(pipeline->writer)->size);
		draft_text(&draft, &event->verifier, evidence->verifier.data);
	}
	r = pipeline_live(pipeline, draft_end(&draft));
	return r ? r : pipeline_flush(pipeline);
}
