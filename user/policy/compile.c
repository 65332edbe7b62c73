// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Documents to structs. Three passes, since documents refer to each other in
 * any order: every document against its schema; vendors, schemes and the host;
 * then products and measures, which point at them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "../util/log.h"
#include "documents.h"
#include "policy.h"

/** Appends one zeroed element to a counted array. */
#define GROW(array, count)                                                      \
	({                                                                      \
		(array) = reallocarray((array), (count) + 1, sizeof(*(array))); \
		memset(&(array)[count], 0, sizeof(*(array)));                   \
		&(array)[(count)++];                                            \
	})

static struct strings strings_from(const cJSON *object, const char *key)
{
	const cJSON *list = json_get(object, key), *each;
	struct strings strings = {};

	cJSON_ArrayForEach(each, list)
		*GROW(strings.items, strings.count) = each->valuestring;
	return strings;
}

static enum tri tri_from(const cJSON *object, const char *key)
{
	const cJSON *value = json_get(object, key);

	return !value ? TRI_UNKNOWN : cJSON_IsTrue(value) ? TRI_YES : TRI_NO;
}

static enum confidence confidence_from(const cJSON *object)
{
	const char *name = json_str(object, "confidence");

	return !strcmp(name, "high")   ? CONFIDENCE_HIGH :
	       !strcmp(name, "medium") ? CONFIDENCE_MEDIUM :
					 CONFIDENCE_LOW;
}

/** A date that its schema's pattern has passed, but that may still not exist. */
static int day_from(const struct json *json, const cJSON *object, const char *key, const char *pointer,
		    day_t *day)
{
	const char *text = json_str(object, key);

	*day = text ? day_parse(text) : DAY_NONE;
	if (text && *day == DAY_NONE)
		return json_fault(json, pointer, "%s is no day of the calendar", text);
	return 0;
}

struct compiler {
	struct policy *policy;
	int fault; /* the first error; later ones are said too */
};

static void note(struct compiler *compiler, int r)
{
	if (r && !compiler->fault)
		compiler->fault = r;
}

/* ---- pass 2 ---- */

static void compile_vendor(struct compiler *compiler, const struct json *json)
{
	struct policy *policy = compiler->policy;
	struct vendor *vendor = GROW(policy->vendors, policy->vendor_count);
	const cJSON *each;

	vendor->id = json_str(json->root, "id");
	vendor->name = json_str(json->root, "name");
	vendor->json = json->root;
	cJSON_ArrayForEach(each, json_get(json->root, "control")) {
		struct control *control = GROW(vendor->controls, vendor->control_count);

		control->country = json_str(each, "country");
		control->basis = json_str(each, "basis");
		control->confidence = confidence_from(each);
	}
	cJSON_ArrayForEach(each, json_get(json->root, "networks")) {
		struct network *network = GROW(vendor->networks, vendor->network_count);

		network->asn = (uint32_t)json_get(each, "asn")->valuedouble;
		network->name = json_str(each, "name");
		network->registered_in = json_str(each, "registered_in");
	}
}

static void compile_scheme(struct compiler *compiler, const struct json *json)
{
	struct policy *policy = compiler->policy;
	struct scheme *scheme = GROW(policy->schemes, policy->scheme_count);

	scheme->id = json_str(json->root, "id");
	scheme->title = json_str(json->root, "title");
	scheme->tiers = strings_from(json->root, "tiers");
	scheme->json = json->root;
	scheme->document = json;
}

static struct stated stated_from(const cJSON *object, const char *key)
{
	return (struct stated){
		.said = cJSON_HasObjectItem(object, key),
		.value = json_str(object, key),
	};
}

static int prefix_parse(struct overlay_network *network, const char *prefix)
{
	char address[64];
	const char *slash = strchr(prefix, '/');
	size_t length = (size_t)(slash - prefix);
	unsigned long bits = strtoul(slash + 1, NULL, 10);

	if (length >= sizeof(address))
		return -EINVAL;
	memcpy(address, prefix, length);
	address[length] = '\0';
	network->family = strchr(address, ':') ? 6 : 4;
	if (inet_pton(network->family == 6 ? AF_INET6 : AF_INET, address, network->address) != 1)
		return -EINVAL;
	if (bits > (network->family == 6 ? 128 : 32))
		return -EINVAL;
	network->bits = (uint8_t)bits;
	return 0;
}

