// SPDX-License-Identifier: GPL-3.0-or-later
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
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

static int open_plain(int at, const char *path, int flags)
{
	_cleanup_close_ int fd = openat(at, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EINVAL;
}

int file_open_plain(int at, const char *path)
{
	return open_plain(at, path, 0);
}

int file_read_plain_at(int at, const char *path, struct buf *to, size_t limit)
{
	_cleanup_close_ int fd = file_open_plain(at, path);

	return fd < 0 ? fd : file_read(fd, to, limit);
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

#define PART_MAX 256

/** What of a path stands before this place; false: it is too long. */
static bool front(char part[PART_MAX], const char *path, const char *to)
{
	size_t length = (size_t)(to - path);

	if (length >= PART_MAX)
		return false;
	memcpy(part, path, length);
	part[length] = '\0';
	return true;
}

int file_sync_parent_at(int at, const char *path)
{
	char parent[PART_MAX];
	_cleanup_close_ int fd = -1;
	const char *slash = strrchr(path, '/');

	if (slash && !front(parent, path, slash))
		return -ENAMETOOLONG;
	fd = openat(at, slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) ? -errno : 0;
}

/** A directory that is itself not durable loses what is fsynced in it. */
int file_make_parents_at(int at, const char *path)
{
	char part[PART_MAX];
	int r = 0;

	for (const char *slash = strchr(path, '/'); slash && !r; slash = strchr(slash + 1, '/')) {
		if (!front(part, path, slash))
			return -ENAMETOOLONG;
		if (!mkdirat(at, part, 0700))
			r = file_sync_parent_at(at, part);
		else if (errno != EEXIST)
			r = -errno;
	}
	return r;
}

int file_open_beneath(int at, const char *path)
{
	_cleanup_close_ int directory = -1;

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(path, '/')) {
		char part[PART_MAX];
		int next;

		if (!front(part, path, slash))
			return -ENAMETOOLONG;
		next = openat(directory < 0 ? at : directory, part,
			      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return -errno;
		closep(&directory);
		directory = next;
		path = slash + 1;
	}
	return open_plain(directory < 0 ? at : directory, path, O_NOFOLLOW);
}

static int remove_directory(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	_cleanup_closedir_ DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!directory) {
		r = -errno;
		closep(&fd);
		return r;
	}
	while (!r && (entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = file_remove_at(dirfd(directory), entry->d_name);
	return r ? r : unlinkat(at, name, AT_REMOVEDIR) ? -errno : 0;
}

int file_remove_at(int at, const char *name)
{
	struct stat st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return remove_directory(at, name);
	return unlinkat(at, name, 0) ? -errno : 0;
}
