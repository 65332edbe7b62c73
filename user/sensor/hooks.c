// SPDX-License-Identifier: GPL-3.0-or-later
#include "hooks.h"

#include <string.h>

#include "../util/cleanup.h"
#include "probe.h"

const struct feature_info features[FEATURES] = {
	[FEATURE_PROCESSES] = {"processes", "fork, exec and exit", true, "everything"},
	[FEATURE_EXISTING] = {"existing", "processes that ran before", false,
			      "products that ran before custodes are watched from their next exec on"},
	[FEATURE_SOCKETS] = {"sockets", "connects, and the bytes of every stream at its end", true,
			     "everything"},
	[FEATURE_DATAGRAMS] =
		{"datagrams", "datagrams and their bytes by destination; sockets inherited or accepted",
		 false, "datagrams are not counted, nor what a stream moved before it was disconnected"},
	[FEATURE_TICKS] = {"ticks", "bytes of connections that stay open, and of datagrams, every second",
			   true, "everything but what closes"},
};

const struct hook hooks[] = {
	{"process_fork", FEATURE_PROCESSES, 0, HOOK_TRACEPOINT, "sched_process_fork", false},
	{"process_exec", FEATURE_PROCESSES, 0, HOOK_TRACEPOINT, "sched_process_exec", false},
	{"process_exit", FEATURE_PROCESSES, 0, HOOK_TRACEPOINT, "sched_process_exit", false},
	{"process_existing", FEATURE_EXISTING, 0, HOOK_ITER_TASK, "task", false},
	{"socket_connect4", FEATURE_SOCKETS, 0, HOOK_CGROUP, "connect4", false},
	{"socket_connect6", FEATURE_SOCKETS, 0, HOOK_CGROUP, "connect6", false},
	{"socket_destroy", FEATURE_SOCKETS, 0, HOOK_TRACEPOINT, "tcp_destroy_sock", true},
	{"datagram_sendmsg4", FEATURE_DATAGRAMS, 0, HOOK_CGROUP, "sendmsg4", false},
	{"datagram_sendmsg6", FEATURE_DATAGRAMS, 0, HOOK_CGROUP, "sendmsg6", false},
	{"datagram_sent", FEATURE_DATAGRAMS, 0, HOOK_TRACEPOINT, "sock_send_length", false},
	{"datagram_received", FEATURE_DATAGRAMS, 0, HOOK_TRACEPOINT, "sock_recv_length", false},
	{"packet_sendmsg4", FEATURE_DATAGRAMS, 1, HOOK_CGROUP, "sendmsg4", false},
	{"packet_sendmsg6", FEATURE_DATAGRAMS, 1, HOOK_CGROUP, "sendmsg6", false},
	{"packet_out", FEATURE_DATAGRAMS, 1, HOOK_CGROUP, "egress", false},
	{"packet_in", FEATURE_DATAGRAMS, 1, HOOK_CGROUP, "ingress", false},
	{"socket_state", FEATURE_DATAGRAMS, 1, HOOK_TRACEPOINT, "inet_sock_set_state", true},
	{"tick_socks", FEATURE_TICKS, 0, HOOK_ITER_SOCKS, "bpf_map_elem", false},
	{"tick_destinations", FEATURE_TICKS, 0, HOOK_ITER_DESTINATIONS, "bpf_map_elem", false},
};
const size_t hook_count = ARRAY_SIZE(hooks);
_Static_assert(ARRAY_SIZE(hooks) <= HOOKS_MAX, "a place for every hook");

bool hook_exists(const char *program)
{
	for (size_t i = 0; i < hook_count; i++)
		if (!strcmp(hooks[i].program, program))
			return true;
	return false;
}

const char *way_lost(enum feature feature, unsigned int way)
{
	if (feature == FEATURE_DATAGRAMS && way == 1)
		return "datagrams received count when they reach the socket, read or not; "
		       "streams that were accepted, inherited or passed are not seen";
	return "";
}