static void compile_overlay(struct compiler *compiler, const struct json *json)
{
	struct policy *policy = compiler->policy;
	const cJSON *each;
	unsigned int index = 0;

	cJSON_ArrayForEach(each, json_get(json->root, "networks")) {
		struct overlay_network *network = GROW(policy->overlays, policy->overlay_count);
		char pointer[64];

		snprintf(pointer, sizeof(pointer), "/networks/%u/prefix", index++);
		if (prefix_parse(network, json_str(each, "prefix")))
			note(compiler, json_fault(json, pointer, "\"%s\" is no prefix, such as 10.1.0.0/16",
						  json_str(each, "prefix")));
		network->role = json_str(each, "role");
		network->overlay = json_str(json->root, "id");
		network->server_location = stated_from(each, "server_location");
		network->as_registration = stated_from(each, "as_registration");
		network->hosting_operator = stated_from(each, "hosting_operator");
		network->service_operator = stated_from(each, "service_operator");
		network->controlling_jurisdiction = stated_from(each, "controlling_jurisdiction");
	}
}

static void compile_host(struct compiler *compiler, const struct json *json)
{
	struct host *host = &compiler->policy->host;
	const cJSON *classification = json_get(json->root, "classification");

	host->id = json_str(json->root, "id");
	host->title = json_str(json->root, "title");
	host->jurisdiction = json_str(json->root, "jurisdiction");
	host->organisations = strings_from(json->root, "organisations");
	host->tags = strings_from(json->root, "tags");
	host->scheme = json_str(classification, "scheme");
	host->tier = json_str(classification, "tier");
	host->platform = json_str(json->root, "platform") ? json_str(json->root, "platform") : "server";
	host->document = json;
}

/* ---- pass 3 ---- */

static void compile_engines(struct compiler *compiler, struct product *product, const char *base)
{
	const cJSON *each;
	unsigned int index = 0;

	cJSON_ArrayForEach(each, json_get(product->json, "engines")) {
		struct embedded *engine = GROW(product->engines, product->engine_count);
		char pointer[96];

		snprintf(pointer, sizeof(pointer), "%s/engines/%u/vendor", base, index++);
		engine->vendor = policy_vendor(compiler->policy, json_str(each, "vendor"));
		engine->certain = json_true(each, "certain");
		engine->note = json_str(each, "note");
		if (!engine->vendor)
			note(compiler,
			     json_fault(product->document, pointer, "no vendor \"%s\" in the catalogue",
					json_str(each, "vendor")));
	}
}

static void compile_product(struct compiler *compiler, const struct json *json, const cJSON *root,
			    const char *vendor, const char *base)
{
	struct policy *policy = compiler->policy;
	struct product *product = GROW(policy->products, policy->product_count);
	const cJSON *identify = json_get(root, "identify");

	product->id = json_str(root, "id");
	product->name = json_str(root, "name");
	product->class = json_str(root, "class");
	product->antivirus = tri_from(root, "antivirus");
	product->vendor = policy_vendor(policy, vendor);
	product->paths = strings_from(identify, "paths");
	product->prefixes = strings_from(identify, "prefixes");
	product->packages = strings_from(identify, "packages");
	product->units = strings_from(identify, "units");
	product->sha256 = strings_from(identify, "sha256");
	product->build_ids = strings_from(identify, "build_ids");
	product->comm = strings_from(identify, "comm");
	product->json = root;
	product->document = json;
	compile_engines(compiler, product, base);
}

static void compile_vendor_products(struct compiler *compiler, const struct json *json)
{
	const cJSON *each;
	unsigned int index = 0;

	cJSON_ArrayForEach(each, json_get(json->root, "products")) {
		char pointer[48];

		snprintf(pointer, sizeof(pointer), "/products/%u", index++);
		compile_product(compiler, json, each, json_str(json->root, "id"), pointer);
	}
}

static void compile_site_product(struct compiler *compiler, const struct json *json)
{
	const char *vendor = json_str(json->root, "vendor");

	if (policy_vendor(compiler->policy, vendor))
		compile_product(compiler, json, json_get(json->root, "product"), vendor, "/product");
	else
		note(compiler, json_fault(json, "/vendor", "no vendor \"%s\" in the catalogue", vendor));
}

