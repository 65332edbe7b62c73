// SPDX-License-Identifier: GPL-3.0-or-later
#include "layout.h"

#include <stdio.h>
#include <string.h>

/** c2sp.org/tlog-tiles: groups of three digits, all but the last behind an 'x'. */
static int index_path(char *to, size_t room, uint64_t index)
{
	int used = 0;

	if (index >= 1000000000)
		used += snprintf(to + used, room, "x%03u/", (unsigned int)(index / 1000000000 % 1000));
	if (index >= 1000000)
		used += snprintf(to + used, room - (size_t)used, "x%03u/",
				 (unsigned int)(index / 1000000 % 1000));
	if (index >= 1000)
		used += snprintf(to + used, room - (size_t)used, "x%03u/",
				 (unsigned int)(index / 1000 % 1000));
	return used + snprintf(to + used, room - (size_t)used, "%03u", (unsigned int)(index % 1000));
}

static void finish(char path[LAYOUT_PATH], int used, uint64_t index, unsigned int width)
{
	used += index_path(path + used, LAYOUT_PATH - (size_t)used, index);
	if (width && width < TILE_WIDTH)
		snprintf(path + used, LAYOUT_PATH - (size_t)used, ".p/%u", width);
}

void layout_tile(char path[LAYOUT_PATH], unsigned int level, uint64_t index, unsigned int width)
{
	finish(path, snprintf(path, LAYOUT_PATH, "tile/%u/", level), index, width);
}

void layout_bundle(char path[LAYOUT_PATH], uint64_t index, unsigned int width)
{
	finish(path, snprintf(path, LAYOUT_PATH, "tile/entries/"), index, width);
}

void layout_new_bundle(char path[LAYOUT_PATH], uint64_t index)
{
	size_t used;

	layout_bundle(path, index, TILE_WIDTH);
	used = strlen(path);
	snprintf(path + used, LAYOUT_PATH - used, ".p/new");
}
