// SPDX-License-Identifier: GPL-3.0-or-later
/* A set of documents is taken whole or refused whole, and the refusal says where. */
#include "unit.h"

#include "../../user/policy/documents.h"
#include "../../user/policy/policy.h"
#include "said.h"

static const char vendor[] =
	"{\"kind\":\"vendor\",\"id\":\"acme\",\"name\":\"Acme\",\"control\":[],\n"
	"\"products\":[{\"id\":\"acme-av\",\"name\":\"Acme AV\",\"class\":\"av\",\"antivirus\":true,\n"
	"\"identify\":{\"paths\":[\"%s\"]},\"confidence\":\"low\",\"sources\":[\"here\"]}],\"sources\":["
	"\"here\"]}";

static const char host[] =
	"{\"kind\":\"host\",\"id\":\"h\",\"title\":\"t\",\"jurisdiction\":\"GB\",\n"
	"\"organisations\":[\"company\"],\"classification\":{\"scheme\":\"gb\",\n\"tier\":\"%s\"}}";

static const char measure[] =
	"{\"kind\":\"measure\",\"id\":\"m\",\"title\":\"t\",\"jurisdiction\":\"GB\",\"authority\":\"a\","
	"\"legal_type\":\"l\",\n"
	"\"issued\":\"2020-01-01\",\"effective\":\"%s\",\"until\":null,\"superseded\":null,\n"
	"\"target\":{\"by\":\"vendor\",\"vendors\":[\"%s\"]},\n"
	"\"covers\":{\"embedded\":null,\"non_antivirus\":null,\"destinations\":null},\n"
	"\"scope\":[{\"verdict\":\"prohibited\",\"force\":\"law\",\"quote\":null,\"quote_status\":\"not-"
	"held\",\"quote_source\":\"s\"%s}],\n"
	"\"status\":\"s\",\"confidence\":\"high\",\"sources\":[%s]}";

/** Compiles the built-in documents with one more; NULL and what was said if it is refused. */
static struct policy *compile_with(const char *name, const char *text, const char *host_name,
				   struct said *said)
{
	struct documents documents = {};
	struct policy *policy;
	int r;

	documents_add_embedded(&documents);
	documents_add(&documents, name, text, strlen(text));
	said_begin(said);
	r = policy_compile(&policy, &documents, host_name);
	said_end(said);
	assert_int_equal(r == 0, policy != NULL);
	documents_free(&documents);
	return policy;
}

static void assert_refused(const char *name, const char *text, const char *host_name, const char *expected)
{
	struct said said;
	struct policy *policy = compile_with(name, text, host_name, &said);

	assert_null(policy);
	if (!strstr(said.text, expected))
		fail_msg("it said \"%s\", expected \"%s\"", said.text, expected);
}

static void faults_have_a_place(void **state)
{
	char text[2048];

	(void)state;
	assert_refused("site/a.json", "[]", NULL, "site/a.json:1: /kind: expected \"measure\"");
	assert_refused("site/a.json", "{\"kind\":\"rule\"}", NULL, "/kind: expected");
	snprintf(text, sizeof(text), host, "GEHEIM");
	assert_refused("h.json", text, "h.json",
		       "h.json:3: /classification/tier: scheme \"gb\" has no tier \"GEHEIM\"; it has "
		       "OFFICIAL, SECRET, TOP SECRET");
	snprintf(text, sizeof(text), measure, "2020-02-30", "kaspersky", "", "\"s\"");
	assert_refused("m.json", text, NULL, "m.json:2: /effective: 2020-02-30 is no day of the calendar");
	snprintf(text, sizeof(text), measure, "2020-02-03", "nobody", "", "\"s\"");
	assert_refused("m.json", text, NULL,
		       "m.json:3: /target/vendors: no vendor \"nobody\" in the catalogue");
	snprintf(text, sizeof(text), measure, "2020-02-03", "kaspersky", "", "");
	assert_refused("m.json", text, NULL, "/sources: expected an array that is not empty");
	snprintf(text, sizeof(text), measure, "2020-02-03", "kaspersky",
		 ",\"scheme\":\"gb\",\"tiers\":[\"NOPE\"]", "\"s\"");
	assert_refused("m.json", text, NULL, "/scope/0: scheme \"gb\" has no tier \"NOPE\"");
	snprintf(text, sizeof(text), measure, "2020-02-03", "kaspersky", ",\"tires\":[]", "\"s\"");
	assert_refused("m.json", text, NULL, "m.json:5: /scope/0: unknown member \"tires\"");
}

