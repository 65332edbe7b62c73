// SPDX-License-Identifier: GPL-3.0-or-later
#include "holds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "../util/file.h"
#include "../util/log.h"
#include "../util/memory.h"

void holds_free(struct holds *holds)
{
	for (size_t i = 0; i < holds->count; i++) {
		free(holds->items[i].set.reason);
		free(holds->items[i].released.reason);
	}
	free(holds->items);
	*holds = (struct holds){};
}

struct hold *holds_find(const struct holds *holds, const char *id, size_t length)
{
	for (size_t i = 0; i < holds->count; i++)
		if (length == HOLD_ID && !memcmp(holds->items[i].id, id, HOLD_ID))
			return &holds->items[i];
	return NULL;
}

/* ---- the file: "hold ID FROM TO WHEN UID REASON" and "release ID WHEN UID REASON" ---- */

static bool word(const char **at, const char *end, const char **from, size_t *length)
{
	const char *stop = memchr(*at, ' ', (size_t)(end - *at));

	if (!stop || stop == *at)
		return false;
	*from = *at;
	*length = (size_t)(stop - *at);
	*at = stop + 1;
	return true;
}

static bool number(const char **at, const char *end, int64_t *value)
{
	uint64_t sum = 0;
	const char *digits;
	size_t length;
	bool minus;

	if (!word(at, end, &digits, &length))
		return false;
	minus = *digits == '-';
	if (length - minus < 1 || length - minus > 19)
		return false;
	for (size_t i = minus; i < length; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return false;
		sum = sum * 10 + (uint64_t)(digits[i] - '0');
	}
	*value = minus ? -(int64_t)sum : (int64_t)sum;
	return sum <= INT64_MAX;
}

static bool id_of(const char **at, const char *end, char id[HOLD_ID + 1])
{
	const char *digits;
	size_t length;

	if (!word(at, end, &digits, &length) || length != HOLD_ID)
		return false;
	memcpy(id, digits, HOLD_ID);
	id[HOLD_ID] = '\0';
	return strspn(id, "0123456789abcdef") == HOLD_ID;
}

struct line {
	struct hold hold;
	struct hold_act act;
	bool release;
};

static bool act_of(const char **at, const char *end, struct hold_act *act)
{
	int64_t uid;

	if (!number(at, end, &act->when) || !number(at, end, &uid) || uid < 0 || uid > UINT32_MAX)
		return false;
	act->uid = (uint32_t)uid;
	return *at < end && end - *at <= HOLD_REASON_MAX && !memchr(*at, '\0', (size_t)(end - *at));
}

static bool line_read(const char *at, const char *end, struct line *line)
{
	const char *what;
	size_t length;

	*line = (struct line){};
	if (!word(&at, end, &what, &length))
		return false;
	line->release = length == 7 && !memcmp(what, "release", 7);
	if (!line->release && (length != 4 || memcmp(what, "hold", 4) != 0))
		return false;
	if (!id_of(&at, end, line->hold.id))
		return false;
	if (!line->release && (!number(&at, end, &line->hold.from) || !number(&at, end, &line->hold.to)))
		return false;
	if (!act_of(&at, end, &line->act))
		return false;
	line->act.reason = need(strndup(at, (size_t)(end - at)));
	return true;
}

/** What is known stays as it is: what a log has told outlives a file that says something else. */
static void take_act(struct hold_act *known, const struct hold_act *act)
{
	if (known->reason) {
		known->recorded |= act->recorded;
		free(act->reason);
		return;
	}
	*known = *act;
}

static struct hold *hold_add(struct holds *holds, const struct hold *like)
{
	struct hold *hold = holds_find(holds, like->id, HOLD_ID);

	if (hold)
		return hold;
	hold = GROW(holds->items, holds->count);
	memcpy(hold->id, like->id, sizeof(hold->id));
	hold->from = like->from;
	hold->to = like->to;
	return hold;
}

static void line_take(struct holds *holds, struct line *line)
{
	struct hold *hold;

	if (line->release) { /* of a hold that nobody knows: it releases nothing */
		hold = holds_find(holds, line->hold.id, HOLD_ID);
		if (hold)
			take_act(&hold->released, &line->act);
		else
			free(line->act.reason);
		return;
	}
	hold = hold_add(holds, &line->hold);
	hold->in_file = true;
	take_act(&hold->set, &line->act);
}

int holds_read(struct holds *holds, const char *text, size_t size)
{
	const char *end = text + size, *stop;
	struct line line;

	for (const char *at = text; at < end; at = stop + 1) {
		bool sound;

		stop = memchr(at, '\n', (size_t)(end - at));
		sound = stop && line_read(at, stop, &line);
		if (!sound)
			return -EBADMSG;
		free(line.act.reason);
	}
	for (size_t i = 0; i < holds->count; i++)
		holds->items[i].in_file = false;
	for (const char *at = text; at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (line_read(at, stop, &line))
			line_take(holds, &line);
	}
	return 0;
}

