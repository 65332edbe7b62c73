/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a log is damaged: its tiles of hashes say which entries are not what they were. */
#ifndef CUSTODES_CAPTURE_DAMAGE_H
#define CUSTODES_CAPTURE_DAMAGE_H

#include "verdict.h"

/**
 * Of a log whose entries do not hash to its checkpoint's root. If its tiles still do, every entry that
 * is not theirs is said, with number, bundle and place; what was pruned or is not in a cut is none of them.
 * If not, what can be said of that.
 */
void damage_locate(const char *path, struct verdict *verdict);

#endif
