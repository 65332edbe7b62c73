// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Stands in for a security product: does what its arguments say, one act after
 * the other, from the first instruction of main on. Some acts change the process
 * (daemon, children, threads) and what follows them goes on in the new one.
 *
 *   standin connects 10.0.0.1 7000 20
 *   standin tcp 10.0.0.1 7001 send 5000 100 eof exit 3
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sending.h"
#include "sockets.h"

static void perform(struct state *state);

/** A file, whole; its descriptor is closed. */
static void act_map(struct state *state, char **args)
{
	int fd = (int)need(open(args[0], O_RDONLY | O_CLOEXEC), args[0]);
	struct stat st;

	(void)state;
	need(fstat(fd, &st), args[0]);
	if (mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		need(-1, "mmap");
	close(fd);
}

/** A group that may be asked before others open a file; it marks none. */
static void act_scanner(struct state *state, char **args)
{
	(void)state, (void)args;
	need(fanotify_init(FAN_CLASS_CONTENT, O_RDONLY), "fanotify_init");
}

/** A group that is merely told. */
static void act_notified(struct state *state, char **args)
{
	(void)state, (void)args;
	need(fanotify_init(FAN_CLASS_NOTIF, O_RDONLY), "fanotify_init");
}

/* ---- processes ---- */

/** Once in the background for good; the first process waits for nothing. */
static void act_daemon(struct state *state, char **args)
{
	(void)state, (void)args;
	if (need(fork(), "fork"))
		_exit(0);
	need(setsid(), "setsid");
	if (need(fork(), "fork"))
		_exit(0);
}

/** What follows runs in each of N children; the parent waits for them and ends. */
static void act_children(struct state *state, char **args)
{
	int count = atoi(args[0]);

	for (int i = 1; i <= count; i++)
		if (!need(fork(), "fork")) {
			state->index = i;
			return;
		}
	while (wait(NULL) > 0)
		;
	exit(0);
}

static void *thread_main(void *context)
{
	perform(context);
	return NULL;
}

static void act_threads(struct state *state, char **args)
{
	int count = atoi(args[0]);
	pthread_t threads[64];
	struct state states[64];

	for (int i = 0; i < count && i < 64; i++) {
		states[i] = *state;
		states[i].index = i + 1;
		errno = pthread_create(&threads[i], NULL, thread_main, &states[i]);
		if (errno)
			die("pthread_create");
	}
	for (int i = 0; i < count && i < 64; i++)
		pthread_join(threads[i], NULL);
	exit(0);
}

/** What follows runs in a thread; the first thread of the process ends before it. */
static void act_successor(struct state *state, char **args)
{
	static struct state next;
	pthread_t thread;

	(void)args;
	next = *state;
	errno = pthread_create(&thread, NULL, thread_main, &next);
	if (errno)
		die("pthread_create");
	pthread_exit(NULL);
}

static void act_exec(struct state *state, char **args)
{
	(void)args;
	execv(state->rest[0], state->rest);
	die(state->rest[0]);
}

/** A helper: another program in a child, waited for, its exit code passed on. */
static void act_run(struct state *state, char **args)
{
	pid_t child = (pid_t)need(fork(), "fork");
	int status;

	if (!child)
		act_exec(state, args);
	need(waitpid(child, &status, 0), "waitpid");
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_BROKEN);
}

static void act_exit(struct state *state, char **args)
{
	exit(strcmp(args[0], "index") ? atoi(args[0]) : state->index);
}

static void act_die(struct state *state, char **args)
{
	(void)state;
	kill(getpid(), atoi(args[0]));
	pause();
}

/** All that follows, N times. */
static void act_repeat(struct state *state, char **args)
{
	struct state once = *state;

	for (long i = atol(args[0]); i > 0; i--) {
		once.rest = state->rest;
		perform(&once);
	}
	while (*state->rest)
		state->rest++;
}

/* ---- in step with a test ---- */

