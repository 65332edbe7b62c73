// SPDX-License-Identifier: GPL-3.0-or-later
#include "policies.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../util/log.h"

int policies_add(struct policy_options *options, const char *directory)
{
	if (options->count == POLICIES_MAX)
		return -ENOSPC;
	options->directories[options->count++] = directory;
	return 0;
}

static int add_host(const char *host, struct documents *documents)
{
	const struct document *embedded;
	char name[128];

	if (!access(host, F_OK) || strchr(host, '/'))
		return documents_add_file(documents, host);
	snprintf(name, sizeof(name), "hosts/%s.json", host);
	embedded = documents_embedded(name);
	if (!embedded)
		return log_error(-ENOENT, "--host %s: neither a file nor a built-in profile", host);
	documents_add(documents, embedded->name, embedded->text, embedded->size);
	return 0;
}

int policies_gather(const struct policy_options *options, struct documents *documents)
{
	int r = 0;

	documents_add_embedded(documents);
	for (unsigned int i = 0; !r && i < options->count; i++)
		r = documents_add_directory(documents, options->directories[i]);
	if (!r && options->host)
		r = add_host(options->host, documents);
	return r;
}

int policies_load(const struct policy_options *options, struct documents *documents, struct policy **policy)
{
	int r = policies_gather(options, documents);
	const char *host = !r && options->host ? documents->items[documents->count - 1].name : NULL;

	return r ? r : policy_compile(policy, documents, host);
}
