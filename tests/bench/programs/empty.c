// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What kernel.bpf_stats_enabled says of a program that does nothing, which is
 * what it adds to every other: two instructions on a raw tracepoint of fork,
 * and a few thousand forks. Says "runs N ns N". With the name of a tracepoint it
 * hangs there until it is killed.
 */
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define FORKS 5000

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int load(void)
{
	static const struct bpf_insn instructions[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
		.insns = (uintptr_t)instructions,
		.insn_cnt = 2,
		.license = (uintptr_t) "GPL",
	};

	return bpf(BPF_PROG_LOAD, &attr);
}

static int attach(int program, const char *tracepoint)
{
	union bpf_attr attr = {
		.raw_tracepoint = {.name = (uintptr_t)tracepoint, .prog_fd = (uint32_t)program}};

	return bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
}

static struct bpf_prog_info info_of(int program)
{
	struct bpf_prog_info info = {};
	union bpf_attr attr = {
		.info = {.bpf_fd = (uint32_t)program, .info_len = sizeof(info), .info = (uintptr_t)&info}};

	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr))
		bench_die("BPF_OBJ_GET_INFO_BY_FD");
	return info;
}

int main(int argc, char **argv)
{
	int program = load();
	struct bpf_prog_info info;

	if (program < 0 || attach(program, argc > 1 ? argv[1] : "sched_process_fork") < 0)
		bench_die("bpf");
	if (argc > 1) {
		puts("ready");
		fflush(stdout);
		pause();
	}
	for (int i = 0; i < FORKS; i++) {
		pid_t child = vfork();

		if (!child)
			_exit(0);
		waitpid(child, NULL, 0);
	}
	info = info_of(program);
	printf("runs %llu ns %llu\n", (unsigned long long)info.run_cnt, (unsigned long long)info.run_time_ns);
	return 0;
}
