// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../util/jsonw.h"
#include "../util/log.h"
#include "../util/memory.h"
#include "attach.h"
#include "object.h"
#include "probe.h"
#include "sensor.h"

struct sensor {
	struct bpf_object *object;
	struct bpf_link *links[HOOKS_MAX];
	struct probe probe;
	uint64_t missed_before[HOOKS_MAX]; /* it was armed: nobody was watched by it */
	uint64_t open_before[HOOKS_MAX];   /* skipped, and not replaced, when it was last looked at */
	bool demanded;
	const char *unled; /* a program that leads could not be attached later on; told once */
	struct roots roots;
};

static void unload(struct sensor *sensor)
{
	for (size_t i = 0; i < hook_count; i++) {
		bpf_link__destroy(sensor->links[i]);
		sensor->links[i] = NULL;
	}
	bpf_object__close(sensor->object);
	sensor->object = NULL;
}

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

/** How often the kernel has skipped it. */
static uint64_t misses(const struct sensor *sensor, size_t hook)
{
	struct bpf_prog_info info;

	return program_info(sensor, hook, &info) ? info.recursion_misses - sensor->missed_before[hook] : 0;
}

/** How often the spare of a channel has acted in the place of the one that leads, on all CPUs. */
static uint64_t acted(const struct sensor *sensor, __u32 channel)
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t *of_cpus = need(calloc((size_t)cpus, sizeof(*of_cpus))), sum = 0;

	if (!bpf_map_lookup_elem(sensor_map(sensor, "spares_acted"), &channel, of_cpus))
		for (int cpu = 0; cpu < cpus; cpu++)
			sum += of_cpus[cpu];
	free(of_cpus);
	return sum;
}

/**
 * One that leads and its spare, the program behind it, act from now on. Whom the kernel skipped until
 * then, nobody was to see; some of them just before, while this was under way.
 */
static void arm(struct sensor *sensor, size_t lead)
{
	const __u32 channel = HOOK_CHANNEL(&hooks[lead]), yes = 1;

	bpf_map_update_elem(sensor_map(sensor, "spares_armed"), &channel, &yes, BPF_ANY);
	if (sensor->links[lead])
		sensor->missed_before[lead] += misses(sensor, lead) - acted(sensor, channel);
}

/**
 * What is always attached, or the rest; what is attached already stays. Of the rest a program that
 * leads may fail, if somebody has killed who opens its event: its spare acts alone then, and whom
 * the kernel skips that one for is a loss.
 */
static int attach(struct sensor *sensor, bool on_demand)
{
	for (size_t i = 0; i < hook_count; i++) {
		if (!(hooks[i].traits & ON_DEMAND) == on_demand || !probe_uses(&sensor->probe, i) ||
		    sensor->links[i])
			continue;
		sensor->links[i] = hook_attach(&hooks[i], sensor->object, &sensor->roots);
		if (!sensor->links[i]) {
			if (!on_demand || !(hooks[i].traits & LEADS))
				return -errno;
			log_warning("%s cannot be attached: %s", hooks[i].program, strerror(errno));
			sensor->unled = hooks[i].program;
			continue;
		}
		if (i && hooks[i - 1].traits & LEADS && probe_uses(&sensor->probe, i - 1))
			arm(sensor, i - 1);
	}
	return 0;
}

/** Of our tables, what user space writes. All others are the programs' alone. */
static const char *const written[] = {"lineages", "exes", "exes_version", "spares_armed"};

static bool is_written(const char *map)
{
	for (size_t i = 0; i < ARRAY_SIZE(written); i++)
		if (!strcmp(written[i], map))
			return true;
	return false;
}

/** No system call writes them from now on, whoever makes it. */
static int freeze(const struct sensor *sensor)
{
	struct bpf_map *map;
	int r = 0;

	bpf_object__for_each_map(map, sensor->object)
		if (!r && bpf_map__type(map) != BPF_MAP_TYPE_RINGBUF && !bpf_map__is_internal(map) &&
		    !is_written(bpf_map__name(map)))
			r = bpf_map_freeze(bpf_map__fd(map));
	return r;
}

static int set_secret(struct bpf_object *object)
{
	__u32 secret;

	if (getrandom(&secret, sizeof(secret), 0) != sizeof(secret))
		return -EIO;
	return object_set(object, ".rodata.secret", secret);
}

