/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a sub-command is given: a capture, or a folder with those of several hosts. */
#ifndef CUSTODES_CMD_LOGS_H
#define CUSTODES_CMD_LOGS_H

#include "../capture/merged.h"

struct logs {
	char **paths; /* in the order of their names */
	size_t count;
	bool several; /* it is a folder of them, however many */
	struct merged merged;
};

/** Faults are said. 0, or the exit code. */
int logs_open(struct logs *logs, const char *path);
void logs_close(struct logs *logs);

#endif
