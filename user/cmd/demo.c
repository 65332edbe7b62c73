// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The demo: the real sensor on this kernel, a stand-in product on a stage of
 * its own, the real ClamAV; then the replay, compared byte for byte. All that it
 * makes is in one temporary directory, which goes.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../capture/key.h"
#include "../util/clock.h"
#include "../util/file.h"
#include "../util/log.h"
#include "../util/style.h"
#include "cmd.h"
#include "demo_scene.h"

static const char help[] =
	"Usage: custodes demo [--keep DIR]\n"
	"\n"
	"Watches this kernel for a few seconds as if it were a UK SECRET server, while a\n"
	"stand-in product runs at a catalogue path in namespaces of its own and ClamAV, if\n"
	"it is installed, scans files with classification marks. Prints what is found,\n"
	"replays the capture, and shows that both are equal. Needs root; nothing is left\n"
	"behind and nothing leaves this machine.\n"
	"\n"
	"  --keep DIR   keep the capture and the outputs in DIR\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 all went as it should, 2 bad usage, 4 the sensor cannot run here,\n"
	"1 anything else.\n";

#define SIZE_OF_SECRET	200000
#define READY_TIMEOUT_S 30

struct demo {
	char directory[64];
	pid_t watcher;
	int watcher_err; /* its stderr: READY comes here */
	bool clamav;
	struct scene_result scene;
};

static void path_in(const struct demo *demo, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", demo->directory, name);
}

static void heading(const char *format, ...)
{
	bool colour = style_wanted(STDOUT_FILENO);
	_cleanup_(buf_free) struct buf text = {}, line = {};
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	buf_byte(&line, '\n');
	style_put(&line, colour, STYLE_BOLD, text.data, 0);
	buf_byte(&line, '\n');
	file_write(STDOUT_FILENO, line.data, line.size);
}

/* ---- props ---- */

static int write_prop(const struct demo *demo, const char *name, const char *text, size_t size)
{
	char path[128];
	_cleanup_close_ int fd = -1;
	int r;

	path_in(demo, name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : file_write(fd, text, size);
	return r ? log_error(r, "%s", path) : 0;
}

static int make_props(const struct demo *demo)
{
	static const char notice[] =
		"UK SECRET\n\nThis is a prop of the custodes demo. Nothing in it is secret.\n";
	static const char sample[] = "custodes-demo-signature-test-string\n";
	/* Name:target:offset:hex of the string above; our own, as ClamAV's .ndb has it. */
	static const char signature[] =
		"Custodes.Demo.Test:0:*:"
		"637573746f6465732d64656d6f2d7369676e61747572652d746573742d737472696e67\n";
	static char secret[SIZE_OF_SECRET];
	char path[128];
	int r = 0;

	memset(secret, 'S', sizeof(secret));
	memcpy(secret, notice, sizeof(notice) - 1);
	path_in(demo, "files", path);
	if (mkdir(path, 0700))
		r = -errno;
	path_in(demo, "signatures", path);
	if (mkdir(path, 0700))
		r = -errno;
	if (!r)
		r = write_prop(demo, "files/secret.txt", secret, sizeof(secret));
	if (!r)
		r = write_prop(demo, "files/sample.txt", sample, sizeof(sample) - 1);
	return r ? r : write_prop(demo, "signatures/demo.ndb", signature, sizeof(signature) - 1);
}

/* ---- the watcher ---- */

static void become_watcher(const struct demo *demo, int err)
{
	char capture[128], key[128], text[160], ecs[160];

	path_in(demo, "capture", capture);
	path_in(demo, "key", key);
	snprintf(text, sizeof(text), "text:%s/live.txt", demo->directory);
	snprintf(ecs, sizeof(ecs), "ecs:%s/live.ndjson", demo->directory);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	dup2(err, STDERR_FILENO);
	execl("/proc/self/exe", "custodes", "run", "--host", "uk-secret", "--capture", capture, "--key", key,
	      "--output", "text:-", "--output", text, "--output", ecs, NULL);
	_exit(127);
}

/** Reads the watcher's stderr until it says READY or ends. */
static int wait_ready(struct demo *demo)
{
	_cleanup_(buf_free) struct buf said = {};
	uint64_t until = clock_boot() + READY_TIMEOUT_S * NSEC_PER_SEC;
	char bytes[512];
	ssize_t got;
	int status;

	while (clock_boot() < until && (got = read(demo->watcher_err, bytes, sizeof(bytes))) > 0) {
		buf_bytes(&said, bytes, (size_t)got);
		if (strstr(said.data, "READY\n"))
			return 0;
	}
	file_write(STDERR_FILENO, said.data, said.size);
	waitpid(demo->watcher, &status, 0);
	demo->watcher = 0;
	return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EXIT_SENSOR;
}

static int start_watcher(struct demo *demo)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return log_error(-errno, "pipe");
	demo->watcher = fork();
	if (demo->watcher < 0)
		return log_error(-errno, "fork");
	if (!demo->watcher)
		become_watcher(demo, ends[1]);
	close(ends[1]);
	demo->watcher_err = ends[0];
	return wait_ready(demo);
}

