/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is made in directories, by whomever, wherever it is by the time that it is told. */
#ifndef CUSTODES_SENSOR_FOLLOW_H
#define CUSTODES_SENSOR_FOLLOW_H

#include <stdbool.h>

struct follow;

/** Needs CAP_SYS_ADMIN on kernels before 5.13; where it cannot be had, nothing is followed, and that is said.
 */
struct follow *follow_open(void);
void follow_close(struct follow **follow);
/** Follows no directory any more. */
void follow_reset(struct follow *follow);

/** From now on, what is created in this directory or moved into it. */
void follow_directory(struct follow *follow, const char *path);

/** Told of a directory and of what was made in it; both are O_PATH descriptors, and borrowed. */
typedef void follow_made(void *context, int directory, int made);

/** Tells what has been made so far. True: some was not told, since there was too much. */
bool follow_take(struct follow *follow, follow_made *made, void *context);

#endif
