// SPDX-License-Identifier: GPL-3.0-or-later
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

int file_read(int fd, struct buf *to, size_t limit)
{
	size_t before = to->size;

	for (;;) {
		ssize_t got;

		buf_reserve(to, 65536);
		got = read(fd, to->data + to->size, to->room - to->size - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		to->size += (size_t)got;
		to->data[to->size] = '\0';
		if (!got)
			return 0;
		if (to->size - before > limit)
			return -EFBIG;
	}
}

int file_read_at(int at, const char *path, struct buf *to, size_t limit)
{
	_cleanup_close_ int fd = openat(at, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : file_read(fd, to, limit);
}

int file_write(int fd, const void *bytes, size_t size)
{
	const char *from = bytes;

	while (size) {
		ssize_t put = write(fd, from, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		from += put;
		size -= (size_t)put;
	}
	return 0;
}

int file_parents_at(int at, const char *path)
{
	char part[256];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		if ((size_t)(slash - path) >= sizeof(part))
			return -ENAMETOOLONG;
		memcpy(part, path, (size_t)(slash - path));
		part[slash - path] = '\0';
		if (mkdirat(at, part, 0700) && errno != EEXIST)
			return -errno;
	}
	return 0;
}

int file_replace_at(int at, const char *path, const void *bytes, size_t size)
{
	_cleanup_close_ int fd = -1;
	char beside[256];
	int r;

	if ((size_t)snprintf(beside, sizeof(beside), "%s.new", path) >= sizeof(beside))
		return -ENAMETOOLONG;
	fd = openat(at, beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = file_write(fd, bytes, size);
	if (!r && fsync(fd))
		r = -errno;
	if (!r && renameat(at, beside, at, path))
		r = -errno;
	if (r)
		unlinkat(at, beside, 0);
	return r;
}
