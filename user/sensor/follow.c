// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * fanotify, by file handles: they find a file even if it was moved away before we
 * looked. Kernels before 5.17 tell the directory and the name only.
 */
#include "follow.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/statfs.h>

#include "../util/cleanup.h"
#include "../util/log.h"
#include "../util/memory.h"

/** A descriptor on each filesystem, which handles are opened through. */
struct filesystem {
	fsid_t id;
	int fd;
};

struct follow {
	int group;
	struct filesystem *filesystems;
	size_t count;
	bool refused; /* a directory cannot be followed: said once */
};

static int group_open(void)
{
	const unsigned int flags =
		FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_DFID_NAME | FAN_UNLIMITED_MARKS;
	int group = fanotify_init(flags | FAN_REPORT_FID | FAN_REPORT_TARGET_FID, O_RDONLY);

	return group >= 0 ? group : fanotify_init(flags, O_RDONLY);
}

struct follow *follow_open(void)
{
	struct follow *follow = need(calloc(1, sizeof(*follow)));

	follow->group = group_open();
	return follow;
}

void follow_reset(struct follow *follow)
{
	for (size_t i = 0; i < follow->count; i++)
		close(follow->filesystems[i].fd);
	free(TAKE_PTR(follow->filesystems));
	follow->count = 0;
	if (follow->group >= 0)
		fanotify_mark(follow->group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
}

void follow_close(struct follow **follow)
{
	follow_reset(*follow);
	closep(&(*follow)->group);
	free(TAKE_PTR(*follow));
}

static int filesystem_of(const struct follow *follow, const void *id)
{
	for (size_t i = 0; i < follow->count; i++)
		if (!memcmp(&follow->filesystems[i].id, id, sizeof(fsid_t)))
			return follow->filesystems[i].fd;
	return -1;
}

/** A directory itself, not O_PATH: the kernel opens no handle through that. */
static void add_filesystem(struct follow *follow, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct filesystem *filesystem;
	struct statfs st;

	if (fd < 0 || fstatfs(fd, &st) || filesystem_of(follow, &st.f_fsid) >= 0)
		return;
	filesystem = GROW(follow->filesystems, follow->count);
	filesystem->id = st.f_fsid;
	filesystem->fd = TAKE_FD(fd);
}

void follow_directory(struct follow *follow, const char *path)
{
	int r = -1;

	if (follow->group >= 0)
		r = fanotify_mark(follow->group, FAN_MARK_ADD, FAN_CREATE | FAN_MOVED_TO | FAN_ONDIR,
				  AT_FDCWD, path);
	if (!r) {
		add_filesystem(follow, path);
		return;
	}
	if (!follow->refused && errno != ENOENT)
		log_warning("%s: new files there are labelled by their path only: %s", path, strerror(errno));
	follow->refused |= errno != ENOENT;
}

/* ---- one event: the directory, by its handle, with the name; and the file's own handle ---- */

struct event {
	int directory, made;
};

static int open_handle(const struct follow *follow, const struct fanotify_event_info_fid *info)
{
	int filesystem = filesystem_of(follow, &info->fsid);

	return filesystem < 0 ?
		       -1 :
		       open_by_handle_at(filesystem, (struct file_handle *)info->handle, O_PATH | O_CLOEXEC);
}

static const char *name_of(const struct fanotify_event_info_fid *info)
{
	const struct file_handle *handle = (const struct file_handle *)info->handle;

	return (const char *)handle->f_handle + handle->handle_bytes;
}

static void event_open(const struct follow *follow, const char *at, const char *end, struct event *event)
{
	const char *name = NULL;

	while (at < end) {
		const struct fanotify_event_info_fid *info = (const void *)at;

		if (info->hdr.info_type == FAN_EVENT_INFO_TYPE_DFID_NAME) {
			event->directory = open_handle(follow, info);
			name = name_of(info);
		} else if (info->hdr.info_type == FAN_EVENT_INFO_TYPE_FID) {
			event->made = open_handle(follow, info);
		}
		at += info->hdr.len;
	}
	if (event->made < 0 && event->directory >= 0 && name)
		event->made = openat(event->directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static void tell(const struct follow *follow, const char *at, const char *end, follow_made *made,
		 void *context)
{
	struct event event = {-1, -1};

	event_open(follow, at, end, &event);
	if (event.directory >= 0 && event.made >= 0)
		made(context, event.directory, event.made);
	closep(&event.directory);
	closep(&event.made);
}

bool follow_take(struct follow *follow, follow_made *made, void *context)
{
	struct fanotify_event_metadata told; /* a copy: those behind the first are not aligned */
	char room[8192];
	bool overflow = false;
	ssize_t size;

	while (follow->count && (size = read(follow->group, room, sizeof(room))) > 0)
		for (const char *at = room; at < room + size; at += told.event_len) {
			memcpy(&told, at, sizeof(told));
			overflow |= told.mask & FAN_Q_OVERFLOW;
			tell(follow, at + told.metadata_len, at + told.event_len, made, context);
		}
	return overflow;
}
