// SPDX-License-Identifier: GPL-3.0-or-later
#include "happened.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "../util/cleanup.h"
#include "../util/clock.h"
#include "../util/style.h"
#include "../util/text.h"

static void put_address(struct buf *to, const struct ev_addr *address)
{
	char text[INET6_ADDRSTRLEN] = "no address";

	if (address->family)
		inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->addr, text, sizeof(text));
	buf_printf(to, address->family == 6 ? "[%s]:%u" : "%s:%u", text, ntohs(address->port));
}

static void put_path(struct buf *to, const struct ev_head *event, struct ev_str names, bool cut)
{
	_cleanup_(buf_free) struct buf path = {};

	event_path(event, names, cut, &path);
	text_plain(to, path.data, path.size);
}

static void access_line(const struct ev_head *event, struct buf *to)
{
	const struct ev_access *access = (const struct ev_access *)event;

	buf_str(to, event->flags & ACCESS_FIRST ? "opens " : "has used ");
	if (access->path.len)
		put_path(to, event, access->path, event->flags & ACCESS_PATH_CUT);
	else
		buf_printf(to, "inode %llu", (unsigned long long)access->object.ino);
	if (event->flags & ACCESS_FIRST)
		buf_printf(to, ", %llu bytes long", (unsigned long long)access->facts.size);
	else
		buf_printf(to, ": read %llu, written %llu, mapped %llu bytes so far",
			   (unsigned long long)access->read, (unsigned long long)access->written,
			   (unsigned long long)access->mapped);
}

static void label_line(const struct ev_head *event, struct buf *to)
{
	const struct ev_label *label = (const struct ev_label *)event;
	struct view text = event_view(event, label->label), by = event_view(event, label->by);

	buf_str(to, "reads what is labelled ");
	text_plain(to, text.at, text.size);
	buf_str(to, ", by ");
	text_plain(to, by.at, by.size);
}

static void left_line(const struct ev_head *event, struct buf *to)
{
	const struct ev_left *left = (const struct ev_left *)event;
	struct view path = event_view(event, left->path);

	buf_str(to, "has left ");
	text_plain(to, path.at, path.size);
	buf_printf(to, ", %llu bytes long", (unsigned long long)left->size);
}

static void flow_line(const struct ev_head *event, struct buf *to)
{
	const struct ev_flow *flow = (const struct ev_flow *)event;

	buf_printf(to, "%s ", event->flags & FLOW_CLOSED ? "ends with" : "talks with");
	put_address(to, &flow->remote);
	buf_printf(to, ": sent %llu, received %llu bytes so far", (unsigned long long)flow->sent,
		   (unsigned long long)flow->received);
}

static void send_line(const struct ev_head *event, struct buf *to)
{
	const struct ev_send *send = (const struct ev_send *)event;

	buf_printf(to, "sends a datagram of %llu bytes to ", (unsigned long long)send->bytes);
	put_address(to, &send->remote);
}

static void connect_line(const struct ev_head *event, struct buf *to)
{
	buf_str(to, "connects to ");
	put_address(to, &((const struct ev_connect *)event)->remote);
}

static void exec_line(const struct ev_head *event, struct buf *to)
{
	buf_str(to, "runs ");
	put_path(to, event, ((const struct ev_exec *)event)->path, event->flags & EXEC_PATH_CUT);
}

static const struct {
	uint16_t kind;
	void (*line)(const struct ev_head *event, struct buf *to);
} lines[] = {
	{EV_EXEC, exec_line},	  {EV_CONNECT, connect_line}, {EV_SEND, send_line}, {EV_FLOW, flow_line},
	{EV_ACCESS, access_line}, {EV_LABEL, label_line},     {EV_LEFT, left_line},
};

void happened_line(const struct ev_head *event, uint64_t position, int64_t wall, bool colour, struct buf *to)
{
	_cleanup_(buf_free) struct buf time = {};
	const char *kind = event_kind_name(event->kind);

	time_format(&time, wall);
	buf_printf(to, "  %.10s %.8sZ  ", time.data, time.data + 11);
	buf_printf(&time, "event %llu", (unsigned long long)position);
	style_put(to, colour, STYLE_DIM, time.data + 30, 14);
	if (event->tgid)
		buf_printf(to, "pid %u ", event->tgid);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (lines[i].kind == event->kind) {
			lines[i].line(event, to);
			buf_byte(to, '\n');
			return;
		}
	buf_printf(to, "%s\n", kind ? kind : "an event of a kind that is not known here");
}
