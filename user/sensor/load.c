// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/mount.h>

#include "../util/jsonw.h"
#include "../util/log.h"
#include "sensor.h"

#define HOOKS_MAX 32

extern const char sensor_object[], sensor_object_end[];
__asm__(".section .rodata\n"
	".balign 8\n"
	".global sensor_object, sensor_object_end\n"
	"sensor_object: .incbin \"sensor.bpf.o\"\n"
	"sensor_object_end: .byte 0\n"
	".previous\n");

struct sensor {
	struct bpf_object *object;
	struct bpf_link *links[HOOKS_MAX];
	struct sensor_feature features[FEATURES];
	int cgroup;
};

/* ---- what libbpf says is kept for whoever must explain a refusal ---- */

static struct buf libbpf_said;

static int keep_words(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_DEBUG)
		return 0;
	buf_vprintf(&libbpf_said, format, args);
	return 0;
}

/**
 * The root of the cgroup hierarchy, without a mount that anybody sees: a mounted
 * one may be elsewhere, hidden, or absent.
 */
static int cgroup_root(void)
{
	int fs = (int)syscall(SYS_fsopen, "cgroup2", 1 /* FSOPEN_CLOEXEC */);
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

static struct bpf_object *object_open(void)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "custodes");

	return bpf_object__open_mem(sensor_object, (size_t)(sensor_object_end - sensor_object), &options);
}

static struct bpf_link *iter_attach(const struct bpf_program *program, const struct bpf_object *object,
				    const char *map)
{
	union bpf_iter_link_info info = {};
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info, .link_info_len = sizeof(info));

	if (map)
		info.map.map_fd = (__u32)bpf_object__find_map_fd_by_name(object, map);
	return bpf_program__attach_iter(program, map ? &options : NULL);
}

static struct bpf_link *hook_attach(const struct hook *hook, const struct bpf_object *object, int cgroup)
{
	const struct bpf_program *program = bpf_object__find_program_by_name(object, hook->program);

	switch (hook->attach) {
	case HOOK_TRACEPOINT:
		return bpf_program__attach(program);
	case HOOK_CGROUP:
		return bpf_program__attach_cgroup(program, cgroup);
	case HOOK_ITER_TASK:
		return iter_attach(program, object, NULL);
	case HOOK_ITER_SOCKS:
		return iter_attach(program, object, "socks");
	case HOOK_ITER_DESTINATIONS:
		return iter_attach(program, object, "destinations");
	}
	errno = EINVAL;
	return NULL;
}

/* ---- probing: each program alone, loaded and attached, since loading proves nothing ---- */

static int probe_hook(const struct hook *hook, int cgroup)
{
	struct bpf_object *object = object_open();
	struct bpf_program *program;
	struct bpf_link *link = NULL;
	int r;

	if (!object)
		return -errno;
	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), hook->program));
	r = bpf_object__load(object);
	if (!r) {
		link = hook_attach(hook, object, cgroup);
		r = link ? 0 : -errno;
	}
	bpf_link__destroy(link);
	bpf_object__close(object);
	return r;
}

static bool unwanted(const struct sensor_options *options, const char *program)
{
	for (size_t i = 0; i < ARRAY_SIZE(options->without) && options->without[i]; i++)
		if (!strcmp(options->without[i], program))
			return true;
	return false;
}

/** Whether every program of a way is taken; those that are not go into `refused`. */
static bool probe_way(struct sensor *sensor, const struct sensor_options *options, enum feature feature,
		      unsigned int way)
{
	struct sensor_feature *seen = &sensor->features[feature];
	bool any = false, all = true;

	for (size_t i = 0; i < hook_count; i++) {
		int r;

		if (hooks[i].feature != feature || hooks[i].way != way)
			continue;
		any = true;
		r = unwanted(options, hooks[i].program) ? -ECANCELED : probe_hook(&hooks[i], sensor->cgroup);
		if (!r)
			continue;
		all = false;
		buf_printf(&seen->refused, "%s%s: %s", seen->refused.size ? "; " : "", hooks[i].program,
			   r == -ECANCELED ? "not wanted (--without)" : strerror(-r));
	}
	return any && all;
}

static void probe_features(struct sensor *sensor, const struct sensor_options *options)
{
	for (int feature = 0; feature < FEATURES; feature++) {
		struct sensor_feature *seen = &sensor->features[feature];

		buf_clear(&seen->refused);
		seen->way = -1;
		for (unsigned int way = 0; way < WAYS && seen->way < 0; way++)
			if (probe_way(sensor, options, (enum feature)feature, way))
				seen->way = (int)way;
	}
}

/* ---- loading what was chosen ---- */

static bool chosen(const struct sensor *sensor, const struct hook *hook)
{
	return sensor->features[hook->feature].way == (int)hook->way;
}

static void unload(struct sensor *sensor)
{
	for (size_t i = 0; i < hook_count; i++) {
		bpf_link__destroy(sensor->links[i]);
		sensor->links[i] = NULL;
	}
	bpf_object__close(sensor->object);
	sensor->object = NULL;
}

static int load(struct sensor *sensor)
{
	int r;

	sensor->object = object_open();
	if (!sensor->object)
		return -errno;
	for (size_t i = 0; i < hook_count; i++) {
		struct bpf_program *program = bpf_object__find_program_by_name(sensor->object, hooks[i].program);

		bpf_program__set_autoload(program, chosen(sensor, &hooks[i]));
	}
	r = bpf_object__load(sensor->object);
	for (size_t i = 0; !r && i < hook_count; i++) {
		if (!chosen(sensor, &hooks[i]))
			continue;
		sensor->links[i] = hook_attach(&hooks[i], sensor->object, sensor->cgroup);
		r = sensor->links[i] ? 0 : -errno;
	}
	if (r)
		unload(sensor);
	return r;
}

