// SPDX-License-Identifier: GPL-3.0-or-later
#include "finding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util/digest.h"
#include "../util/memory.h"

/** Room for one more, zeroed; out of memory ends the program. */
static void *append(void **items, size_t *count, size_t *room, size_t size)
{
	void *item;

	if (*count == *room) {
		*room = *room ? *room * 2 : 16;
		*items = need(reallocarray(*items, *room, size));
	}
	item = (char *)*items + (*count)++ * size;
	return memset(item, 0, size);
}

struct outcome *batch_outcome(struct batch *batch)
{
	return append((void **)&batch->outcomes, &batch->outcome_count, &batch->outcome_room,
		      sizeof(*batch->outcomes));
}

struct action *batch_action(struct batch *batch)
{
	return append((void **)&batch->actions, &batch->action_count, &batch->action_room,
		      sizeof(*batch->actions));
}

void batch_actions_done(struct batch *batch)
{
	batch->action_count = 0;
}

void batch_reset(struct batch *batch)
{
	arena_reset(&batch->arena);
	batch->generation++;
	batch->outcome_count = 0;
	batch->findings = 0;
}

void batch_free(struct batch *batch)
{
	arena_free(&batch->arena);
	free(batch->outcomes);
	free(batch->actions);
	memset(batch, 0, sizeof(*batch));
}

static const char *const names[] = {
	[WHAT_EXEC] = "exec",
	[WHAT_EXIT] = "exit",
	[WHAT_CONNECT] = "connect",
	[WHAT_TRAFFIC] = "traffic",
	[WHAT_DISCONNECT] = "disconnect",
	[WHAT_DNS] = "dns",
	[WHAT_ACCESS] = "access",
	[WHAT_JOIN] = "join",
	[WHAT_MONITOR] = "monitor",
	[WHAT_LOSS] = "loss",
	[WHAT_CLOCK_STEP] = "clock-step",
	[WHAT_POLICY] = "policy",
	[WHAT_START] = "start",
	[WHAT_STOP] = "stop",
	[WHAT_KEY] = "key",
	[WHAT_HEARTBEAT] = "heartbeat",
	[WHAT_WITNESS] = "witness",
	[WHAT_PRUNE] = "prune",
	[WHAT_HOLD] = "hold",
	[WHAT_RULE_PRODUCT] = "product-measure",
	[WHAT_RULE_DESTINATION] = "destination-measure",
	[WHAT_RULE_DESTINATION_BYTES] = "destination-bytes",
	[WHAT_RULE_CAPTURE] = "capture-failed",
	[WHAT_RULE_MONITOR] = "monitor-integrity",
	[WHAT_RULE_UNEXPLAINED] = "unexplained-bytes",
	[WHAT_RULE_LEAK] = "leak-bound",
	[WHAT_RULE_INFORMATION] = "name-information",
	[WHAT_RULE_ECHO] = "size-echo",
	[WHAT_RULE_LOOKUPS] = "lookups",
	[WHAT_RULE_SELECTIVITY] = "selectivity",
	[WHAT_RULE_STEERING] = "steering-file",
	[WHAT_RULE_FAMILY] = "socket-family",
	[WHAT_RULE_EXECUTABLE] = "executable-identity",
};
_Static_assert(sizeof(names) / sizeof(names[0]) == WHAT_RULE_EXECUTABLE + 1, "a name for each");

const char *outcome_name(enum outcome_what what)
{
	return names[what];
}

void outcome_id(const struct outcome *outcome, const struct outcome_log *log, char id[33])
{
	static const char digits[] = "0123456789abcdef";
	struct digest *digest = digest_begin();
	uint8_t sum[DIGEST_SIZE];
	char text[64];
	int size = snprintf(text, sizeof(text), "\n%llu\n%s\n", (unsigned long long)outcome->position,
			    names[outcome->what]);

	digest_add(digest, log->origin, strlen(log->origin));
	digest_add(digest, text, (size_t)size);
	if (outcome->key)
		digest_add(digest, outcome->key, strlen(outcome->key));
	digest_end(&digest, sum);
	for (size_t i = 0; i < 16; i++) {
		id[2 * i] = digits[sum[i] >> 4];
		id[2 * i + 1] = digits[sum[i] & 15];
	}
	id[32] = '\0';
}
