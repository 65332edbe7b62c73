// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire.h"

#include <stdio.h>
#include <string.h>

#define TYPE_A	   1
#define TYPE_CNAME 5
#define TYPE_AAAA  28
#define CLASS_IN   1
/** Of compression in a name: it only ever points back, so more is a loop. */
#define JUMPS_MAX 32

/** What is left to read; a read beyond it makes it bad, and yields 0. */
struct cursor {
	const uint8_t *bytes;
	size_t size, at;
	bool bad;
};

static uint32_t number(struct cursor *cursor, size_t octets)
{
	uint32_t value = 0;

	if (cursor->bad || cursor->size - cursor->at < octets) {
		cursor->bad = true;
		return 0;
	}
	while (octets--)
		value = value << 8 | cursor->bytes[cursor->at++];
	return value;
}

static void skip(struct cursor *cursor, size_t octets)
{
	if (cursor->bad || cursor->size - cursor->at < octets)
		cursor->bad = true;
	else
		cursor->at += octets;
}

/** A length in front, and as many octets: a cursor over those. */
static struct cursor part(struct cursor *cursor, size_t octets_of_length)
{
	size_t size = number(cursor, octets_of_length);
	struct cursor inner = {.bytes = cursor->bytes + cursor->at, .size = size};

	skip(cursor, size);
	inner.bad = cursor->bad;
	return inner;
}

/* ---- DNS ---- */

/** RFC 1035, 5.1: what would end a label, or cannot be printed, is escaped. */
static size_t put_octet(char *to, size_t room, uint8_t octet)
{
	bool plain = octet > ' ' && octet < 0x7f && octet != '.' && octet != '\\';

	return (size_t)snprintf(to, room, plain ? "%c" : "\\%03u", octet);
}

static size_t put_label(struct cursor *cursor, size_t length, char *name, size_t used)
{
	if (used)
		used += (size_t)snprintf(name + used, WIRE_NAME_MAX - used, ".");
	while (length-- && used < WIRE_NAME_MAX - 5)
		used += put_octet(name + used, WIRE_NAME_MAX - used, (uint8_t)number(cursor, 1));
	return used;
}

/** Reads a name; the cursor goes on behind it, wherever compression led. */
static void read_name(struct cursor *cursor, char *name)
{
	struct cursor within = *cursor;
	size_t used = 0;
	int jumps = 0;

	name[0] = '\0';
	while (!within.bad) {
		size_t length = number(&within, 1);

		if (length >= 0xc0) {
			size_t to = (length & 0x3f) << 8 | number(&within, 1);

			if (!jumps++)
				cursor->at = within.at;
			within.at = to;
			within.bad |= to >= within.size || jumps > JUMPS_MAX;
		} else if (length >= 0x40 || used + length > WIRE_NAME_MAX - 8) {
			within.bad = true;
		} else if (!length) {
			break;
		} else {
			used = put_label(&within, length, name, used);
		}
	}
	cursor->bad |= within.bad;
	if (!jumps)
		cursor->at = within.at;
}

static void take_address(struct wire_dns *dns, const struct cursor *data, int family)
{
	struct ev_addr *address;

	if (data->bad || data->size != (family == 4 ? 4 : 16) || dns->address_count == WIRE_ANSWERS_MAX)
		return;
	address = &dns->addresses[dns->address_count++];
	memset(address, 0, sizeof(*address));
	address->family = (uint8_t)family;
	memcpy(address->addr, data->bytes, data->size);
}

static void read_answer(struct cursor *cursor, struct wire_dns *dns)
{
	char owner[WIRE_NAME_MAX];
	struct cursor data, whole;
	uint32_t type, class;

	read_name(cursor, owner);
	type = number(cursor, 2);
	class = number(cursor, 2);
	skip(cursor, 4);
	whole = *cursor; /* names in the data may point anywhere */
	data = part(cursor, 2);
	if (cursor->bad || class != CLASS_IN)
		return;
	whole.at += 2;
	if (type == TYPE_CNAME)
		read_name(&whole, dns->canonical);
	else if (type == TYPE_A || type == TYPE_AAAA)
		take_address(dns, &data, type == TYPE_A ? 4 : 6);
}

bool wire_dns(const uint8_t *bytes, size_t size, struct wire_dns *dns)
{
	struct cursor cursor = {.bytes = bytes, .size = size};
	uint32_t flags, questions, answers;

	memset(dns, 0, sizeof(*dns));
	dns->id = (uint16_t)number(&cursor, 2);
	flags = number(&cursor, 2);
	questions = number(&cursor, 2);
	answers = number(&cursor, 2);
	skip(&cursor, 4);
	dns->answer = flags & 0x8000;
	dns->code = flags & 0xf;
	if (cursor.bad || questions != 1 || (flags & 0x7800))
		return false;
	read_name(&cursor, dns->question);
	dns->type = (uint16_t)number(&cursor, 2);
	if (number(&cursor, 2) != CLASS_IN || cursor.bad)
		return false;
	while (dns->answer && answers-- && !cursor.bad)
		read_answer(&cursor, dns);
	return true;
}

/* ---- TLS ---- */

#define TLS_HANDSHAKE	 22
#define TLS_CLIENT_HELLO 1
#define TLS_SERVER_NAME	 0
#define TLS_HOST_NAME	 0

static bool take_host_name(struct cursor *extension, char *name)
{
	struct cursor list = part(extension, 2);

	while (!list.bad && list.at < list.size) {
		uint32_t type = number(&list, 1);
		struct cursor host = part(&list, 2);
		size_t used = 0;

		if (type != TLS_HOST_NAME || host.bad || !host.size || host.size > 255)
			continue;
		for (size_t i = 0; i < host.size; i++)
			used += (size_t)snprintf(
				name + used, WIRE_NAME_MAX - used,
				host.bytes[i] > ' ' && host.bytes[i] < 0x7f ? "%c" : "\\%03u", host.bytes[i]);
		return true;
	}
	return false;
}

bool wire_server_name(const uint8_t *bytes, size_t size, char name[WIRE_NAME_MAX])
{
	struct cursor cursor = {.bytes = bytes, .size = size}, extensions;

	name[0] = '\0';
	if (number(&cursor, 1) != TLS_HANDSHAKE)
		return false;
	skip(&cursor, 4); /* version and length of the record */
	if (number(&cursor, 1) != TLS_CLIENT_HELLO)
		return false;
	skip(&cursor, 3 + 2 + 32); /* length, version, random */
	part(&cursor, 1);	   /* session */
	part(&cursor, 2);	   /* cipher suites */
	part(&cursor, 1);	   /* compression */
	number(&cursor, 2);	   /* of all extensions: the record may be cut */
	extensions = cursor;
	while (!extensions.bad && extensions.at < extensions.size) {
		uint32_t type = number(&extensions, 2);
		struct cursor extension = part(&extensions, 2);

		if (type == TLS_SERVER_NAME && !extension.bad)
			return take_host_name(&extension, name);
	}
	return false;
}
