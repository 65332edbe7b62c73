// SPDX-License-Identifier: GPL-3.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "../util/log.h"
#include "compile.h"

void compile_scheme(struct compiler *compiler, const struct json *json)
{
	struct policy *policy = compiler->policy;
	struct scheme *scheme = GROW(policy->schemes, policy->scheme_count);

	scheme->id = json_str(json->root, "id");
	scheme->title = json_str(json->root, "title");
	scheme->tiers = strings_from(json->root, "tiers");
	scheme->json = json->root;
	scheme->document = json;
}

static struct stated stated_from(const cJSON *object, const char *key)
{
	return (struct stated){
		.said = cJSON_HasObjectItem(object, key),
		.value = json_str(object, key),
	};
}

static int prefix_parse(struct overlay_network *network, const char *prefix)
{
	char address[64];
	const char *slash = strchr(prefix, '/');
	size_t length = (size_t)(slash - prefix);
	unsigned long bits = strtoul(slash + 1, NULL, 10);

	if (length >= sizeof(address))
		return -EINVAL;
	memcpy(address, prefix, length);
	address[length] = '\0';
	network->family = strchr(address, ':') ? 6 : 4;
	if (inet_pton(network->family == 6 ? AF_INET6 : AF_INET, address, network->address) != 1)
		return -EINVAL;
	if (bits > (network->family == 6 ? 128 : 32))
		return -EINVAL;
	network->bits = (uint8_t)bits;
	for (unsigned long bit = bits; bit < (network->family == 6 ? 128 : 32); bit++)
		if (network->address[bit / 8] & 0x80 >> bit % 8)
			return -ERANGE; /* an address, or a slip: it would say more than it reads */
	return 0;
}

void compile_overlay(struct compiler *compiler, const struct json *json)
{
	struct policy *policy = compiler->policy;
	const cJSON *each;
	unsigned int index = 0;

	cJSON_ArrayForEach(each, json_get(json->root, "networks")) {
		struct overlay_network *network = GROW(policy->overlays, policy->overlay_count);
		char pointer[64];

		snprintf(pointer, sizeof(pointer), "/networks/%u/prefix", index++);
		if (prefix_parse(network, json_str(each, "prefix")))
			note(compiler,
			     json_fault(json, pointer,
					"\"%s\" is no prefix, such as 10.1.0.0/16 with nothing set behind it",
					json_str(each, "prefix")));
		network->role = json_str(each, "role");
		network->overlay = json_str(json->root, "id");
		network->server_location = stated_from(each, "server_location");
		network->as_registration = stated_from(each, "as_registration");
		network->hosting_operator = stated_from(each, "hosting_operator");
		network->service_operator = stated_from(each, "service_operator");
		network->controlling_jurisdiction = stated_from(each, "controlling_jurisdiction");
	}
}

static void compile_labels(struct host *host, const cJSON *labels)
{
	const cJSON *each;

	cJSON_ArrayForEach(each, labels) {
		struct label *label = GROW(host->labels, host->label_count);
		const cJSON *attribute = json_get(each, "attribute");

		label->label = json_str(each, "label");
		label->paths = strings_from(each, "paths");
		label->canaries = strings_from(each, "canaries");
		label->attribute = json_str(attribute, "name");
		label->value = json_str(attribute, "value");
	}
}

static void compile_limits(struct host *host, const cJSON *limits)
{
	const cJSON *each;

	cJSON_ArrayForEach(each, limits) {
		struct limit *limit = GROW(host->limits, host->limit_count);

		limit->labels = strings_from(each, "labels");
		limits_state(&limit->limits, each);
	}
}

void compile_host(struct compiler *compiler, const struct json *json)
{
	struct host *host = &compiler->policy->host;
	const cJSON *classification = json_get(json->root, "classification");

	host->id = json_str(json->root, "id");
	host->title = json_str(json->root, "title");
	host->jurisdiction = json_str(json->root, "jurisdiction");
	host->organisations = strings_from(json->root, "organisations");
	host->tags = strings_from(json->root, "tags");
	host->scheme = json_str(classification, "scheme");
	host->tier = json_str(classification, "tier");
	host->platform = json_str(json->root, "platform") ? json_str(json->root, "platform") : "server";
	compile_labels(host, json_get(json->root, "labels"));
	compile_limits(host, json_get(json->root, "limits"));
	host->document = json;
}

