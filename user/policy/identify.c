// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

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

/** Length of the longest of these directories that holds the path, or 0. */
static size_t prefix_length(const struct strings *prefixes, const char *path)
{
	size_t longest = 0;

	for (size_t i = 0; path && i < prefixes->count; i++) {
		size_t length = strlen(prefixes->items[i]);

		if (length > longest && !strncmp(prefixes->items[i], path, length))
			longest = length;
	}
	return longest;
}

static bool has(const struct strings *strings, const char *wanted)
{
	return wanted && *wanted && strings_have(strings, wanted);
}

/** "/bin/x" where the path is "/usr/bin/x": the makers name either, and the kernel tells one. */
static const char *before_merge(const char *path)
{
	bool merged = path && (!strncmp(path, "/usr/bin/", 9) || !strncmp(path, "/usr/sbin/", 10) ||
			       !strncmp(path, "/usr/lib/", 9));

	return merged ? path + strlen("/usr") : NULL;
}

static bool has_path(const struct strings *paths, const char *path)
{
	return has(paths, path) || has(paths, before_merge(path));
}

static enum evidence product_evidence(const struct product *product, const struct identity *identity)
{
	if (has(&product->sha256, identity->sha256))
		return EVIDENCE_SHA256;
	if (has(&product->build_ids, identity->build_id))
		return EVIDENCE_BUILD_ID;
	if (has(&product->packages, identity->package))
		return EVIDENCE_PACKAGE;
	if (has(&product->units, identity->unit))
		return EVIDENCE_UNIT;
	if (has_path(&product->paths, identity->path) || has_path(&product->paths, identity->started))
		return EVIDENCE_PATH;
	if (identity->scanner && strings_have(&product->interfaces, "fanotify"))
		return EVIDENCE_INTERFACE;
	return EVIDENCE_NONE;
}

const struct product *identify(const struct policy *policy, const struct identity *identity,
			       enum evidence *evidence)
{
	const struct product *found = NULL;
	size_t longest = 0;

	*evidence = EVIDENCE_NONE;
	for (size_t i = 0; i < policy->product_count; i++) {
		const struct product *product = &policy->products[i];
		enum evidence now = product_evidence(product, identity);
		size_t length = prefix_length(&product->prefixes, identity->path);
		size_t started = prefix_length(&product->prefixes, identity->started);

		if (started > length)
			length = started;
		if (now > *evidence) {
			*evidence = now;
			found = product;
		}
		if (*evidence <= EVIDENCE_PREFIX && length > longest) {
			*evidence = EVIDENCE_PREFIX;
			longest = length;
			found = product;
		}
	}
	return found;
}
