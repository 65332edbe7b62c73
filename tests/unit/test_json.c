// SPDX-License-Identifier: GPL-3.0-or-later
/* A person's file with a fault is refused with file, line, pointer and what was expected. */
#include "unit.h"

#include <errno.h>

#include "../../user/util/json.h"
#include "said.h"

static void assert_refused(const char *text, const char *expected)
{
	struct said said;
	struct json json;
	int r;

	said_begin(&said);
	r = json_parse(&json, "policies/x.json", text, strlen(text));
	said_end(&said);
	assert_int_equal(r, -EINVAL);
	if (!strstr(said.text, expected))
		fail_msg("said \"%s\", expected \"%s\"", said.text, expected);
}

static void syntax_faults_have_a_place(void **state)
{
	(void)state;
	assert_refused("{\n  \"a\": 1,\n  \"b\": }\n", "policies/x.json:3:");
	assert_refused("{} x", "policies/x.json:1:4: expected nothing after");
	assert_refused("", "policies/x.json:1:1");
	assert_refused("{\"a\": \"\xff\"}", "policies/x.json:1:8: not UTF-8");
	assert_refused("{\x01\"a\": 1}", "policies/x.json:1:2: a control character");
}

static const char schema_text[] =
	"{\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"id\", \"tiers\"], "
	"\"properties\": {"
	"\"id\": {\"$ref\": \"#/$defs/id\"}, \"tiers\": {\"type\": \"array\", \"minItems\": 1, "
	"\"uniqueItems\": true,"
	"\"items\": {\"enum\": [\"A\", \"B\"]}}, \"until\": {\"type\": [\"string\", \"null\"], \"pattern\": "
	"\"^[0-9]{4}$\"},"
	"\"asn\": {\"type\": \"integer\", \"minimum\": 1}, \"x/y~z\": {\"type\": \"string\", \"maxLength\": "
	"2}},"
	"\"$defs\": {\"id\": {\"type\": \"string\", \"pattern\": \"^[a-z]+$\", \"description\": \"an id\"}}}";

/** What the schema says of a text, "" for nothing. */
static void assert_checked(const char *text, const char *expected)
{
	cJSON *schema = cJSON_Parse(schema_text);
	struct said said;
	struct json json;
	int r;

	assert_non_null(schema);
	assert_int_equal(json_parse(&json, "x.json", text, strlen(text)), 0);
	said_begin(&said);
	r = json_check(&json, schema, NULL);
	said_end(&said);
	assert_int_equal(r, *expected ? -EINVAL : 0);
	if (!strstr(said.text, expected))
		fail_msg("of %s it said \"%s\", expected \"%s\"", text, said.text, expected);
	json_free(&json);
	cJSON_Delete(schema);
}

static void a_schema_is_held(void **state)
{
	(void)state;
	assert_checked("{\"id\": \"a\", \"tiers\": [\"A\"], \"until\": null, \"asn\": 5}", "");
	assert_checked("{\"id\": \"a\"}", "x.json:1: /: expected a member \"tiers\"");
	assert_checked("{\"id\": \"A1\",\n\"tiers\": [\"A\"]}",
		       "x.json:1: /id: \"A1\" does not fit ^[a-z]+$ (an id)");
	assert_checked("{\"id\": \"a\",\n\"tiers\": [\"A\",\n\"C\"]}",
		       "x.json:3: /tiers/1: expected one of \"A\" \"B\", found \"C\"");
	assert_checked("{\"id\": \"a\", \"tiers\": []}", "/tiers: expected an array that is not empty");
	assert_checked("{\"id\": \"a\", \"tiers\": [\"A\", \"A\"]}", "/tiers: an entry stands here twice");
	assert_checked("{\"id\": \"a\", \"tiers\": [\"A\"], \"until\": 5}",
		       "/until: expected string or null, found integer");
	assert_checked("{\"id\": \"a\", \"tiers\": [\"A\"], \"asn\": 1.5}",
		       "/asn: expected integer, found number");
	assert_checked("{\"id\": \"a\", \"tiers\": [\"A\"], \"asn\": 0}", "/asn: number too small");
	assert_checked("{\"id\": \"a\", \"tiers\": [\"A\"],\n \"tierz\": 1}",
		       "unknown member \"tierz\", expected one of id tiers");
	assert_checked("{\"id\": \"a\", \"tiers\": [\"A\"], \"x/y~z\": \"abc\"}",
		       "/x~1y~0z: expected at most 2 bytes");
	assert_checked("{\"id\": \"a\", \"id\": \"b\", \"tiers\": [\"A\"]}", "a member stands here twice");
	assert_checked("[]", "/: expected object, found array");
}

static void an_unknown_keyword_is_a_fault(void **state)
{
	cJSON *schema = cJSON_Parse("{\"type\": \"object\", \"if\": {}}");
	struct said said;
	struct json json;

	(void)state;
	assert_int_equal(json_parse(&json, "x.json", "{}", 2), 0);
	said_begin(&said);
	assert_int_equal(json_check(&json, schema, NULL), -EINVAL);
	assert_non_null(strstr(said_end(&said), "keyword that is not known"));
	json_free(&json);
	cJSON_Delete(schema);
}

static void pointers_find_their_lines(void **state)
{
	static const char text[] = "{\n \"a\": [1,\n  {\"b\\\"\": \"}\",\n   \"c\": 2}],\n \"d/e\": 3\n}";

	(void)state;
	assert_int_equal(json_line(text, strlen(text), ""), 1);
	assert_int_equal(json_line(text, strlen(text), "/a"), 2);
	assert_int_equal(json_line(text, strlen(text), "/a/1"), 3);
	assert_int_equal(json_line(text, strlen(text), "/a/1/c"), 4);
	assert_int_equal(json_line(text, strlen(text), "/d~1e"), 5);
	assert_int_equal(json_line(text, strlen(text), "/none"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syntax_faults_have_a_place),
		cmocka_unit_test(a_schema_is_held),
		cmocka_unit_test(an_unknown_keyword_is_a_fault),
		cmocka_unit_test(pointers_find_their_lines),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
