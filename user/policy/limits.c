// SPDX-License-Identifier: GPL-3.0-or-later
/* How much is borne of a label, and what each rule of the ledger goes by: a table of what a profile may
 * state. */
#include <string.h>

#include "../event/finding.h"
#include "../util/memory.h"
#include "policy.h"

_Static_assert(WHAT_RULE_EXECUTABLE - WHAT_RULE_UNEXPLAINED + 1 == RULES,
	       "rules that can be set off, in one order");

const char *rule_name(enum rule rule)
{
	return outcome_name(WHAT_RULE_UNEXPLAINED + rule);
}

/** By rule and member of "thresholds"; a profile states it in units, kept are tenths where it says so. */
static const struct {
	enum rule rule;
	const char *member;
	unsigned int scale;
	uint64_t otherwise;
} thresholds[] = {
	[THRESHOLD_NAME_FILE] = {RULE_INFORMATION, "bytes_per_file", 1, 64}, /* a SHA-256 in hex */
	[THRESHOLD_ECHO_UPLOADS] = {RULE_ECHO, "uploads", 1, 5},
	[THRESHOLD_ECHO_HEAD] = {RULE_ECHO, "slack_bytes", 1, 512},
	[THRESHOLD_ECHO_DIVISOR] = {RULE_ECHO, "slack_divisor", 1, 256},
	[THRESHOLD_LOOKUP_FILE] = {RULE_LOOKUPS, "bytes_per_file", 1,
				   32 + 512}, /* a hash, a request's head */
	[THRESHOLD_SELECTIVE_Z] = {RULE_SELECTIVITY, "z", 10, 40},
	[THRESHOLD_SELECTIVE_FILES] = {RULE_SELECTIVITY, "files", 1, 20},
};
_Static_assert(ARRAY_SIZE(thresholds) == THRESHOLDS, "a member for every threshold");

uint64_t limits_threshold(const struct limits *limits, enum threshold threshold)
{
	return limits->stated & 1u << threshold ? limits->thresholds[threshold] :
						  thresholds[threshold].otherwise;
}

uint64_t limits_bytes(const struct limits *limits, enum rule rule)
{
	if (rule < RULES && limits->own[rule])
		return limits->own[rule];
	return rule == RULE_SELECTIVITY ? limits->bytes / 4 : limits->bytes;
}

/* ---- what a profile states ---- */

static uint32_t rules_off(const cJSON *rules)
{
	uint32_t off = 0;

	for (unsigned int rule = 0; rule < RULES; rule++) {
		const char *set = json_str(rules, rule_name(rule));

		if (set && !strcmp(set, "off"))
			off |= 1u << rule;
	}
	return off;
}

static void state_thresholds(struct limits *limits, const cJSON *stated)
{
	const cJSON *value;

	for (unsigned int rule = 0; rule < RULES; rule++) {
		value = json_get(json_get(stated, rule_name(rule)), "bytes");
		limits->own[rule] = value ? (uint64_t)value->valuedouble : 0;
	}
	for (unsigned int i = 0; i < THRESHOLDS; i++) {
		value = json_get(json_get(stated, rule_name(thresholds[i].rule)), thresholds[i].member);
		if (!value)
			continue;
		limits->thresholds[i] = (uint32_t)(value->valuedouble * thresholds[i].scale + 0.5);
		limits->stated |= 1u << i;
	}
}

void limits_state(struct limits *limits, const cJSON *stated)
{
	limits->bytes = (uint64_t)json_get(stated, "bytes")->valuedouble;
	limits->millibytes = (uint64_t)(json_get(stated, "bytes_per_second")->valuedouble * 1000);
	limits->off = rules_off(json_get(stated, "rules"));
	state_thresholds(limits, json_get(stated, "thresholds"));
}

/* ---- of a label ---- */

static const struct limits top_limits = {.bytes = 32 << 10, .millibytes = 100};

/** The two topmost tiers, the lowest, and those between; a site may say it finer. */
static struct limits limits_of_tier(const struct scheme *scheme, const char *tier)
{
	static const struct limits middle = {.bytes = 1 << 20, .millibytes = 1000},
				   lowest = {.bytes = 16 << 20, .millibytes = 10000};
	size_t rank = 0;

	while (rank < scheme->tiers.count && strcmp(scheme->tiers.items[rank], tier))
		rank++;
	if (!rank && scheme->tiers.count > 1)
		return lowest;
	return rank + 2 >= scheme->tiers.count ? top_limits : middle;
}

static const struct scheme *scheme_find(const struct policy *policy, const char *id)
{
	for (size_t i = 0; id && i < policy->scheme_count; i++)
		if (!strcmp(policy->schemes[i].id, id))
			return &policy->schemes[i];
	return NULL;
}

struct limits policy_limits(const struct policy *policy, const char *label)
{
	const struct host *host = &policy->host;
	const struct scheme *scheme = scheme_find(policy, host->scheme);

	for (size_t i = 0; i < host->limit_count; i++)
		if (strings_have(&host->limits[i].labels, label))
			return host->limits[i].limits;
	if (!scheme)
		return top_limits; /* a label without a scheme: as if it were a high one */
	return limits_of_tier(scheme, strings_have(&scheme->tiers, label) ? label : host->tier);
}

bool policy_rule_on(const struct policy *policy, enum rule rule)
{
	return policy->host.scheme && !(policy_limits(policy, policy->host.tier).off & 1u << rule);
}
