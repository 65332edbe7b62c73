// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A validator for the part of JSON Schema that policies/schema uses, so that
 * the schemas are the only place that says what a policy file may hold. The
 * tests hold it against another implementation.
 */
#include <errno.h>
#include <regex.h>
#include <string.h>

#include "buf.h"
#include "json.h"
#include "log.h"
#include "memory.h"

#define DEPTH_MAX 32

struct check {
	const struct json *json;
	const cJSON *schema; /* the root, for $ref */
	const cJSON *(*other)(const char *name);
	struct buf pointer;
	unsigned int faults;
	unsigned int depth;
};

static void check_value(struct check *check, const cJSON *value, const cJSON *schema);

static void fault(struct check *check, const cJSON *schema, const char *what)
{
	const char *meaning = json_str(schema, "description");

	json_fault(check->json, check->pointer.data, "%s%s%s%s", what, meaning ? " (" : "",
		   meaning ? meaning : "", meaning ? ")" : "");
	check->faults++;
}

/** Calls for a member, with the pointer one token longer meanwhile. */
static void check_below(struct check *check, const char *token, const cJSON *value, const cJSON *schema)
{
	size_t before = check->pointer.size;

	buf_byte(&check->pointer, '/');
	for (; *token; token++) {
		if (*token == '~' || *token == '/')
			buf_str(&check->pointer, *token == '~' ? "~0" : "~1");
		else
			buf_byte(&check->pointer, *token);
	}
	check_value(check, value, schema);
	check->pointer.size = before;
	check->pointer.data[before] = '\0';
}

static const char *type_name(const cJSON *value)
{
	if (cJSON_IsNumber(value))
		return value->valuedouble == (double)(long long)value->valuedouble ? "integer" : "number";
	return cJSON_IsObject(value) ? "object" :
	       cJSON_IsArray(value)  ? "array" :
	       cJSON_IsString(value) ? "string" :
	       cJSON_IsBool(value)   ? "boolean" :
				       "null";
}

static bool type_fits(const char *type, const char *wanted)
{
	return !strcmp(type, wanted) || (!strcmp(wanted, "number") && !strcmp(type, "integer"));
}

static void check_type(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule)
{
	_cleanup_(buf_free) struct buf what = {};
	const char *type = type_name(value);
	const cJSON *each;

	if (cJSON_IsString(rule)) {
		if (type_fits(type, rule->valuestring))
			return;
		buf_printf(&what, "expected %s, found %s", rule->valuestring, type);
		fault(check, schema, what.data);
		return;
	}
	buf_str(&what, "expected ");
	cJSON_ArrayForEach(each, rule) {
		if (type_fits(type, each->valuestring))
			return;
		buf_printf(&what, "%s%s", each->valuestring, each->next ? " or " : "");
	}
	buf_printf(&what, ", found %s", type);
	fault(check, schema, what.data);
}

static void check_const(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule)
{
	_cleanup_(buf_free) struct buf what = {};

	if (cJSON_Compare(value, rule, true))
		return;
	buf_printf(&what, "expected \"%s\"", cJSON_GetStringValue(rule));
	fault(check, schema, what.data);
}

static void check_enum(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule)
{
	_cleanup_(buf_free) struct buf what = {};
	const cJSON *each;

	buf_str(&what, "expected one of");
	cJSON_ArrayForEach(each, rule) {
		if (cJSON_Compare(value, each, true))
			return;
		buf_printf(&what, " \"%s\"", each->valuestring);
	}
	if (cJSON_IsString(value))
		buf_printf(&what, ", found \"%s\"", value->valuestring);
	fault(check, schema, what.data);
}

static void check_pattern(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule)
{
	_cleanup_(buf_free) struct buf what = {};
	regex_t regex;
	bool fits;

	if (!cJSON_IsString(value))
		return;
	if (regcomp(&regex, rule->valuestring, REG_EXTENDED | REG_NOSUB)) {
		fault(check, NULL, "the schema's pattern is not a regular expression");
		return;
	}
	fits = !regexec(&regex, value->valuestring, 0, NULL, 0);
	regfree(&regex);
	if (fits)
		return;
	buf_printf(&what, "\"%s\" does not fit %s", value->valuestring, rule->valuestring);
	fault(check, schema, what.data);
}

static void check_min_length(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule)
{
	if (cJSON_IsString(value) && strlen(value->valuestring) < (size_t)rule->valuedouble)
		fault(check, schema, "expected a string that is not empty");
}

static void check_max_length(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule)
{
	_cleanup_(buf_free) struct buf what = {};

	if (!cJSON_IsString(value) || strlen(value->valuestring) <= (size_t)rule->valuedouble)
		return;
	buf_printf(&what, "expected at most %d bytes", rule->valueint);
	fault(check, schema, what.data);
}

static void check_minimum(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule)
{
	if (cJSON_IsNumber(value) && value->valuedouble < rule->valuedouble)
		fault(check, schema, "number too small");
}

static void check_maximum(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule)
{
	if (cJSON_IsNumber(value) && value->valuedouble > rule->valuedouble)
		fault(check, schema, "number too large");
}