/** Leaves its number in a file that appears whole. */
static void act_mark(struct state *state, char **args)
{
	char path[4096];
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s.new.%d", args[0], getpid());
	file = fopen(path, "w");
	if (!file || fprintf(file, "%d\n", getpid()) < 0 || fclose(file) || rename(path, args[0]))
		die(args[0]);
}

static void act_pause(struct state *state, char **args)
{
	(void)state;
	usleep((useconds_t)atoi(args[0]) * 1000);
}

static void act_await(struct state *state, char **args)
{
	(void)state;
	while (access(args[0], F_OK))
		usleep(10000);
}

/** A file, whole, as a scanner would. */
static void act_read(struct state *state, char **args)
{
	char bytes[65536];
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);
	ssize_t n;

	(void)state;
	if (fd < 0)
		die(args[0]);
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		;
	if (n < 0)
		die(args[0]);
	close(fd);
}

static const struct act {
	const char *name;
	int args;
	void (*perform)(struct state *state, char **args);
} acts[] = {
	{"read", 1, act_read},
	{"from", 1, act_from},
	{"whence", 0, act_whence},
	{"tcp", 2, act_tcp},
	{"mptcp", 2, act_mptcp},
	{"udp", 2, act_udp},
	{"turn", 2, act_turn},
	{"disconnect", 0, act_disconnect},
	{"udp-free", 1, act_udp_free},
	{"to", 2, act_to},
	{"connects", 3, act_connects},
	{"refused", 2, act_refused},
	{"elsewhere", 3, act_elsewhere},
	{"fast-open", 3, act_fast_open},
	{"listen", 2, act_listen},
	{"accept", 0, act_accept},
	{"as", 1, act_as},
	{"inherited", 1, act_inherited},
	{"send", 2, act_send},
	{"empty", 0, act_empty},
	{"spread", 4, act_spread},
	{"sendmsg", 2, act_sendmsg},
	{"sendmmsg", 2, act_sendmmsg},
	{"sendfile", 2, act_sendfile},
	{"splice", 2, act_splice},
	{"zerocopy", 2, act_zerocopy},
	{"uring", 2, act_uring},
	{"uring-open", 0, act_uring_open},
	{"uring-polled", 0, act_uring_polled},
	{"uring-connect", 2, act_uring_connect},
	{"receive", 1, act_receive},
	{"eof", 0, act_eof},
	{"broken", 0, act_broken},
	{"readable", 1, act_readable},
	{"flush", 0, act_flush},
	{"shutdown", 0, act_shutdown},
	{"close", 0, act_close},
	{"reset", 0, act_reset},
	{"cork", 1, act_cork},
	{"segment", 1, act_segment},
	{"allow-zerocopy", 0, act_allow_zerocopy},
	{"map", 1, act_map},
	{"scanner", 0, act_scanner},
	{"notified", 0, act_notified},
	{"daemon", 0, act_daemon},
	{"children", 1, act_children},
	{"threads", 1, act_threads},
	{"successor", 0, act_successor},
	{"exec", 0, act_exec},
	{"run", 0, act_run},
	{"repeat", 1, act_repeat},
	{"exit", 1, act_exit},
	{"die", 1, act_die},
	{"mark", 1, act_mark},
	{"pause", 1, act_pause},
	{"await", 1, act_await},
};

static const struct act *act_named(const char *name)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (!strcmp(acts[i].name, name))
			return &acts[i];
	fprintf(stderr, "%s: no such act\n", name);
	exit(EXIT_BROKEN);
}

static void perform(struct state *state)
{
	while (*state->rest) {
		const struct act *act = act_named(*state->rest++);
		char **args = state->rest;

		for (int i = 0; i < act->args; i++)
			if (!*state->rest++) {
				fprintf(stderr, "%s: needs %d arguments\n", act->name, act->args);
				exit(EXIT_BROKEN);
			}
		act->perform(state, args);
	}
}

int main(int argc, char **argv)
{
	struct state state = {.rest = argv + (argc > 0), .sock = -1, .listener = -1};

	perform(&state);
	return 0;
}
