// SPDX-License-Identifier: GPL-3.0-or-later
#include "cosigned.h"

#include <errno.h>
#include <string.h>

#include "../util/clock.h"
#include "../util/memory.h"
#include "witness.h"

typedef unsigned long long ull;

#define CHECK "witnesses"

void cosigned_begin(struct cosigned *cosigned, const struct quorum *quorum)
{
	size_t count = quorum ? quorum->count : 0;

	*cosigned = (struct cosigned){
		.quorum = quorum,
		.sizes = need(calloc(count + 1, sizeof(uint64_t))),
		.times = need(calloc(count + 1, sizeof(uint64_t))),
	};
}

void cosigned_free(struct cosigned *cosigned)
{
	free(cosigned->sizes);
	free(cosigned->times);
	*cosigned = (struct cosigned){};
}

void cosigned_note(struct cosigned *cosigned, const char *note, size_t size, uint64_t entries,
		   const char *where, struct verdict *verdict)
{
	const struct quorum *quorum = cosigned->quorum;

	cosigned->notes++;
	for (size_t i = 0; quorum && i < quorum->count; i++) {
		const struct quorum_member *member = &quorum->members[i];
		uint64_t time = 0;
		int r = member->part_count ? -ENOENT : note_verify(&member->key, note, size, &time);

		if (r == -EBADMSG || (!r && (!time || time > COSIGNED_MAX)))
			verdict_say(verdict, VERDICT_DOUBT, CHECK, "%s: the cosignature of %s is wrong",
				    where, member->key.name);
		else if (!r && entries > cosigned->sizes[i]) {
			cosigned->sizes[i] = entries;
			cosigned->times[i] = time;
		}
	}
}

uint64_t cosigned_reached(const struct cosigned *cosigned, uint64_t *by)
{
	const struct quorum *quorum = cosigned->quorum;
	uint64_t reached = quorum ? quorum_reached(quorum, cosigned->sizes) : 0;
	uint64_t *early;

	*by = 0;
	if (!reached)
		return 0;
	/* The earliest moment by which enough had: so what counts up is how early each was. */
	early = need(calloc(quorum->count, sizeof(*early)));
	for (size_t i = 0; i < quorum->count; i++)
		early[i] = cosigned->sizes[i] >= reached ? UINT64_MAX - cosigned->times[i] : 0;
	*by = UINT64_MAX - quorum_reached(quorum, early);
	free(early);
	return reached;
}

static void say_reached(uint64_t reached, uint64_t by, uint64_t entries, struct verdict *verdict)
{
	_cleanup_(buf_free) struct buf time = {};

	time_format(&time, (int64_t)by * (int64_t)NSEC_PER_SEC);
	verdict_say(
		verdict, VERDICT_PROVED, CHECK,
		"enough witnesses have vouched for the first %llu of the %llu entries, by %.19sZ: they were "
		"there by then, and none was changed or cut off since, unless the witnesses helped",
		(ull)reached, (ull)entries, time.data);
	if (reached < entries)
		verdict_say(
			verdict, VERDICT_LIMIT, CHECK,
			"that of the %llu entries behind those; not enough witnesses have vouched for them",
			(ull)(entries - reached));
}

void cosigned_say(const struct cosigned *cosigned, uint64_t entries, struct verdict *verdict)
{
	const struct quorum *quorum = cosigned->quorum;
	uint64_t by, reached = cosigned_reached(cosigned, &by);

	if (!quorum && cosigned->notes)
		verdict_say(verdict, VERDICT_LIMIT, CHECK,
			    "whether the cosignatures under %llu checkpoints are those of witnesses: nobody "
			    "says who these are (--witness)",
			    (ull)cosigned->notes);
	else if (quorum && quorum->none)
		verdict_say(verdict, VERDICT_LIMIT, CHECK,
			    "that any witness has vouched for it: the policy asks for none");
	else if (quorum && reached)
		say_reached(reached, by, entries, verdict);
	else if (quorum)
		verdict_say(
			verdict, VERDICT_DOUBT, CHECK,
			"not enough of the policy's witnesses have ever vouched for it, by what was given");
}
