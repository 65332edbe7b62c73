// SPDX-License-Identifier: GPL-3.0-or-later
#include "hooks.h"

#include <string.h>

#include "../../bpf/abi/event.h"
#include "../util/cleanup.h"
#include "probe.h"

const struct feature_info features[FEATURES] = {
	[FEATURE_PROCESSES] = {"processes", "fork, exec and exit", true, "everything"},
	[FEATURE_EXISTING] = {"existing", "processes that ran before", false,
			      "products that ran before custodes are watched from their next exec on"},
	[FEATURE_MAPPED] = {"mapped", "files that they have mapped", false,
			    "what was mapped before custodes started is not counted"},
	[FEATURE_SCANNERS] = {"scanners", "on-access scanners, by their fanotify groups", false,
			      "an on-access scanner that the catalogue does not know is not met"},
	[FEATURE_SOCKETS] = {"sockets", "connects, and the bytes of every stream at its end", true,
			     "everything"},
	[FEATURE_DATAGRAMS] =
		{"datagrams", "datagrams and their bytes by destination; sockets inherited or accepted",
		 false, "datagrams are not counted, nor what a stream moved before it was disconnected"},
	[FEATURE_TICKS] = {"ticks", "bytes of connections that stay open, and of datagrams, every second",
			   true, "everything but what closes"},
	[FEATURE_FILES] = {"files", "what calls move from and to files, pipes, devices and other processes",
			   false, "reads and writes are not counted"},
	[FEATURE_URING] = {"io_uring", "the same, where io_uring does it", false,
			   "what io_uring reads and writes is not counted"},
	[FEATURE_MEMORY] =
		{"memory", "another process's memory, before it is written", false,
		 "a process whose memory is written is followed once the call that wrote it is over"},
};

const struct hook hooks[] = {
	{"process_fork_perf", FEATURE_PROCESSES, 0, HOOK_PERF, "sched/sched_process_fork",
	 LEADS_ON(CHANNEL_FORK), 0},
	{"process_fork", FEATURE_PROCESSES, 0, HOOK_TRACEPOINT, "sched_process_fork", 0, 0},
	{"process_exec_perf", FEATURE_PROCESSES, 0, HOOK_PERF, "sched/sched_process_exec",
	 LEADS_ON(CHANNEL_EXEC), 0},
	{"process_exec", FEATURE_PROCESSES, 0, HOOK_TRACEPOINT, "sched_process_exec", 0, 0},
	{"process_exit_perf", FEATURE_PROCESSES, 0, HOOK_PERF, "sched/sched_process_exit",
	 LEADS_ON(CHANNEL_EXIT), 0},
	{"process_exit", FEATURE_PROCESSES, 0, HOOK_TRACEPOINT, "sched_process_exit", 0, 0},
	{"process_existing", FEATURE_EXISTING, 0, HOOK_ITER_TASK, "task", 0, 0},
	{"file_existing", FEATURE_EXISTING, 0, HOOK_ITER_FILES, "task_file", 0, 0},
	{"memory_existing", FEATURE_MAPPED, 0, HOOK_ITER_MEMORY, "task_vma", 0, 0},
	{"scanner_existing", FEATURE_SCANNERS, 0, HOOK_ITER_SCANNERS, "task_file", 0, 0},
	{"socket_connect4", FEATURE_SOCKETS, 0, HOOK_CGROUP, "connect4", 0, 0},
	{"socket_connect6", FEATURE_SOCKETS, 0, HOOK_CGROUP, "connect6", 0, 0},
	{"socket_destroy", FEATURE_SOCKETS, 0, HOOK_TRACEPOINT, "tcp_destroy_sock", COVERED, 0},
	{"datagram_sendmsg4", FEATURE_DATAGRAMS, 0, HOOK_CGROUP, "sendmsg4", 0, 0},
	{"datagram_sendmsg6", FEATURE_DATAGRAMS, 0, HOOK_CGROUP, "sendmsg6", 0, 0},
	{"datagram_sent_perf", FEATURE_DATAGRAMS, 0, HOOK_PERF, "sock/sock_send_length",
	 LEADS_ON(CHANNEL_LENGTH_SENT), 0},
	{"datagram_sent", FEATURE_DATAGRAMS, 0, HOOK_TRACEPOINT, "sock_send_length", 0, 0},
	{"datagram_received_perf", FEATURE_DATAGRAMS, 0, HOOK_PERF, "sock/sock_recv_length",
	 LEADS_ON(CHANNEL_LENGTH_RECEIVED), 0},
	{"datagram_received", FEATURE_DATAGRAMS, 0, HOOK_TRACEPOINT, "sock_recv_length", 0, 0},
	{"packet_sendmsg4", FEATURE_DATAGRAMS, 1, HOOK_CGROUP, "sendmsg4", 0, 0},
	{"packet_sendmsg6", FEATURE_DATAGRAMS, 1, HOOK_CGROUP, "sendmsg6", 0, 0},
	{"packet_out", FEATURE_DATAGRAMS, 1, HOOK_CGROUP, "egress", 0, 0},
	{"packet_in", FEATURE_DATAGRAMS, 1, HOOK_CGROUP, "ingress", 0, 0},
	{"socket_state", FEATURE_DATAGRAMS, 1, HOOK_TRACEPOINT, "inet_sock_set_state", COVERED, 0},
	{"tick_socks", FEATURE_TICKS, 0, HOOK_ITER_SOCKS, "bpf_map_elem", 0, 0},
	{"tick_ended", FEATURE_TICKS, 0, HOOK_ITER_ENDED, "bpf_map_elem", 0, 0},
	{"tick_destinations", FEATURE_TICKS, 0, HOOK_ITER_DESTINATIONS, "bpf_map_elem", 0, 0},
	{"tick_accesses", FEATURE_TICKS, 0, HOOK_ITER_ACCESSES, "bpf_map_elem", 0, 0},
	{"tick_others", FEATURE_TICKS, 0, HOOK_ITER_OTHERS, "bpf_map_elem", 0, 0},
	{"file_call_perf", FEATURE_FILES, 0, HOOK_PERF, "raw_syscalls/sys_exit",
	 ON_DEMAND | LEADS_ON(CHANNEL_CALL), 0},
	{"file_call", FEATURE_FILES, 0, HOOK_TRACEPOINT, "sys_exit", ON_DEMAND, 0},
	{"uring_complete_perf", FEATURE_URING, 0, HOOK_PERF, "io_uring/io_uring_complete",
	 ON_DEMAND | LEADS_ON(CHANNEL_URING), 0},
	{"uring_complete", FEATURE_URING, 0, HOOK_TRACEPOINT, "io_uring_complete", ON_DEMAND, 3},
	{"uring_complete_v6_0", FEATURE_URING, 1, HOOK_TRACEPOINT, "io_uring_complete", ON_DEMAND, 7},
	{"uring_submit", FEATURE_URING, 2, HOOK_TRACEPOINT, "io_uring_submit_sqe", ON_DEMAND, 7},
	{"memory_allowed", FEATURE_MEMORY, 0, HOOK_RETURN, "mm_access", COVERED, 0},
	{"memory_written", FEATURE_MEMORY, 0, HOOK_ENTRY, "access_remote_vm", COVERED, 0},
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
		       "streams that were accepted, inherited or passed are seen once a call uses them";
	if (feature == FEATURE_URING && way == 2)
		return "what io_uring is asked to read counts as the whole file, done or not; "
		       "what it opens is met when it is read";
	return "";
}
