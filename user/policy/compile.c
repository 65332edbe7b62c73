// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Documents to structs. Three passes, since documents refer to each other in
 * any order: every document against its schema; vendors, schemes and the host;
 * then products and measures, which point at them.
 */
#include <errno.h>
#include <string.h>

#include "../util/log.h"
#include "compile.h"
#include "decide.h"
#include "documents.h"

struct strings strings_from(const cJSON *object, const char *key)
{
	const cJSON *list = json_get(object, key), *each;
	struct strings strings = {};

	cJSON_ArrayForEach(each, list)
		*GROW(strings.items, strings.count) = each->valuestring;
	return strings;
}

enum tri tri_from(const cJSON *object, const char *key)
{
	const cJSON *value = json_get(object, key);

	return !value ? TRI_UNKNOWN : cJSON_IsTrue(value) ? TRI_YES : TRI_NO;
}

enum confidence confidence_from(const cJSON *object)
{
	const char *name = json_str(object, "confidence");

	return !strcmp(name, "high")   ? CONFIDENCE_HIGH :
	       !strcmp(name, "medium") ? CONFIDENCE_MEDIUM :
					 CONFIDENCE_LOW;
}

int day_from(const struct json *json, const cJSON *object, const char *key, const char *pointer, day_t *day)
{
	const char *text = json_str(object, key);

	*day = text ? day_parse(text) : DAY_NONE;
	if (text && *day == DAY_NONE)
		return json_fault(json, pointer, "%s is no day of the calendar", text);
	return 0;
}

/* ---- the table of kinds, and the order of it all ---- */

static const struct kind {
	const char *name;
	const char *schema;
	int pass;
	void (*compile)(struct compiler *compiler, const struct json *json);
} kinds[] = {
	{"vendor", "vendor.json", 2, compile_vendor},
	{"scheme", "scheme.json", 2, compile_scheme},
	{"overlay", "overlay.json", 2, compile_overlay},
	{"host", "host.json", 2, NULL}, /* only the one that was named */
	{"vendor", "vendor.json", 3, compile_vendor_products},
	{"product", "product.json", 3, compile_site_product},
	{"measure", "measure.json", 3, compile_measure},
};

/** A schema that the program was built with, parsed once. */
static const cJSON *schema_named(const char *name)
{
	static cJSON *parsed[ARRAY_SIZE(kinds)];
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct document *text;

		if (strcmp(kinds[i].schema, name))
			continue;
		if (parsed[i])
			return parsed[i];
		snprintf(path, sizeof(path), "schema/%s", name);
		text = documents_embedded(path);
		parsed[i] = text ? cJSON_ParseWithLength(text->text, text->size) : NULL;
		return parsed[i];
	}
	return NULL;
}

static const struct kind *kind_of(const struct json *json)
{
	const char *name = cJSON_IsObject(json->root) ? json_str(json->root, "kind") : NULL;

	for (size_t i = 0; name && i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	json_fault(json, "/kind",
		   "expected \"measure\", \"vendor\", \"product\", \"scheme\", \"host\" or \"overlay\"");
	return NULL;
}

static int check_against_schema(const struct json *json)
{
	const struct kind *kind = kind_of(json);
	const cJSON *schema = kind ? schema_named(kind->schema) : NULL;

	if (!kind)
		return -EINVAL;
	if (!schema)
		return log_error(-ENOENT, "schema/%s is not built in", kind->schema);
	return json_check(json, schema, schema_named);
}

/** A later document takes the place of an earlier one of the same kind and id. */
static bool replaced(const struct policy *policy, size_t index)
{
	const cJSON *root = policy->documents[index].root;

	for (size_t i = index + 1; i < policy->document_count; i++) {
		const cJSON *later = policy->documents[i].root;

		if (!strcmp(json_str(root, "kind"), json_str(later, "kind")) && json_str(root, "id") &&
		    json_str(later, "id") && !strcmp(json_str(root, "id"), json_str(later, "id")))
			return true;
	}
	return false;
}

static bool named(const struct json *json, const char *host)
{
	return host && json->name && !strcmp(json->name, host);
}

static void compile_pass(struct compiler *compiler, int pass, const char *host)
{
	struct policy *policy = compiler->policy;

	for (size_t i = 0; i < policy->document_count; i++) {
		const struct json *json = &policy->documents[i];
		const struct kind *kind = kind_of(json);

		if (pass == 2 && !kind->compile && named(json, host))
			compile_host(compiler, json);
		if (replaced(policy, i))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
			if (kinds[k].pass == pass && kinds[k].compile && !strcmp(kinds[k].name, kind->name))
				kinds[k].compile(compiler, json);
	}
}

static void parse_all(struct compiler *compiler, const struct documents *documents)
{
	struct policy *policy = compiler->policy;

	policy->documents = need(calloc(documents->count + 1, sizeof(*policy->documents)));
	for (size_t i = 0; i < documents->count; i++) {
		const struct document *document = &documents->items[i];
		struct json *json = &policy->documents[policy->document_count];
		int r = json_parse(json, document->name, document->text, document->size);

		note(compiler, r);
		if (r)
			continue;
		policy->document_count++;
		note(compiler, check_against_schema(json));
	}
}

static int by_number(const void *a, const void *b)
{
	const struct operated *x = a, *y = b;

	if (x->network->asn != y->network->asn)
		return x->network->asn < y->network->asn ? -1 : 1;
	return (x->vendor > y->vendor) - (x->vendor < y->vendor); /* the catalogue's order */
}

/** What is asked of the policy for each connection, found once. */
static void prepare(struct policy *policy)
{
	for (size_t i = 0; i < policy->measure_count; i++)
		policy->measures[i].binds = measure_binds(&policy->measures[i], &policy->host);
	for (size_t i = 0; i < policy->vendor_count; i++)
		for (size_t j = 0; j < policy->vendors[i].network_count; j++)
			*GROW(policy->operated, policy->operated_count) = (struct operated){
				.vendor = &policy->vendors[i],
				.network = &policy->vendors[i].networks[j],
			};
	if (policy->operated_count)
		qsort(policy->operated, policy->operated_count, sizeof(*policy->operated), by_number);
}

int policy_compile(struct policy **policy, const struct documents *documents, const char *host)
{
	struct compiler compiler = {.policy = need(calloc(1, sizeof(**policy)))};

	documents_digest(documents, host, compiler.policy->digest);
	parse_all(&compiler, documents);
	if (!compiler.fault) {
		compile_pass(&compiler, 2, host);
		compile_pass(&compiler, 3, host);
		check_measures(&compiler);
		check_products(&compiler);
		check_host(&compiler);
		if (host && !compiler.policy->host.id)
			note(&compiler,
			     log_error(0, "%s: expected a host profile: \"kind\": \"host\"", host));
	}
	prepare(compiler.policy);
	for (size_t i = 0; i < compiler.policy->document_count; i++)
		compiler.policy->documents[i].text = NULL; /* the caller's again */
	if (compiler.fault)
		policy_free(&compiler.policy);
	*policy = compiler.policy;
	return compiler.fault;
}
