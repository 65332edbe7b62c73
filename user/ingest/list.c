// SPDX-License-Identifier: GPL-3.0-or-later
#include "list.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "../util/digest.h"
#include "../util/file.h"
#include "../util/json.h"
#include "../util/log.h"
#include "../util/memory.h"

#define LIST_LIMIT (64u << 20)

struct list {
	struct source source;
	char *path;
	char origin[80];
	struct buf text;
	const char *at;
	size_t line;
	struct draft draft;
};

enum field_type { FIELD_NUMBER, FIELD_SIGNED, FIELD_ADDRESS, FIELD_EXE, FIELD_HEX, FIELD_CHARS };

/** A member that is no string: those are in event_strings. */
static const struct field {
	uint16_t kind; /* 0: of every head */
	const char *name;
	enum field_type type;
	size_t offset;
	size_t size;
} fields[] = {
#define HEAD(member)                                                        \
	{                                                                   \
		0, #member, FIELD_NUMBER, offsetof(struct ev_head, member), \
			sizeof(((struct ev_head *)0)->member)               \
	}
#define FIELD(KIND, name, member, type)                                       \
	{                                                                     \
		EV_##KIND, #member, type, offsetof(struct ev_##name, member), \
			sizeof(((struct ev_##name *)0)->member)               \
	}
#define INNER(KIND, name, outer, member, type)                                      \
	{                                                                           \
		EV_##KIND, #member, type, offsetof(struct ev_##name, outer.member), \
			sizeof(((struct ev_##name *)0)->outer.member)               \
	}
	HEAD(flags),
	HEAD(channel),
	HEAD(time),
	HEAD(seq),
	HEAD(cpu),
	HEAD(tgid),
	HEAD(tid),
	HEAD(start),
	HEAD(lineage),
	FIELD(FORK, fork, parent_start, FIELD_NUMBER),
	FIELD(FORK, fork, parent_tgid, FIELD_NUMBER),
	FIELD(EXEC, exec, exe, FIELD_EXE),
	FIELD(EXEC, exec, exe_size, FIELD_NUMBER),
	FIELD(EXEC, exec, parent_lineage, FIELD_NUMBER),
	FIELD(EXEC, exec, parent_start, FIELD_NUMBER),
	FIELD(EXEC, exec, parent_tgid, FIELD_NUMBER),
	FIELD(EXEC, exec, uid, FIELD_NUMBER),
	FIELD(EXEC, exec, gid, FIELD_NUMBER),
	FIELD(EXEC, exec, mntns, FIELD_NUMBER),
	FIELD(EXEC, exec, netns, FIELD_NUMBER),
	FIELD(EXEC, exec, pidns, FIELD_NUMBER),
	FIELD(EXEC, exec, cgroup, FIELD_NUMBER),
	FIELD(EXEC, exec, comm, FIELD_CHARS),
	FIELD(EXEC, exec, state, FIELD_NUMBER),
	FIELD(STARTED, started, exe, FIELD_EXE),
	FIELD(EXIT, exit, code, FIELD_SIGNED),
	FIELD(CONNECT, connect, flow, FIELD_NUMBER),
	FIELD(CONNECT, connect, remote, FIELD_ADDRESS),
	FIELD(CONNECT, connect, proto, FIELD_NUMBER),
	FIELD(CONNECT, connect, netns, FIELD_NUMBER),
	FIELD(SEND, send, flow, FIELD_NUMBER),
	FIELD(SEND, send, bytes, FIELD_NUMBER),
	FIELD(SEND, send, remote, FIELD_ADDRESS),
	FIELD(SEND, send, proto, FIELD_NUMBER),
	FIELD(SEND, send, netns, FIELD_NUMBER),
	FIELD(FLOW, flow, flow, FIELD_NUMBER),
	FIELD(FLOW, flow, sent, FIELD_NUMBER),
	FIELD(FLOW, flow, received, FIELD_NUMBER),
	FIELD(FLOW, flow, remote, FIELD_ADDRESS),
	FIELD(FLOW, flow, local, FIELD_ADDRESS),
	FIELD(FLOW, flow, proto, FIELD_NUMBER),
	FIELD(FLOW, flow, netns, FIELD_NUMBER),
	FIELD(ACCESS, access, access, FIELD_NUMBER),
	INNER(ACCESS, access, object, ino, FIELD_NUMBER),
	INNER(ACCESS, access, object, dev, FIELD_NUMBER),
	INNER(ACCESS, access, object, gen, FIELD_NUMBER),
	INNER(ACCESS, access, facts, size, FIELD_NUMBER),
	INNER(ACCESS, access, facts, mode, FIELD_NUMBER),
	INNER(ACCESS, access, facts, links, FIELD_NUMBER),
	INNER(ACCESS, access, facts, magic, FIELD_NUMBER),
	INNER(ACCESS, access, facts, peer, FIELD_NUMBER),
	INNER(ACCESS, access, facts, family, FIELD_NUMBER),
	INNER(ACCESS, access, facts, type, FIELD_NUMBER),
	FIELD(ACCESS, access, read, FIELD_NUMBER),
	FIELD(ACCESS, access, written, FIELD_NUMBER),
	FIELD(ACCESS, access, mapped, FIELD_NUMBER),
	FIELD(ACCESS, access, from, FIELD_NUMBER),
	FIELD(ACCESS, access, to, FIELD_NUMBER),
	INNER(ACCESS, access, facts, rdev, FIELD_NUMBER),
	FIELD(PAYLOAD, payload, flow, FIELD_NUMBER),
	FIELD(PAYLOAD, payload, remote, FIELD_ADDRESS),
	FIELD(PAYLOAD, payload, size, FIELD_NUMBER),
	FIELD(PAYLOAD, payload, proto, FIELD_NUMBER),
	FIELD(JOIN, join, by_start, FIELD_NUMBER),
	FIELD(JOIN, join, by_tgid, FIELD_NUMBER),
	FIELD(JOIN, join, how, FIELD_NUMBER),
	FIELD(LABEL, label, access, FIELD_NUMBER),
	INNER(LEFT, left, object, ino, FIELD_NUMBER),
	INNER(LEFT, left, object, dev, FIELD_NUMBER),
	INNER(LEFT, left, object, gen, FIELD_NUMBER),
	FIELD(LEFT, left, size, FIELD_NUMBER),
	FIELD(MONITOR, monitor, since, FIELD_NUMBER),
	FIELD(MONITOR, monitor, what, FIELD_NUMBER),
	FIELD(MONITOR, monitor, pid, FIELD_NUMBER),
	FIELD(START, start, wall_offset, FIELD_SIGNED),
	FIELD(STOP, stop, events, FIELD_NUMBER),
	FIELD(STOP, stop, lost, FIELD_NUMBER),
	FIELD(CLOCK, clock, wall_offset, FIELD_SIGNED),
	FIELD(CLOCK, clock, change, FIELD_SIGNED),
	FIELD(LOSS, loss, count, FIELD_NUMBER),
	FIELD(LOSS, loss, since, FIELD_NUMBER),
	FIELD(LOSS, loss, cause, FIELD_NUMBER),
	FIELD(EXECUTABLE, executable, exe, FIELD_EXE),
	FIELD(EXECUTABLE, executable, size, FIELD_NUMBER),
	FIELD(EXECUTABLE, executable, sha256, FIELD_HEX),
	FIELD(PLACE, place, address, FIELD_ADDRESS),
	FIELD(PLACE, place, asn, FIELD_NUMBER),
	FIELD(PLACE, place, country, FIELD_CHARS),
	FIELD(PLACE, place, server_country, FIELD_CHARS),
};

static const struct {
	uint16_t kind;
	const char *name;
	size_t size;
} kinds[] = {
#define EVENT(number, NAME, name) {EV_##NAME, #name, sizeof(struct ev_##name)},
#include "../../bpf/abi/events.def"
#undef EVENT
};

static int fault(const struct list *list, const char *member, const char *what)
{
	return log_error(0, "%s:%zu: /%s: %s", list->path, list->line, member, what);
}

/* ---- values ---- */

/** A whole number that fits into so many bytes. */
static bool put_number(uint8_t *to, size_t size, bool is_signed, const cJSON *value)
{
	double number = value->valuedouble;
	uint64_t bits;

	if (!cJSON_IsNumber(value) || !(number > -9.2e18 && number < 1.8e19) || (number < 0 && !is_signed))
		return false;
	bits = number < 0 ? (uint64_t)(int64_t)number : (uint64_t)number;
	if ((number < 0 ? (double)(int64_t)bits : (double)bits) != number)
		return false;
	if (size < sizeof(bits) && number >= 0 && bits >> 8 * size)
		return false;
	memcpy(to, &bits, size); /* the contract is little-endian, as every host that we run on */
	return true;
}

/** "192.0.2.1:443" or "[2001:db8::1]:443". */
static bool put_address(uint8_t *to, const cJSON *value)
{
	struct ev_addr address = {};
	const char *text = cJSON_GetStringValue(value), *colon = text ? strrchr(text, ':') : NULL;
	bool six = colon && *text == '[';
	size_t length = colon ? (size_t)(colon - text) : 0;
	char host[INET6_ADDRSTRLEN + 2], *end;
	unsigned long port;

	if (!colon || length >= sizeof(host) || length < 3 || (six && colon[-1] != ']'))
		return false;
	memcpy(host, text, length);
	host[six ? length - 1 : length] = '\0';
	port = strtoul(colon + 1, &end, 10);
	if (*end || end == colon + 1 || colon[1] == '-' || port > 65535)
		return false;
	address.family = six ? 6 : 4;
	address.port = htons((uint16_t)port);
	if (inet_pton(six ? AF_INET6 : AF_INET, host + six, address.addr) != 1)
		return false;
	memcpy(to, &address, sizeof(address));
	return true;
}

static bool put_hex(uint8_t *to, size_t size, const cJSON *value)
{
	const char *text = cJSON_GetStringValue(value);

	if (!text || strlen(text) != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++) {
		char byte[3] = {text[2 * i], text[2 * i + 1]}, *end;

		to[i] = (uint8_t)strtoul(byte, &end, 16);
		if (end != byte + 2)
			return false;
	}
	return true;
}

static bool put_chars(uint8_t *to, size_t size, const cJSON *value)
{
	const char *text = cJSON_GetStringValue(value);

	for (size_t i = 0; text && text[i]; i++) {
		if (i == size)
			return false;
		to[i] = (uint8_t)text[i];
	}
	return text;
}

static bool put_field(uint8_t *event, const struct field *field, const cJSON *value)
{
	uint8_t *to = event + field->offset;

	switch (field->type) {
	case FIELD_NUMBER:
	case FIELD_SIGNED:
		return put_number(to, field->size, field->type == FIELD_SIGNED, value);
	case FIELD_ADDRESS:
		return put_address(to, value);
	case FIELD_EXE:
		return put_number(to + offsetof(struct exe_id, ino), sizeof(uint64_t), false, value);
	case FIELD_HEX:
		return put_hex(to, field->size, value);
	case FIELD_CHARS:
		return put_chars(to, field->size, value);
	}
	return false;
}

/* ---- strings ---- */

/** A path becomes the names from the file up, as the kernel half writes them. */
static void path_names(const char *path, struct buf *names)
{
	for (size_t end = strlen(path); end;) {
		size_t start = end;

		while (start && path[start - 1] != '/')
			start--;
		buf_bytes(names, path + start, end - start);
		buf_byte(names, '\0');
		end = start ? start - 1 : 0;
	}
}

static void arguments(const cJSON *value, struct buf *to)
{
	const cJSON *each;

	cJSON_ArrayForEach(each, value) {
		const char *text = cJSON_GetStringValue(each);

		buf_bytes(to, text ? text : "", text ? strlen(text) + 1 : 1);
	}
}

static bool put_string(struct draft *draft, const struct event_string *string, const cJSON *value)
{
	struct ev_str *str = (struct ev_str *)(draft->bytes + string->offset);
	_cleanup_(buf_free) struct buf bytes = {};
	const char *text = cJSON_GetStringValue(value);

	if (cJSON_IsArray(value))
		arguments(value, &bytes);
	else if (!text)
		return false;
	else if (string->kind == EV_PAYLOAD) {
		uint8_t message[PAYLOAD_MAX];
		size_t size = strlen(text) / 2;

		if (size > sizeof(message) || !put_hex(message, size, value))
			return false;
		buf_bytes(&bytes, message, size);
	} else if (string->kind == EV_EXEC || string->kind == EV_ACCESS)
		path_names(text, &bytes);
	else
		buf_str(&bytes, text);
	return draft_str(draft, str, bytes.data, bytes.size);
}

static int put_member(struct list *list, uint16_t kind, const cJSON *member)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if ((fields[i].kind == kind || !fields[i].kind) && !strcmp(fields[i].name, member->string))
			return put_field(list->draft.bytes, &fields[i], member) ?
				       0 :
				       fault(list, member->string, "not a value for this member");
	for (size_t i = 0; i < event_string_count; i++)
		if (event_strings[i].kind == kind && !strcmp(event_strings[i].name, member->string))
			return put_string(&list->draft, &event_strings[i], member) ?
				       0 :
				       fault(list, member->string, "expected a string, not too long");
	return fault(list, member->string, "this kind of event has no such member");
}

static int build(struct list *list, const cJSON *object)
{
	const char *name = json_str(object, "kind");
	const cJSON *member;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!name || strcmp(kinds[i].name, name))
			continue;
		draft_begin(&list->draft, kinds[i].kind, kinds[i].size, 0);
		cJSON_ArrayForEach(member, object) {
			if (!strcmp(member->string, "kind"))
				continue;
			r = put_member(list, kinds[i].kind, member);
			if (r)
				return r;
		}
		return 0;
	}
	return fault(list, "kind", "no such kind of event");
}

/* ---- the source ---- */

/** One line, and nothing behind its object. */
static cJSON *parse_line(const char *line, const char *end)
{
	const char *stop = NULL;
	cJSON *object = cJSON_ParseWithLengthOpts(line, (size_t)(end - line), &stop, 0);

	while (object && stop < end && strchr(" \t\r", *stop))
		stop++;
	if (!object || stop == end)
		return object;
	cJSON_Delete(object);
	return NULL;
}

static int list_next(struct source *source, const struct ev_head **event)
{
	struct list *list = (struct list *)source;

	while (list->at && *list->at) {
		const char *end = strchrnul(list->at, '\n');
		cJSON *object = NULL;
		bool empty = end == list->at || *list->at == '#';
		int r = 0;

		list->line++;
		if (!empty)
			object = parse_line(list->at, end);
		list->at = *end ? end + 1 : end;
		if (empty)
			continue;
		r = cJSON_IsObject(object) ? build(list, object) : fault(list, "", "expected a JSON object");
		cJSON_Delete(object);
		if (r)
			return r;
		*event = draft_end(&list->draft);
		return SOURCE_EVENT;
	}
	return SOURCE_END;
}

static void list_free(struct source *source)
{
	struct list *list = (struct list *)source;

	buf_free(&list->text);
	free(list->path);
	free(list);
}

static const struct source_ops list_ops = {.next = list_next, .free = list_free};

int list_open(struct list **list, const char *path)
{
	struct list *l = need(calloc(1, sizeof(*l)));
	uint8_t sum[DIGEST_SIZE];
	_cleanup_(buf_free) struct buf hex = {};
	int r;

	*list = NULL;
	l->source.ops = &list_ops;
	l->path = need(strdup(path));
	r = file_read_at(AT_FDCWD, path, &l->text, LIST_LIMIT);
	if (r) {
		list_free(&l->source);
		return log_error(r, "%s", path);
	}
	digest_of(l->text.data ? l->text.data : "", l->text.size, sum);
	buf_hex(&hex, sum, sizeof(sum));
	snprintf(l->origin, sizeof(l->origin), "list/%s", hex.data);
	l->at = l->text.data;
	*list = l;
	return 0;
}

struct source *list_source(struct list *list)
{
	return &list->source;
}

const char *list_origin(const struct list *list)
{
	return list->origin;
}

void list_close(struct list **list)
{
	if (*list)
		list_free(&(*list)->source);
	*list = NULL;
}
