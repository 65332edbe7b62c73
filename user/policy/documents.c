// SPDX-License-Identifier: GPL-3.0-or-later
#include "documents.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <pthread.h>
#include <string.h>

#include "../util/buf.h"
#include "../util/file.h"
#include "../util/log.h"
#include "../util/memory.h"

#define DOCUMENT_LIMIT (16u << 20)

/* tools/bundle wrote it: "NAME SIZE\n", then that many bytes, for each file. */
extern const char policy_bundle[], policy_bundle_end[];
__asm__(".section .rodata\n"
	".global policy_bundle, policy_bundle_end\n"
	"policy_bundle: .incbin \"policies.bundle\"\n"
	"policy_bundle_end: .byte 0\n"
	".previous\n");

void documents_free(struct documents *documents)
{
	for (size_t i = 0; i < documents->count; i++) {
		free(documents->items[i].name);
		free(documents->items[i].text);
	}
	free(documents->items);
	*documents = (struct documents){};
}

void documents_add(struct documents *documents, const char *name, const char *text, size_t size)
{
	struct document *document = GROW(documents->items, documents->count);

	*document = (struct document){
		.name = need(strdup(name)),
		.text = need(malloc(size + 1)),
		.size = size,
	};
	memcpy(document->text, text, size); /* whatever bytes they are: nobody has read them yet */
	document->text[size] = '\0';
	digest_of(text, size, document->sha256);
}

/* Its texts are no copies, and end without a NUL. */
static struct documents bundle;

static void bundle_read(void)
{
	const char *at = policy_bundle;

	while (at < policy_bundle_end) {
		struct document *document;
		char name[256];
		size_t size;
		int used = 0;

		if (sscanf(at, "%255s %zu%n", name, &size, &used) != 2)
			abort(); /* the build wrote a bundle that it cannot read */
		at += used + 1;
		document = GROW(bundle.items, bundle.count);
		*document = (struct document){.name = need(strdup(name)), .text = (char *)at, .size = size};
		digest_of(at, size, document->sha256);
		at += size;
	}
}

static const struct documents *bundled(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, bundle_read);
	return &bundle;
}

static void __attribute__((destructor)) bundle_drop(void)
{
	for (size_t i = 0; i < bundle.count; i++)
		bundle.items[i].text = NULL;
	documents_free(&bundle);
}

const struct document *documents_embedded(const char *name)
{
	const struct documents *all = bundled();

	for (size_t i = 0; i < all->count; i++)
		if (!strcmp(all->items[i].name, name))
			return &all->items[i];
	return NULL;
}

void documents_add_embedded(struct documents *documents)
{
	static const char *const kinds[] = {"schemes/", "catalogue/", "measures/", "steering/"};
	const struct documents *all = bundled();

	for (size_t kind = 0; kind < ARRAY_SIZE(kinds); kind++)
		for (size_t i = 0; i < all->count; i++)
			if (!strncmp(all->items[i].name, kinds[kind], strlen(kinds[kind])))
				documents_add(documents, all->items[i].name, all->items[i].text,
					      all->items[i].size);
}

int documents_add_file(struct documents *documents, const char *path)
{
	_cleanup_(buf_free) struct buf text = {};
	int r = file_read_at(AT_FDCWD, path, &text, DOCUMENT_LIMIT);

	if (r)
		return log_error(r, "%s", path);
	documents_add(documents, path, text.data ? text.data : "", text.size);
	return 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int add_found(struct documents *documents, const FTSENT *entry)
{
	const char *dot = strrchr(entry->fts_name, '.');

	if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
		return log_error(-entry->fts_errno, "%s", entry->fts_path);
	if (entry->fts_info != FTS_F || !dot || strcmp(dot, ".json"))
		return 0;
	return documents_add_file(documents, entry->fts_path);
}

int documents_add_directory(struct documents *documents, const char *path)
{
	char *const roots[] = {(char *)path, NULL};
	size_t before = documents->count;
	FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	FTSENT *entry;
	int r = 0;

	if (!walk)
		return log_error(-errno, "%s", path);
	while (!r && (entry = fts_read(walk)))
		r = add_found(documents, entry);
	fts_close(walk);
	if (!r && documents->count == before)
		return log_error(-ENOENT, "%s: no *.json file below it", path);
	return r;
}

void documents_digest(const struct documents *documents, const char *host, uint8_t digest[DIGEST_SIZE])
{
	struct digest *sum = digest_begin();

	for (size_t i = 0; i < documents->count; i++)
		digest_add(sum, documents->items[i].sha256, DIGEST_SIZE);
	if (host)
		digest_add(sum, host, strlen(host));
	digest_end(&sum, digest);
}
