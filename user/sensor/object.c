// SPDX-License-Identifier: GPL-3.0-or-later
#include "object.h"
#include "sensor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "../util/log.h"

extern const char sensor_object[], sensor_object_end[];
__asm__(".section .rodata\n"
	".balign 8\n"
	".global sensor_object, sensor_object_end\n"
	"sensor_object: .incbin \"sensor.bpf.o\"\n"
	"sensor_object_end: .byte 0\n"
	".previous\n");

void object_loaded(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const char *begin = sensor_object + (page - (uintptr_t)sensor_object % page) % page;
	const char *end = sensor_object_end - (uintptr_t)sensor_object_end % page;

	if (end > begin)
		madvise((void *)begin, (size_t)(end - begin), MADV_DONTNEED);
}

/** libbpf's words help whoever asks for them with -v; what they mean is said by us. */
static int pass_on(enum libbpf_print_level level, const char *format, va_list args)
{
	_cleanup_(buf_free) struct buf line = {};

	if (level == LIBBPF_DEBUG || !log_says(LOG_LEVEL_DEBUG))
		return 0;
	buf_vprintf(&line, format, args);
	for (char *at = line.data, *end; at && *at; at = end) {
		end = strchrnul(at, '\n');
		log_debug("%.*s", (int)(end - at), at);
		end += *end == '\n';
	}
	return 0;
}

int object_set(struct bpf_object *object, const char *section, __u32 value)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, section);

	return map ? bpf_map__set_initial_value(map, &value, sizeof(value)) : -ENOENT;
}

bool kernel_preempts(void)
{
	struct utsname name;
	unsigned int major, minor;

	if (uname(&name) || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return true;
	return major > 6 || (major == 6 && minor > 18);
}

struct bpf_object *object_open(void)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "custodes");

	libbpf_set_print(pass_on);
	return bpf_object__open_mem(sensor_object, (size_t)(sensor_object_end - sensor_object), &options);
}

/** A tracepoint's arguments, behind the context that it hands to every program; -1: there is none. */
static int tracepoint_arguments(const struct btf *kernel, const char *name)
{
	const struct btf_type *type;
	char of[64];
	int id;

	snprintf(of, sizeof(of), "btf_trace_%s", name);
	id = btf__find_by_name_kind(kernel, of, BTF_KIND_TYPEDEF);
	type = id > 0 ? btf__type_by_id(kernel, (__u32)id) : NULL;
	type = type ? btf__type_by_id(kernel, type->type) : NULL;
	type = type && btf_is_ptr(type) ? btf__type_by_id(kernel, type->type) : NULL;
	return type && btf_is_func_proto(type) ? btf_vlen(type) - 1 : -1;
}

static bool iterator_exists(const struct btf *kernel, const char *name)
{
	char of[64];

	snprintf(of, sizeof(of), "bpf_iter_%s", name);
	return btf__find_by_name_kind(kernel, of, BTF_KIND_FUNC) > 0;
}

/**
 * 0 where a program can be put at this function: types do not tell. A kernel may have
 * no trampolines, or refuse them to be attached (arm64 before 6.4), or to be loaded.
 */
static int trampoline_fits(const struct btf *kernel, const struct hook *hook)
{
	static const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options);
	_cleanup_close_ int program = -1, link = -1;
	int function = btf__find_by_name_kind(kernel, hook->target, BTF_KIND_FUNC);

	if (function <= 0)
		return -ENOENT;
	options.attach_btf_id = (__u32)function;
	options.expected_attach_type = hook->attach == HOOK_ENTRY ? BPF_TRACE_FENTRY : BPF_TRACE_FEXIT;
	program = bpf_prog_load(BPF_PROG_TYPE_TRACING, "custodes_probe", "GPL", nothing, ARRAY_SIZE(nothing),
				&options);
	link = program < 0 ? program : bpf_raw_tracepoint_open(NULL, program);
	return link < 0 ? -errno : 0;
}

int hook_fits(const struct hook *hook, const struct btf *kernel)
{
	int arguments;

	if (hook->attach == HOOK_CGROUP)
		return 0;
	if (hook->attach == HOOK_ENTRY || hook->attach == HOOK_RETURN)
		return trampoline_fits(kernel, hook);
	if (hook->attach == HOOK_PERF)
		return kernel_preempts() ? 0 : -ENOENT;
	if (hook->attach != HOOK_TRACEPOINT)
		return iterator_exists(kernel, hook->target) ? 0 : -ENOENT;
	arguments = tracepoint_arguments(kernel, hook->target);
	return arguments >= 0 && (!hook->arguments || hook->arguments == arguments) ? 0 : -ENOENT;
}

int sensor_prerequisites(void)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return log_error(-ENOENT,
				 "this kernel has no BTF (/sys/kernel/btf/vmlinux): it must be built with "
				 "CONFIG_DEBUG_INFO_BTF");
	if (geteuid())
		return log_error(-EPERM, "the sensor needs root to load and attach its programs");
	return 0;
}
