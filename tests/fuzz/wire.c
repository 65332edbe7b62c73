// SPDX-License-Identifier: GPL-3.0-or-later
/* Messages of DNS and TLS, as a watched product may have written them. */
#include <string.h>

#include "../../user/engine/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct wire_dns dns;
	char name[WIRE_NAME_MAX];

	if (wire_dns(bytes, size, &dns) && strlen(dns.question) + strlen(dns.canonical) > 2 * WIRE_NAME_MAX)
		__builtin_trap();
	if (wire_server_name(bytes, size, name) && strlen(name) >= WIRE_NAME_MAX)
		__builtin_trap();
	return 0;
}
