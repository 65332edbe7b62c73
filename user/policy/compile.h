/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Documents to structs: what the files of the compiler share. Private to user/policy. */
#ifndef CUSTODES_POLICY_COMPILE_H
#define CUSTODES_POLICY_COMPILE_H

#include <string.h>

#include "../util/memory.h"
#include "policy.h"

struct compiler {
	struct policy *policy;
	int fault; /* the first error; later ones are said too */
};

/** Keeps the first error of a compilation; every one is said where it arises. */
static inline void note(struct compiler *compiler, int r)
{
	if (r && !compiler->fault)
		compiler->fault = r;
}

/* Values of documents that their schema has held. */
struct strings strings_from(const cJSON *object, const char *key);
enum tri tri_from(const cJSON *object, const char *key);
enum confidence confidence_from(const cJSON *object);
/** A date that its schema's pattern has passed, but that may still not exist. */
int day_from(const struct json *json, const cJSON *object, const char *key, const char *pointer, day_t *day);

/* catalogue.c */
void compile_vendor(struct compiler *compiler, const struct json *json);
void compile_vendor_products(struct compiler *compiler, const struct json *json);
void compile_site_product(struct compiler *compiler, const struct json *json);
/** Two products of one id, or with one claim. */
void check_products(struct compiler *compiler);

/* host.c */
void compile_scheme(struct compiler *compiler, const struct json *json);
void compile_overlay(struct compiler *compiler, const struct json *json);
void compile_host(struct compiler *compiler, const struct json *json);
void check_host(struct compiler *compiler);
/** Tiers that a scheme does not have. */
void check_tiers(struct compiler *compiler, const struct json *json, const char *pointer, const char *scheme,
		 const struct strings *tiers);

/* steering.c */
void compile_steering(struct compiler *compiler, const struct json *json);

/* measure.c */
void compile_measure(struct compiler *compiler, const struct json *json);
/** Vendors, products and measures that a measure names and nobody has; then the order of all. */
void check_measures(struct compiler *compiler);

#endif
