// SPDX-License-Identifier: GPL-3.0-or-later
/* Files by which other programs are steered. */
#include <string.h>

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

struct span {
	const char *at, *end;
};

static struct span whole(const char *path)
{
	return (struct span){path, path + strlen(path)};
}

/** Up to its last "/". */
static struct span directory(const char *path)
{
	return (struct span){path, strrchr(path, '/')};
}

/** "*" in a component's place stands for any one name. What the pattern is the beginning of is left. */
static bool begins(struct span pattern, struct span *path)
{
	while (pattern.at < pattern.end && path->at < path->end) {
		if (*pattern.at == '*') {
			while (path->at < path->end && *path->at != '/')
				path->at++;
			pattern.at++;
		} else if (*pattern.at++ != *path->at++) {
			return false;
		}
	}
	return pattern.at == pattern.end;
}

/** What ends in "/" is for all below. */
static bool is_for_all_below(const struct steering *file)
{
	return file->path[strlen(file->path) - 1] == '/';
}

const struct steering *policy_steering(const struct policy *policy, const char *path)
{
	const struct steering *found = NULL;

	for (size_t i = 0; i < policy->steering_count; i++) {
		const struct steering *file = &policy->steering[i];
		struct span rest = whole(path);

		if (begins(whole(file->path), &rest) && (rest.at == rest.end || is_for_all_below(file)) &&
		    (!found || strlen(file->path) > strlen(found->path)))
			found = file;
	}
	return found;
}

bool policy_steers_beside(const struct policy *policy, const char *path)
{
	for (size_t i = 0; i < policy->steering_count; i++) {
		const struct steering *file = &policy->steering[i];
		struct span rest = directory(path);

		if (!is_for_all_below(file) && begins(directory(file->path), &rest) && rest.at == rest.end)
			return true;
	}
	return false;
}
