/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A set of policy documents as text, in the order in which they count. */
#ifndef CUSTODES_POLICY_DOCUMENTS_H
#define CUSTODES_POLICY_DOCUMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "../util/digest.h"

struct document {
	char *name;
	char *text;
	size_t size;
	uint8_t sha256[DIGEST_SIZE];
};

struct documents {
	struct document *items;
	size_t count;
};

void documents_free(struct documents *documents);
/** Takes a copy. */
void documents_add(struct documents *documents, const char *name, const char *text, size_t size);

/** Adds what the program was built with: measures, catalogue, schemes. */
void documents_add_embedded(struct documents *documents);
/**
 * One document that the program was built with (such as "hosts/uk-secret.json"), its text without
 * a NUL behind it; NULL if there is none.
 */
const struct document *documents_embedded(const char *name);

/**
 * Adds every *.json below a directory, in the order of names; files named by
 * people, so each fault is said. 0 or a negative errno.
 */
int documents_add_directory(struct documents *documents, const char *path);
int documents_add_file(struct documents *documents, const char *path);

/**
 * One digest for a set: SHA-256 over every document's own SHA-256, in order,
 * then over the name of the host's document.
 */
void documents_digest(const struct documents *documents, const char *host, uint8_t digest[DIGEST_SIZE]);

#endif
