/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CUSTODES_SENSOR_DEVICE_H
#define CUSTODES_SENSOR_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** A device as events have it: major << 20 | minor. */
uint32_t device_number(dev_t device);

/**
 * The superblock's device, which stat(2) hides on filesystems that give every
 * subvolume one of its own: as the mount of an open file says it.
 */
bool device_of_mount(int fd, uint32_t *device);

/** The same, and what stat(2) said of it where that cannot be found out: by an open file, or by a file's
 * name. */
uint32_t device_of_file(int fd, dev_t device);
uint32_t device_of(const char *path, dev_t device);

/** Which file it is of those that had its inode one after another; false: the filesystem does not say. */
bool generation_of(int fd, uint32_t *generation);

#endif