static void check_tiers(struct compiler *compiler, const struct json *json, const char *pointer,
			const char *scheme_id, const struct strings *tiers)
{
	const struct policy *policy = compiler->policy;
	const struct scheme *scheme = NULL;

	for (size_t i = 0; i < policy->scheme_count; i++)
		if (!strcmp(policy->schemes[i].id, scheme_id))
			scheme = &policy->schemes[i];
	if (!scheme) {
		note(compiler, json_fault(json, pointer, "no scheme \"%s\" is loaded", scheme_id));
		return;
	}
	for (size_t i = 0; i < tiers->count; i++) {
		_cleanup_(buf_free) struct buf known = {};

		if (strings_have(&scheme->tiers, tiers->items[i]))
			continue;
		for (size_t j = 0; j < scheme->tiers.count; j++)
			buf_printf(&known, "%s%s", j ? ", " : "", scheme->tiers.items[j]);
		note(compiler, json_fault(json, pointer, "scheme \"%s\" has no tier \"%s\"; it has %s",
					  scheme_id, tiers->items[i], known.data));
	}
}

static void compile_scope(struct compiler *compiler, struct measure *measure, const cJSON *root,
			  unsigned int index)
{
	struct scope *scope = GROW(measure->scopes, measure->scope_count);
	char pointer[48];

	scope->jurisdictions = strings_from(root, "jurisdictions");
	scope->organisations = strings_from(root, "organisations");
	scope->scheme = json_str(root, "scheme");
	scope->tiers = strings_from(root, "tiers");
	scope->tags = strings_from(root, "tags");
	scope->platforms = strings_from(root, "platforms");
	scope->verdict = (enum verdict)verdict_parse(json_str(root, "verdict"));
	scope->force = json_str(root, "force");
	scope->quote = json_str(root, "quote");
	scope->quote_status = json_str(root, "quote_status");
	scope->quote_source = json_str(root, "quote_source");
	snprintf(pointer, sizeof(pointer), "/scope/%u", index);
	if (scope->scheme)
		check_tiers(compiler, measure->document, pointer, scope->scheme, &scope->tiers);
	else if (scope->tiers.count)
		note(compiler, json_fault(measure->document, pointer, "tiers without a scheme"));
	if (!strcmp(scope->quote_status, "held") != (scope->quote != NULL))
		note(compiler, json_fault(measure->document, pointer,
					  "quote_status is \"held\" exactly where a quote stands"));
}

static void check_references(struct compiler *compiler, const struct measure *measure)
{
	const struct policy *policy = compiler->policy;

	for (size_t i = 0; i < measure->vendors.count; i++)
		if (!policy_vendor(policy, measure->vendors.items[i]))
			note(compiler,
			     json_fault(measure->document, "/target/vendors",
					"no vendor \"%s\" in the catalogue", measure->vendors.items[i]));
	for (size_t i = 0; i < measure->products.count; i++)
		if (!policy_product(policy, measure->products.items[i]))
			note(compiler,
			     json_fault(measure->document, "/target/products",
					"no product \"%s\" in the catalogue", measure->products.items[i]));
	if (measure->superseded_by && !policy_measure(policy, measure->superseded_by))
		note(compiler, json_fault(measure->document, "/superseded/by", "no measure \"%s\" is loaded",
					  measure->superseded_by));
}

static enum target_by target_by(const char *name)
{
	static const char *const names[] = {
		[TARGET_JURISDICTION] = "jurisdiction", [TARGET_VENDOR] = "vendor",
		[TARGET_PRODUCT] = "product",		[TARGET_ALLOW_LIST] = "allow-list",
		[TARGET_PREFERENCE] = "preference",
	};
	size_t i = 0;

	while (strcmp(names[i], name))
		i++;
	return (enum target_by)i;
}

