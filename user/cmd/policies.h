/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --host and --policies, alike in every sub-command that takes them. */
#ifndef CUSTODES_CMD_POLICIES_H
#define CUSTODES_CMD_POLICIES_H

#include "../policy/documents.h"
#include "../policy/policy.h"

#define POLICIES_MAX 16

struct policy_options {
	const char *host; /* a file, or the name of a built-in profile */
	const char *directories[POLICIES_MAX];
	unsigned int count;
};

/** 0, or -ENOSPC: more than POLICIES_MAX. */
int policies_add(struct policy_options *options, const char *directory);

/** Gathers the built-in documents, then the directories', then the host's profile. */
int policies_gather(const struct policy_options *options, struct documents *documents);

/** Gathers and compiles. `host` of the options may be NULL where none is needed. */
int policies_load(const struct policy_options *options, struct documents *documents, struct policy **policy);

#endif
