// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>

#include "compile.h"

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

void compile_measure(struct compiler *compiler, const struct json *json)
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
	if (measure->until != DAY_NONE && measure->effective != DAY_NONE &&
	    measure->until < measure->effective)
		note(compiler, json_fault(measure->document, "/until", "it ends before it takes effect"));
	if (measure->superseded_by && !policy_measure(policy, measure->superseded_by))
		note(compiler, json_fault(measure->document, "/superseded/by", "no measure \"%s\" is loaded",
					  measure->superseded_by));
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct measure *)a)->id, ((const struct measure *)b)->id);
}

void check_measures(struct compiler *compiler)
{
	struct policy *policy = compiler->policy;

	for (size_t i = 0; i < policy->measure_count; i++)
		check_references(compiler, &policy->measures[i]);
	if (policy->measure_count) /* rulings come in this order, whatever the files' */
		qsort(policy->measures, policy->measure_count, sizeof(*policy->measures), by_id);
}
