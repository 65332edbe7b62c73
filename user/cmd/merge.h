/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture merge: see capture.c. */
#ifndef CUSTODES_CMD_MERGE_H
#define CUSTODES_CMD_MERGE_H

/** `argv` begins with the word "merge"; returns the exit code. */
int capture_merge(int argc, char **argv);

#endif
