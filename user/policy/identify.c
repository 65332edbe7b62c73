// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>
#include <string.h>

#include "../util/cleanup.h"
#include "../util/memory.h"
#include "decide.h"

static const char *const evidence_names[] = {
	[EVIDENCE_NONE] = "none",	    [EVIDENCE_LINEAGE] = "lineage",
	[EVIDENCE_INTERFACE] = "interface", [EVIDENCE_PREFIX] = "path-prefix",
	[EVIDENCE_PATH] = "path",	    [EVIDENCE_UNIT] = "unit",
	[EVIDENCE_PACKAGE] = "package",	    [EVIDENCE_BUILD_ID] = "build-id",
	[EVIDENCE_SHA256] = "sha256",
};

const char *evidence_name(enum evidence evidence)
{
	return evidence_names[evidence];
}

/* ---- the index: every exec of the host is asked about ---- */

/** One thing by which a product is known. */
struct known {
	enum evidence evidence;
	const char *text;
	const struct product *product;
};

static int by_evidence(const void *a, const void *b)
{
	const struct known *x = a, *y = b;
	int r = (x->evidence > y->evidence) - (x->evidence < y->evidence);

	r = r ? r : strcmp(x->text, y->text);
	return r ? r : (x->product > y->product) - (x->product < y->product); /* the catalogue's order */
}

static void add(struct policy *policy, const struct product *product, enum evidence evidence,
		const struct strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		*GROW(policy->known, policy->known_count) = (struct known){
			.evidence = evidence,
			.text = strings->items[i],
			.product = product,
		};
}

void identify_prepare(struct policy *policy)
{
	for (size_t i = 0; i < policy->product_count; i++) {
		const struct product *product = &policy->products[i];

		add(policy, product, EVIDENCE_SHA256, &product->sha256);
		add(policy, product, EVIDENCE_BUILD_ID, &product->build_ids);
		add(policy, product, EVIDENCE_PACKAGE, &product->packages);
		add(policy, product, EVIDENCE_UNIT, &product->units);
		add(policy, product, EVIDENCE_PATH, &product->paths);
		add(policy, product, EVIDENCE_PREFIX, &product->prefixes);
		add(policy, product, EVIDENCE_INTERFACE, &product->interfaces);
	}
	if (policy->known_count)
		qsort(policy->known, policy->known_count, sizeof(*policy->known), by_evidence);
}

/** Before, at or behind this text, which ends after `length`. */
static int compare(const struct known *known, enum evidence evidence, const char *text, size_t length)
{
	int r = (known->evidence > evidence) - (known->evidence < evidence);

	r = r ? r : strncmp(known->text, text, length);
	return r ? r : known->text[length] != '\0';
}

/** The catalogue's first product that is known by it; or NULL. */
static const struct product *find(const struct policy *policy, enum evidence evidence, const char *text,
				  size_t length)
{
	size_t low = 0, high = policy->known_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&policy->known[middle], evidence, text, length) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == policy->known_count || compare(&policy->known[low], evidence, text, length))
		return NULL;
	return policy->known[low].product;
}

bool policy_has_unit(const struct policy *policy, const char *unit)
{
	return find(policy, EVIDENCE_UNIT, unit, strlen(unit));
}

/* ---- what is asked ---- */

/** "/bin/x" where the path is "/usr/bin/x": the makers name either, and the kernel tells one. */
static const char *before_merge(const char *path)
{
	bool merged = path && (!strncmp(path, "/usr/bin/", 9) || !strncmp(path, "/usr/sbin/", 10) ||
			       !strncmp(path, "/usr/lib/", 9));

	return merged ? path + strlen("/usr") : NULL;
}

/** By the longest of the directories that hold it, if that is longer than this. */
static void by_directory(const struct policy *policy, const char *path, size_t *longest,
			 const struct product **product)
{
	const struct product *found = NULL;

	for (size_t length = path ? strlen(path) : 0; length > *longest && !found; length--) {
		if (path[length - 1] == '/')
			found = find(policy, EVIDENCE_PREFIX, path, length);
		if (found) {
			*longest = length;
			*product = found;
		}
	}
}

const struct product *identify(const struct policy *policy, const struct identity *identity,
			       enum evidence *evidence)
{
	const struct {
		enum evidence evidence;
		const char *text;
	} facts[] = {
		{EVIDENCE_SHA256, identity->sha256},   {EVIDENCE_BUILD_ID, identity->build_id},
		{EVIDENCE_PACKAGE, identity->package}, {EVIDENCE_UNIT, identity->unit},
		{EVIDENCE_PATH, identity->path},       {EVIDENCE_PATH, before_merge(identity->path)},
		{EVIDENCE_PATH, identity->started},    {EVIDENCE_PATH, before_merge(identity->started)},
		{EVIDENCE_PATH, identity->script},     {EVIDENCE_PATH, before_merge(identity->script)},
	};
	const char *const paths[] = {identity->path, identity->started, identity->script};
	const struct product *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		*evidence = facts[i].evidence;
		if (facts[i].text && *facts[i].text)
			found = find(policy, facts[i].evidence, facts[i].text, strlen(facts[i].text));
		if (found)
			return found;
	}
	*evidence = EVIDENCE_PREFIX;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		by_directory(policy, paths[i], &longest, &found);
	if (found)
		return found;
	if (identity->scanner)
		found = find(policy, EVIDENCE_INTERFACE, "fanotify", strlen("fanotify"));
	*evidence = found ? EVIDENCE_INTERFACE : EVIDENCE_NONE;
	return found;
}
