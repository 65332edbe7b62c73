// SPDX-License-Identifier: GPL-3.0-or-later
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "../util/clock.h"

#define BAR 32

struct progress progress_begin(const char *what)
{
	return (struct progress){.what = what, .begun = clock_boot(), .wanted = isatty(STDERR_FILENO)};
}

void progress_show(struct progress *progress, double done)
{
	double elapsed = (double)(clock_boot() - progress->begun) / (double)NSEC_PER_SEC;
	char bar[BAR + 1];

	if (!progress->wanted || elapsed < 1)
		return;
	for (int i = 0; i < BAR; i++)
		bar[i] = i < (int)(done * BAR) ? '#' : '.';
	bar[BAR] = '\0';
	fprintf(stderr, "\r%s [%s] %3.0f %%, %.0f s left ", progress->what, bar, done * 100,
		done > 0 ? elapsed * (1 - done) / done : 0);
	progress->shown = true;
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fprintf(stderr, "\r\033[K");
	progress->shown = false;
}
