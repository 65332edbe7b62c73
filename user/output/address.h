/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CUSTODES_OUTPUT_ADDRESS_H
#define CUSTODES_OUTPUT_ADDRESS_H

#include <arpa/inet.h>

#include "../event/event.h"

/** "192.0.2.1" or "2001:db8::1"; "" where there is no address. */
static inline const char *address_text(const struct ev_addr *address, char text[INET6_ADDRSTRLEN])
{
	text[0] = '\0';
	if (address->family)
		inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->addr, text, INET6_ADDRSTRLEN);
	return text;
}

#endif
