/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filesystems by the number that they give themselves. */
#ifndef CUSTODES_EVENT_FILESYSTEM_H
#define CUSTODES_EVENT_FILESYSTEM_H

#include <stdbool.h>
#include <stdint.h>

struct filesystem {
	uint32_t magic;
	const char *name;
	bool network; /* what is written there is written to another host */
};

/** The one with this number, as statfs(2) and linux/magic.h have it; NULL: not known here. */
const struct filesystem *filesystem_find(uint32_t magic);

#endif
