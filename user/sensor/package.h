/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose package a file is: dpkg's own tables, read without running dpkg. */
#ifndef CUSTODES_SENSOR_PACKAGE_H
#define CUSTODES_SENSOR_PACKAGE_H

#include <stdbool.h>

#include "../util/buf.h"

struct package {
	struct buf name;
	struct buf version;
	struct buf maintainer;
};
void package_clear(struct package *package);

bool package_installed(const char *name);

/**
 * The package that a path belongs to (a path below /usr is also sought without
 * /usr, as packages older than the merge have it). Reads the tables anew when
 * dpkg has changed them. False: none, or no dpkg here.
 */
bool package_owner(const char *path, struct package *package);

/** Lets go of the tables. */
void package_drop(void);

#endif