static void two_products_cannot_claim_one_path(void **state)
{
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), vendor, "/usr/bin/freshclam");
	assert_refused("site/acme.json", text, NULL,
		       ": /products/0/identify/paths/0: /usr/bin/freshclam is claimed by product "
		       "\"clamav\" of catalogue/cisco.json already");
}

static void a_site_adds_its_own(void **state)
{
	struct said said;
	struct policy *policy;
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), vendor, "/srv/acme/av");
	policy = compile_with("site/acme.json", text, NULL, &said);
	assert_non_null(policy);
	assert_non_null(policy_product(policy, "acme-av"));
	assert_non_null(policy_product(policy, "clamav"));
	policy_free(&policy);
	policy = compile_with("site/p.json",
			      "{\"kind\":\"product\",\"id\":\"p\",\"vendor\":\"kaspersky\",\"product\":{"
			      "\"id\":\"kesl-x\",\"name\":\"X\","
			      "\"class\":\"av\",\"antivirus\":true,\"identify\":{\"paths\":[\"/srv/"
			      "k\"]},\"confidence\":\"low\",\"sources\":[\"s\"]}}",
			      NULL, &said);
	assert_non_null(policy);
	assert_string_equal(policy_product(policy, "kesl-x")->vendor->id, "kaspersky");
	assert_non_null(policy_product(policy, "kaspersky-kesl"));
	policy_free(&policy);
}

static void a_later_document_takes_the_place(void **state)
{
	struct said said;
	struct policy *policy;
	char text[2048];

	(void)state;
	snprintf(text, sizeof(text), measure, "2020-02-03", "kaspersky", "", "\"s\"");
	policy = compile_with("m.json", text, NULL, &said);
	assert_non_null(policy);
	assert_int_equal(policy->measure_count, 22);
	policy_free(&policy);
}

static void overlays_hold_by_the_longest_prefix(void **state)
{
	static const char overlay[] =
		"{\"kind\":\"overlay\",\"id\":\"site\",\"title\":\"t\",\"networks\":["
		"{\"prefix\":\"10.0.0.0/8\",\"role\":\"network\",\"controlling_jurisdiction\":\"GB\"},"
		"{\"prefix\":\"10.1.2.128/25\",\"role\":\"proxy\",\"controlling_jurisdiction\":null},"
		"{\"prefix\":\"2001:db8::/32\",\"role\":\"resolver\"}]}";
	const uint8_t in_proxy[16] = {10, 1, 2, 200}, in_site[16] = {10, 1, 2, 127}, outside[16] = {11};
	const uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, 1};
	struct said said;
	struct policy *policy = compile_with("o.json", overlay, NULL, &said);

	(void)state;
	assert_non_null(policy);
	assert_string_equal(policy_overlay(policy, 4, in_proxy)->role, "proxy");
	assert_true(policy_overlay(policy, 4, in_proxy)->controlling_jurisdiction.said);
	assert_null(policy_overlay(policy, 4, in_proxy)->controlling_jurisdiction.value);
	assert_false(policy_overlay(policy, 4, in_proxy)->server_location.said);
	assert_string_equal(policy_overlay(policy, 4, in_site)->role, "network");
	assert_null(policy_overlay(policy, 4, outside));
	assert_string_equal(policy_overlay(policy, 6, six)->role, "resolver");
	assert_null(policy_overlay(policy, 6, in_proxy));
	policy_free(&policy);
	assert_refused("o.json",
		       "{\"kind\":\"overlay\",\"id\":\"s\",\"title\":\"t\",\"networks\":[{\"prefix\":\"10.0."
		       "0.0/33\",\"role\":\"proxy\"}]}",
		       NULL, "o.json:1: /networks/0/prefix: \"10.0.0.0/33\" is no prefix");
}

static const char limited[] =
	"{\"kind\":\"host\",\"id\":\"h\",\"title\":\"t\",\"jurisdiction\":\"GB\",\n"
	"\"organisations\":[\"company\"],\"classification\":{\"scheme\":\"gb\",\"tier\":\"SECRET\"},\n"
	"\"limits\":[{\"labels\":[\"SECRET\"],\"bytes\":5000,\"bytes_per_second\":0.5,\n"
	"\"rules\":{\"%s\":\"%s\"}}]}";

