/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CUSTODES_CMD_INSTALLED_H
#define CUSTODES_CMD_INSTALLED_H

#include "../policy/policy.h"

/**
 * How a product was found on this machine ("package clamav, path
 * /usr/bin/clamscan"), for free(); NULL: no trace of it. Needs no root; what the
 * caller may not look at is not found.
 */
char *installed(const struct product *product);

#endif
