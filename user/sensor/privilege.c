// SPDX-License-Identifier: GPL-3.0-or-later
#include "privilege.h"

#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

#include <cap-ng.h>
#include <linux/securebits.h>

#include "../util/log.h"

static int map_update_needs_capability(void)
{
	struct utsname names;
	unsigned int major, minor;

	uname(&names);
	if (sscanf(names.release, "%u.%u", &major, &minor) != 2)
		return 1;
	return major < 5 || (major == 5 && minor < 19);
}

int privilege_drop(void)
{
	/* Locked, so that no exec gives root's capabilities back. */
	if (prctl(PR_SET_SECUREBITS,
		  SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
			  SECBIT_NO_SETUID_FIXUP_LOCKED,
		  0, 0, 0))
		return log_error(-errno, "securebits");
	capng_clear(CAPNG_SELECT_BOTH);
	capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, -1);
	if (map_update_needs_capability())
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_BPF);
	if (capng_apply(CAPNG_SELECT_BOTH))
		return log_error(-EPERM, "capabilities cannot be given up");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return log_error(-errno, "no_new_privs");
	return 0;
}
