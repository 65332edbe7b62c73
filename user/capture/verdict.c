// SPDX-License-Identifier: GPL-3.0-or-later
#include "verdict.h"

#include <string.h>

#include "../util/memory.h"

/** Doubts of one check beyond these are counted only: a damaged log may have millions. */
#define SAID_MAX 10

void verdict_free(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->count; i++)
		free(verdict->lines[i].text);
	free(verdict->lines);
	*verdict = (struct verdict){};
}

size_t verdict_count(const struct verdict *verdict, enum verdict_kind kind, const char *check)
{
	size_t count = 0;

	for (size_t i = 0; i < verdict->count; i++)
		count += verdict->lines[i].kind == kind && !strcmp(verdict->lines[i].check, check);
	return count;
}

void verdict_say(struct verdict *verdict, enum verdict_kind kind, const char *check, const char *format, ...)
{
	struct buf text = {};
	va_list args;

	verdict->doubts += kind == VERDICT_DOUBT;
	if (kind == VERDICT_DOUBT && verdict_count(verdict, kind, check) >= SAID_MAX) {
		verdict->unsaid++;
		return;
	}
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	*GROW(verdict->lines, verdict->count) = (struct verdict_line){kind, check, text.data};
}
