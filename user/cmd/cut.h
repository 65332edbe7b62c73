/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CUSTODES_CMD_CUT_H
#define CUSTODES_CMD_CUT_H

/** `custodes capture cut`; argv[0] is "cut". The exit code. */
int capture_cut(int argc, char **argv);

#endif
