/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host with a key, and a directory for its logs: set_up() and tear_down() of a test. */
#ifndef CUSTODES_TESTS_HOST_H
#define CUSTODES_TESTS_HOST_H

#include "../../user/capture/verify.h"
#include "directory.h"
#include "said.h"
#include "sample.h"

static struct key *host;

static inline int host_set_up(void **state)
{
	char path[128];

	(void)state;
	if (directory_make())
		return -1;
	path_of(path, "key");
	return key_create(&host, path);
}

static inline int host_tear_down(void **state)
{
	(void)state;
	key_close(&host);
	return remove_all(directory);
}

/** What verify says of a log with a key that one has; NULL: without. What goes to stderr is caught. */
static inline int host_verify(const char *path, const struct key *key, struct verify_options options,
			      struct verified *verified)
{
	struct verifier verifier;
	struct said said;
	int r = key ? verifier_make(&verifier, KEY_NAME, NOTE_ED25519, key_public(key)) : 0;

	if (r)
		return r;
	options.keys = &verifier;
	options.key_count = key ? 1 : 0;
	said_begin(&said);
	r = verify_capture(path, &options, verified);
	said_end(&said);
	return r;
}

#endif
