/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CUSTODES_UTIL_FILE_H
#define CUSTODES_UTIL_FILE_H

#include <sys/types.h>

#include "buf.h"

/** Appends what is left of an open file; -EFBIG beyond `limit` bytes. */
int file_read(int fd, struct buf *to, size_t limit);
/** The same by name, below directory `at` (or AT_FDCWD). Says nothing itself. */
int file_read_at(int at, const char *path, struct buf *to, size_t limit);
/** Opens a plain file to read, also behind a link: its descriptor, or a negative errno. -EISDIR, -EINVAL: it
 * is none, such as a pipe, on which one might wait for ever. */
int file_open_plain(int at, const char *path);
/** As file_read_at(), of a plain file. */
int file_read_plain_at(int at, const char *path, struct buf *to, size_t limit);
/** All of it, or a negative errno. */
int file_write(int fd, const void *bytes, size_t size);
/** Replaces a file whole: written beside it, fsynced, renamed. Its directory is the caller's to fsync. */
int file_replace_at(int at, const char *path, const void *bytes, size_t size);

/** Makes what has changed in the directory of a path below `at` durable: a new name, a rename. */
int file_sync_parent_at(int at, const char *path);
/** Makes the directories that lead to a path below `at`, 0700, where they are not there: durable, each. */
int file_make_parents_at(int at, const char *path);
/**
 * Opens an existing file below `at` for reading; no part of the path may be a link, and it is a plain
 * file: whoever owns the directory cannot lead the reader elsewhere. A descriptor, or a negative errno.
 */
int file_open_beneath(int at, const char *path);
/** Removes a name below `at`, with all below it; links are removed, not followed. */
int file_remove_at(int at, const char *name);

#endif