int holds_load(struct holds *holds, const char *capture)
{
	_cleanup_(buf_free) struct buf path = {}, text = {};
	int r;

	buf_printf(&path, "%s/" HOLDS_FILE, capture);
	r = file_read_at(AT_FDCWD, path.data, &text, HOLDS_BYTES_MAX);
	if (r && r != -ENOENT)
		return log_error(r, "%s", path.data);
	r = holds_read(holds, text.data ? text.data : "", text.size);
	return r ? log_error(r, "%s: a line that is no hold and no release; nothing is pruned", path.data) :
		   0;
}

/** The directory of the tiles is locked: it is there if anything can go, and nobody replaces it. */
int holds_lock(const char *capture, bool wait)
{
	_cleanup_(buf_free) struct buf path = {};
	_cleanup_close_ int fd = -1;

	buf_printf(&path, "%s/tile", capture);
	fd = open(path.data, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : log_error(-errno, "%s", path.data);
	if (!flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB))
		return TAKE_FD(fd);
	return errno == EWOULDBLOCK ? -EWOULDBLOCK : log_error(-errno, "%s", path.data);
}

int holds_append(const char *capture, const struct hold *hold, bool release)
{
	const struct hold_act *act = release ? &hold->released : &hold->set;
	_cleanup_(buf_free) struct buf path = {}, line = {};
	_cleanup_close_ int fd = -1, lock = holds_lock(capture, true);
	int r;

	if (lock < 0 && lock != -ENOENT)
		return lock;
	if (release)
		buf_printf(&line, "release %s", hold->id);
	else
		buf_printf(&line, "hold %s %lld %lld", hold->id, (long long)hold->from, (long long)hold->to);
	buf_printf(&line, " %lld %u %s\n", (long long)act->when, act->uid, act->reason);
	buf_printf(&path, "%s/" HOLDS_FILE, capture);
	fd = open(path.data, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX))
		return log_error(-errno, "%s", path.data);
	r = file_write(fd, line.data, line.size);
	if (!r && fsync(fd))
		r = -errno;
	return r ? log_error(r, "%s", path.data) : 0;
}

/* ---- the log ---- */

static char *text_of(const struct ev_head *event, struct ev_str str)
{
	struct view view = event_view(event, str);

	return need(strndup(view.at, view.size));
}

static void take_hold(struct holds *holds, const struct ev_hold *told)
{
	const struct ev_head *event = &told->head;
	struct view id = event_view(event, told->id);
	struct hold like = {.from = told->from, .to = told->to};
	struct hold_act act = {.when = told->when, .uid = told->uid, .recorded = true};
	struct hold *hold;

	if (id.size != HOLD_ID)
		return;
	memcpy(like.id, id.at, HOLD_ID);
	act.reason = text_of(event, told->reason);
	hold = hold_add(holds, &like);
	if (told->what == HOLD_SET || told->what == HOLD_STANDS) {
		take_act(&hold->set, &act);
		return;
	}
	hold->set.recorded = true;
	if (!hold->set.reason)
		hold->set.reason = need(strdup(""));
	take_act(&hold->released, &act);
}

void holds_event(struct holds *holds, const struct ev_head *event)
{
	if (event->kind == EV_HOLD && event->channel == CHANNEL_USER)
		take_hold(holds, (const struct ev_hold *)event);
}

static const struct ev_head *tell(const struct hold *hold, const struct hold_act *act, enum hold_what what,
				  struct draft *draft, uint64_t time)
{
	struct ev_hold *event = DRAFT(draft, HOLD, hold, time);

	event->when = act->when;
	event->from = hold->from;
	event->to = hold->to;
	event->what = what;
	event->uid = act->uid;
	draft_text(draft, &event->id, hold->id);
	draft_text(draft, &event->reason, act->reason);
	return draft_end(draft);
}

const struct ev_head *holds_untold(struct holds *holds, struct draft *draft, uint64_t time)
{
	for (size_t i = 0; i < holds->count; i++) {
		struct hold *hold = &holds->items[i];
		struct hold_act *act = hold->set.recorded ? &hold->released : &hold->set;

		if (!act->reason || act->recorded)
			continue;
		act->recorded = true;
		return tell(hold, act, act == &hold->set ? HOLD_SET : HOLD_RELEASED, draft, time);
	}
	return NULL;
}

const struct ev_head *hold_told(const struct hold *hold, struct draft *draft, uint64_t time)
{
	if (hold_stands(hold))
		return tell(hold, &hold->set, HOLD_STANDS, draft, time);
	return tell(hold, &hold->released, HOLD_ENDED, draft, time);
}
