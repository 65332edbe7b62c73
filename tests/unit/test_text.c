// SPDX-License-Identifier: GPL-3.0-or-later
/* What a hostile host can write never steers a terminal nor breaks a line of JSON. */
#include "unit.h"

#include <cjson/cJSON.h>

#include "../../user/util/text.h"

static void assert_plain(const char *bytes, size_t size, const char *expected)
{
	_cleanup_(buf_free) struct buf to = {};

	buf_str(&to, "");
	text_plain(&to, bytes, size);
	assert_string_equal(to.data, expected);
}

#define PLAIN(bytes, expected) assert_plain(bytes, sizeof(bytes) - 1, expected)

static void plain_text_stays(void **state)
{
	(void)state;
	PLAIN("clamd", "clamd");
	PLAIN("größe 漢字 🛡", "größe 漢字 🛡");
	PLAIN("", "");
}

static void controls_are_shown(void **state)
{
	(void)state;
	PLAIN("a\nb", "a\\x0ab");
	PLAIN("\x1b[2J", "\\x1b[2J");
	PLAIN("\x7f", "\\x7f");
	PLAIN("\xc2\x9b", "\\xc2\\x9b");	  /* CSI as one character of C1 */
	PLAIN("\xe2\x80\xae", "\\xe2\\x80\\xae"); /* right-to-left override */
	PLAIN("a\0b", "a\\x00b");
}

static void invalid_utf8_is_shown(void **state)
{
	(void)state;
	PLAIN("\xff\xfe", "\\xff\\xfe");
	PLAIN("\xc0\xaf", "\\xc0\\xaf");		   /* overlong '/' */
	PLAIN("\xed\xa0\x80", "\\xed\\xa0\\x80");	   /* a surrogate */
	PLAIN("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
	PLAIN("\xe2\x82", "\\xe2\\x82");		   /* cut short */
}

/** Every pair of bytes gives JSON that another parser takes. */
static void json_is_always_json(void **state)
{
	(void)state;
	for (unsigned int first = 0; first < 256; first++)
		for (unsigned int second = 0; second < 256; second++) {
			const char bytes[] = {(char)first, (char)second, '"'};
			_cleanup_(buf_free) struct buf to = {};
			cJSON *parsed;

			text_json(&to, bytes, sizeof(bytes));
			assert_null(strpbrk(to.data, "\n\r\x1b"));
			parsed = cJSON_ParseWithOpts(to.data, NULL, 1);
			assert_non_null(parsed);
			cJSON_Delete(parsed);
		}
}

static void columns_count_characters(void **state)
{
	(void)state;
	assert_int_equal(text_columns("größe", 7), 5);
	assert_int_equal(text_columns("\n", 1), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_stays),	    cmocka_unit_test(controls_are_shown),
		cmocka_unit_test(invalid_utf8_is_shown),    cmocka_unit_test(json_is_always_json),
		cmocka_unit_test(columns_count_characters),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
