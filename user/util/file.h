/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CUSTODES_UTIL_FILE_H
#define CUSTODES_UTIL_FILE_H

#include <sys/types.h>

#include "buf.h"

/** Appends what is left of an open file; -EFBIG beyond `limit` bytes. */
int file_read(int fd, struct buf *to, size_t limit);
/** The same by name, below directory `at` (or AT_FDCWD). Says nothing itself. */
int file_read_at(int at, const char *path, struct buf *to, size_t limit);
/** All of it, or a negative errno. */
int file_write(int fd, const void *bytes, size_t size);
/** Makes the directories that a path below `at` needs, 0700; those that are there stay. 0 or a negative
 * errno.
 */
int file_parents_at(int at, const char *path);
/** Replaces a file whole: written beside it, fsynced, renamed; the directory is fsynced. */
int file_replace_at(int at, const char *path, const void *bytes, size_t size);

#endif
