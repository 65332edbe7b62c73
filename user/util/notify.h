/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CUSTODES_UTIL_NOTIFY_H
#define CUSTODES_UTIL_NOTIFY_H

/** Tells the service manager, as sd_notify(3) does; nothing where none listens. */
void notify(const char *state);

#endif