void check_tiers(struct compiler *compiler, const struct json *json, const char *pointer,
		 const char *scheme_id, const struct strings *tiers)
{
	const struct policy *policy = compiler->policy;
	const struct scheme *scheme = NULL;

	for (size_t i = 0; i < policy->scheme_count; i++)
		if (!strcmp(policy->schemes[i].id, scheme_id))
			scheme = &policy->schemes[i];
	if (!scheme) {
		note(compiler, json_fault(json, pointer, "no scheme \"%s\" is loaded", scheme_id));
		return;
	}
	for (size_t i = 0; i < tiers->count; i++) {
		_cleanup_(buf_free) struct buf known = {};

		if (strings_have(&scheme->tiers, tiers->items[i]))
			continue;
		for (size_t j = 0; j < scheme->tiers.count; j++)
			buf_printf(&known, "%s%s", j ? ", " : "", scheme->tiers.items[j]);
		note(compiler, json_fault(json, pointer, "scheme \"%s\" has no tier \"%s\"; it has %s",
					  scheme_id, tiers->items[i], known.data));
	}
}

/** A tag that no scope asks for decides nothing: it is a slip of the pen. */
static bool tag_is_known(const struct policy *policy, const char *tag, struct buf *known)
{
	for (size_t i = 0; i < policy->measure_count; i++)
		for (size_t j = 0; j < policy->measures[i].scope_count; j++) {
			const struct strings *tags = &policy->measures[i].scopes[j].tags;

			if (strings_have(tags, tag))
				return true;
			for (size_t k = 0; k < tags->count; k++)
				if (!known->size || !strstr(known->data, tags->items[k]))
					buf_printf(known, "%s\"%s\"", known->size ? ", " : "",
						   tags->items[k]);
		}
	return false;
}

static void check_tags(struct compiler *compiler, const struct host *host)
{
	for (size_t i = 0; i < host->tags.count; i++) {
		_cleanup_(buf_free) struct buf known = {};
		char pointer[32];

		if (tag_is_known(compiler->policy, host->tags.items[i], &known))
			continue;
		snprintf(pointer, sizeof(pointer), "/tags/%zu", i);
		note(compiler,
		     json_fault(host->document, pointer, "no measure speaks of the tag \"%s\"; they know %s",
				host->tags.items[i], known.size ? known.data : "none"));
	}
}

static void check_marking(struct compiler *compiler, const struct host *host)
{
	const char *marking = json_str(json_get(host->document->root, "classification"), "marking");
	const struct policy *policy = compiler->policy;
	const cJSON *each;

	for (size_t i = 0; marking && i < policy->scheme_count; i++) {
		if (strcmp(policy->schemes[i].id, host->scheme))
			continue;
		cJSON_ArrayForEach(each, json_get(policy->schemes[i].json, "markings"))
			if (!strcmp(json_str(each, "id"), marking))
				return;
		note(compiler, json_fault(host->document, "/classification/marking",
					  "scheme \"%s\" has no marking \"%s\"", host->scheme, marking));
	}
}

static void check_overlays(struct compiler *compiler)
{
	const struct policy *policy = compiler->policy;

	for (size_t i = 1; i < policy->overlay_count; i++) {
		const struct overlay_network *a = &policy->overlays[i - 1], *b = &policy->overlays[i];

		if (a->bits == b->bits && a->family == b->family && !memcmp(a->address, b->address, 16))
			note(compiler, log_error(0, "overlays \"%s\" and \"%s\" speak of one network twice",
						 a->overlay, b->overlay));
	}
}

static int longest_first(const void *a, const void *b)
{
	const struct overlay_network *x = a, *y = b;

	int by_bits = (y->bits > x->bits) - (y->bits < x->bits);
	int by_family = by_bits ? by_bits : x->family - y->family;

	return by_family ? by_family : memcmp(x->address, y->address, sizeof(x->address));
}

void check_host(struct compiler *compiler)
{
	struct policy *policy = compiler->policy;
	const struct host *host = &policy->host;

	if (host->id)
		check_tags(compiler, host);
	if (host->scheme)
		check_marking(compiler, host);
	if (host->scheme)
		check_tiers(compiler, host->document, "/classification/tier", host->scheme,
			    &(struct strings){(const char **)&host->tier, 1});
	if (policy->overlay_count)
		qsort(policy->overlays, policy->overlay_count, sizeof(*policy->overlays), longest_first);
	check_overlays(compiler);
}