static int load(struct sensor *sensor)
{
	int r;

	sensor->object = object_open();
	if (!sensor->object)
		return -errno;
	for (size_t i = 0; i < hook_count; i++) {
		struct bpf_program *program =
			bpf_object__find_program_by_name(sensor->object, hooks[i].program);

		bpf_program__set_autoload(program, probe_uses(&sensor->probe, i));
	}
	r = object_set(sensor->object, ".rodata.sockets_by_call", sensor->probe.ways[FEATURE_DATAGRAMS] != 0);
	if (!r)
		r = object_set(sensor->object, ".rodata.preempted", kernel_preempts());
	if (!r)
		r = object_set(sensor->object, ".rodata.led", probe_led(&sensor->probe));
	if (!r)
		r = set_secret(sensor->object);
	if (!r)
		r = bpf_object__load(sensor->object);
	if (!r)
		r = freeze(sensor);
	if (!r)
		r = attach(sensor, false);
	if (!r && probe_led(&sensor->probe))
		r = opener_start(&sensor->roots.opener);
	if (r)
		unload(sensor);
	return r;
}

static void say_losses(const struct probe *probe)
{
	for (int i = 0; i < FEATURES; i++)
		if (*probe_lost(probe, (enum feature)i) && !features[i].required)
			log_warning("%s: %s", features[i].name, probe_lost(probe, (enum feature)i));
}

static void say_refusals(const struct probe *probe)
{
	for (size_t i = 0; i < hook_count; i++)
		if (probe->results[i] && probe->results[i] != -ECANCELED && probe->results[i] != -ENOENT)
			log_warning("this kernel refuses %s: %s", hooks[i].program,
				    strerror(-probe->results[i]));
	say_losses(probe);
}

/** The first program without which nothing works, or NULL. */
static const char *missing_program(const struct probe *probe)
{
	for (size_t i = 0; i < hook_count; i++)
		if (features[hooks[i].feature].required && probe->ways[hooks[i].feature] < 0 &&
		    probe->results[i] && !(hooks[i].traits & LEADS))
			return hooks[i].program;
	return NULL;
}

/**
 * First everything at once, which is quick; where the kernel refuses that, each
 * program alone, to learn which, and then what is left.
 */
static int load_best(struct sensor *sensor, const struct sensor_options *options)
{
	const char *missing;
	int r = probe_guess(&sensor->probe);

	if (r)
		return r;
	r = options->without[0] ? -ECANCELED : load(sensor);
	if (!r) {
		say_losses(&sensor->probe);
		return 0;
	}
	r = probe_run(&sensor->probe, options->without);
	if (r)
		return r;
	say_refusals(&sensor->probe);
	missing = missing_program(&sensor->probe);
	if (missing)
		return log_error(-ENOTSUP, "the sensor cannot run without %s", missing);
	r = load(sensor);
	return r ? log_error(r, "programs that load alone do not load together") : 0;
}

int sensor_open(struct sensor **sensor, const struct sensor_options *options)
{
	struct sensor *s = need(calloc(1, sizeof(*s)));
	int r;

	*sensor = NULL;
	s->roots = ROOTS_NONE;
	r = sensor_prerequisites();
	if (!r) {
		r = roots_open(&s->roots);
		r = r ? log_error(r, "the cgroup2 hierarchy cannot be opened") : load_best(s, options);
	}
	object_loaded();
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
	roots_close(&s->roots);
	free(s);
	*sensor = NULL;
}

int sensor_cgroups(const struct sensor *sensor)
{
	return sensor->roots.cgroup;
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
		jsonw_object(&w, features[i].name);
		jsonw_i64(&w, "way", sensor->probe.ways[i]);
		jsonw_str(&w, "lost", probe_lost(&sensor->probe, (enum feature)i));
		jsonw_object_end(&w);
	}
	jsonw_object_end(&w);
}

/* ---- iterators: reading one runs its program over everything ---- */

/** A walk over tables of which most is empty costs more than all else that we do where nobody is watched. */
static bool has_none(const struct sensor *sensor, const struct hook *hook)
{
	const char *table = hook_table(hook);
	union {
		__u64 sock;
		struct destination_key destination;
		struct access_key access;
	} key;

	return table && bpf_map_get_next_key(sensor_map(sensor, table), NULL, &key) == -ENOENT;
}

