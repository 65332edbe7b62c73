// SPDX-License-Identifier: GPL-3.0-or-later
#include "integrity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../util/clock.h"
#include "../util/memory.h"
#include "../util/status.h"

/** Whoever runs a custodes meets here: the name belongs to the first. */
static const char name[] = "\0custodes/monitor";
/** We look once a second: without us having run for so much longer than that, we were stopped. */
#define PAUSE_NS (NSEC_PER_SEC / 2)

struct integrity {
	struct sensor *sensor;
	struct state *state;
	int sock;
	uint32_t second;	 /* met when we came */
	uint32_t traced_by;	 /* told already */
	uint64_t looked, worked; /* when, and our own time by then */
	struct draft draft;
};

struct teller {
	struct integrity *integrity;
	uint64_t now;
	void (*tell)(void *context, const struct ev_head *event);
	void *context;
};

static void tell(const struct teller *teller, enum monitor_what what, uint32_t pid, uint64_t since,
		 const char *detail)
{
	struct draft *draft = &teller->integrity->draft;
	struct ev_monitor *event = DRAFT(draft, MONITOR, monitor, teller->now);

	event->what = what;
	event->pid = pid;
	event->since = since;
	draft_text(draft, &event->detail, detail);
	teller->tell(teller->context, draft_end(draft));
}

/* ---- another custodes ---- */

static uint32_t peer_of(int sock)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &size) || peer.uid ? 0 : (uint32_t)peer.pid;
}

/** Takes the name, or greets who has it; who that is, or 0. */
static uint32_t meet(struct integrity *integrity)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	socklen_t size = offsetof(struct sockaddr_un, sun_path) + sizeof(name) - 1;
	_cleanup_close_ int greeting = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(at.sun_path, name, sizeof(name) - 1);
	integrity->sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (!bind(integrity->sock, (struct sockaddr *)&at, size)) {
		listen(integrity->sock, 8);
		return 0;
	}
	closep(&integrity->sock);
	integrity->sock = -1;
	return connect(greeting, (struct sockaddr *)&at, size) ? 0 : peer_of(greeting);
}

static void look_for_others(const struct teller *teller)
{
	struct integrity *integrity = teller->integrity;

	if (integrity->second)
		tell(teller, MONITOR_SECOND, integrity->second, 0, NULL);
	integrity->second = 0;
	while (integrity->sock >= 0) {
		_cleanup_close_ int greeting = accept4(integrity->sock, NULL, NULL, SOCK_CLOEXEC);
		uint32_t pid = greeting < 0 ? 0 : peer_of(greeting);

		if (greeting < 0)
			break;
		if (pid) /* anybody may knock; only root runs a custodes */
			tell(teller, MONITOR_SECOND, pid, 0, NULL);
	}
}

/* ---- this one ---- */

static void look_for_tracer(const struct teller *teller)
{
	uint32_t pid = status_of(getpid()).tracer;

	if (pid && pid != teller->integrity->traced_by)
		tell(teller, MONITOR_TRACED, pid, 0, NULL);
	teller->integrity->traced_by = pid;
}

static void look_for_pause(const struct teller *teller)
{
	struct integrity *integrity = teller->integrity;
	uint64_t worked = clock_own();
	int64_t idle = (int64_t)(teller->now - integrity->looked) - (int64_t)(worked - integrity->worked);

	if (idle > (int64_t)(NSEC_PER_SEC + PAUSE_NS))
		tell(teller, MONITOR_STOPPED, 0, integrity->looked, NULL);
	integrity->looked = teller->now;
	integrity->worked = worked;
}

static void tell_changed(void *context, const char *table)
{
	tell(context, MONITOR_CHANGED, 0, 0, table);
}

void integrity_look(struct integrity *integrity, uint64_t now,
		    void (*tell_)(void *context, const struct ev_head *event), void *context)
{
	const struct teller teller = {integrity, now, tell_, context};
	const char *program;

	look_for_pause(&teller);
	look_for_tracer(&teller);
	look_for_others(&teller);
	program = sensor_detached(integrity->sensor);
	if (program)
		tell(&teller, MONITOR_DETACHED, 0, 0, program);
	state_check(integrity->state, tell_changed, (void *)&teller);
	if (sensor_rearmed(integrity->sensor))
		tell_changed((void *)&teller, "spares_armed");
}

struct integrity *integrity_open(struct sensor *sensor, struct state *state)
{
	struct integrity *integrity = need(calloc(1, sizeof(*integrity)));

	integrity->sensor = sensor;
	integrity->state = state;
	integrity->second = meet(integrity);
	integrity->looked = clock_boot();
	integrity->worked = clock_own();
	return integrity;
}

void integrity_close(struct integrity **integrity)
{
	if (*integrity)
		closep(&(*integrity)->sock);
	free(TAKE_PTR(*integrity));
}
