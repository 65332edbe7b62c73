/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CUSTODES_CMD_PRUNE_H
#define CUSTODES_CMD_PRUNE_H

/** `custodes capture prune`; argv[0] is "prune". The exit code. */
int capture_prune(int argc, char **argv);

#endif
