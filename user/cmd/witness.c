// SPDX-License-Identifier: GPL-3.0-or-later
#include "witness.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../capture/quorum.h"
#include "../capture/witness.h"
#include "../net/poster.h"
#include "../util/clock.h"
#include "../util/log.h"
#include "../util/memory.h"

/** A witness may tell how many entries it has, and be asked again from there, so often. */
#define TRIES 3

struct witness {
	const struct quorum_member *member; /* with an address, or it is not asked */
	struct buf note;		    /* that it was asked about last */
	uint64_t size;			    /* entries of that */
	uint64_t known;			    /* entries that it has vouched for, as far as is known */
	bool busy;
	unsigned int tries;
	uint32_t result; /* of the last time; 0: none yet */
	uint64_t cosigned_size;
};

struct witnesses {
	struct quorum quorum;
	struct witness *all; /* one for each member of the policy */
	uint64_t *cosigned;  /* likewise: when, seconds since 1970 */
	struct poster *poster;
	struct post_answer answer;
	bool asked;
	uint64_t beat; /* of the last time */
};

int witnesses_open(struct witnesses **witnesses, const char *policy)
{
	struct witnesses *w = need(calloc(1, sizeof(*w)));
	size_t addresses = 0;
	int r;

	*witnesses = w;
	r = quorum_read(&w->quorum, policy);
	if (r)
		return r;
	w->all = need(calloc(w->quorum.count + 1, sizeof(*w->all)));
	w->cosigned = need(calloc(w->quorum.count + 1, sizeof(*w->cosigned)));
	for (size_t i = 0; i < w->quorum.count; i++) {
		w->all[i].member = &w->quorum.members[i];
		addresses += w->all[i].member->url != NULL;
	}
	if (!addresses)
		return log_error(0, "%s: no witness has an address: witness NAME KEY URL", policy);
	return poster_start(&w->poster);
}

void witnesses_close(struct witnesses **witnesses)
{
	struct witnesses *w = TAKE_PTR(*witnesses);

	if (!w)
		return;
	poster_stop(&w->poster);
	for (size_t i = 0; i < w->quorum.count; i++)
		buf_free(&w->all[i].note);
	quorum_free(&w->quorum);
	free(w->all);
	free(w->cosigned);
	free(w);
}

int64_t witnesses_cosigned(const struct witnesses *witnesses)
{
	return witnesses ? (int64_t)quorum_reached(&witnesses->quorum, witnesses->cosigned) : 0;
}

/* ---- what came of it ---- */

struct outcome_of {
	uint32_t result;
	uint64_t told;
	uint32_t status;
	const struct buf *checkpoint;
	const char *detail;
};

static void say(const struct witness *witness, const struct outcome_of *what)
{
	const char *name = witness->member->key.name;

	if (what->result == witness->result)
		return;
	if (what->result == WITNESS_COSIGNED)
		log_info("witness %s has vouched for %llu entries", name, (unsigned long long)witness->size);
	else if (what->result == WITNESS_AHEAD)
		log_error(0,
			  "witness %s has vouched for %llu entries, and there are %llu: the log was rolled "
			  "back, or is written elsewhere too",
			  name, (unsigned long long)what->told, (unsigned long long)witness->size);
	else if (what->result == WITNESS_FORKED)
		log_error(
			0,
			"witness %s has vouched for %llu other entries: the log was forked, or written anew",
			name, (unsigned long long)what->told);
	else
		log_warning("witness %s: %s", name, what->detail);
}

static int record(struct witnesses *w, struct witness *witness, struct pipeline *pipeline,
		  const struct outcome_of *what)
{
	_cleanup_(buf_free) struct buf verifier = {};
	struct draft draft;
	struct ev_witness *event = DRAFT(&draft, WITNESS, witness, clock_boot());

	say(witness, what);
	event->head.flags = what->result == witness->result ? WITNESS_AGAIN : 0;
	event->cosigned = (int64_t)w->cosigned[witness - w->all];
	event->size = witness->cosigned_size;
	event->told = what->told;
	event->result = what->result;
	event->status = what->status;
	verifier_format(&witness->member->key, &verifier);
	draft_text(&draft, &event->verifier, verifier.data);
	if (what->checkpoint)
		draft_str(&draft, &event->checkpoint, what->checkpoint->data, what->checkpoint->size);
	draft_text(&draft, &event->detail, what->detail);
	witness->result = what->result;
	return pipeline_live(pipeline, draft_end(&draft));
}

/* ---- asking ---- */

static int ask(struct witnesses *w, struct witness *witness, struct pipeline *pipeline)
{
	struct outcome_of gone = {.result = WITNESS_UNREACHABLE,
				  .detail = "the process that talks to witnesses is gone"};
	uint8_t path[PROOF_MAX][DIGEST_SIZE];
	_cleanup_(buf_free) struct buf body = {}, url = {};
	int count;

	witness->size = writer_sealed(pipeline->writer);
	buf_clear(&witness->note);
	buf_bytes(&witness->note, writer_note(pipeline->writer)->data, writer_note(pipeline->writer)->size);
	if (witness->known > witness->size)
		witness->known = 0; /* so that it tells again */
	count = writer_consistency(pipeline->writer, witness->known, path);
	if (count < 0) {
		gone.detail = "what it should be shown cannot be read";
		return record(w, witness, pipeline, &gone);
	}
	witness_request(witness->known, (const uint8_t(*)[DIGEST_SIZE])path, (unsigned int)count,
			&witness->note, &body);
	buf_printf(&url, "%s/add-checkpoint", witness->member->url);
	if (poster_send(w->poster, (uint32_t)(witness - w->all), url.data, &body))
		return record(w, witness, pipeline, &gone);
	witness->busy = true;
	return 0;
}

