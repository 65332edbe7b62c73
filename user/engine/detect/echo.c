// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rule size-echo: uploads as long as labelled files that were read in full, whatever
 * explains them; not to the site's own servers.
 *
 * An upload is a TCP connection that has ended. What it sent, less its handshake, echoes a file if
 * it lies between the file's size and, by default, 512 bytes and 1/256 more: a request's head, and what
 * TLS (22 bytes a record of 16 KiB, RFC 8446) and HTTP/2 (9 bytes a frame, RFC 9113) add. Of each
 * start of a product the last 8 sizes are candidates, and the last 16 uploads of at least
 * 4 KiB are kept.
 *
 * One coincidence is no finding. Where sizes of files and of uploads are spread evenly over
 * the orders of magnitude from 4 KiB to 64 MiB, an upload echoes one of 8 by chance with p = 0.017. That
 * it does, and k - 1 of the 15 before it did: for k = 3, as first meant, 4.6e-4 (17 a year at 100
 * uploads a day), for k = 5 1.7e-6 (0.06 a year). With 1/64 instead of 1/256 it would be 57 and 0.5. Where
 * all lie between 16 and 256 KiB, p = 0.04, and k = 5 gives some 4 a year: so the sizes must also
 * differ from each other, since one that comes again says nothing new; and the files must come
 * to the label's limit together.
 *
 * Not seen: several uploads in one connection, files that are compressed, padded or cut,
 * or sent in other encodings. An honest formula for "or its compression" was not found: the
 * range of what a file may be compressed to holds nearly any upload that is smaller.
 */
#include <string.h>

#include "../state.h"

/** Of a handshake, what may stand behind its first message. */
#define ECHO_HANDSHAKE 192

bool echo_fits(const struct limits *limits, uint64_t size, uint64_t sent, uint64_t hello)
{
	uint64_t slack = limits_threshold(limits, THRESHOLD_ECHO_HEAD) +
			 size / limits_threshold(limits, THRESHOLD_ECHO_DIVISOR) +
			 (hello ? ECHO_HANDSHAKE : 0);

	return sent >= size + hello && sent - size - hello <= slack;
}

void echo_read(struct account *account, size_t label, uint64_t size)
{
	struct echo *echo = &account->echo;
	size_t at = 0;

	if (size < ECHO_LEAST)
		return;
	while (at < ECHO_SIZES - 1 && echo->sizes[at] != size)
		at++;
	memmove(echo->sizes + 1, echo->sizes, at * sizeof(*echo->sizes));
	memmove(echo->labels + 1, echo->labels, at * sizeof(*echo->labels));
	echo->sizes[0] = size;
	echo->labels[0] = (uint8_t)label;
}

static struct limits echo_limits(const struct engine *engine, size_t label)
{
	return policy_limits(engine->policy, engine->ledger.labels[label]);
}

/** The candidate that it echoes; none: ECHO_SIZES. */
static size_t candidate_of(const struct engine *engine, const struct echo *echo, uint64_t sent,
			   uint64_t hello)
{
	for (size_t i = 0; i < ECHO_SIZES && echo->sizes[i]; i++) {
		const struct limits limits = echo_limits(engine, echo->labels[i]);

		if (echo_fits(&limits, echo->sizes[i], sent, hello) && !(limits.off & 1u << RULE_ECHO))
			return i;
	}
	return ECHO_SIZES;
}

unsigned int echoes_of(const struct echo *echo, uint64_t *bytes)
{
	unsigned int count = 0;

	*bytes = 0;
	for (size_t i = 0; i < ECHO_UPLOADS; i++) {
		bool again = !echo->uploads[i];

		for (size_t j = 0; j < i; j++)
			again |= echo->uploads[j] == echo->uploads[i];
		count += !again;
		*bytes += again ? 0 : echo->uploads[i];
	}
	return count;
}

static void say(struct engine *engine, const struct account *account, const struct lane *lane, size_t label,
		unsigned int count, uint64_t bytes)
{
	struct outcome_ledger *view;
	struct outcome *outcome = ledger_tell(engine, WHAT_RULE_ECHO, account, lane, label, &view);

	view->bound = lesser(bytes, account->cap[label]);
	outcome_say(
		engine, outcome,
		"%s has sent %u uploads that are each as long as a file of %s that it had read in full, %llu "
		"bytes in all",
		account->name, count, view->label, (unsigned long long)bytes);
}

void detect_echo(struct engine *engine, struct account *account, const struct lane *lane, uint64_t sent,
		 uint64_t hello)
{
	struct echo *echo = &account->echo;
	struct limits limits;
	uint64_t bytes;
	unsigned int count;
	size_t at, label;

	if (!engine->policy || sent < ECHO_LEAST + hello)
		return;
	at = candidate_of(engine, echo, sent, hello);
	echo->uploads[echo->count++ % ECHO_UPLOADS] = at < ECHO_SIZES ? echo->sizes[at] : 0;
	if (at == ECHO_SIZES)
		return;
	ledger_note(account, engine->position);
	count = echoes_of(echo, &bytes);
	label = echo->labels[at];
	limits = echo_limits(engine, label);
	if (count < limits_threshold(&limits, THRESHOLD_ECHO_UPLOADS) ||
	    bytes < limits_bytes(&limits, RULE_ECHO))
		return;
	say(engine, account, lane, label, count, bytes);
	memset(echo->uploads, 0, sizeof(echo->uploads));
}
