/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A directory for one test, and names in it; afterwards all of it is gone. */
#ifndef CUSTODES_TESTS_DIRECTORY_H
#define CUSTODES_TESTS_DIRECTORY_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char directory[64];

static inline void path_of(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", directory, name);
}

static inline int directory_make(void)
{
	strcpy(directory, "/tmp/custodes-unit.XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st, (void)type, (void)walk;
	return remove(path);
}

/** A file or directory, with all in it. */
static inline int remove_all(const char *path)
{
	return nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
