/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CUSTODES_UTIL_FAMILY_H
#define CUSTODES_UTIL_FAMILY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/** A socket's family, as its manual page calls it; NULL: one that has come since. */
static inline const char *family_name(uint16_t family)
{
	static const char *const names[] = {
		[AF_UNIX] = "unix",	  [AF_INET] = "inet",	  [AF_INET6] = "inet6",
		[AF_NETLINK] = "netlink", [AF_PACKET] = "packet", [AF_BLUETOOTH] = "bluetooth",
		[AF_CAN] = "can",	  [AF_TIPC] = "tipc",	  [AF_ALG] = "alg",
		[AF_VSOCK] = "vsock",	  [AF_KCM] = "kcm",	  [AF_QIPCRTR] = "qipcrtr",
		[AF_SMC] = "smc",	  [AF_XDP] = "xdp",	  [AF_RDS] = "rds",
		[AF_KEY] = "key",	  [AF_X25] = "x25",	  [AF_IEEE802154] = "ieee802154",
	};

	return family < sizeof(names) / sizeof(names[0]) ? names[family] : NULL;
}

#endif
