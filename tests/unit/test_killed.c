// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * `custodes capture prune` is killed before each call that changes a file, and in the middle of each write:
 * the log verifies as it is found, the next pruning ends what was begun, and the log goes on. This file
 * stands between the command and libc. Power that fails is test_power.c's, a run that is killed
 * tests/live/retention.bats'.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../user/cmd/prune.h"
#include "host.h"

#define ENTRIES 1100 /* four bundles, and some; the first holds the key */

static unsigned long until_death; /* calls; 0: never */

/* ---- between the command and libc ---- */

/** Whether this call is the last thing that happens. */
static bool last(void)
{
	return until_death && !--until_death;
}

static void die_if(bool now)
{
	if (now)
		kill(getpid(), SIGKILL);
}

int openat(int at, const char *path, int flags, ...)
{
	die_if(flags & O_CREAT && last());
	return (int)syscall(SYS_openat, at, path, flags, 0600);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
	if (last()) {
		syscall(SYS_write, fd, bytes, size / 2);
		die_if(true);
	}
	return syscall(SYS_write, fd, bytes, size);
}

/** Who is killed loses nothing that the kernel has; a real disk is slow. */
int fsync(int fd)
{
	(void)fd;
	die_if(last());
	return 0;
}

int ftruncate(int fd, off_t size)
{
	die_if(last());
	return (int)syscall(SYS_ftruncate, fd, size);
}

int mkdirat(int at, const char *path, mode_t mode)
{
	die_if(last());
	return (int)syscall(SYS_mkdirat, at, path, mode);
}

int unlinkat(int at, const char *path, int flags)
{
	die_if(last());
	return (int)syscall(SYS_unlinkat, at, path, flags);
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags)
{
	die_if(last());
	return (int)syscall(SYS_linkat, from_at, from, to_at, to, flags);
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
	die_if(last());
	return (int)syscall(SYS_renameat, from_at, from, to_at, to);
}

/* ---- a log ---- */

static int set_up(void **state)
{
	struct sample sample = {};
	char path[128];

	if (host_set_up(state))
		return -1;
	path_of(path, "whole");
	sample.key = host;
	if (writer_open(&sample.writer, path, host))
		return -1;
	sample_begin(&sample, "");
	sample_entries(&sample, ENTRIES);
	sample_end(&sample);
	writer_close(&sample.writer);
	return sample.error;
}

static void copy_anew(void)
{
	char command[512], path[128];

	path_of(path, "log");
	remove_all(path);
	snprintf(command, sizeof(command), "cp -r %s/whole %s/log", directory, directory);
	assert_int_equal(system(command), 0); /* NOLINT: names of our own */
}

static void sound(unsigned long calls, const char *when)
{
	struct verified verified = {};
	char path[128];
	int r;

	path_of(path, "log");
	r = host_verify(path, host, (struct verify_options){}, &verified);
	for (size_t i = 0; i < verified.verdict.count; i++)
		if (verified.verdict.lines[i].kind == VERDICT_DOUBT)
			fail_msg("killed before call %lu, %s: %s", calls, when,
				 verified.verdict.lines[i].text);
	assert_int_equal(r, 0);
	verified_free(&verified);
}

/** Which bundles are there, a bit each. */
static unsigned int bundles(void)
{
	unsigned int there = 0;

	for (unsigned int i = 0; i <= ENTRIES / TILE_WIDTH; i++) {
		char name[192];

		snprintf(name, sizeof(name), "%s/log/tile/entries/%03u", directory, i);
		there |= (unsigned int)!access(name, F_OK) << i;
	}
	return there;
}

/* ---- the play ---- */

/** How it ended: its wait status. */
static int prune(const char *limit, const char *value, unsigned long calls)
{
	char log[128], key[128];
	char *argv[] = {"prune", log, (char *)limit, (char *)value, "--key", key, NULL};
	struct said said;
	int status;
	pid_t child;

	path_of(log, "log");
	path_of(key, "key");
	said_begin(&said);
	child = fork();
	if (!child) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		until_death = calls;
		_exit(capture_prune(6, argv));
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	said_end(&said);
	return status;
}

static void goes_on(void)
{
	struct sample sample = {.key = host, .time = 2ull * ENTRIES * 10 * SAMPLE_SECOND};
	char path[128];

	path_of(path, "log");
	assert_int_equal(writer_open(&sample.writer, path, host), 0);
	sample_begin(&sample, "");
	sample_entries(&sample, 3);
	sample_end(&sample);
	writer_close(&sample.writer);
	assert_int_equal(sample.error, 0);
}

static void killed_at_every_call(const char *limit, const char *value)
{
	unsigned int left, seen[1u << (ENTRIES / TILE_WIDTH + 1)] = {};
	unsigned long calls, states = 0;

	copy_anew();
	assert_int_equal(prune(limit, value, 0), 0);
	left = bundles();
	assert_int_not_equal(left, 0xf);
	for (calls = 1;; calls++) {
		int status;

		copy_anew();
		status = prune(limit, value, calls);
		if (!status)
			break; /* it had no more calls to make */
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		states += !seen[bundles()]++;
		sound(calls, "as it was found");
		assert_int_equal(prune(limit, value, 0), 0);
		assert_int_equal(bundles(), left);
		sound(calls, "pruned once more");
		goes_on();
		sound(calls, "and gone on with");
	}
	assert_in_range(calls, 20, 1000);
	assert_in_range(states, 2, 16); /* none was gone; some were, and not all that were to go */
	print_message("# killed before each of %lu calls, and in each write\n", calls - 1);
}

static void by_age(void **state)
{
	(void)state;
	killed_at_every_call("--older-than", "60s");
}

static void by_size(void **state)
{
	(void)state;
	killed_at_every_call("--keep-size", "1K");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(by_age, set_up, host_tear_down),
		cmocka_unit_test_setup_teardown(by_size, set_up, host_tear_down),
	};

	return cmocka_run_group_tests_name("killed", tests, NULL, NULL);
}
