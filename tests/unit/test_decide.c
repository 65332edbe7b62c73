// SPDX-License-Identifier: GPL-3.0-or-later
/* The decisions that the documents imply. Every row names its day. */
#include "unit.h"

#include "../../user/policy/decide.h"
#include "../../user/policy/documents.h"

static const struct row {
	const char *host;
	const char *product;
	const char *day;
	enum verdict verdict;
	const char *measure; /* that says so, or NULL */
	const char *force;
} rows[] = {
	/* UK, 1 December 2017: SECRET and above never, any Russia-based antivirus; guidance. */
	{"uk-secret", "kaspersky-kesl", "2017-11-30", VERDICT_OUT_OF_SCOPE, NULL, NULL},
	{"uk-secret", "kaspersky-kesl", "2017-12-01", VERDICT_PROHIBITED, "uk-ncsc-2017", "guidance"},
	{"uk-secret", "drweb", "2017-12-01", VERDICT_PROHIBITED, "uk-ncsc-2017", "guidance"},
	{"uk-top-secret", "kaspersky-kesl", "2018-06-01", VERDICT_PROHIBITED, "uk-ncsc-2017", "guidance"},
	{"uk-top-secret", "drweb", "2018-06-01", VERDICT_PROHIBITED, "uk-ncsc-2017", "guidance"},
	{"uk-secret", "clamav", "2018-06-01", VERDICT_PERMITTED, "uk-ncsc-2017", "guidance"},
	{"uk-secret", "mdatp", "2018-06-01", VERDICT_PERMITTED, "uk-ncsc-2017", "guidance"},
	/* OFFICIAL only with the departments' tags. */
	{"uk-official", "kaspersky-kesl", "2018-06-01", VERDICT_OUT_OF_SCOPE, NULL, NULL},
	{"uk-official-national-security", "kaspersky-kesl", "2018-06-01", VERDICT_PROHIBITED, "uk-ncsc-2017",
	 "guidance"},
	{"uk-official-national-security", "drweb", "2018-06-01", VERDICT_PROHIBITED, "uk-ncsc-2017",
	 "guidance"},
	/* Plain OFFICIAL: nothing until the advice of 2022. */
	{"uk-official", "kaspersky-kesl", "2022-03-28", VERDICT_OUT_OF_SCOPE, NULL, NULL},
	{"uk-official", "kaspersky-kesl", "2022-03-29", VERDICT_ADVISED_AGAINST, "uk-ncsc-2022", "advice"},
	{"uk-official", "drweb", "2026-11-21", VERDICT_ADVISED_AGAINST, "uk-ncsc-2022", "advice"},
	{"uk-official", "clamav", "2026-11-21", VERDICT_PERMITTED, "uk-ncsc-2022", "advice"},
	/* Several measures: the most restrictive stands. */
	{"uk-secret", "kaspersky-kesl", "2026-11-21", VERDICT_PROHIBITED, "uk-ncsc-2017", "guidance"},
	/* Whether the letter of 2017 reaches a product that is no antivirus, nobody knows. */
	{"uk-secret", "kaspersky-klnagent", "2018-06-01", VERDICT_UNKNOWN, "uk-ncsc-2017", "guidance"},
	{"uk-secret", "kaspersky-klnagent", "2023-01-01", VERDICT_ADVISED_AGAINST, "uk-ncsc-2022", "advice"},
	/* NL, 14 May 2018: Kaspersky antivirus only; no tier; phase out, or advised. */
	{"nl-rijksoverheid", "kaspersky-kesl", "2018-05-13", VERDICT_OUT_OF_SCOPE, NULL, NULL},
	{"nl-rijksoverheid", "kaspersky-kesl", "2018-05-14", VERDICT_PHASE_OUT, "nl-2018", "decision"},
	{"nl-vital", "kaspersky-kesl", "2018-05-14", VERDICT_ADVISED_AGAINST, "nl-2018", "advice"},
	{"nl-abdo", "kaspersky-kesl", "2018-05-14", VERDICT_ADVISED_AGAINST, "nl-2018", "advice"},
	{"nl-rijksoverheid", "kaspersky-klnagent", "2018-05-14", VERDICT_OUT_OF_SCOPE, "nl-2018", "decision"},
	{"nl-vital", "kaspersky-klnagent", "2018-05-14", VERDICT_OUT_OF_SCOPE, "nl-2018", "advice"},
	{"nl-rijksoverheid", "drweb", "2018-05-14", VERDICT_OUT_OF_SCOPE, "nl-2018", "decision"},
	{"nl-abdo", "drweb", "2026-11-21", VERDICT_OUT_OF_SCOPE, "nl-2018", "advice"},
	{"nl-rijksoverheid", "clamav", "2026-11-21", VERDICT_OUT_OF_SCOPE, "nl-2018", "decision"},
	{"nl-rijksoverheid", "checkpoint-harmony", "2019-01-01", VERDICT_UNKNOWN, "nl-2018", "decision"},
	/* US: a directive until the statute took its place; it still binds the past. */
	{"us-federal", "kaspersky-kesl", "2017-09-12", VERDICT_OUT_OF_SCOPE, NULL, NULL},
	{"us-federal", "kaspersky-kesl", "2018-01-15", VERDICT_PROHIBITED, "us-bod-17-01", "directive"},
	{"us-federal", "kaspersky-kesl", "2018-10-01", VERDICT_PROHIBITED, "us-ndaa-1634", "law"},
	{"us-federal", "kaspersky-klnagent", "2018-10-01", VERDICT_PROHIBITED, "us-ndaa-1634", "law"},
	{"us-federal", "drweb", "2019-01-01", VERDICT_OUT_OF_SCOPE, "us-ndaa-1634", "law"},
	{"us-federal", "clamav", "2026-11-21", VERDICT_OUT_OF_SCOPE, "us-ndaa-1634", "law"},
	/* An embedded engine counts only where the measure says so. */
	{"us-federal", "checkpoint-harmony", "2018-01-15", VERDICT_OUT_OF_SCOPE, "us-bod-17-01", "directive"},
	{"us-federal", "checkpoint-harmony", "2018-10-01", VERDICT_PROHIBITED, "us-ndaa-1634", "law"},
	{"uk-secret", "checkpoint-harmony", "2018-06-01", VERDICT_UNKNOWN, "uk-ncsc-2017", "guidance"},
	/* No source bears out who controls it: unknown, never permitted. */
	{"uk-secret", "threatbook-oneav", "2018-06-01", VERDICT_UNKNOWN, "uk-ncsc-2017", "guidance"},
	/* A plain company: no measure binds it. */
	{"company", "kaspersky-kesl", "2026-11-21", VERDICT_OUT_OF_SCOPE, NULL, NULL},
	{"company", "clamav", "2026-11-21", VERDICT_OUT_OF_SCOPE, NULL, NULL},
};