int witnesses_ask(struct witnesses *witnesses, struct pipeline *pipeline)
{
	int r = 0;

	for (size_t i = 0; !r && witnesses && pipeline->writer && i < witnesses->quorum.count; i++) {
		struct witness *witness = &witnesses->all[i];

		if (!witness->member->url || witness->busy)
			continue;
		witness->tries = TRIES;
		r = ask(witnesses, witness, pipeline);
	}
	return r;
}

/* ---- answers ---- */

static const char *const meanings[] = {
	[400] = "it takes this for no request of a log",
	[403] = "it does not take the key that signs this log",
	[404] = "it does not know this log",
	[409] = "it tells of no number of entries to go on from",
	[422] = "it does not take what it was sent",
	[429] = "it is asked too often",
};

static int refused(struct witnesses *w, struct witness *witness, struct pipeline *pipeline, uint32_t status)
{
	char other[64];
	struct outcome_of what = {.result = WITNESS_REFUSED, .status = status, .detail = other};

	snprintf(other, sizeof(other), "it answered with HTTP status %u", status);
	if (status < ARRAY_SIZE(meanings) && meanings[status])
		what.detail = meanings[status];
	return record(w, witness, pipeline, &what);
}

static int cosigned(struct witnesses *w, struct witness *witness, struct pipeline *pipeline)
{
	_cleanup_(buf_free) struct buf note = {};
	struct outcome_of what = {.result = WITNESS_COSIGNED, .status = 200, .checkpoint = &note};
	uint64_t time;
	int r = witness_cosigned(&witness->member->key, &witness->note, w->answer.body, w->answer.size, &note,
				 &time);

	if (r) {
		what = (struct outcome_of){
			.result = WITNESS_WRONG,
			.status = 200,
			.detail = r == -ENOENT ? "its answer has no line of the key that the policy names" :
						 "its answer has a cosignature that is wrong, or is none",
		};
		return record(w, witness, pipeline, &what);
	}
	witness->known = witness->cosigned_size = witness->size;
	w->cosigned[witness - w->all] = time;
	return record(w, witness, pipeline, &what);
}

/** It begins at another size: it is asked again from there, unless there is no such size. */
static int conflict(struct witnesses *w, struct witness *witness, struct pipeline *pipeline)
{
	struct outcome_of what = {.result = WITNESS_AHEAD, .status = 409};
	uint64_t entries;

	if (witness_conflict(w->answer.type, w->answer.body, w->answer.size, &entries))
		return refused(w, witness, pipeline, 409);
	witness->known = entries;
	what.told = entries;
	if (entries > witness->size)
		return record(w, witness, pipeline, &what);
	if (!--witness->tries || !pipeline->writer)
		return refused(w, witness, pipeline, 409);
	return ask(w, witness, pipeline);
}

static int take(struct witnesses *w, struct pipeline *pipeline)
{
	const struct post_answer *answer = &w->answer;
	struct outcome_of what = {.status = answer->status};
	struct witness *witness;

	if (answer->id >= w->quorum.count || !w->all[answer->id].busy)
		return 0;
	witness = &w->all[answer->id];
	witness->busy = false;
	if (answer->status == 200)
		return cosigned(w, witness, pipeline);
	if (answer->status == 409)
		return conflict(w, witness, pipeline);
	if (answer->status == 422 && witness->known) {
		what.result = WITNESS_FORKED;
		what.told = witness->known;
		return record(w, witness, pipeline, &what);
	}
	if (answer->status)
		return refused(w, witness, pipeline, answer->status);
	what.result = WITNESS_UNREACHABLE;
	what.detail = answer->fault;
	return record(w, witness, pipeline, &what);
}

/** No answer comes any more of what was asked. */
static int gone(struct witnesses *w, struct pipeline *pipeline)
{
	const struct outcome_of what = {.result = WITNESS_UNREACHABLE,
					.detail = "the process that talks to witnesses is gone"};
	int r = 0;

	for (size_t i = 0; !r && i < w->quorum.count; i++) {
		if (!w->all[i].busy)
			continue;
		w->all[i].busy = false;
		r = record(w, &w->all[i], pipeline, &what);
	}
	return r;
}

int witnesses_tend(struct witnesses *witnesses, struct pipeline *pipeline, uint64_t beat)
{
	int r = 0, got = 0;

	if (!witnesses)
		return 0;
	while (!r && (got = poster_receive(witnesses->poster, &witnesses->answer)) > 0)
		r = take(witnesses, pipeline);
	if (!r && got < 0)
		r = gone(witnesses, pipeline);
	if (r || !pipeline->writer || !writer_sealed(pipeline->writer) ||
	    (witnesses->asked && witnesses->beat == beat))
		return r;
	witnesses->asked = true;
	witnesses->beat = beat;
	return witnesses_ask(witnesses, pipeline);
}