static int stop_watcher(struct demo *demo)
{
	_cleanup_(buf_free) struct buf said = {};
	int status = 0;

	kill(demo->watcher, SIGTERM);
	file_read(demo->watcher_err, &said, 1 << 20);
	waitpid(demo->watcher, &status, 0);
	demo->watcher = 0;
	if (said.size)
		file_write(STDOUT_FILENO, said.data, said.size);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FINDINGS)
		return 0;
	return log_error(0, "the watcher ended with status %d, expected findings", status);
}

/* ---- the acts ---- */

static int run_quietly(const char *const *argv)
{
	pid_t child = fork();
	int status;

	if (!child) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static void act_clamav(struct demo *demo)
{
	char database[160], files[128];
	const char *const argv[] = {"clamscan", database, "--no-summary", "--recursive", files, NULL};
	int code;

	snprintf(database, sizeof(database), "--database=%s/signatures", demo->directory);
	path_in(demo, "files", files);
	code = run_quietly(argv);
	demo->clamav = code == 0 || code == 1;
	if (code == 127)
		printf("ClamAV is not installed: its act is left out.\n");
	else
		printf("ClamAV scanned the files and %s.\n",
		       code == 1 ? "found its test string" : "found nothing: unexpected");
}

static int acts(struct demo *demo)
{
	char secret[128];
	int r;

	path_in(demo, "files/secret.txt", secret);
	heading("A stand-in for Kaspersky Endpoint Security runs, on a stage of its own, and sends a marked "
		"file");
	r = scene_stand_in(secret, &demo->scene);
	if (r)
		return r;
	usleep(1200000); /* one tick, so that what it did is told before ClamAV enters */
	printf("The receiver at %s counted %ld bytes.\n", SCENE_ADDRESS, demo->scene.received);
	heading("The real ClamAV scans the same files");
	act_clamav(demo);
	return demo->scene.received == SIZE_OF_SECRET ? 0 : log_error(0, "expected %d bytes", SIZE_OF_SECRET);
}

/* ---- the proof ---- */

static int same_files(const struct demo *demo, const char *a, const char *b)
{
	_cleanup_(buf_free) struct buf left = {}, right = {};
	char path[128];

	path_in(demo, a, path);
	if (file_read_at(AT_FDCWD, path, &left, 1 << 28))
		return log_error(0, "%s cannot be read", path);
	path_in(demo, b, path);
	if (file_read_at(AT_FDCWD, path, &right, 1 << 28))
		return log_error(0, "%s cannot be read", path);
	if (!left.size || left.size != right.size || memcmp(left.data, right.data, left.size))
		return log_error(0, "%s and %s differ", a, b);
	printf("  %s and %s: %zu bytes, equal\n", a, b, left.size);
	return 0;
}

static int replay(const struct demo *demo)
{
	char capture[128], text[160], ecs[160];
	const char *const argv[] = {"/proc/self/exe", "replay", capture, "--output", text,
				    "--output",	      ecs,	NULL};
	int r;

	path_in(demo, "capture", capture);
	snprintf(text, sizeof(text), "text:%s/replayed.txt", demo->directory);
	snprintf(ecs, sizeof(ecs), "ecs:%s/replayed.ndjson", demo->directory);
	heading("The capture is checked against its checkpoint and replayed");
	if (run_quietly(argv) != EXIT_FINDINGS)
		return log_error(0, "the replay did not find what was found live");
	r = same_files(demo, "live.txt", "replayed.txt");
	return r ? r : same_files(demo, "live.ndjson", "replayed.ndjson");
}

/* ---- the whole ---- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st, (void)type, (void)walk;
	return remove(path);
}

static int perform(struct demo *demo)
{
	int r = make_props(demo);

	if (r)
		return EXIT_FINDINGS;
	heading("custodes watches this kernel, as a UK SECRET server");
	r = start_watcher(demo);
	if (r)
		return r < 0 ? EXIT_FINDINGS : r;
	r = acts(demo);
	heading("What was seen");
	if (stop_watcher(demo))
		r = -EIO;
	if (!r)
		r = replay(demo);
	if (!r)
		heading("Live and replayed findings are equal, byte for byte.");
	return r ? EXIT_FINDINGS : EXIT_CLEAN;
}

static int make_directory(struct demo *demo, const char *keep)
{
	if (keep) {
		if (strlen(keep) >= sizeof(demo->directory))
			return log_error(-ENAMETOOLONG, "%s", keep);
		if (mkdir(keep, 0700))
			return log_error(-errno, "%s", keep);
		snprintf(demo->directory, sizeof(demo->directory), "%s", keep);
		return 0;
	}
	snprintf(demo->directory, sizeof(demo->directory), "/tmp/custodes-demo.XXXXXX");
	return mkdtemp(demo->directory) ? 0 : log_error(-errno, "%s", demo->directory);
}

/** Its key is its own: nothing is left behind, where the host's would be. */
static int set_up(struct demo *demo, const char *keep)
{
	_cleanup_(key_close) struct key *key = NULL;
	char path[128];
	int r = make_directory(demo, keep);

	if (r)
		return r;
	path_in(demo, "key", path);
	return key_create(&key, path);
}

/* ---- whatever interrupts it: nothing stays behind ---- */

static pid_t stage;

static void pass_on(int number)
{
	if (stage > 0)
		kill(stage, number);
}

/** Plays it in a process of its own, and waits until everybody has left the stage. */
static int perform_apart(struct demo *demo)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	int status = 0;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		signal(numbers[i], pass_on);
	stage = fork();
	if (stage < 0)
		return log_error(-errno, "fork"), EXIT_USAGE;
	if (!stage) {
		for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
			signal(numbers[i], SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		_exit(perform(demo));
	}
	while (waitpid(stage, &status, 0) < 0 && errno == EINTR)
		;
	while (wait(NULL) > 0 || errno == EINTR)
		; /* the watcher, and whoever was still acting */
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int cmd_demo(int argc, char **argv)
{
	static const struct option options[] = {
		{"keep", required_argument, NULL, 'k'},
		{"stand-in", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	struct demo demo = {.watcher_err = -1};
	const char *keep = NULL;
	int option, r;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h')
			return usage_help(help);
		if (option == 's')
			return scene_act(optarg) ? 1 : 0;
		if (option != 'k')
			return usage_error("demo", "unknown or incomplete option");
		keep = optarg;
	}
	if (optind < argc)
		return usage_error("demo", "unexpected argument %s", argv[optind]);
	setvbuf(stdout, NULL, _IONBF, 0); /* the watcher writes to the same place */
	if (geteuid()) {
		log_error(-EPERM, "demo: it loads eBPF programs and makes namespaces, which needs root");
		return EXIT_SENSOR;
	}
	if (set_up(&demo, keep))
		return EXIT_USAGE;
	r = perform_apart(&demo);
	if (!keep)
		nftw(demo.directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return r;
}