static struct policy *compile_for(const char *host)
{
	struct documents documents = {};
	struct policy *policy;
	char name[64];
	const struct document *profile;

	snprintf(name, sizeof(name), "hosts/%s.json", host);
	profile = documents_embedded(name);
	assert_non_null(profile);
	documents_add_embedded(&documents);
	documents_add(&documents, profile->name, profile->text, profile->size);
	assert_int_equal(policy_compile(&policy, &documents, profile->name), 0);
	documents_free(&documents);
	return policy;
}

static const struct ruling *ruling_by(const struct decision *decision, const char *measure)
{
	for (size_t i = 0; i < decision->count; i++)
		if (decision->rulings[i].in_force && !strcmp(decision->rulings[i].measure->id, measure))
			return &decision->rulings[i];
	return NULL;
}

static void check_row(const struct row *row)
{
	struct policy *policy = compile_for(row->host);
	const struct product *product = policy_product(policy, row->product);
	const struct ruling *ruling;
	struct decision decision;

	assert_non_null(product);
	decide_product(policy, product, day_parse(row->day), &decision);
	if (decision.verdict != row->verdict)
		fail_msg("%s, %s, %s: %s, expected %s", row->host, row->product, row->day,
			 verdict_name(decision.verdict), verdict_name(row->verdict));
	ruling = row->measure ? ruling_by(&decision, row->measure) : NULL;
	if (row->measure &&
	    (!ruling || ruling->verdict != row->verdict || strcmp(ruling->scope->force, row->force)))
		fail_msg("%s, %s, %s: %s does not say %s with force %s", row->host, row->product, row->day,
			 row->measure, verdict_name(row->verdict), row->force);
	if (!row->measure)
		for (size_t i = 0; i < decision.count; i++)
			assert_false(decision.rulings[i].in_force);
	decision_clear(&decision);
	policy_free(&policy);
}

static void the_documents_decide(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(&rows[i]);
}

/** Neither scheme's tiers are read as the other's. */
/** The host has been given another classification. */
static void rebind(struct policy *policy)
{
	for (size_t i = 0; i < policy->measure_count; i++)
		policy->measures[i].binds = measure_binds(&policy->measures[i], &policy->host);
}

static void tiers_are_not_translated(void **state)
{
	struct policy *policy = compile_for("uk-secret");
	const struct product *kesl = policy_product(policy, "kaspersky-kesl");
	struct decision decision;

	(void)state;
	policy->host.scheme = "nl";
	policy->host.tier = "Stg. GEHEIM";
	rebind(policy);
	decide_product(policy, kesl, day_parse("2018-06-01"), &decision);
	assert_int_equal(decision.verdict, VERDICT_OUT_OF_SCOPE);
	decision_clear(&decision);
	policy->host.scheme = "us";
	policy->host.tier = "SECRET"; /* the same word, in another scheme */
	rebind(policy);
	decide_product(policy, kesl, day_parse("2018-06-01"), &decision);
	assert_int_equal(decision.verdict, VERDICT_OUT_OF_SCOPE);
	decision_clear(&decision);
	policy_free(&policy);
}

