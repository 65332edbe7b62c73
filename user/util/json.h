/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON from a file that a person wrote: parsed strictly, refused clearly. */
#ifndef CUSTODES_UTIL_JSON_H
#define CUSTODES_UTIL_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

/** One document: `name` for messages, the tree, and the text, which stays the caller's. */
struct json {
	char *name;
	const char *text; /* json_check and json_fault find their lines in it */
	size_t size;
	cJSON *root;
};

void json_free(struct json *json);

/**
 * Parses a text. Refuses what is not UTF-8, not JSON, or has bytes
 * after the value, and says file, line and column. 0 or -EINVAL.
 */
int json_parse(struct json *json, const char *name, const char *text, size_t size);

/**
 * Holds a document against a JSON Schema (the part of draft 2020-12 that
 * json_schema.c lists; another keyword in a schema is an error of its own). Each
 * fault is said with file, line, JSON pointer and what was expected. `other` finds
 * the schema that a $ref names by file. 0 or -EINVAL.
 */
int json_check(const struct json *json, const cJSON *schema, const cJSON *(*other)(const char *name));

/** Says a fault at a place in the document, found after the schema was satisfied. */
int json_fault(const struct json *json, const char *pointer, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** Line (from 1) at which the value of a JSON pointer begins; 1 if it has none. */
size_t json_line(const char *text, size_t size, const char *pointer);

/* For documents that a schema has held: an absent or null member is NULL, false, -1. */
const char *json_str(const cJSON *object, const char *key);
bool json_true(const cJSON *object, const char *key);
const cJSON *json_get(const cJSON *object, const char *key);

#endif
