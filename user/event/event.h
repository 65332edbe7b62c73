/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes in: events as they stand in the ring and in captures. */
#ifndef CUSTODES_EVENT_EVENT_H
#define CUSTODES_EVENT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../bpf/abi/event.h"
#include "../util/buf.h"

/** Bytes of an event's string, not ended by a NUL. */
struct view {
	const char *at;
	size_t size;
};

static inline struct view event_view(const struct ev_head *event, struct ev_str str)
{
	return (struct view){(const char *)event + str.off, str.len};
}

/** Name of a kind ("exec"), or NULL: none that this version knows. */
const char *event_kind_name(uint16_t kind);

/**
 * Whether these bytes begin with an event of a sound shape: its size, and every
 * string inside it. A kind that is not known is sound if its head is; it is
 * carried through. 0, or -EBADMSG.
 */
int event_check(const void *bytes, size_t size);

/**
 * The path in an event of the kernel half, from its names: from the file up, as it
 * found them. `cut`: it had no room for all of them, and the rest hangs in the air.
 */
void event_path(const struct ev_head *event, struct ev_str names, bool cut, struct buf *path);

/** Describes the strings of a kind, for whoever prints or builds events. */
struct event_string {
	uint16_t kind;
	uint16_t offset; /* of the struct ev_str */
	const char *name;
};
extern const struct event_string event_strings[];
extern const size_t event_string_count;

/* ---- events that user space makes ---- */

/** An event under construction: strings are put behind the struct as they come. */
struct draft {
	_Alignas(8) uint8_t bytes[EVENT_MAX];
};

/** Begins an event of this kind and struct size, its head filled in but for identity. */
void draft_begin(struct draft *draft, uint16_t kind, size_t size, uint64_t time);
#define DRAFT(draft, KIND, name, time)                                      \
	(draft_begin((draft), EV_##KIND, sizeof(struct ev_##name), (time)), \
	 (struct ev_##name *)(draft)->bytes)

/** Adds a string; what does not fit in EVENT_MAX is cut. False if it was. */
bool draft_str(struct draft *draft, struct ev_str *str, const void *bytes, size_t size);
bool draft_text(struct draft *draft, struct ev_str *str, const char *text);

/** The finished event, its size a multiple of 8. */
const struct ev_head *draft_end(struct draft *draft);

#endif