static void a_quote_is_held_or_absent(void **state)
{
	struct policy *policy = compile_for("uk-secret");

	(void)state;
	assert_int_equal(policy->product_count, 72);
	assert_int_equal(policy->measure_count, 21);
	for (size_t i = 0; i < policy->measure_count; i++)
		for (size_t j = 0; j < policy->measures[i].scope_count; j++) {
			const struct scope *scope = &policy->measures[i].scopes[j];

			assert_int_equal(!strcmp(scope->quote_status, "held"), scope->quote != NULL);
			assert_true(strlen(scope->quote_source) > 0);
		}
	assert_string_equal(
		policy_measure(policy, "uk-ncsc-2017")->scopes[0].quote,
		"In practical terms, this means that for systems processing information classified SECRET "
		"and above, a Russia-based provider should never be used.");
	policy_free(&policy);
}

/* ---- destinations ---- */

static enum verdict destination_verdict(const char *host, const struct destination_facts *facts,
					const char *day)
{
	struct policy *policy = compile_for(host);
	struct destination_facts with = *facts;
	struct decision decision;
	enum verdict verdict;

	if (facts->service_operator && !facts->vendor)
		with.vendor = policy_vendor(policy, facts->service_operator);
	decide_destination(policy, &with, day_parse(day), &decision);
	verdict = decision.verdict;
	decision_clear(&decision);
	policy_free(&policy);
	return verdict;
}

static void control_decides_not_the_flag_of_a_server(void **state)
{
	const struct destination_facts swiss_kaspersky = {.server_location = "CH",
							  .service_operator = "kaspersky"};
	const struct destination_facts moscow_cisco = {.server_location = "RU", .service_operator = "cisco"};
	const struct destination_facts nobody_known = {.server_location = "DE"};
	const struct destination_facts site_says = {.control_stated = true, .controlling_jurisdiction = "GB"};

	(void)state;
	assert_int_equal(destination_verdict("uk-secret", &swiss_kaspersky, "2018-06-01"),
			 VERDICT_PROHIBITED);
	assert_int_equal(destination_verdict("uk-secret", &moscow_cisco, "2018-06-01"), VERDICT_PERMITTED);
	assert_int_equal(destination_verdict("uk-secret", &nobody_known, "2018-06-01"), VERDICT_UNKNOWN);
	assert_int_equal(destination_verdict("uk-secret", &site_says, "2018-06-01"), VERDICT_PERMITTED);
	assert_int_equal(destination_verdict("uk-official", &swiss_kaspersky, "2018-06-01"),
			 VERDICT_OUT_OF_SCOPE);
	/* The Dutch letter speaks about software installed, not about services. */
	assert_int_equal(destination_verdict("nl-rijksoverheid", &swiss_kaspersky, "2018-06-01"),
			 VERDICT_OUT_OF_SCOPE);
}

/* ---- identity ---- */

static void evidence_is_ranked(void **state)
{
	struct policy *policy = compile_for("uk-secret");
	struct identity identity = {.path = "/usr/sbin/clamd"};
	enum evidence evidence;

	(void)state;
	assert_string_equal(identify(policy, &identity, &evidence)->id, "clamav");
	assert_int_equal(evidence, EVIDENCE_PATH);
	identity.package = "kesl";
	assert_string_equal(identify(policy, &identity, &evidence)->id, "kaspersky-kesl");
	assert_int_equal(evidence, EVIDENCE_PACKAGE);
	identity = (struct identity){.path = "/opt/Symantec/symantec_antivirus/rtvscand"};
	assert_string_equal(identify(policy, &identity, &evidence)->id,
			    "symantec-sav"); /* the longest prefix */
	identity = (struct identity){.path = "/opt/kaspersky/kesl/libexec/anything"};
	assert_string_equal(identify(policy, &identity, &evidence)->id, "kaspersky-kesl");
	assert_int_equal(evidence, EVIDENCE_PREFIX);
	identity = (struct identity){
		.path = "/opt/kaspersky/keslx", .package = "coreutils", .unit = "ssh.service"};
	assert_null(identify(policy, &identity, &evidence));
	identity = (struct identity){.path = "/usr/bin/sleep", .unit = "kesl.service"};
	assert_string_equal(identify(policy, &identity, &evidence)->id, "kaspersky-kesl");
	policy_free(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_documents_decide),
		cmocka_unit_test(tiers_are_not_translated),
		cmocka_unit_test(a_quote_is_held_or_absent),
		cmocka_unit_test(control_decides_not_the_flag_of_a_server),
		cmocka_unit_test(evidence_is_ranked),
	};

	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
