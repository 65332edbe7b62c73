/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How every workload is timed: it repeats one operation until the time given is
 * over, in slices long enough to hold a sensor's periodic work, and says one line:
 *
 *   ops N wall_ns N cpu_ns N slice_ns X slice_cpu_ns Y
 *
 * X and Y: nanoseconds an operation, median of the slices, on the wall and of the
 * CPU. On a shared machine the CPU's are steadier; what a sensor adds is in both.
 */
#ifndef CUSTODES_BENCH_H
#define CUSTODES_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define BENCH_SLICE_NS	 50000000ull
#define BENCH_SLICES_MAX 4096

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

static inline uint64_t bench_cpu_of(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000ull +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000ull;
}

/** User and system time, threads and ended children included. */
static inline uint64_t bench_cpu(void)
{
	return bench_cpu_of(RUSAGE_SELF) + bench_cpu_of(RUSAGE_CHILDREN);
}

static inline int bench_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double bench_median(double *values, unsigned int count)
{
	qsort(values, count, sizeof(*values), bench_order);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

struct bench {
	uint64_t ops;
	unsigned int count;
	double wall[BENCH_SLICES_MAX], cpu[BENCH_SLICES_MAX];
};

static inline void bench_slice(struct bench *bench, unsigned int group, void (*op)(void *), void *context)
{
	uint64_t cpu = bench_cpu(), begun = bench_now(), now = begun, done = 0;

	while (now - begun < BENCH_SLICE_NS) {
		for (unsigned int i = 0; i < group; i++)
			op(context);
		done += group;
		now = bench_now();
	}
	bench->wall[bench->count] = (double)(now - begun) / (double)done;
	bench->cpu[bench->count++] = (double)(bench_cpu() - cpu) / (double)done;
	bench->ops += done;
}

/** Repeats `op` in groups of `group`, between which the clock is looked at. */
static inline void bench_run(double seconds, unsigned int group, void (*op)(void *), void *context)
{
	static struct bench bench;
	uint64_t cpu = bench_cpu(), begun = bench_now(), until = begun + (uint64_t)(seconds * 1e9);

	while (bench_now() < until && bench.count < BENCH_SLICES_MAX)
		bench_slice(&bench, group, op, context);
	printf("ops %llu wall_ns %llu cpu_ns %llu slice_ns %.3f slice_cpu_ns %.3f\n",
	       (unsigned long long)bench.ops, (unsigned long long)(bench_now() - begun),
	       (unsigned long long)(bench_cpu() - cpu), bench_median(bench.wall, bench.count),
	       bench_median(bench.cpu, bench.count));
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
