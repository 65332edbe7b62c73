// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../report/verdicts.h"
#include "../util/file.h"
#include "../util/memory.h"
#include "../util/style.h"
#include "cmd.h"
#include "installed.h"
#include "policies.h"

static const char help[] =
	"Usage: custodes check --host FILE [--product ID | --installed | --all] [--at DATE] [--json]\n"
	"\n"
	"Which security products are here, or would be, and what the measures that bind\n"
	"this host say about each. Needs no root.\n"
	"\n"
	"  --host FILE       the host's profile: a file, or a built-in name such as uk-secret\n"
	"  --product ID      this product of the catalogue (may be given again)\n"
	"  --installed       the products found on this machine (the default)\n"
	"  --all             every product of the catalogue\n"
	"  --at DATE         on this day, YYYY-MM-DD (UTC); today if absent\n"
	"  --policies DIR    more documents: a site's own products and measures\n"
	"  --json            for programs\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 nothing adverse, 1 a product is prohibited, to be phased out,\n"
	"advised against or of unknown standing, 2 bad usage or input.\n";

struct check_options {
	struct policy_options policies;
	const char *products[64];
	unsigned int product_count;
	bool all;
	bool json;
	day_t day;
};

enum { OPT_HOST = 256, OPT_PRODUCT, OPT_INSTALLED, OPT_ALL, OPT_AT, OPT_POLICIES, OPT_JSON };

static const struct option options[] = {
	{"host", required_argument, NULL, OPT_HOST},
	{"product", required_argument, NULL, OPT_PRODUCT},
	{"installed", no_argument, NULL, OPT_INSTALLED},
	{"all", no_argument, NULL, OPT_ALL},
	{"at", required_argument, NULL, OPT_AT},
	{"policies", required_argument, NULL, OPT_POLICIES},
	{"json", no_argument, NULL, OPT_JSON},
	{"help", no_argument, NULL, 'h'},
	{},
};

static int take_product(struct check_options *check, const char *id)
{
	if (check->product_count == ARRAY_SIZE(check->products))
		return usage_error("check", "more than %zu products", ARRAY_SIZE(check->products));
	check->products[check->product_count++] = id;
	return 0;
}

static int take(struct check_options *check, int option)
{
	switch (option) {
	case OPT_HOST:
		check->policies.host = optarg;
		return 0;
	case OPT_PRODUCT:
		return take_product(check, optarg);
	case OPT_INSTALLED:
		return 0;
	case OPT_ALL:
		check->all = true;
		return 0;
	case OPT_AT:
		check->day = day_parse(optarg);
		return check->day == DAY_NONE ?
			       usage_error("check", "--at %s: expected a day, YYYY-MM-DD", optarg) :
			       0;
	case OPT_POLICIES:
		return policies_add(&check->policies, optarg) ? usage_error("check", "too many --policies") :
								0;
	case OPT_JSON:
		check->json = true;
		return 0;
	default:
		return usage_error("check", "unknown or incomplete option");
	}
}

static void add_row(struct verdict_report *report, const struct product *product, char *found)
{
	struct verdict_row *row = GROW(report->rows, report->count);

	*row = (struct verdict_row){.product = product, .found = found};
	decide_product(report->policy, product, report->day, &row->decision);
}

static int add_named(struct verdict_report *report, const struct check_options *check)
{
	for (unsigned int i = 0; i < check->product_count; i++) {
		const struct product *product = policy_product(report->policy, check->products[i]);

		if (!product)
			return usage_error("check", "--product %s: no such product in the catalogue",
					   check->products[i]);
		add_row(report, product, NULL);
	}
	return 0;
}

static void add_from_catalogue(struct verdict_report *report, bool all)
{
	for (size_t i = 0; i < report->policy->product_count; i++) {
		const struct product *product = &report->policy->products[i];
		char *found = installed(product);

		if (all || found)
			add_row(report, product, found);
	}
}

static int report_and_exit(const struct check_options *check, struct verdict_report *report)
{
	_cleanup_(buf_free) struct buf text = {};

	if (check->json)
		verdict_report_json(report, &text);
	else
		verdict_report_text(report, style_wanted(STDOUT_FILENO), style_columns(STDOUT_FILENO), &text);
	if (file_write(STDOUT_FILENO, text.data, text.size))
		return EXIT_USAGE;
	return verdict_adverse(verdict_report_worst(report)) ? EXIT_FINDINGS : EXIT_CLEAN;
}

int cmd_check(int argc, char **argv)
{
	struct check_options check = {.day = DAY_NONE};
	_cleanup_(documents_free) struct documents documents = {};
	_cleanup_(policy_free) struct policy *policy = NULL;
	_cleanup_(verdict_report_clear) struct verdict_report report = {};
	int option, r;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h')
			return usage_help(help);
		r = take(&check, option);
		if (r)
			return r;
	}
	if (optind < argc)
		return usage_error("check", "unexpected argument %s", argv[optind]);
	if (!check.policies.host)
		return usage_error("check", "--host is needed");
	if (policies_load(&check.policies, &documents, &policy))
		return EXIT_USAGE;
	report.policy = policy;
	report.day = check.day == DAY_NONE ? day_today() : check.day;
	r = add_named(&report, &check);
	if (r)
		return r;
	if (!check.product_count)
		add_from_catalogue(&report, check.all);
	return report_and_exit(&check, &report);
}
