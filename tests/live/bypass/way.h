/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One way to hide, a program: it gets the bytes of a labelled file by that way
 * and sends each of them to a receiver. Or it gets them plainly, and hides how
 * they leave.
 *
 *   WAY FILE ADDRESS PORT
 */
#ifndef CUSTODES_BYPASS_WAY_H
#define CUSTODES_BYPASS_WAY_H

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../programs/net.h"

#define BYTES_MAX (1 << 20)

__attribute__((unused, aligned(4096))) static char bytes[BYTES_MAX];

struct way {
	const char *file, *address, *port;
	size_t size; /* of the file */
};

static inline struct way way_begin(int argc, char **argv)
{
	struct way way;
	struct stat st;

	if (argc < 4) {
		fprintf(stderr, "usage: %s FILE ADDRESS PORT\n", argv[0]);
		exit(EXIT_BROKEN);
	}
	way = (struct way){argv[1], argv[2], argv[3], 0};
	need(stat(way.file, &st), way.file);
	way.size = (size_t)st.st_size;
	signal(SIGPIPE, SIG_IGN);
	return way;
}

static inline int way_open(const struct way *way)
{
	return (int)need(open(way->file, O_RDONLY | O_CLOEXEC), way->file);
}

static inline int way_out(const struct way *way)
{
	struct sockaddr_storage to;
	socklen_t size = net_address(&to, way->address, way->port);
	int sock = (int)need(socket(to.ss_family, SOCK_STREAM, 0), "socket");

	need(connect(sock, (struct sockaddr *)&to, size), "connect");
	return sock;
}

static inline void put(int fd, const char *from, size_t size)
{
	while (size) {
		size_t n = (size_t)need(write(fd, from, size), "write");

		from += n;
		size -= n;
	}
}

/** Reads to the end, or until the room is full; how many bytes. */
static inline size_t get(int fd, char *to, size_t room)
{
	size_t size = 0;

	while (size < room) {
		ssize_t n = read(fd, to + size, room - size);

		if (n < 0 && errno == EINTR)
			continue;
		if (need(n, "read") == 0)
			break;
		size += (size_t)n;
	}
	return size;
}

/** The last step of most: what is in memory leaves. */
static inline int way_send(const struct way *way, const char *from, size_t size)
{
	int sock = way_out(way);

	if (size != way->size) {
		fprintf(stderr, "got %zu of %zu bytes\n", size, way->size);
		return EXIT_BROKEN;
	}
	put(sock, from, size);
	close(sock);
	return 0;
}

/** A file that is there as a whole, or not at all. */
__attribute__((unused)) static void way_write(const char *path, const char *from, size_t size)
{
	char part[4096];
	int fd;

	snprintf(part, sizeof(part), "%s.part", path);
	fd = (int)need(open(part, O_CREAT | O_WRONLY | O_CLOEXEC, 0755), part);
	put(fd, from, size);
	close(fd);
	need(rename(part, path), path);
}

/** Says to who waits for it that what was written has been used. */
__attribute__((unused)) static void way_mark(const char *path)
{
	char mark[4096];

	snprintf(mark, sizeof(mark), "%s.used", path);
	close((int)need(open(mark, O_CREAT | O_WRONLY, 0644), mark));
}

__attribute__((unused)) static void way_await_mark(const char *path)
{
	char mark[4096];

	snprintf(mark, sizeof(mark), "%s.used", path);
	while (access(mark, F_OK))
		usleep(1000);
}

/** Sends a descriptor over a unix socket, with one byte. */
static inline void pass(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	need(sendmsg(sock, &message, 0), "sendmsg");
}

static inline int receive_passed(int sock)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	int fd;

	need(recvmsg(sock, &message, MSG_CMSG_CLOEXEC), "recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return fd;
}

static inline void await_child(pid_t child)
{
	int status;

	need(waitpid(child, &status, 0), "waitpid");
	if (status) {
		fprintf(stderr, "a child ended with %#x\n", (unsigned int)status);
		exit(EXIT_BROKEN);
	}
}

#endif
