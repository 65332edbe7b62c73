// SPDX-License-Identifier: GPL-3.0-or-later
#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../util/cleanup.h"
#include "object.h"

/* ---- where hooks are found ---- */

static int mount_unseen(const char *type)
{
	int fs = (int)syscall(SYS_fsopen, type, 1 /* FSOPEN_CLOEXEC */);
	int mount = -1;

	if (fs < 0)
		return -errno;
	if (!syscall(SYS_fsconfig, fs, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0))
		mount = (int)syscall(SYS_fsmount, fs, 1 /* FSMOUNT_CLOEXEC */, 0);
	if (mount < 0)
		mount = -errno;
	close(fs);
	return mount;
}

int roots_open(struct roots *roots)
{
	roots->cgroup = mount_unseen("cgroup2");
	roots->tracing = mount_unseen("tracefs");
	return roots->cgroup < 0 ? roots->cgroup : 0;
}

void roots_close(struct roots *roots)
{
	closep(&roots->cgroup);
	closep(&roots->tracing);
	opener_close(&roots->opener);
}

/* ---- each kind ---- */

static struct bpf_link *iter_attach(const struct bpf_program *program, const struct bpf_object *object,
				    const char *map)
{
	union bpf_iter_link_info info = {};
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info, .link_info_len = sizeof(info));

	if (map)
		info.map.map_fd = (__u32)bpf_object__find_map_fd_by_name(object, map);
	return bpf_program__attach_iter(program, map ? &options : NULL);
}

/** By what number perf knows a tracepoint; negative: errno. */
static long tracepoint_id(int tracing, const char *tracepoint)
{
	_cleanup_close_ int fd = -1;
	char path[128], number[24] = "";

	if (tracing < 0)
		return tracing;
	snprintf(path, sizeof(path), "events/%s/id", tracepoint);
	fd = openat(tracing, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, number, sizeof(number) - 1) < 0)
		return -errno;
	return strtol(number, NULL, 10);
}

static struct bpf_link *perf_attach(const struct bpf_program *program, const struct roots *roots,
				    const char *tracepoint)
{
	long id = tracepoint_id(roots->tracing, tracepoint);
	struct bpf_link *link;
	int fd;

	if (id < 0) {
		errno = (int)-id;
		return NULL;
	}
	fd = roots->opener.pid < 0 ? perf_event((uint64_t)id) : opener_event(&roots->opener, (uint64_t)id);
	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	link = bpf_program__attach_perf_event(program, fd); /* it closes it in the end */
	if (!link)
		close(fd);
	return link;
}

const char *hook_table(const struct hook *hook)
{
	switch (hook->attach) {
	case HOOK_ITER_SOCKS:
		return "socks";
	case HOOK_ITER_ENDED:
		return "ended";
	case HOOK_ITER_DESTINATIONS:
		return "destinations";
	case HOOK_ITER_ACCESSES:
		return "accesses";
	case HOOK_ITER_OTHERS:
		return "others";
	default:
		return NULL;
	}
}

struct bpf_link *hook_attach(const struct hook *hook, const struct bpf_object *object,
			     const struct roots *roots)
{
	const struct bpf_program *program = bpf_object__find_program_by_name(object, hook->program);

	switch (hook->attach) {
	case HOOK_TRACEPOINT:
	case HOOK_ENTRY:
	case HOOK_RETURN:
		return bpf_program__attach(program);
	case HOOK_PERF:
		return perf_attach(program, roots, hook->target);
	case HOOK_CGROUP:
		return bpf_program__attach_cgroup(program, roots->cgroup);
	case HOOK_ITER_TASK:
	case HOOK_ITER_FILES:
	case HOOK_ITER_MEMORY:
	case HOOK_ITER_SCANNERS:
	case HOOK_ITER_SOCKS:
	case HOOK_ITER_ENDED:
	case HOOK_ITER_DESTINATIONS:
	case HOOK_ITER_ACCESSES:
	case HOOK_ITER_OTHERS:
		return iter_attach(program, object, hook_table(hook));
	}
	errno = EINVAL;
	return NULL;
}
