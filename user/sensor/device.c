// SPDX-License-Identifier: GPL-3.0-or-later
#include "device.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "../util/cleanup.h"
#include "../util/file.h"

uint32_t device_number(dev_t device)
{
	return (uint32_t)(major(device) << 20 | minor(device));
}

bool device_of_mount(int fd, uint32_t *device)
{
	_cleanup_(buf_free) struct buf info = {}, mounts = {};
	char path[64], start[32];
	const char *at;
	unsigned int major_, minor_;
	int id;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (file_read_at(AT_FDCWD, path, &info, 4096) || !info.data)
		return false;
	at = strstr(info.data, "mnt_id:");
	if (!at || sscanf(at, "mnt_id: %d", &id) != 1)
		return false;
	if (file_read_at(AT_FDCWD, "/proc/self/mountinfo", &mounts, 16u << 20) || !mounts.data)
		return false;
	snprintf(start, sizeof(start), "%d ", id);
	for (at = mounts.data; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
		if (strncmp(at, start, strlen(start)))
			continue;
		if (sscanf(at, "%*d %*d %u:%u", &major_, &minor_) != 2)
			return false;
		*device = major_ << 20 | minor_;
		return true;
	}
	return false;
}

/** A walk stays on one filesystem for long. */
static dev_t last;
static uint32_t answer;

uint32_t device_of_file(int fd, dev_t device)
{
	if (last && last == device)
		return answer;
	if (!device_of_mount(fd, &answer))
		answer = device_number(device);
	last = device;
	return answer;
}

uint32_t device_of(const char *path, dev_t device)
{
	_cleanup_close_ int fd = -1;

	if (last && last == device)
		return answer;
	fd = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? device_number(device) : device_of_file(fd, device);
}

bool generation_of(int fd, uint32_t *generation)
{
	long number = 0;

	if (ioctl(fd, FS_IOC_GETVERSION, &number))
		return false;
	*generation = (uint32_t)number;
	return true;
}