static void check_required(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule)
{
	_cleanup_(buf_free) struct buf what = {};
	const cJSON *each;

	if (!cJSON_IsObject(value))
		return;
	cJSON_ArrayForEach(each, rule) {
		if (cJSON_HasObjectItem(value, each->valuestring))
			continue;
		buf_clear(&what);
		buf_printf(&what, "expected a member \"%s\"", each->valuestring);
		fault(check, schema, what.data);
	}
}

static void check_properties(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule)
{
	const cJSON *each, *below;

	if (!cJSON_IsObject(value))
		return;
	cJSON_ArrayForEach(each, value) {
		below = cJSON_GetObjectItemCaseSensitive(rule, each->string);
		if (below)
			check_below(check, each->string, each, below);
		if (cJSON_GetObjectItemCaseSensitive(value, each->string) != each)
			fault(check, schema, "a member stands here twice");
	}
}

/** Only `false` is known: then no member may stand that `properties` lacks. */
static void check_additional(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule)
{
	const cJSON *each, *known = json_get(schema, "properties");

	(void)rule;
	if (!cJSON_IsObject(value))
		return;
	cJSON_ArrayForEach(each, value) {
		_cleanup_(buf_free) struct buf what = {};
		const cJSON *member;

		if (cJSON_GetObjectItemCaseSensitive(known, each->string))
			continue;
		buf_printf(&what, "unknown member \"%s\", expected one of", each->string);
		cJSON_ArrayForEach(member, known)
			buf_printf(&what, " %s", member->string);
		fault(check, NULL, what.data);
	}
}

static void check_items(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule)
{
	const cJSON *each;
	unsigned int index = 0;

	(void)schema;
	if (!cJSON_IsArray(value))
		return;
	cJSON_ArrayForEach(each, value) {
		char token[12];

		snprintf(token, sizeof(token), "%u", index++);
		check_below(check, token, each, rule);
	}
}

static void check_min_items(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule)
{
	if (cJSON_IsArray(value) && cJSON_GetArraySize(value) < rule->valueint)
		fault(check, schema, "expected an array that is not empty");
}

static void check_max_items(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule)
{
	if (cJSON_IsArray(value) && cJSON_GetArraySize(value) > rule->valueint)
		fault(check, schema, "expected fewer items");
}

static void check_unique(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule)
{
	const cJSON *each, *other;

	(void)rule;
	if (!cJSON_IsArray(value))
		return;
	cJSON_ArrayForEach(each, value)
		for (other = each->next; other; other = other->next)
			if (cJSON_Compare(each, other, true))
				fault(check, schema, "an entry stands here twice");
}

/** "#/$defs/NAME", or the same of another schema: "vendor.json#/$defs/NAME". */
static void check_ref(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule)
{
	static const char infix[] = "#/$defs/";
	const cJSON *before = check->schema, *target = NULL;
	const char *at = strstr(rule->valuestring, infix);
	_cleanup_free_ char *file =
		at ? need(strndup(rule->valuestring, (size_t)(at - rule->valuestring))) : NULL;

	(void)schema;
	if (file && *file)
		check->schema = check->other ? check->other(file) : NULL;
	if (at)
		target = json_get(json_get(check->schema, "$defs"), at + strlen(infix));
	if (target)
		check_value(check, value, target);
	else
		fault(check, NULL, "the schema refers to nothing");
	check->schema = before;
}

static void check_nothing(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule)
{
	(void)check, (void)value, (void)schema, (void)rule;
}

static const struct keyword {
	const char *name;
	void (*check)(struct check *check, const cJSON *value, const cJSON *schema, const cJSON *rule);
} keywords[] = {
	{"$ref", check_ref},
	{"type", check_type},
	{"const", check_const},
	{"enum", check_enum},
	{"pattern", check_pattern},
	{"minLength", check_min_length},
	{"maxLength", check_max_length},
	{"minimum", check_minimum},
	{"maximum", check_maximum},
	{"required", check_required},
	{"properties", check_properties},
	{"additionalProperties", check_additional},
	{"items", check_items},
	{"minItems", check_min_items},
	{"maxItems", check_max_items},
	{"uniqueItems", check_unique},
	{"$schema", check_nothing},
	{"$comment", check_nothing},
	{"$defs", check_nothing},
	{"title", check_nothing},
	{"description", check_nothing},
};

static const struct keyword *keyword_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		if (!strcmp(keywords[i].name, name))
			return &keywords[i];
	return NULL;
}

static void check_value(struct check *check, const cJSON *value, const cJSON *schema)
{
	const cJSON *rule;

	if (++check->depth > DEPTH_MAX) {
		fault(check, NULL, "nested too deep");
		check->depth--;
		return;
	}
	cJSON_ArrayForEach(rule, schema) {
		const struct keyword *keyword = keyword_find(rule->string);

		if (keyword)
			keyword->check(check, value, schema, rule);
		else
			fault(check, NULL, "the schema has a keyword that is not known");
	}
	check->depth--;
}

int json_check(const struct json *json, const cJSON *schema, const cJSON *(*other)(const char *name))
{
	struct check check = {.json = json, .schema = schema, .other = other};

	buf_str(&check.pointer, "");
	check_value(&check, json->root, schema);
	buf_free(&check.pointer);
	return check.faults ? -EINVAL : 0;
}