/** A rule is set off for the labels that are named, and for no other; each rule has a name in the schema. */
static void a_rule_is_set_off_for_a_label(void **state)
{
	struct said said;
	char text[1024];

	(void)state;
	for (unsigned int rule = 0; rule < RULES; rule++) {
		struct policy *policy;

		snprintf(text, sizeof(text), limited, rule_name(rule), "off");
		policy = compile_with("h.json", text, "h.json", &said);
		assert_non_null(policy);
		assert_int_equal(policy_limits(policy, "SECRET").off, 1u << rule);
		assert_false(policy_rule_on(policy, rule));
		assert_true(policy_rule_on(policy, (rule + 1) % RULES));
		assert_int_equal(policy_limits(policy, "SECRET").bytes, 5000);
		assert_int_equal(policy_limits(policy, "TOP SECRET").off, 0);
		policy_free(&policy);
		snprintf(text, sizeof(text), limited, rule_name(rule), "on");
		policy = compile_with("h.json", text, "h.json", &said);
		assert_non_null(policy);
		assert_int_equal(policy_limits(policy, "SECRET").off, 0);
		policy_free(&policy);
	}
	snprintf(text, sizeof(text), limited, "size-ecko", "off");
	assert_refused("h.json", text, "h.json", "h.json:4: /limits/0/rules: unknown member \"size-ecko\"");
	snprintf(text, sizeof(text), limited, "leak-bound", "of");
	assert_refused("h.json", text, "h.json",
		       "h.json:4: /limits/0/rules/leak-bound: expected one of \"on\" \"off\"");
}

static const char own_thresholds[] =
	"{\"kind\":\"host\",\"id\":\"h\",\"title\":\"t\",\"jurisdiction\":\"GB\",\n"
	"\"organisations\":[\"company\"],\"classification\":{\"scheme\":\"gb\",\"tier\":\"SECRET\"},\n"
	"\"limits\":[{\"labels\":[\"SECRET\"],\"bytes\":5000,\"bytes_per_second\":0.5,\n"
	"\"thresholds\":{\"%s\":{\"%s\":%s}}}]}";

/** Each rule's bytes, for the labels that are named. */
static void a_rule_has_bytes_of_its_own(void **state)
{
	struct said said;
	char text[1024];

	(void)state;
	for (unsigned int rule = 0; rule <= RULE_SELECTIVITY; rule++) {
		struct policy *policy;
		struct limits limits;

		snprintf(text, sizeof(text), own_thresholds, rule_name(rule), "bytes", "777");
		policy = compile_with("h.json", text, "h.json", &said);
		assert_non_null(policy);
		limits = policy_limits(policy, "SECRET");
		for (unsigned int other = 0; other <= RULE_ANY; other++)
			assert_int_equal(limits_bytes(&limits, other), other == rule		 ? 777 :
								       other == RULE_SELECTIVITY ? 1250 :
												   5000);
		limits = policy_limits(policy, "TOP SECRET");
		assert_int_equal(limits_bytes(&limits, rule), rule == RULE_SELECTIVITY ? 8192 : 32768);
		policy_free(&policy);
	}
}

/** Each threshold that a profile may state: how it is called, the default, what is stated, and what is no
 * such.
 */
static const struct {
	enum threshold threshold;
	enum rule rule;
	const char *member;
	uint64_t otherwise;
	const char *stated;
	uint64_t kept;
	const char *refused, *why;
} each_threshold[] = {
	{THRESHOLD_NAME_FILE, RULE_INFORMATION, "bytes_per_file", 64, "0", 0, "-1", "number too small"},
	{THRESHOLD_ECHO_UPLOADS, RULE_ECHO, "uploads", 5, "16", 16, "17", "number too large"},
	{THRESHOLD_ECHO_HEAD, RULE_ECHO, "slack_bytes", 512, "0", 0, "1.5", "expected integer"},
	{THRESHOLD_ECHO_DIVISOR, RULE_ECHO, "slack_divisor", 256, "64", 64, "0", "number too small"},
	{THRESHOLD_LOOKUP_FILE, RULE_LOOKUPS, "bytes_per_file", 544, "300", 300, "\"many\"",
	 "expected integer"},
	{THRESHOLD_SELECTIVE_Z, RULE_SELECTIVITY, "z", 40, "5.1", 51, "0", "number too small"},
	{THRESHOLD_SELECTIVE_FILES, RULE_SELECTIVITY, "files", 20, "3", 3, "0", "number too small"},
};
_Static_assert(ARRAY_SIZE(each_threshold) == THRESHOLDS, "each threshold is tried");

