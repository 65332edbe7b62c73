// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Nobody's business: a process that others hand bytes to, and that sends on what
 * it is handed; or that holds a file, a descriptor or bytes which others take.
 *
 *   peer READY-FILE ADDRESS PORT fifo PATH | stream PATH | datagram PATH |
 *        descriptor PATH | file PATH BYTES | shared PATH BYTES | sysv KEY BYTES |
 *        starts PATH FILE | loads PATH FILE | hold FILE | give FILE PATH | memory FILE | wait BYTES
 */
#include <sys/ipc.h>
#include <sys/shm.h>

#include "way.h"

static void ready(const char *name, const char *what)
{
	char part[4096];
	int fd;

	snprintf(part, sizeof(part), "%s.part", name);
	fd = (int)need(open(part, O_CREAT | O_WRONLY | O_TRUNC, 0644), part);
	put(fd, what, strlen(what));
	close(fd);
	need(rename(part, name), name);
}

static int listening(const char *path, int type)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int sock = (int)need(socket(AF_UNIX, type, 0), "socket");

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	need(bind(sock, (struct sockaddr *)&at, sizeof(at)), "bind");
	if (type == SOCK_STREAM)
		need(listen(sock, 1), "listen");
	return sock;
}

static size_t datagrams(int sock)
{
	size_t size = 0;

	while (true) {
		ssize_t n = need(recv(sock, bytes + size, sizeof(bytes) - size, 0), "recv");

		if (!n)
			return size;
		size += (size_t)n;
	}
}

/**
 * Waits until somebody has written a byte behind what is to be read, and until the call that did it is
 * over: not every kernel shows it before.
 */
static size_t flagged(const volatile char *at, size_t size)
{
	while (!at[size])
		usleep(1000);
	usleep(100000);
	return size;
}

static size_t await_file(const char *path, size_t size)
{
	struct stat st;

	while (stat(path, &st) || (size_t)st.st_size < size)
		usleep(1000);
	return get((int)need(open(path, O_RDONLY), path), bytes, size);
}

static size_t shared(const char *ready_name, const char *path, size_t size)
{
	int fd = (int)need(open(path, O_RDWR | O_CREAT, 0666), path);
	char *at;

	need(fchmod(fd, 0666), "fchmod");
	need(ftruncate(fd, (off_t)size + 1), "ftruncate");
	at = mmap(NULL, size + 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		die("mmap");
	ready(ready_name, "");
	flagged(at, size);
	memcpy(bytes, at, size);
	return size;
}

static size_t attached(const char *ready_name, const char *key, size_t size)
{
	int segment = (int)need(shmget((key_t)atol(key), size + 1, IPC_CREAT | 0666), "shmget");
	char *at = shmat(segment, NULL, 0);

	if ((long)at == -1)
		die("shmat");
	ready(ready_name, "");
	flagged(at, size);
	memcpy(bytes, at, size);
	need(shmctl(segment, IPC_RMID, NULL), "shmctl");
	return size;
}

static int use_code(struct way *way, const char *how, const char *path, char *file)
{
	char *again[] = {(char *)path, file, (char *)way->address, (char *)way->port, (char *)path,
			 "again",      NULL};
	struct stat st;
	int fd;

	while (access(path, F_OK))
		usleep(1000);
	if (!strcmp(how, "starts")) {
		execv(path, again);
		die("execv");
	}
	fd = (int)need(open(path, O_RDONLY), path);
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		die("mmap");
	need(stat(file, &st), file);
	way->size = (size_t)st.st_size;
	way_send(way, bytes, get((int)need(open(file, O_RDONLY), file), bytes, sizeof(bytes)));
	way_mark(path);
	return 0;
}

int main(int argc, char **argv)
{
	const char *how = argv[4], *path = argc > 5 ? argv[5] : NULL;
	struct way way = {"", argv[2], argv[3], 0};
	char text[64];
	int fd;

	if (!strcmp(how, "fifo")) {
		need(mkfifo(path, 0666), path);
		ready(argv[1], "");
		way.size = get((int)need(open(path, O_RDONLY), path), bytes, sizeof(bytes));
	} else if (!strcmp(how, "stream") || !strcmp(how, "descriptor")) {
		fd = listening(path, SOCK_STREAM);
		ready(argv[1], "");
		fd = (int)need(accept(fd, NULL, NULL), "accept");
		if (!strcmp(how, "descriptor"))
			fd = receive_passed(fd), lseek(fd, 0, SEEK_SET);
		way.size = get(fd, bytes, sizeof(bytes));
	} else if (!strcmp(how, "datagram")) {
		fd = listening(path, SOCK_DGRAM);
		ready(argv[1], "");
		way.size = datagrams(fd);
	} else if (!strcmp(how, "file")) {
		ready(argv[1], "");
		way.size = await_file(path, (size_t)atol(argv[6]));
	} else if (!strcmp(how, "shared")) {
		way.size = shared(argv[1], path, (size_t)atol(argv[6]));
	} else if (!strcmp(how, "starts") || !strcmp(how, "loads")) {
		ready(argv[1], "");
		return use_code(&way, how, path, argv[6]);
	} else if (!strcmp(how, "sysv")) {
		way.size = attached(argv[1], path, (size_t)atol(argv[6]));
	} else if (!strcmp(how, "wait")) { /* somebody writes into our memory */
		snprintf(text, sizeof(text), "%lx", (unsigned long)bytes);
		ready(argv[1], text);
		way.size = flagged(bytes, (size_t)atol(path));
	} else if (!strcmp(how, "hold")) {
		snprintf(text, sizeof(text), "%d", (int)need(open(path, O_RDONLY), path));
		ready(argv[1], text);
		pause();
	} else if (!strcmp(how, "memory")) {
		get((int)need(open(path, O_RDONLY), path), bytes, sizeof(bytes));
		snprintf(text, sizeof(text), "%lx", (unsigned long)bytes);
		ready(argv[1], text);
		pause();
	} else if (!strcmp(how, "give")) {
		fd = listening(argv[6], SOCK_STREAM);
		ready(argv[1], "");
		pass((int)need(accept(fd, NULL, NULL), "accept"), (int)need(open(path, O_RDONLY), path));
		pause();
	}
	return way_send(&way, bytes, way.size);
}
