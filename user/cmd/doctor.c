// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../report/health.h"
#include "../sensor/sensor.h"
#include "../util/file.h"
#include "../util/log.h"
#include "../util/style.h"
#include "cmd.h"

static const char help[] =
	"Usage: custodes doctor [--json]\n"
	"\n"
	"What this kernel offers: every program of the sensor is loaded and attached once,\n"
	"alone. Says which are used, what stands in for those that are refused, what\n"
	"accuracy is then lost, and what addresses can be looked up. Needs root.\n"
	"\n"
	"  --without PROGRAM  as if this program were refused\n"
	"  --location FILE    libloc's database, if not where the distribution has it\n"
	"  --mmdb FILE        an MMDB database\n"
	"  --json             for programs\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 the sensor can run here, 2 bad usage, 4 it cannot.\n";

enum { OPT_JSON = 256, OPT_WITHOUT, OPT_LOCATION, OPT_MMDB };

static const struct option options[] = {
	{"json", no_argument, NULL, OPT_JSON},
	{"without", required_argument, NULL, OPT_WITHOUT},
	{"location", required_argument, NULL, OPT_LOCATION},
	{"mmdb", required_argument, NULL, OPT_MMDB},
	{"help", no_argument, NULL, 'h'},
	{},
};

struct doctor_options {
	bool json;
	const char *without[8];
	unsigned int without_count;
	struct places_options places;
};

static int take(struct doctor_options *doctor, int option)
{
	switch (option) {
	case OPT_JSON:
		doctor->json = true;
		return 0;
	case OPT_WITHOUT:
		if (!hook_exists(optarg))
			return usage_error("doctor", "--without %s: no such program", optarg);
		if (doctor->without_count + 1 == ARRAY_SIZE(doctor->without))
			return usage_error("doctor", "too many --without");
		doctor->without[doctor->without_count++] = optarg;
		return 0;
	case OPT_LOCATION:
		doctor->places.libloc = optarg;
		return 0;
	case OPT_MMDB:
		doctor->places.mmdb = optarg;
		return 0;
	default:
		return usage_error("doctor", "unknown or incomplete option");
	}
}

static int examine(const struct doctor_options *doctor)
{
	_cleanup_(places_close) struct places *places = NULL;
	_cleanup_(buf_free) struct buf text = {};
	struct health health = {};

	if (places_open(&places, &doctor->places))
		return EXIT_USAGE;
	uname(&health.kernel);
	places_state(places, &health.places);
	health.error = sensor_prerequisites();
	if (!health.error)
		health.error = probe_run(&health.probe, doctor->without);
	health.probed = !health.error;
	if (doctor->json)
		health_json(&health, &text);
	else
		health_text(&health, style_wanted(STDOUT_FILENO), &text);
	file_write(STDOUT_FILENO, text.data, text.size);
	return health_can_run(&health) ? EXIT_CLEAN : EXIT_SENSOR;
}

int cmd_doctor(int argc, char **argv)
{
	struct doctor_options doctor = {};
	int option, r;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h')
			return usage_help(help);
		r = take(&doctor, option);
		if (r)
			return r;
	}
	if (optind < argc)
		return usage_error("doctor", "unexpected argument %s", argv[optind]);
	return examine(&doctor);
}