static int refuse(const struct sensor *sensor)
{
	for (int i = 0; i < FEATURES; i++)
		if (features[i].required && sensor->features[i].way < 0)
			return log_error(-ENOTSUP, "this kernel refuses what sees %s (%s)", features[i].sees,
					 sensor->features[i].refused.data);
	return 0;
}

/**
 * First everything at once, which is quick; where the kernel refuses that, each
 * program alone, to learn which, and then what is left.
 */
static int load_best(struct sensor *sensor, const struct sensor_options *options)
{
	int r = options->without[0] ? -ECANCELED : load(sensor);

	if (!r)
		return 0;
	probe_features(sensor, options);
	r = refuse(sensor);
	if (r)
		return r;
	r = load(sensor);
	return r ? log_error(r, "programs that load alone do not load together") : 0;
}

static int prerequisites(struct sensor *sensor)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return log_error(-ENOENT, "this kernel has no BTF (/sys/kernel/btf/vmlinux): it must be built with "
					  "CONFIG_DEBUG_INFO_BTF");
	if (geteuid())
		return log_error(-EPERM, "the sensor needs root to load and attach its programs");
	sensor->cgroup = cgroup_root();
	if (sensor->cgroup < 0)
		return log_error(sensor->cgroup, "the cgroup2 hierarchy cannot be opened");
	return 0;
}

int sensor_open(struct sensor **sensor, const struct sensor_options *options)
{
	struct sensor *s = calloc(1, sizeof(*s));
	int r;

	_Static_assert(HOOKS_MAX >= 19, "a link for every hook");
	*sensor = NULL;
	if (!s)
		return -ENOMEM;
	s->cgroup = -1;
	libbpf_set_print(keep_words);
	r = prerequisites(s);
	if (!r)
		r = load_best(s, options);
	if (log_says(LOG_LEVEL_DEBUG) && libbpf_said.size)
		log_debug("libbpf: %s", libbpf_said.data);
	buf_free(&libbpf_said);
	if (r)
		sensor_close(&s);
	*sensor = s;
	return r;
}

void sensor_close(struct sensor **sensor)
{
	struct sensor *s = *sensor;

	if (!s)
		return;
	unload(s);
	for (int i = 0; i < FEATURES; i++)
		buf_free(&s->features[i].refused);
	closep(&s->cgroup);
	free(s);
	*sensor = NULL;
}

const struct sensor_feature *sensor_features(const struct sensor *sensor)
{
	return sensor->features;
}

int sensor_map(const struct sensor *sensor, const char *name)
{
	return bpf_object__find_map_fd_by_name(sensor->object, name);
}

void sensor_json(const struct sensor *sensor, struct buf *to)
{
	struct jsonw w = {.to = to};

	jsonw_object(&w, NULL);
	for (int i = 0; i < FEATURES; i++) {
		const struct sensor_feature *seen = &sensor->features[i];

		jsonw_object(&w, features[i].name);
		jsonw_i64(&w, "way", seen->way);
		jsonw_str(&w, "lost", seen->way < 0 ? features[i].lost : way_lost((enum feature)i, (unsigned int)seen->way));
		jsonw_object_end(&w);
	}
	jsonw_object_end(&w);
}

/* ---- iterators: reading one runs its program over everything ---- */

static int iter_run(const struct sensor *sensor, enum hook_attach attach)
{
	for (size_t i = 0; i < hook_count; i++) {
		_cleanup_close_ int fd = -1;
		char nothing[64];
		ssize_t got;

		if (hooks[i].attach != attach || !sensor->links[i])
			continue;
		fd = bpf_iter_create(bpf_link__fd(sensor->links[i]));
		if (fd < 0)
			return -errno;
		do
			got = read(fd, nothing, sizeof(nothing));
		while (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)));
		return got < 0 ? -errno : 0;
	}
	return 0;
}

int sensor_existing(struct sensor *sensor)
{
	return iter_run(sensor, HOOK_ITER_TASK);
}

int sensor_tick(struct sensor *sensor)
{
	int r = iter_run(sensor, HOOK_ITER_SOCKS);

	return r ? r : iter_run(sensor, HOOK_ITER_DESTINATIONS);
}

/* ---- what the kernel counts about the programs ---- */

static bool program_info(const struct sensor *sensor, size_t hook, struct bpf_prog_info *info)
{
	const struct bpf_program *program;
	__u32 size = sizeof(*info);

	if (!sensor->links[hook])
		return false;
	memset(info, 0, sizeof(*info));
	program = bpf_object__find_program_by_name(sensor->object, hooks[hook].program);
	return !bpf_obj_get_info_by_fd(bpf_program__fd(program), info, &size);
}

uint64_t sensor_recursions(const struct sensor *sensor)
{
	struct bpf_prog_info info;
	uint64_t missed = 0;

	for (size_t i = 0; i < hook_count; i++)
		if (program_info(sensor, i, &info))
			missed += info.recursion_misses;
	return missed;
}

size_t sensor_costs(const struct sensor *sensor, struct program_cost *costs, size_t room)
{
	struct bpf_prog_info info;
	size_t count = 0;

	for (size_t i = 0; i < hook_count && count < room; i++)
		if (program_info(sensor, i, &info))
			costs[count++] = (struct program_cost){hooks[i].program, info.run_cnt, info.run_time_ns};
	return count;
}
