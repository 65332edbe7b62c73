// SPDX-License-Identifier: GPL-3.0-or-later
/* Names in messages: those that are there are read, those that lie do no harm. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "../../user/engine/wire.h"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static void a_question(void **state)
{
	struct wire_dns dns;

	(void)state;
	assert_true(wire_dns(BYTES("\x12\x34\x01\x00\0\1\0\0\0\0\0\0"
				   "\3www\7example\0\0\x1c\0\1"),
			     &dns));
	assert_false(dns.answer);
	assert_int_equal(dns.id, 0x1234);
	assert_int_equal(dns.type, 28);
	assert_string_equal(dns.question, "www.example");
}

static void a_chain_of_names(void **state)
{
	static const uint8_t address[4] = {192, 0, 2, 7};
	struct wire_dns dns;

	(void)state;
	assert_true(wire_dns(BYTES("\0\1\x81\x80\0\1\0\2\0\0\0\0"
				   "\1a\7example\0\0\1\0\1"
				   "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1b\xc0\x0e"
				   "\1b\xc0\x0e\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7"),
			     &dns));
	assert_true(dns.answer);
	assert_string_equal(dns.canonical, "b.example");
	assert_int_equal(dns.address_count, 1);
	assert_int_equal(dns.addresses[0].family, 4);
	assert_memory_equal(dns.addresses[0].addr, address, 4);
}

static void an_answer_that_is_cut(void **state)
{
	struct wire_dns dns;

	(void)state;
	assert_true(wire_dns(BYTES("\0\1\x81\x80\0\1\0\2\0\0\0\0"
				   "\1a\7example\0\0\1\0\1"
				   "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7"
				   "\xc0\x0c\0\1\0\1\0\0"),
			     &dns));
	assert_int_equal(dns.address_count, 1);
}

static void labels_with_anything_in_them(void **state)
{
	struct wire_dns dns;

	(void)state;
	assert_true(wire_dns(BYTES("\0\1\1\0\0\1\0\0\0\0\0\0"
				   "\5a.\x00\xff\\\1b\0\0\1\0\1"),
			     &dns));
	assert_string_equal(dns.question, "a\\046\\000\\255\\092.b");
}

static void names_that_never_end(void **state)
{
	struct wire_dns dns;

	(void)state;
	assert_false(
		wire_dns(BYTES("\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1"), &dns)); /* points at itself */
	assert_false(wire_dns(BYTES("\0\1\1\0\0\1\0\0\0\0\0\0\xc0\xff\0\1\0\1"), &dns)); /* beyond the end */
	assert_false(wire_dns(BYTES("\0\1\1\0\0\1\0\0\0\0\0\0\x3f"
				    "abc"),
			      &dns));
	assert_false(wire_dns(BYTES("\0\1\1\0\0\2\0\0\0\0\0\0\1a\0\0\1\0\1"), &dns)); /* two questions */
	assert_false(wire_dns(BYTES(""), &dns));
}

/* A ClientHello for "host.example", as RFC 8446 lays it out. */
#define RANDOM "0123456789abcdef0123456789abcdef"
#define HELLO                                                        \
	"\x16\x03\x01\x00\x50\x01\x00\x00\x4c\x03\x03" RANDOM "\x00" \
	"\x00\x02\x13\x01\x01\x00\x00\x19"                           \
	"\x00\x2b\x00\x01\x00"                                       \
	"\x00\x00\x00\x11\x00\x0f\x00\x00\x0c"                       \
	"host.example"

static void a_server_name(void **state)
{
	char name[WIRE_NAME_MAX];

	(void)state;
	assert_true(wire_server_name(BYTES(HELLO), name));
	assert_string_equal(name, "host.example");
}

static void a_handshake_cut_anywhere(void **state)
{
	char name[WIRE_NAME_MAX];

	(void)state;
	for (size_t size = 0; size < sizeof(HELLO) - 1; size++) {
		uint8_t *cut = malloc(size + 1); /* the sanitizer sees a read beyond it */

		assert_non_null(cut);
		memcpy(cut, HELLO, size);
		assert_false(wire_server_name(cut, size, name));
		free(cut);
	}
}

static void what_is_no_handshake(void **state)
{
	char name[WIRE_NAME_MAX];

	(void)state;
	assert_false(wire_server_name(BYTES("GET / HTTP/1.1\r\nHost: host.example\r\n\r\n"), name));
	assert_false(
		wire_server_name(BYTES("\x16\x03\x03\x00\x04\x02\x00\x00\x00"), name)); /* a ServerHello */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question),
		cmocka_unit_test(a_chain_of_names),
		cmocka_unit_test(an_answer_that_is_cut),
		cmocka_unit_test(labels_with_anything_in_them),
		cmocka_unit_test(names_that_never_end),
		cmocka_unit_test(a_server_name),
		cmocka_unit_test(a_handshake_cut_anywhere),
		cmocka_unit_test(what_is_no_handshake),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
