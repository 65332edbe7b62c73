/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sub-commands, and what they share. */
#ifndef CUSTODES_CMD_CMD_H
#define CUSTODES_CMD_CMD_H

#include <stdint.h>

/** Exit codes: part of the interface, others script against them. */
enum exit_code {
	EXIT_CLEAN = 0,	   /* nothing found */
	EXIT_FINDINGS = 1, /* findings */
	EXIT_USAGE = 2,	   /* bad usage or input */
	EXIT_EVIDENCE = 3, /* evidence invalid */
	EXIT_SENSOR = 4,   /* the sensor cannot run here */
};

struct command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
};

int cmd_run(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_ledger(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_capture(int argc, char **argv);
int cmd_hold(int argc, char **argv);
int cmd_key(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_prove(int argc, char **argv);
int cmd_demo(int argc, char **argv);

/** Prints a sub-command's help on stdout. */
int usage_help(const char *text);
/** Says what is wrong with a call, and where to read on; returns EXIT_USAGE. */
int usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Reads the time that an option was given: 0, or EXIT_USAGE, and it is said. */
int usage_time(const char *command, const char *option, const char *text, int64_t *wall_ns);

#endif
