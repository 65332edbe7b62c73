// SPDX-License-Identifier: GPL-3.0-or-later
/* Files by which other programs are steered. */
#include "compile.h"

void compile_steering(struct compiler *compiler, const struct json *json)
{
	struct policy *policy = compiler->policy;
	const cJSON *each;

	cJSON_ArrayForEach(each, json_get(json->root, "files")) {
		struct steering *file = GROW(policy->steering, policy->steering_count);

		file->path = json_str(each, "path");
		file->steers = json_str(each, "steers");
		file->source = json_str(each, "source");
	}
}

/** "*" in a component's place stands for any one name; what ends in "/" for all below. */
static bool fits(const char *pattern, const char *path)
{
	while (*pattern && *path) {
		if (pattern[0] == '*') {
			path += strcspn(path, "/");
			pattern++;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return !*pattern && (!*path || pattern[-1] == '/');
}

const struct steering *policy_steering(const struct policy *policy, const char *path)
{
	const struct steering *found = NULL;

	for (size_t i = 0; i < policy->steering_count; i++) {
		const struct steering *file = &policy->steering[i];

		if (fits(file->path, path) && (!found || strlen(file->path) > strlen(found->path)))
			found = file;
	}
	return found;
}
