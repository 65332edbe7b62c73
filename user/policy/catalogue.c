// SPDX-License-Identifier: GPL-3.0-or-later
#include "../util/log.h"
#include "compile.h"

void compile_vendor(struct compiler *compiler, const struct json *json)
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

static uint64_t bytes_from(const cJSON *object, const char *key)
{
	const cJSON *number = json_get(object, key);

	return number ? (uint64_t)number->valuedouble : 0;
}

static void compile_contracts(struct product *product, const cJSON *channels)
{
	const cJSON *each;

	cJSON_ArrayForEach(each, channels) {
		struct contract *contract = GROW(product->contracts, product->contract_count);

		contract->purpose = json_str(each, "purpose");
		contract->hosts = strings_from(each, "hosts");
		contract->per_connection = bytes_from(each, "bytes_per_connection");
		contract->per_file = bytes_from(each, "bytes_per_file");
		contract->per_day = bytes_from(each, "bytes_per_day");
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
	product->interfaces = strings_from(identify, "interfaces");
	product->families = strings_from(root, "socket_families");
	product->json = root;
	product->document = json;
	snprintf(product->at, sizeof(product->at), "%s", base);
	compile_engines(compiler, product, base);
	compile_contracts(product, json_get(root, "channels"));
}

void compile_vendor_products(struct compiler *compiler, const struct json *json)
{
	const cJSON *each;
	unsigned int index = 0;

	cJSON_ArrayForEach(each, json_get(json->root, "products")) {
		char pointer[48];

		snprintf(pointer, sizeof(pointer), "/products/%u", index++);
		compile_product(compiler, json, each, json_str(json->root, "id"), pointer);
	}
}

void compile_site_product(struct compiler *compiler, const struct json *json)
{
	const char *vendor = json_str(json->root, "vendor");

	if (policy_vendor(compiler->policy, vendor))
		compile_product(compiler, json, json_get(json->root, "product"), vendor, "/product");
	else
		note(compiler, json_fault(json, "/vendor", "no vendor \"%s\" in the catalogue", vendor));
}

/** A path as the kernel tells it: nothing else could ever match. */
static void check_paths(struct compiler *compiler, const struct product *product, const char *member,
			const struct strings *paths)
{
	for (size_t i = 0; i < paths->count; i++) {
		const char *path = paths->items[i];
		char pointer[64];

		if (*path == '/' && !strstr(path, "//") && !strstr(path, "/../") && !strstr(path, "/./"))
			continue;
		snprintf(pointer, sizeof(pointer), "%s/identify/%s/%zu", product->at, member, i);
		note(compiler,
		     json_fault(product->document, pointer,
				"\"%s\": expected an absolute path without \"//\", \".\" and \"..\"", path));
	}
}

static void claimed_twice(struct compiler *compiler, const struct product *a, const struct product *b,
			  const char *member, size_t index, const char *what)
{
	char pointer[64];

	snprintf(pointer, sizeof(pointer), "%s/identify/%s/%zu", b->at, member, index);
	note(compiler, json_fault(b->document, pointer, "%s is claimed by product \"%s\" of %s already", what,
				  a->id, a->document->name));
}

static void check_claims(struct compiler *compiler, const struct product *a, const struct product *b)
{
	const struct {
		const struct strings *of_a, *of_b;
		const char *member;
	} claims[] = {
		{&a->paths, &b->paths, "paths"},	  {&a->prefixes, &b->prefixes, "prefixes"},
		{&a->packages, &b->packages, "packages"}, {&a->units, &b->units, "units"},
		{&a->sha256, &b->sha256, "sha256"},	  {&a->build_ids, &b->build_ids, "build_ids"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(claims); i++)
		for (size_t j = 0; j < claims[i].of_b->count; j++)
			if (strings_have(claims[i].of_a, claims[i].of_b->items[j]))
				claimed_twice(compiler, a, b, claims[i].member, j, claims[i].of_b->items[j]);
}

void check_products(struct compiler *compiler)
{
	const struct policy *policy = compiler->policy;

	for (size_t i = 0; i < policy->product_count; i++) {
		const struct product *a = &policy->products[i];

		check_paths(compiler, a, "paths", &a->paths);
		check_paths(compiler, a, "prefixes", &a->prefixes);
		for (size_t j = i + 1; j < policy->product_count; j++) {
			const struct product *b = &policy->products[j];

			if (!strcmp(a->id, b->id))
				note(compiler,
				     json_fault(b->document, b->at, "a product \"%s\" stands in %s already",
						b->id, a->document->name));
			check_claims(compiler, a, b);
		}
	}
}
