/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What messages on the wire name: of DNS (RFC 1035, 3596) and of TLS (RFC 8446, 6066). */
#ifndef CUSTODES_ENGINE_WIRE_H
#define CUSTODES_ENGINE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../bpf/abi/event.h"

/** Greatest length of a name as text: RFC 1035, 2.3.4, in octets, where each may be written as "\DDD". */
#define WIRE_NAME_MAX	 (4 * 255 + 1)
#define WIRE_ANSWERS_MAX 32

struct wire_dns {
	bool answer;
	uint16_t id;
	uint16_t type; /* of the question: 1 A, 28 AAAA ... */
	uint8_t code;  /* of an answer: 0 is no error */
	char question[WIRE_NAME_MAX];
	char canonical[WIRE_NAME_MAX]; /* where the chain of CNAMEs ends; "" where there is none */
	struct ev_addr addresses[WIRE_ANSWERS_MAX];
	size_t address_count;
};

/** False where it is no message with one question. Answers behind a cut are left out. */
bool wire_dns(const uint8_t *bytes, size_t size, struct wire_dns *dns);

/** The server name of a ClientHello; false where there is none within these bytes. */
bool wire_server_name(const uint8_t *bytes, size_t size, char name[WIRE_NAME_MAX]);

#endif
