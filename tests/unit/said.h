/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Catches what the program says on stderr while a test runs. */
#ifndef CUSTODES_TESTS_SAID_H
#define CUSTODES_TESTS_SAID_H

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

struct said {
	int memory;
	int before;
	char text[65536];
};

static inline void said_begin(struct said *said)
{
	said->memory = memfd_create("said", 0);
	said->before = dup(STDERR_FILENO);
	dup2(said->memory, STDERR_FILENO);
}

/** What was said since said_begin(). */
static inline const char *said_end(struct said *said)
{
	ssize_t got;

	dup2(said->before, STDERR_FILENO);
	close(said->before);
	got = pread(said->memory, said->text, sizeof(said->text) - 1, 0);
	said->text[got < 0 ? 0 : got] = '\0';
	close(said->memory);
	return said->text;
}

#endif
