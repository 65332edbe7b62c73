// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <string.h>

#include "../util/cleanup.h"
#include "event.h"

/** By kind; a kind that is not known has no name. */
static const struct shape {
	uint16_t size;
	const char *name;
} shapes[] = {
#define EVENT(number, NAME, name) [EV_##NAME] = {sizeof(struct ev_##name), #name},
#include "../../bpf/abi/events.def"
#undef EVENT
};

#define STRING(KIND, type, member)                                     \
	{                                                              \
		EV_##KIND, offsetof(struct ev_##type, member), #member \
	}
const struct event_string event_strings[] = {
	STRING(EXEC, exec, path),
	STRING(EXEC, exec, args),
	STRING(STARTED, started, name),
	STRING(STARTED, started, directory),
	STRING(ACCESS, access, path),
	STRING(PAYLOAD, payload, bytes),
	STRING(START, start, version),
	STRING(START, start, host_id),
	STRING(START, start, host_name),
	STRING(START, start, boot_id),
	STRING(START, start, run_id),
	STRING(START, start, kernel),
	STRING(START, start, hooks),
	STRING(DOCUMENT, document, name),
	STRING(DOCUMENT, document, text),
	STRING(POLICY, policy, host),
	STRING(POLICY, policy, documents),
	STRING(EXECUTABLE, executable, path),
	STRING(EXECUTABLE, executable, package),
	STRING(EXECUTABLE, executable, package_version),
	STRING(EXECUTABLE, executable, maintainer),
	STRING(EXECUTABLE, executable, build_id),
	STRING(EXECUTABLE, executable, error),
	STRING(PROCESS, process, user),
	STRING(PROCESS, process, unit),
	STRING(PROCESS, process, cgroup),
	STRING(PROCESS, process, container),
	STRING(PROCESS, process, args),
	STRING(PROCESS, process, cwd),
	STRING(LABEL, label, label),
	STRING(LABEL, label, by),
	STRING(MONITOR, monitor, detail),
	STRING(LEFT, left, path),
	STRING(SNAPSHOT, snapshot, bytes),
	STRING(KEY, key, verifier),
	STRING(KEY, key, certificate),
	STRING(HEARTBEAT, heartbeat, checkpoint),
	STRING(HEARTBEAT, heartbeat, verifier),
	STRING(WITNESS, witness, verifier),
	STRING(WITNESS, witness, checkpoint),
	STRING(WITNESS, witness, detail),
	STRING(PRUNE, prune, absent),
	STRING(PRUNE, prune, holds),
	STRING(HOLD, hold, id),
	STRING(HOLD, hold, reason),
	STRING(PLACE, place, as_name),
	STRING(PLACE, place, network),
};
const size_t event_string_count = ARRAY_SIZE(event_strings);

/** Where the strings of each kind begin, which stand together: every event that is read is looked at. */
static uint8_t first_string[ARRAY_SIZE(shapes)];

static void __attribute__((constructor)) index_strings(void)
{
	for (size_t i = event_string_count; i-- > 0;)
		first_string[event_strings[i].kind] = (uint8_t)i;
}

static const struct shape *shape_of(uint16_t kind)
{
	return kind < ARRAY_SIZE(shapes) && shapes[kind].name ? &shapes[kind] : NULL;
}

const char *event_kind_name(uint16_t kind)
{
	const struct shape *shape = shape_of(kind);

	return shape ? shape->name : NULL;
}

static bool strings_inside(const struct ev_head *event)
{
	for (size_t i = first_string[event->kind];
	     i < event_string_count && event_strings[i].kind == event->kind; i++) {
		struct ev_str str;

		memcpy(&str, (const char *)event + event_strings[i].offset, sizeof(str));
		if ((size_t)str.off + str.len > event->size)
			return false;
	}
	return true;
}

int event_check(const void *bytes, size_t size)
{
	const struct ev_head *event = bytes;
	const struct shape *shape;

	if (size < sizeof(*event) || event->size < sizeof(*event) || event->size > size || event->size % 8)
		return -EBADMSG;
	shape = shape_of(event->kind);
	if (!shape)
		return 0;
	return event->size >= shape->size && strings_inside(event) ? 0 : -EBADMSG;
}

void event_path(const struct ev_head *event, struct ev_str str, bool cut, struct buf *path)
{
	struct view names = event_view(event, str);
	size_t end = names.size;

	/* From the file up, so read from the end down. */
	while (end) {
		size_t start = end - 1;

		while (start && names.at[start - 1])
			start--;
		if (names.at[start] && names.at[start] != '/') {
			buf_byte(path, '/');
			buf_bytes(path, names.at + start, end - 1 - start);
		}
		end = start;
	}
	if (!path->size && names.size)
		buf_byte(path, '/');
	if (cut) {
		buf_bytes(path, "...", 3);
		memmove(path->data + 3, path->data, path->size - 3);
		memcpy(path->data, "...", 3);
	}
}

void draft_begin(struct draft *draft, uint16_t kind, size_t size, uint64_t time)
{
	struct ev_head *head = (struct ev_head *)draft->bytes;

	memset(draft->bytes, 0, size);
	head->size = (uint32_t)size;
	head->kind = kind;
	head->channel = CHANNEL_USER;
	head->time = time;
}

bool draft_str(struct draft *draft, struct ev_str *str, const void *bytes, size_t size)
{
	struct ev_head *head = (struct ev_head *)draft->bytes;
	size_t room = EVENT_MAX - 8 - head->size;
	bool whole = size <= room;

	if (!whole)
		size = room;
	str->off = (uint16_t)head->size;
	str->len = (uint16_t)size;
	if (size)
		memcpy(draft->bytes + head->size, bytes, size);
	head->size += (uint32_t)size;
	return whole;
}

bool draft_text(struct draft *draft, struct ev_str *str, const char *text)
{
	return draft_str(draft, str, text, text ? strlen(text) : 0);
}

const struct ev_head *draft_end(struct draft *draft)
{
	struct ev_head *head = (struct ev_head *)draft->bytes;

	while (head->size % 8)
		draft->bytes[head->size++] = 0;
	return head;
}
