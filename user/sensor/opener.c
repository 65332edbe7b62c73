// SPDX-License-Identifier: GPL-3.0-or-later
#include "opener.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cap-ng.h>

#include "../util/cleanup.h"

int perf_event(uint64_t tracepoint)
{
	struct perf_event_attr event = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(event),
		.config = tracepoint,
	};
	/* Its program runs on whichever CPU the tracepoint is hit: the one named here only has to exist. */
	int fd = (int)syscall(SYS_perf_event_open, &event, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* ---- an answer: 0 and a descriptor, or a negative errno ---- */

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

static void answer(int sock, int fd)
{
	int error = fd < 0 ? fd : 0;
	struct iovec body = {&error, sizeof(error)};
	union control control = {.header = {CMSG_LEN(sizeof(fd)), SOL_SOCKET, SCM_RIGHTS}};
	struct msghdr message = {.msg_iov = &body, .msg_iovlen = 1};

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	sendmsg(sock, &message, MSG_NOSIGNAL);
}

static int answered(int sock)
{
	int error = -EIO, fd = -1;
	struct iovec body = {&error, sizeof(error)};
	union control control = {};
	struct msghdr message = {
		.msg_iov = &body,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	if (recvmsg(sock, &message, MSG_CMSG_CLOEXEC) != sizeof(error) || error)
		return error ? error : -EIO;
	if (message.msg_controllen < CMSG_LEN(sizeof(fd)) || control.header.cmsg_type != SCM_RIGHTS)
		return -EIO;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

/* ---- the process ---- */

static _Noreturn void serve(int sock)
{
	uint64_t tracepoint;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "custodes-opener");
	signal(SIGINT, SIG_IGN); /* a terminal sends it to all: this one ends with its socket */
	signal(SIGTERM, SIG_IGN);
	dup2(sock, 3);
	syscall(SYS_close_range, 4, ~0u, 0);
	capng_clear(CAPNG_SELECT_BOTH);
	capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_SYS_ADMIN, CAP_PERFMON, -1);
	if (capng_apply(CAPNG_SELECT_BOTH) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		_exit(1);
	while (read(3, &tracepoint, sizeof(tracepoint)) == sizeof(tracepoint)) {
		_cleanup_close_ int fd = perf_event(tracepoint);

		answer(3, fd);
	}
	_exit(0);
}

int opener_start(struct opener *opener)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	opener->pid = fork();
	if (!opener->pid)
		serve(pair[1]);
	close(pair[1]);
	opener->sock = pair[0];
	return opener->pid < 0 ? -errno : 0;
}

int opener_event(const struct opener *opener, uint64_t tracepoint)
{
	if (send(opener->sock, &tracepoint, sizeof(tracepoint), MSG_NOSIGNAL) < 0)
		return -errno;
	return answered(opener->sock);
}

void opener_close(struct opener *opener)
{
	closep(&opener->sock);
	if (opener->pid > 0) {
		kill(opener->pid, SIGKILL); /* the watchdog may hold its socket open */
		waitpid(opener->pid, NULL, 0);
	}
	*opener = OPENER_NONE;
}
