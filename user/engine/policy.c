// SPDX-License-Identifier: GPL-3.0-or-later
/* Policies arrive in the record: documents in pieces, then the word that they hold. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../util/log.h"
#include "../util/memory.h"
#include "state.h"

/** More than any sound set holds: a record that asks for it is not sound. */
#define DOCUMENT_MAX  (16u << 20)
#define DOCUMENTS_MAX 4096

void book_clear(struct book *book)
{
	for (size_t i = 0; i < book->count; i++) {
		free(book->items[i].name);
		free(book->items[i].text);
	}
	free(book->items);
	free(book->filled);
	*book = (struct book){};
}

static struct document *book_find(const struct book *book, const void *sha256, size_t *index)
{
	for (size_t i = 0; i < book->count; i++) {
		*index = i;
		if (!memcmp(book->items[i].sha256, sha256, DIGEST_SIZE))
			return &book->items[i];
	}
	return NULL;
}

static size_t book_add(struct book *book, const struct ev_document *piece)
{
	struct view name = event_view(&piece->head, piece->name);
	struct document *document;

	book->items = need(reallocarray(book->items, book->count + 1, sizeof(*book->items)));
	book->filled = need(reallocarray(book->filled, book->count + 1, sizeof(*book->filled)));
	document = &book->items[book->count];
	*document = (struct document){
		.name = need(strndup(name.at, name.size)),
		.text = need(calloc(1, (size_t)piece->total + 1)),
		.size = piece->total,
	};
	memcpy(document->sha256, piece->sha256, DIGEST_SIZE);
	book->filled[book->count] = 0;
	return book->count++;
}

void on_document(struct engine *engine, const struct ev_head *event)
{
	const struct ev_document *piece = (const struct ev_document *)event;
	struct view text = event_view(event, piece->text);
	struct book *book = &engine->book;
	size_t index;

	if (piece->total > DOCUMENT_MAX || piece->offset > piece->total ||
	    text.size > piece->total - piece->offset)
		return;
	if (!book_find(book, piece->sha256, &index)) {
		if (book->count == DOCUMENTS_MAX)
			return;
		index = book_add(book, piece);
	}
	if (piece->total != book->items[index].size)
		return; /* of another size than its first piece said: no document of ours */
	if (text.size)
		memcpy(book->items[index].text + piece->offset, text.at, text.size);
	book->filled[index] += text.size;
}

static const struct document *book_whole(const struct book *book, const char *sha256)
{
	size_t index;
	const struct document *document = book_find(book, sha256, &index);
	uint8_t sum[DIGEST_SIZE];

	if (!document || book->filled[index] < document->size)
		return NULL;
	digest_of(document->text, document->size, sum);
	return memcmp(sum, sha256, DIGEST_SIZE) ? NULL : document;
}

static int add_recorded(const struct engine *engine, const struct ev_policy *event, const char *host,
			struct documents *documents)
{
	struct view list = event_view(&event->head, event->documents);

	for (size_t off = 0; off + DIGEST_SIZE <= list.size; off += DIGEST_SIZE) {
		const struct document *document = book_whole(&engine->book, list.at + off);

		if (!document)
			return log_error(-EBADMSG, "event %llu: a policy document is not whole in the record",
					 (unsigned long long)engine->position);
		if (!engine->options.policies || !strcmp(document->name, host))
			documents_add(documents, document->name, document->text, document->size);
	}
	return 0;
}

static int gather(const struct engine *engine, const struct ev_policy *event, struct documents *documents,
		  char host[256])
{
	const struct documents *instead = engine->options.policies;
	struct view named = event_view(&event->head, event->host);

	if (named.size >= 256)
		return -EBADMSG;
	if (engine->options.host)
		snprintf(host, 256, "%s", engine->options.host);
	else
		snprintf(host, 256, "%.*s", (int)named.size, named.at);
	for (size_t i = 0; instead && i < instead->count; i++)
		documents_add(documents, instead->items[i].name, instead->items[i].text,
			      instead->items[i].size);
	return engine->options.host ? 0 : add_recorded(engine, event, host, documents);
}

static void take_policy(struct engine *engine, struct policy *policy)
{
	struct policy *before = engine->policy;
	_cleanup_(buf_free) struct buf hex = {};

	decisions_forget(engine);
	engine->policy = policy;
	buf_hex(&hex, policy->digest, DIGEST_SIZE);
	memcpy(engine->policy_digest, hex.data, sizeof(engine->policy_digest));
	judge_all(engine, before);
	policy_free(&before);
}

int on_policy(struct engine *engine, const struct ev_head *event)
{
	const struct ev_policy *told = (const struct ev_policy *)event;
	_cleanup_(documents_free) struct documents documents = {};
	struct policy *policy;
	char host[256];
	int r = gather(engine, told, &documents, host);

	if (!r)
		r = policy_compile(&policy, &documents, *host ? host : NULL);
	if (r)
		return r;
	if (!engine->options.policies && memcmp(policy->digest, told->sha256, DIGEST_SIZE)) {
		policy_free(&policy);
		return log_error(-EBADMSG,
				 "event %llu: the policy documents do not have the digest that was recorded",
				 (unsigned long long)engine->position);
	}
	take_policy(engine, policy);
	return 0;
}

day_t engine_day(const struct engine *engine, uint64_t time)
{
	if (engine->options.as_of != DAY_NONE)
		return engine->options.as_of;
	return day_of(wall_of(engine, time));
}

void decisions_forget(struct engine *engine)
{
	for (size_t i = 0; i < engine->remembered_count; i++)
		decision_clear(&engine->remembered[i].decision);
	free(engine->remembered);
	engine->remembered = NULL;
	engine->remembered_count = 0;
	for (size_t i = 0; i < engine->tally_count; i++)
		engine->tallies[i].product = NULL;
}

const struct decision *decide_cached(struct engine *engine, const struct product *product, uint64_t time)
{
	day_t day = engine_day(engine, time);
	struct remembered *remembered;

	for (size_t i = 0; i < engine->remembered_count; i++)
		if (engine->remembered[i].product == product && engine->remembered[i].day == day)
			return &engine->remembered[i].decision;
	if (engine->remembered_count && engine->remembered[0].day != day)
		decisions_forget(engine);
	remembered = GROW(engine->remembered, engine->remembered_count);
	*remembered = (struct remembered){.product = product, .day = day};
	decide_product(engine->policy, product, day, &remembered->decision);
	return &remembered->decision;
}
