// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy.h"

#include <string.h>
#include <strings.h>

static const char *const verdict_names[] = {
	[VERDICT_OUT_OF_SCOPE] = "out-of-scope", [VERDICT_PERMITTED] = "permitted",
	[VERDICT_UNKNOWN] = "unknown",		 [VERDICT_ADVISED_AGAINST] = "advised-against",
	[VERDICT_PHASE_OUT] = "phase-out",	 [VERDICT_PROHIBITED] = "prohibited",
};
_Static_assert(ARRAY_SIZE(verdict_names) == VERDICTS, "a name for every verdict");

const char *verdict_name(enum verdict verdict)
{
	return verdict_names[verdict];
}

const char *verdict_phrase(enum verdict verdict)
{
	static const char *const phrases[] = {
		[VERDICT_OUT_OF_SCOPE] = "out of scope",   [VERDICT_PERMITTED] = "permitted",
		[VERDICT_UNKNOWN] = "of unknown standing", [VERDICT_ADVISED_AGAINST] = "advised against",
		[VERDICT_PHASE_OUT] = "to be phased out",  [VERDICT_PROHIBITED] = "prohibited",
	};

	_Static_assert(ARRAY_SIZE(phrases) == VERDICTS, "a phrase for every verdict");
	return phrases[verdict];
}

int verdict_parse(const char *name)
{
	for (int i = 0; i < VERDICTS; i++)
		if (!strcmp(verdict_names[i], name))
			return i;
	return -1;
}

bool strings_have(const struct strings *strings, const char *wanted)
{
	for (size_t i = 0; i < strings->count; i++)
		if (!strcmp(strings->items[i], wanted))
			return true;
	return false;
}

const struct vendor *policy_vendor(const struct policy *policy, const char *id)
{
	for (size_t i = 0; i < policy->vendor_count; i++)
		if (!strcmp(policy->vendors[i].id, id))
			return &policy->vendors[i];
	return NULL;
}

const struct product *policy_product(const struct policy *policy, const char *id)
{
	for (size_t i = 0; i < policy->product_count; i++)
		if (!strcmp(policy->products[i].id, id))
			return &policy->products[i];
	return NULL;
}

const struct measure *policy_measure(const struct policy *policy, const char *id)
{
	for (size_t i = 0; i < policy->measure_count; i++)
		if (!strcmp(policy->measures[i].id, id))
			return &policy->measures[i];
	return NULL;
}

const struct operated *policy_asn(const struct policy *policy, uint32_t asn)
{
	size_t from = 0, to = policy->operated_count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (policy->operated[middle].network->asn < asn)
			from = middle + 1;
		else
			to = middle;
	}
	if (from == policy->operated_count || policy->operated[from].network->asn != asn)
		return NULL;
	return &policy->operated[from];
}

static bool prefix_holds(const struct overlay_network *network, const uint8_t address[16])
{
	size_t bytes = network->bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> network->bits % 8);

	if (memcmp(network->address, address, bytes))
		return false;
	return !(network->bits % 8) || !((network->address[bytes] ^ address[bytes]) & mask);
}

const struct overlay_network *policy_overlay(const struct policy *policy, int family,
					     const uint8_t address[16])
{
	for (size_t i = 0; i < policy->overlay_count; i++)
		if (policy->overlays[i].family == family && prefix_holds(&policy->overlays[i], address))
			return &policy->overlays[i];
	return NULL;
}

/** ".example.com" is that name and all below it. */
/** A name, in which one * may stand for any letters. */
static bool name_fits(const char *pattern, const char *host)
{
	const char *star = strchr(pattern, '*');
	size_t head = star ? (size_t)(star - pattern) : 0, tail = star ? strlen(star + 1) : 0;
	size_t size = strlen(host);

	if (!star)
		return !strcasecmp(pattern, host);
	return size >= head + tail && !strncasecmp(pattern, host, head) &&
	       !strcasecmp(star + 1, host + size - tail);
}

static bool host_fits(const char *pattern, const char *host)
{
	size_t pattern_size = strlen(pattern), host_size = strlen(host);

	if (*pattern != '.')
		return name_fits(pattern, host);
	if (!strcasecmp(pattern + 1, host))
		return true;
	return host_size > pattern_size && !strcasecmp(host + host_size - pattern_size, pattern);
}

const struct contract *contract_find(const struct product *product, const char *host)
{
	for (size_t i = 0; i < product->contract_count; i++)
		for (size_t j = 0; j < product->contracts[i].hosts.count; j++)
			if (host_fits(product->contracts[i].hosts.items[j], host))
				return &product->contracts[i];
	return NULL;
}

static void product_clear(struct product *product)
{
	free(product->engines);
	free(product->paths.items);
	free(product->prefixes.items);
	free(product->packages.items);
	free(product->units.items);
	free(product->sha256.items);
	free(product->build_ids.items);
	free(product->comm.items);
	free(product->interfaces.items);
	free(product->families.items);
	for (size_t i = 0; i < product->contract_count; i++)
		free(product->contracts[i].hosts.items);
	free(product->contracts);
}

static void measure_clear(struct measure *measure)
{
	for (size_t i = 0; i < measure->scope_count; i++) {
		struct scope *scope = &measure->scopes[i];

		free(scope->jurisdictions.items);
		free(scope->organisations.items);
		free(scope->tiers.items);
		free(scope->tags.items);
		free(scope->platforms.items);
	}
	free(measure->scopes);
	free(measure->jurisdictions.items);
	free(measure->vendors.items);
	free(measure->products.items);
}

void policy_free(struct policy **policy)
{
	struct policy *p = *policy;

	if (!p)
		return;
	for (size_t i = 0; i < p->vendor_count; i++) {
		free(p->vendors[i].controls);
		free(p->vendors[i].networks);
	}
	free(p->operated);
	for (size_t i = 0; i < p->product_count; i++)
		product_clear(&p->products[i]);
	for (size_t i = 0; i < p->measure_count; i++)
		measure_clear(&p->measures[i]);
	for (size_t i = 0; i < p->scheme_count; i++)
		free(p->schemes[i].tiers.items);
	for (size_t i = 0; i < p->document_count; i++)
		json_free(&p->documents[i]);
	free(p->host.organisations.items);
	free(p->host.tags.items);
	for (size_t i = 0; i < p->host.label_count; i++) {
		free(p->host.labels[i].paths.items);
		free(p->host.labels[i].canaries.items);
	}
	free(p->host.labels);
	for (size_t i = 0; i < p->host.limit_count; i++)
		free(p->host.limits[i].labels.items);
	free(p->host.limits);
	free(p->vendors);
	free(p->known);
	free(p->products);
	free(p->measures);
	free(p->schemes);
	free(p->overlays);
	free(p->steering);
	free(p->documents);
	free(p);
	*policy = NULL;
}