static int iter_run(const struct sensor *sensor, enum hook_attach attach)
{
	for (size_t i = 0; i < hook_count; i++) {
		_cleanup_close_ int fd = -1;
		char nothing[64];
		ssize_t got;

		if (hooks[i].attach != attach || !sensor->links[i] || has_none(sensor, &hooks[i]))
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

int sensor_scanners(struct sensor *sensor)
{
	return iter_run(sensor, HOOK_ITER_SCANNERS);
}

int sensor_demand(struct sensor *sensor)
{
	int r = 0;

	if (!sensor->demanded)
		r = attach(sensor, true);
	sensor->demanded = true;
	opener_close(&sensor->roots.opener);
	if (r)
		return log_error(r, "reads and writes are not counted: the programs cannot be attached");
	r = iter_run(sensor, HOOK_ITER_FILES);
	return r ? r : iter_run(sensor, HOOK_ITER_MEMORY);
}

bool sensor_demanded(const struct sensor *sensor)
{
	return sensor->demanded;
}

int sensor_tick(struct sensor *sensor)
{
	static const enum hook_attach ticks[] = {HOOK_ITER_SOCKS, HOOK_ITER_ENDED, HOOK_ITER_DESTINATIONS,
						 HOOK_ITER_ACCESSES, HOOK_ITER_OTHERS};

	for (size_t i = 0; i < ARRAY_SIZE(ticks); i++) {
		int r = iter_run(sensor, ticks[i]);

		if (r)
			return r;
	}
	return 0;
}

/* ---- whether it is still as it was attached ---- */

/** A link to a cgroup can be taken from outside; then it knows of no cgroup. */
static bool link_holds(const struct bpf_link *link)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_link__fd(link), &info, &size))
		return true; /* not allowed to know: said by nobody */
	return info.type != BPF_LINK_TYPE_CGROUP || info.cgroup.cgroup_id;
}

const char *sensor_detached(struct sensor *sensor)
{
	if (sensor->unled)
		return TAKE_PTR(sensor->unled);
	for (size_t i = 0; i < hook_count; i++) {
		if (!sensor->links[i] || link_holds(sensor->links[i]))
			continue;
		bpf_link__destroy(sensor->links[i]);
		sensor->links[i] = hook_attach(&hooks[i], sensor->object, &sensor->roots);
		return hooks[i].program;
	}
	return NULL;
}

bool sensor_rearmed(struct sensor *sensor)
{
	int table = sensor_map(sensor, "spares_armed");
	const __u32 yes = 1;
	bool put_out = false;

	for (size_t i = 0; i < hook_count; i++) {
		const __u32 channel = HOOK_CHANNEL(&hooks[i]);
		__u32 value = 0;

		if (!(hooks[i].traits & LEADS) || !probe_uses(&sensor->probe, i) || !sensor->links[i + 1])
			continue;
		bpf_map_lookup_elem(table, &channel, &value);
		if (value == yes)
			continue;
		bpf_map_update_elem(table, &channel, &yes, BPF_ANY);
		put_out = true;
	}
	return put_out;
}

/* ---- what the kernel counts about the programs ---- */

/**
 * Whom one that leads and its spare have both missed: whom the kernel skipped the one for,
 * and the other did not act for. It may be about to: what was so a second ago, too, counts.
 */
static uint64_t missed_by_both(struct sensor *sensor, size_t hook)
{
	uint64_t skipped = misses(sensor, hook), replaced = acted(sensor, HOOK_CHANNEL(&hooks[hook]));
	uint64_t now = skipped > replaced ? skipped - replaced : 0, before = sensor->open_before[hook];

	/* It has acted for whom nobody skipped, too: that makes up for no loss to come. */
	if (replaced > skipped)
		sensor->missed_before[hook] -= replaced - skipped;
	sensor->open_before[hook] = now;
	return now < before ? now : before;
}

uint64_t sensor_recursions(struct sensor *sensor)
{
	uint64_t missed = 0;

	for (size_t i = 0; i < hook_count; i++) {
		bool spare = i && hooks[i - 1].traits & LEADS && sensor->links[i - 1];

		if (hooks[i].traits & LEADS)
			missed += sensor->links[i] ? missed_by_both(sensor, i) : 0;
		else if (!(hooks[i].traits & COVERED) && !spare)
			missed += misses(sensor, i);
	}
	return missed;
}

size_t sensor_costs(const struct sensor *sensor, struct program_cost *costs, size_t room)
{
	struct bpf_prog_info info;
	size_t count = 0;

	for (size_t i = 0; i < hook_count && count < room; i++)
		if (program_info(sensor, i, &info))
			costs[count++] =
				(struct program_cost){hooks[i].program, info.run_cnt, info.run_time_ns};
	return count;
}
