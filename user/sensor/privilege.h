/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CUSTODES_SENSOR_PRIVILEGE_H
#define CUSTODES_SENSOR_PRIVILEGE_H

/**
 * Gives up what loading and attaching needed, for good. What stays, and why:
 * CAP_SYS_PTRACE, to open /proc/PID/exe; CAP_DAC_READ_SEARCH, to hash what only
 * its owner may read; CAP_BPF where the kernel wants it for a map's update
 * (before 5.19, with unprivileged BPF off). 0 or a negative errno, said.
 */
int privilege_drop(void);

#endif
