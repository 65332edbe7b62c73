// SPDX-License-Identifier: GPL-3.0-or-later
#include "json.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "buf.h"
#include "log.h"
#include "memory.h"
#include "text.h"

void json_free(struct json *json)
{
	free(json->name);
	cJSON_Delete(json->root);
	*json = (struct json){};
}

static void position(const char *text, size_t at, size_t *line, size_t *column)
{
	*line = 1;
	*column = 1;
	for (size_t i = 0; i < at; i++) {
		*column = text[i] == '\n' ? 1 : *column + 1;
		*line += text[i] == '\n';
	}
}

/** A byte that no JSON text may hold. cJSON takes control characters for spaces; we do not. */
static size_t first_bad_byte(const char *text, size_t size)
{
	size_t i = 0;

	for (size_t count; i < size; i += count) {
		count = text_character(text + i, size - i);
		if (!count || (count == 1 && (unsigned char)text[i] < ' ' && !strchr("\t\n\r", text[i])) ||
		    !text[i])
			break;
	}
	return i;
}

static int refuse(const char *name, const char *text, size_t at, const char *why)
{
	size_t line, column;

	position(text, at, &line, &column);
	return log_error(0, "%s:%zu:%zu: %s", name, line, column, why);
}

int json_parse(struct json *json, const char *name, const char *text, size_t size)
{
	const char *end = NULL;
	size_t bad = first_bad_byte(text, size);

	*json = (struct json){};
	if (bad < size)
		return refuse(name, text, bad,
			      text_character(text + bad, size - bad) ?
				      "a control character: expected JSON text" :
				      "not UTF-8: expected a JSON document in UTF-8");
	json->name = need(strdup(name));
	json->text = text;
	json->size = size;
	json->root = cJSON_ParseWithLengthOpts(text, size, &end, 0);
	if (!json->root) {
		json_free(json);
		return refuse(name, text, end ? (size_t)(end - text) : 0, "not JSON: unexpected here");
	}
	while (end < text + size && strchr(" \t\r\n", *end))
		end++;
	if (end < text + size) {
		json_free(json);
		return refuse(name, text, (size_t)(end - text), "expected nothing after the JSON value");
	}
	return 0;
}

/* ---- where a pointer points: a walk over text that is known to be JSON ---- */

static const char *skip_space(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

static const char *skip_string(const char *at)
{
	for (at++; *at && *at != '"'; at++)
		if (*at == '\\' && at[1])
			at++;
	return at + (*at == '"');
}

static const char *skip_value(const char *at)
{
	int depth = 0;

	at = skip_space(at);
	do {
		if (*at == '"') {
			at = skip_string(at);
			continue;
		}
		depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
		at += *at != '\0';
		if (!depth)
			at += strcspn(at, ",]}\n \t\r");
	} while (depth && *at);
	return at;
}

static bool key_is(const char *at, const char *token, size_t length)
{
	size_t i = 0;

	for (at++; *at && *at != '"' && i < length; at++, i++) {
		char want = token[i];

		if (want == '~')
			want = token[++i] == '1' ? '/' : '~';
		if (*at != want)
			return false;
	}
	return *at == '"' && i == length;
}

/** The value of one token inside the container at `at`, or NULL. */
static const char *step(const char *at, const char *token, size_t length)
{
	bool object = *at == '{';
	unsigned long wanted = object ? 0 : strtoul(token, NULL, 10);

	for (at = skip_space(at + 1); *at && *at != '}' && *at != ']'; at = skip_space(at + (*at == ','))) {
		bool found = object ? key_is(at, token, length) : !wanted--;

		if (object)
			at = skip_space(skip_string(at));
		if (object)
			at = skip_space(at + (*at == ':'));
		if (found)
			return at;
		at = skip_space(skip_value(at));
	}
	return NULL;
}

size_t json_line(const char *text, size_t size, const char *pointer)
{
	const char *at = skip_space(text), *next;
	size_t line, column;

	while (*pointer == '/' && (*at == '{' || *at == '[')) {
		size_t length = strcspn(++pointer, "/");

		next = step(at, pointer, length);
		if (!next)
			break;
		at = next;
		pointer += length;
	}
	if ((size_t)(at - text) > size)
		return 1;
	position(text, (size_t)(at - text), &line, &column);
	return line;
}

int json_fault(const struct json *json, const char *pointer, const char *format, ...)
{
	_cleanup_(buf_free) struct buf what = {};
	va_list args;

	va_start(args, format);
	buf_vprintf(&what, format, args);
	va_end(args);
	return log_error(0, "%s:%zu: %s: %s", json->name, json_line(json->text, json->size, pointer),
			 *pointer ? pointer : "/", what.data);
}

/* ---- access ---- */

const cJSON *json_get(const cJSON *object, const char *key)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsNull(value) ? NULL : value;
}

const char *json_str(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(json_get(object, key));
}

bool json_true(const cJSON *object, const char *key)
{
	return cJSON_IsTrue(json_get(object, key));
}
