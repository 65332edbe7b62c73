// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compiled by gcc and by clang for bpf, with -Wpadded as an error: no struct of
 * the contract has a hidden byte, and both compilers agree on every size.
 */
#include "event.h"
#include "maps.h"
#include "stats.h"

#define SAME(type, bytes) _Static_assert(sizeof(type) == (bytes) && (bytes) % 8 == 0, "size of " #type)

SAME(struct ev_head, 56);
SAME(struct exe_id, 32);
SAME(struct ev_addr, 24);
SAME(struct ev_fork, 72);
SAME(struct ev_exec, 176);
SAME(struct ev_started, 96);
SAME(struct ev_exit, 64);
SAME(struct ev_connect, 96);
SAME(struct ev_send, 104);
SAME(struct ev_flow, 136);
SAME(struct object_id, 16);
SAME(struct object_facts, 48);
SAME(struct ev_access, 176);
SAME(struct ev_join, 72);
SAME(struct ev_payload, 104);
SAME(struct ev_start, 104);
SAME(struct ev_stop, 72);
SAME(struct ev_clock, 72);
SAME(struct ev_loss, 80);
SAME(struct ev_document, 104);
SAME(struct ev_policy, 96);
SAME(struct ev_executable, 152);
SAME(struct ev_process, 80);
SAME(struct ev_place, 160);
SAME(struct ev_action, 96);
SAME(struct ev_label, 72);
SAME(struct ev_monitor, 80);
SAME(struct ev_left, 88);
SAME(struct task_entry, 16);
SAME(struct lineage_entry, 8);
SAME(struct owner, 24);
SAME(struct sock_entry, 128);
SAME(struct ended_entry, 96);
SAME(struct destination_key, 32);
SAME(struct destination_entry, 56);
SAME(struct pending_key, 16);
SAME(struct access_key, 24);
SAME(struct access_entry, 144);
SAME(struct loss_entry, 8);

#define EVENT(number, NAME, name) \
	_Static_assert(sizeof(struct ev_##name) <= EVENT_MAX && (number) < 65536, #NAME);
#include "events.def"
#undef EVENT
