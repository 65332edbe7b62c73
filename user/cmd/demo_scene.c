// SPDX-License-Identifier: GPL-3.0-or-later
#include "demo_scene.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../util/cleanup.h"
#include "../util/file.h"
#include "../util/log.h"

static struct sockaddr_in destination(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(SCENE_PORT)};

	inet_pton(AF_INET, SCENE_ADDRESS, &address.sin_addr);
	return address;
}

/* ---- the stand-in ---- */

int scene_act(const char *file)
{
	const struct sockaddr_in to = destination();
	_cleanup_close_ int in = open(file, O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (in < 0 || out < 0 || connect(out, (const struct sockaddr *)&to, sizeof(to)))
		return log_error(-errno, "the stand-in");
	while (sendfile(out, in, NULL, 1 << 20) > 0)
		;
	shutdown(out, SHUT_WR);
	usleep(300000); /* a product that ends at once leaves no time to hash it */
	return 0;
}

/* ---- the stage ---- */

/** An address on the loopback of this namespace, by an alias: no netlink is needed. */
static int loopback_up(void)
{
	struct ifreq alias = {.ifr_name = "lo:1"}, lo = {.ifr_name = "lo"};
	const struct sockaddr_in address = destination();
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	lo.ifr_flags = IFF_UP;
	memcpy(&alias.ifr_addr, &address, sizeof(address));
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) || ioctl(fd, SIOCSIFADDR, &alias))
		return log_error(-errno, "the loopback of the demo's network namespace");
	return 0;
}

static int copy_self(void)
{
	_cleanup_close_ int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int out = open(SCENE_PATH, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	ssize_t moved;

	if (in < 0 || out < 0)
		return log_error(-errno, "%s", SCENE_PATH);
	while ((moved = sendfile(out, in, NULL, 1 << 20)) > 0)
		;
	return moved ? log_error(-errno, "%s", SCENE_PATH) : 0;
}

static int build_stage(void)
{
	static const char *const directories[] = {"/opt/kaspersky", "/opt/kaspersky/kesl",
						  "/opt/kaspersky/kesl/libexec"};

	if (unshare(CLONE_NEWNS | CLONE_NEWNET))
		return log_error(-errno, "a mount and network namespace for the demo");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("demo", "/opt", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"))
		return log_error(-errno, "a private /opt for the demo");
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		if (mkdir(directories[i], 0755))
			return log_error(-errno, "%s", directories[i]);
	return loopback_up() ? -EIO : copy_self();
}

static int listener(void)
{
	const struct sockaddr_in address = destination();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) || listen(fd, 1)) {
		log_error(-errno, "the receiver");
		closep(&fd);
		return -EIO;
	}
	return fd;
}

static long receive_all(int listening)
{
	_cleanup_close_ int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	char bytes[16384];
	long total = 0;
	ssize_t got;

	while (fd >= 0 && (got = read(fd, bytes, sizeof(bytes))) > 0)
		total += got;
	return total;
}

/** In a child: builds the stage, plays the scene, writes what the receiver counted. */
static int play(const char *file, int report)
{
	_cleanup_close_ int listening = -1;
	long received;
	pid_t actor;

	if (build_stage())
		return 1;
	listening = listener();
	if (listening < 0)
		return 1;
	actor = fork();
	if (!actor) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execl(SCENE_PATH, "kesl", "demo", "--stand-in", file, NULL);
		_exit(127);
	}
	received = receive_all(listening);
	waitpid(actor, NULL, 0);
	return file_write(report, &received, sizeof(received)) ? 1 : 0;
}

int scene_stand_in(const char *file, struct scene_result *result)
{
	int ends[2], status;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return log_error(-errno, "pipe");
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		_exit(play(file, ends[1]));
	}
	close(ends[1]);
	if (read(ends[0], &result->received, sizeof(result->received)) != sizeof(result->received))
		result->received = -1;
	close(ends[0]);
	if (child < 0 || waitpid(child, &status, 0) < 0 || status || result->received < 0)
		return log_error(-EIO, "the stand-in's scene did not end well");
	return 0;
}
