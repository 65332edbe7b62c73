// SPDX-License-Identifier: GPL-3.0-or-later
#include "watchdog.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../policy/policy.h"
#include "../util/clock.h"
#include "../util/log.h"
#include "../util/memory.h"
#include "../util/status.h"

#define LOOK_MS 200
/** Without a sign of life for so long, it counts as stopped if the kernel says so too... */
#define STOPPED_NS NSEC_PER_SEC * 4 / 5
/** ... and if it does not: a large file may be read, a disk be slow. */
#define SILENT_NS 10 * NSEC_PER_SEC
#define SEVERITY  73

/** Seen by both processes. */
struct shared {
	_Atomic uint64_t alive; /* boot time */
	atomic_bool goodbye;
};

struct watchdog {
	struct shared *shared;
	pid_t pid;
};

/* ---- the second process ---- */

struct watch {
	struct pipeline *pipeline;
	struct shared *shared;
	pid_t watched;
	int process; /* pidfd */
	char origin[80];
};

static void say(struct watch *watch, const char *how, const char *message)
{
	struct pipeline *pipeline = watch->pipeline;
	const struct policy *policy = engine_policy(pipeline->engine);
	struct outcome *outcome;
	char key[64];

	log_error(0, "%s", message);
	if (!policy || !policy->host.scheme)
		return;
	outcome = engine_finding(pipeline->engine, WHAT_RULE_MONITOR, pipeline->position++, clock_boot(),
				 &pipeline->batch);
	outcome->severity = SEVERITY;
	outcome->how = how;
	/* Another watchdog of this run counts from 0 again. */
	snprintf(key, sizeof(key), "%s %llu", how, (unsigned long long)outcome->time);
	outcome->key = arena_str(&pipeline->batch.arena, key);
	outcome->message = arena_str(&pipeline->batch.arena, message);
	for (unsigned int i = 0; i < pipeline->output_count; i++)
		output_deliver(pipeline->outputs[i], &pipeline->batch, &pipeline->log);
	batch_reset(&pipeline->batch);
}

/** Whether it stands still; says so once. */
static bool stands_still(struct watch *watch, bool told)
{
	uint64_t silent = clock_boot() - watch->shared->alive;
	struct status status;
	char message[160], by[32] = "";

	if (silent < STOPPED_NS)
		return false;
	status = status_of(watch->watched);
	if (told || (status.state != 'T' && status.state != 't' && silent < SILENT_NS))
		return told;
	if (status.tracer)
		snprintf(by, sizeof(by), ", traced by pid %u", status.tracer);
	snprintf(message, sizeof(message),
		 "custodes (pid %d) stands still, in state %c%s: nothing is recorded", watch->watched,
		 status.state, by);
	say(watch, status.tracer ? "traced" : "stopped", message);
	return true;
}

__attribute__((noreturn)) static void watch_over(struct watch *watch)
{
	struct pollfd end = {.fd = watch->process, .events = POLLIN};
	char message[128];
	bool told = false;

	while (!poll(&end, 1, LOOK_MS) || !(end.revents & POLLIN))
		told = stands_still(watch, told);
	if (!watch->shared->goodbye) {
		snprintf(message, sizeof(message),
			 "custodes (pid %d) was killed: nothing is watched any more", watch->watched);
		say(watch, "killed", message);
	}
	_exit(0);
}

static void begin(struct watch *watch)
{
	static const int deaf[] = {SIGTERM, SIGINT, SIGHUP};

	for (size_t i = 0; i < ARRAY_SIZE(deaf); i++) /* they are for the first process, whose end ends us */
		signal(deaf[i], SIG_IGN);
	prctl(PR_SET_NAME, "custodes-watch");
	snprintf(watch->origin, sizeof(watch->origin), "%s/watchdog", watch->pipeline->run_origin);
	watch->pipeline->log = (struct outcome_log){.origin = watch->origin, .recorded = false};
	watch->pipeline->position = 0;
	batch_reset(&watch->pipeline->batch);
	watch_over(watch);
}

/* ---- the first process ---- */

struct watchdog *watchdog_start(struct pipeline *pipeline)
{
	struct watchdog *watchdog = need(calloc(1, sizeof(*watchdog)));
	struct watch watch = {.pipeline = pipeline, .watched = getpid()};

	watchdog->shared = mmap(NULL, sizeof(*watchdog->shared), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (watchdog->shared == MAP_FAILED)
		need(NULL);
	watch.shared = watchdog->shared;
	watchdog_alive(watchdog);
	watch.process = (int)syscall(SYS_pidfd_open, getpid(), 0);
	watchdog->pid = watch.process < 0 ? -1 : fork();
	if (!watchdog->pid)
		begin(&watch);
	closep(&watch.process);
	if (watchdog->pid < 0)
		log_warning("there is no watchdog: %s", strerror(errno));
	return watchdog;
}

void watchdog_stop(struct watchdog **watchdog)
{
	struct watchdog *w = *watchdog;

	if (!w)
		return;
	w->shared->goodbye = true;
	if (w->pid > 0) {
		kill(w->pid, SIGKILL);
		waitpid(w->pid, NULL, 0);
	}
	munmap(w->shared, sizeof(*w->shared));
	free(TAKE_PTR(*watchdog));
}

void watchdog_alive(struct watchdog *watchdog)
{
	watchdog->shared->alive = clock_boot();
}

bool watchdog_there(struct watchdog *watchdog)
{
	if (watchdog->pid < 0 || waitpid(watchdog->pid, NULL, WNOHANG) != watchdog->pid)
		return true;
	watchdog->pid = 0; /* its number may be another's by now */
	return false;
}