static void a_threshold_is_stated_for_a_label(void **state)
{
	struct said said;
	char text[1024], expected[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(each_threshold); i++) {
		const char *rule = rule_name(each_threshold[i].rule), *member = each_threshold[i].member;
		struct policy *policy;
		struct limits limits;

		snprintf(text, sizeof(text), own_thresholds, rule, member, each_threshold[i].stated);
		policy = compile_with("h.json", text, "h.json", &said);
		assert_non_null(policy);
		limits = policy_limits(policy, "SECRET");
		for (unsigned int j = 0; j < THRESHOLDS; j++)
			assert_int_equal(limits_threshold(&limits, each_threshold[j].threshold),
					 i == j ? each_threshold[j].kept : each_threshold[j].otherwise);
		limits = policy_limits(policy, "TOP SECRET");
		assert_int_equal(limits_threshold(&limits, each_threshold[i].threshold),
				 each_threshold[i].otherwise);
		policy_free(&policy);
		snprintf(text, sizeof(text), own_thresholds, rule, member, each_threshold[i].refused);
		snprintf(expected, sizeof(expected), "h.json:4: /limits/0/thresholds/%s/%s: %s", rule, member,
			 each_threshold[i].why);
		assert_refused("h.json", text, "h.json", expected);
	}
	snprintf(text, sizeof(text), own_thresholds, "leak-bound", "files", "3");
	assert_refused("h.json", text, "h.json",
		       "h.json:4: /limits/0/thresholds/leak-bound: unknown member \"files\"");
}

/** Of what steers others the longest entry speaks. */
static void what_steers_others(void **state)
{
	static const struct {
		const char *path, *steers;
	} cases[] = {
		{"/etc/a.conf", "file"},     {"/etc/a.conf.old", NULL},	      {"/etc/a.con", NULL},
		{"/etc/a.d/x", "all below"}, {"/etc/a.d/b/c", "all below"},   {"/etc/a.d/own/x", "longest"},
		{"/etc/a.d", NULL},	     {"/srv/me/.a", "anybody's"},     {"/srv/me/else/.a", NULL},
		{"/srv/.a", NULL},	     {"/srv/me/.b/x/y", "directory"}, {"/srv/etc/a.conf", NULL},
	};
	static const char *const beside[] = {"/etc/x", "/srv/me/x"}, /* of what has a directory */
		*const elsewhere[] = {"/etc/a.d/x", "/srv/x", "/srv/me/else/x", "/x", "/et/x", "/etcc/x"};
	struct said said;
	struct policy *policy =
		compile_with("s.json",
			     "{\"kind\":\"steering\",\"id\":\"linux\",\"title\":\"t\",\"files\":["
			     "{\"path\":\"/etc/a.conf\",\"steers\":\"file\",\"source\":\"s\"},"
			     "{\"path\":\"/etc/a.d/own/\",\"steers\":\"longest\",\"source\":\"s\"},"
			     "{\"path\":\"/etc/a.d/\",\"steers\":\"all below\",\"source\":\"s\"},"
			     "{\"path\":\"/srv/*/.b/\",\"steers\":\"directory\",\"source\":\"s\"},"
			     "{\"path\":\"/srv/*/.a\",\"steers\":\"anybody's\",\"source\":\"s\"}]}",
			     NULL, &said);
	const struct steering *found;

	(void)state;
	assert_non_null(policy);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		found = policy_steering(policy, cases[i].path);
		if (!cases[i].steers && found)
			fail_msg("%s: %s", cases[i].path, found->steers);
		if (cases[i].steers)
			assert_string_equal(found ? found->steers : cases[i].path, cases[i].steers);
	}
	for (size_t i = 0; i < ARRAY_SIZE(beside); i++)
		assert_true(policy_steers_beside(policy, beside[i]));
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
		assert_false(policy_steers_beside(policy, elsewhere[i]));
	assert_null(
		policy_steering(policy, "/etc/ld.so.preload")); /* another document of this id stands there */
	policy_free(&policy);
	assert_refused("s.json",
		       "{\"kind\":\"steering\",\"id\":\"s\",\"title\":\"t\",\"files\":[{\"path\":\"etc/a\","
		       "\"steers\":\"x\",\"source\":\"s\"}]}",
		       NULL, "/files/0/path");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_have_a_place),
		cmocka_unit_test(two_products_cannot_claim_one_path),
		cmocka_unit_test(a_site_adds_its_own),
		cmocka_unit_test(a_later_document_takes_the_place),
		cmocka_unit_test(overlays_hold_by_the_longest_prefix),
		cmocka_unit_test(a_rule_is_set_off_for_a_label),
		cmocka_unit_test(a_rule_has_bytes_of_its_own),
		cmocka_unit_test(a_threshold_is_stated_for_a_label),
		cmocka_unit_test(what_steers_others),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
