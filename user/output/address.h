/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CUSTODES_OUTPUT_ADDRESS_H
#define CUSTODES_OUTPUT_ADDRESS_H

#include <arpa/inet.h>
#include <sys/socket.h>

#include "../event/event.h"
#include "../util/family.h"

/** "192.0.2.1" or "2001:db8::1"; "" where there is no address. */
static inline const char *address_text(const struct ev_addr *address, char text[INET6_ADDRSTRLEN])
{
	text[0] = '\0';
	if (address->family)
		inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->addr, text, INET6_ADDRSTRLEN);
	return text;
}

/** Multipath TCP is TCP on the wire. */
static inline uint8_t protocol_on_wire(uint16_t proto)
{
	return proto == IPPROTO_MPTCP ? IPPROTO_TCP : (uint8_t)proto;
}

/** NULL where it is neither TCP nor UDP. */
static inline const char *transport_name(uint16_t proto)
{
	uint8_t wire = protocol_on_wire(proto);

	return wire == IPPROTO_TCP ? "tcp" : wire == IPPROTO_UDP ? "udp" : NULL;
}

#endif
