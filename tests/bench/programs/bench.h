/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How every workload is timed: it repeats one operation until the time given is
 * over, and says one line after each slice of that time:
 *
 *   NOW OPS NS
 *
 * NOW: CLOCK_MONOTONIC at its end, in nanoseconds; OPS: how often it did it;
 * NS: nanoseconds an operation, on the wall. The line itself is in no slice.
 */
#ifndef CUSTODES_BENCH_H
#define CUSTODES_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BENCH_SLICE_NS 10000000ull

static inline void bench_die(const char *what)
{
	perror(what);
	exit(1);
}

static inline uint64_t bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/** One slice; the clock is looked at between groups of `group`. */
static inline void bench_slice(unsigned int group, void (*op)(void *), void *context)
{
	uint64_t begun = bench_now(), now = begun, done = 0;

	while (now - begun < BENCH_SLICE_NS) {
		for (unsigned int i = 0; i < group; i++)
			op(context);
		done += group;
		now = bench_now();
	}
	printf("%llu %llu %.3f\n", (unsigned long long)now, (unsigned long long)done,
	       (double)(now - begun) / (double)done);
	fflush(stdout);
}

static inline void bench_run(double seconds, unsigned int group, void (*op)(void *), void *context)
{
	uint64_t until = bench_now() + (uint64_t)(seconds * 1e9);

	while (bench_now() < until)
		bench_slice(group, op, context);
}

static inline double bench_seconds(int argc, char **argv, int wanted, const char *usage)
{
	double seconds = argc == wanted ? strtod(argv[1], NULL) : 0;

	if (seconds > 0)
		return seconds;
	fprintf(stderr, "usage: %s %s\n", argv[0], usage);
	exit(2);
}

#endif