static void compile_measure(struct compiler *compiler, const struct json *json)
{
	struct policy *policy = compiler->policy;
	struct measure *measure = GROW(policy->measures, policy->measure_count);
	const cJSON *root = json->root, *superseded = json_get(root, "superseded");
	const cJSON *target = json_get(root, "target"), *covers = json_get(root, "covers"), *each;
	unsigned int index = 0;

	measure->id = json_str(root, "id");
	measure->title = json_str(root, "title");
	measure->jurisdiction = json_str(root, "jurisdiction");
	measure->authority = json_str(root, "authority");
	measure->json = root;
	measure->document = json;
	note(compiler, day_from(json, root, "effective", "/effective", &measure->effective));
	note(compiler, day_from(json, root, "until", "/until", &measure->until));
	note(compiler, day_from(json, superseded, "from", "/superseded/from", &measure->superseded_from));
	measure->superseded_by = json_str(superseded, "by");
	measure->by = target_by(json_str(target, "by"));
	measure->jurisdictions = strings_from(target, "jurisdictions");
	measure->vendors = strings_from(target, "vendors");
	measure->products = strings_from(target, "products");
	measure->covers_embedded = tri_from(covers, "embedded");
	measure->covers_non_antivirus = tri_from(covers, "non_antivirus");
	measure->covers_destinations = tri_from(covers, "destinations");
	cJSON_ArrayForEach(each, json_get(root, "scope"))
		compile_scope(compiler, measure, each, index++);
}

/* ---- what only the whole set shows ---- */

static void check_claims(struct compiler *compiler, const struct product *a, const struct product *b)
{
	const struct {
		const struct strings *of_a, *of_b;
		const char *member;
	} claims[] = {
		{&a->paths, &b->paths, "paths"},
		{&a->prefixes, &b->prefixes, "prefixes"},
		{&a->sha256, &b->sha256, "sha256"},
		{&a->build_ids, &b->build_ids, "build_ids"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(claims); i++)
		for (size_t j = 0; j < claims[i].of_b->count; j++)
			if (strings_have(claims[i].of_a, claims[i].of_b->items[j]))
				note(compiler, log_error(0,
							 "%s: product \"%s\" claims %s in identify/%s, which "
							 "product \"%s\" of %s claims too",
							 b->document->name, b->id, claims[i].of_b->items[j],
							 claims[i].member, a->id, a->document->name));
}

static void check_products(struct compiler *compiler)
{
	const struct policy *policy = compiler->policy;

	for (size_t i = 0; i < policy->product_count; i++) {
		const struct product *a = &policy->products[i];

		for (size_t j = i + 1; j < policy->product_count; j++) {
			const struct product *b = &policy->products[j];

			if (!strcmp(a->id, b->id))
				note(compiler, log_error(0, "%s: a product \"%s\" stands in %s already",
							 b->document->name, b->id, a->document->name));
			check_claims(compiler, a, b);
		}
	}
}

static int longest_first(const void *a, const void *b)
{
	const struct overlay_network *x = a, *y = b;

	return (y->bits > x->bits) - (y->bits < x->bits);
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct measure *)a)->id, ((const struct measure *)b)->id);
}

static void check_whole(struct compiler *compiler)
{
	struct policy *policy = compiler->policy;
	const struct host *host = &policy->host;

	for (size_t i = 0; i < policy->measure_count; i++)
		check_references(compiler, &policy->measures[i]);
	check_products(compiler);
	if (host->scheme)
		check_tiers(compiler, host->document, "/classification/tier", host->scheme,
			    &(struct strings){(const char **)&host->tier, 1});
	if (policy->measure_count) /* rulings come in this order, whatever the files' */
		qsort(policy->measures, policy->measure_count, sizeof(*policy->measures), by_id);
	if (policy->overlay_count)
		qsort(policy->overlays, policy->overlay_count, sizeof(*policy->overlays), longest_first);
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

	policy->documents = calloc(documents->count + 1, sizeof(*policy->documents));
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

int policy_compile(struct policy **policy, const struct documents *documents, const char *host)
{
	struct compiler compiler = {.policy = calloc(1, sizeof(**policy))};

	if (!compiler.policy)
		return -ENOMEM;
	documents_digest(documents, host, compiler.policy->digest);
	parse_all(&compiler, documents);
	if (!compiler.fault) {
		compile_pass(&compiler, 2, host);
		compile_pass(&compiler, 3, host);
		check_whole(&compiler);
		if (host && !compiler.policy->host.id)
			note(&compiler,
			     log_error(0, "%s: expected a host profile: \"kind\": \"host\"", host));
	}
	if (compiler.fault)
		policy_free(&compiler.policy);
	*policy = compiler.policy;
	return compiler.fault;
}
