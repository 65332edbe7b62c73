// SPDX-License-Identifier: GPL-3.0-or-later
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "util/cleanup.h"
#include "util/log.h"

static const struct command commands[] = {
	{"run", "watch this host, record, decide, deliver", cmd_run},
	{"replay", "find again, from a capture, what was found live", cmd_replay},
	{"ledger", "how many classified bytes may have left, at most", cmd_ledger},
	{"check", "what the measures say about products, installed or not", cmd_check},
	{"diff", "what another set of policies would change", cmd_diff},
	{"explain", "why a finding, or why a verdict", cmd_explain},
	{"verify", "is this capture what it was when it was written?", cmd_verify},
	{"prove", "take an event out of a capture, with its proof", cmd_prove},
	{"capture", "what a capture holds", cmd_capture},
	{"hold", "keep a time of a capture from being pruned", cmd_hold},
	{"key", "the key that signs what is recorded", cmd_key},
	{"doctor", "what this kernel offers, and what is lost on it", cmd_doctor},
	{"demo", "see it all work on this machine, in under a minute", cmd_demo},
};

static void print_help(FILE *to)
{
	fprintf(to, "Usage: custodes [-q | -v] COMMAND [OPTION...]\n\n"
		    "Watches the antivirus itself: what it executes, where it connects, what it sends,\n"
		    "and which government measure speaks about it on this host.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-9s %s\n", commands[i].name, commands[i].summary);
	fprintf(to, "\n  -q  say only warnings and errors      -v  say more\n"
		    "  -h, --help    -V, --version\n\n"
		    "custodes COMMAND --help says more; custodes(8) says it all.\n");
}

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct command *command;

	setlocale(LC_CTYPE, "C.UTF-8");
	for (; argc > 1 && argv[1][0] == '-'; argc--, argv++) {
		if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")) {
			print_help(stdout);
			return EXIT_CLEAN;
		}
		if (!strcmp(argv[1], "-V") || !strcmp(argv[1], "--version")) {
			printf("custodes %s\n", CUSTODES_VERSION);
			return EXIT_CLEAN;
		}
		if (strcmp(argv[1], "-q") && strcmp(argv[1], "-v"))
			break;
		log_set_level(argv[1][1] == 'q' ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG);
	}
	command = argc > 1 ? command_find(argv[1]) : NULL;
	if (command)
		return command->run(argc - 1, argv + 1);
	if (argc > 1)
		log_error(0, "no command \"%s\"", argv[1]);
	print_help(stderr);
	return EXIT_USAGE;
}
