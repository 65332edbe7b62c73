// SPDX-License-Identifier: GPL-3.0-or-later
#include "ecs_evidence.h"

#include <string.h>

/** A note, line by line: joined by newlines, and one behind the last, it is what was signed. */
static void put_note(struct jsonw *w, const char *key, const char *note)
{
	if (!note)
		return;
	jsonw_array(w, key);
	for (size_t length; *note; note += length + (note[length] == '\n')) {
		length = strcspn(note, "\n");
		jsonw_bytes(w, NULL, note, length);
	}
	jsonw_array_end(w);
}

/** How old the last word of a witness is, by the clocks of both; a witness may be ahead. */
static void put_cosigned(struct jsonw *w, const struct outcome *outcome)
{
	int64_t cosigned = outcome->evidence->cosigned, age = outcome->wall / 1000000000 - cosigned;

	if (!cosigned)
		return;
	jsonw_time(w, "cosigned", cosigned * 1000000000);
	jsonw_u64(w, "cosigned_age", age > 0 ? (uint64_t)age : 0);
}

static void put_witness(struct jsonw *w, const struct outcome *outcome)
{
	const struct outcome_evidence *evidence = outcome->evidence;

	jsonw_str(w, "witness", evidence->witness);
	jsonw_u64(w, "size", evidence->size);
	put_note(w, "checkpoint", evidence->checkpoint);
	put_cosigned(w, outcome);
	if (evidence->told)
		jsonw_u64(w, "told", evidence->told);
	if (evidence->status)
		jsonw_u64(w, "status", evidence->status);
}

static void put_heartbeat(struct jsonw *w, const struct outcome *outcome)
{
	const struct outcome_evidence *evidence = outcome->evidence;

	jsonw_u64(w, "number", evidence->number);
	jsonw_u64(w, "size", evidence->size);
	put_note(w, "checkpoint", evidence->checkpoint);
	jsonw_u64(w, "events", evidence->events);
	jsonw_u64(w, "lost", evidence->lost);
	put_cosigned(w, outcome);
}

void ecs_evidence(struct jsonw *w, const struct outcome *outcome)
{
	const struct outcome_evidence *evidence = outcome->evidence;

	if (!evidence)
		return;
	jsonw_object(w, "evidence");
	jsonw_str(w, "key", evidence->key);
	put_note(w, "certificate", evidence->certificate);
	if (outcome->what == WHAT_WITNESS)
		put_witness(w, outcome);
	else if (evidence->number)
		put_heartbeat(w, outcome);
	jsonw_object_end(w);
}
