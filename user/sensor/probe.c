// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe.h"

#include <errno.h>
#include <string.h>

#include <bpf/btf.h>

#include "../util/log.h"
#include "attach.h"
#include "object.h"

static struct btf *kernel_types(void)
{
	struct btf *kernel = btf__load_vmlinux_btf();

	if (!kernel)
		log_error(-errno, "this kernel's BTF cannot be read");
	return kernel;
}

static int probe_hook(const struct hook *hook, const struct roots *roots)
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
		link = hook_attach(hook, object, roots);
		r = link ? 0 : -errno;
	}
	bpf_link__destroy(link);
	bpf_object__close(object);
	return r;
}

static bool unwanted(const char *const *without, const char *program)
{
	for (; without && *without; without++)
		if (!strcmp(*without, program))
			return true;
	return false;
}

static bool way_works(const struct probe *probe, enum feature feature, unsigned int way)
{
	bool any = false;

	for (size_t i = 0; i < hook_count; i++) {
		if (hooks[i].feature != feature || hooks[i].way != way || hooks[i].traits & LEADS)
			continue;
		if (probe->results[i])
			return false;
		any = true;
	}
	return any;
}

bool probe_led(const struct probe *probe)
{
	for (size_t i = 0; i < hook_count; i++)
		if (hooks[i].traits & LEADS && probe->results[i])
			return false;
	return true;
}

static bool has_lead(enum feature feature, unsigned int way)
{
	for (size_t i = 0; i < hook_count; i++)
		if (hooks[i].feature == feature && hooks[i].way == way && hooks[i].traits & LEADS)
			return true;
	return false;
}

const char *probe_lost(const struct probe *probe, enum feature feature)
{
	int way = probe->ways[feature];
	const char *text = way < 0 ? features[feature].lost : way_lost(feature, (unsigned int)way);

	if (*text || way < 0 || !has_lead(feature, (unsigned int)way) || !kernel_preempts() ||
	    probe_led(probe))
		return text;
	return "this kernel may take the CPU from a program: what others do there meanwhile is missed, "
	       "and counted as lost";
}

bool probe_uses(const struct probe *probe, size_t hook)
{
	return probe->ways[hooks[hook].feature] == (int)hooks[hook].way &&
	       (!(hooks[hook].traits & LEADS) || probe_led(probe));
}

static void choose_ways(struct probe *probe)
{
	for (int feature = 0; feature < FEATURES; feature++) {
		probe->ways[feature] = -1;
		for (unsigned int way = WAYS; way--;)
			if (way_works(probe, (enum feature)feature, way))
				probe->ways[feature] = (int)way;
	}
}

int probe_guess(struct probe *probe)
{
	struct btf *kernel = kernel_types();

	if (!kernel)
		return -ENOENT;
	for (size_t i = 0; i < hook_count; i++)
		probe->results[i] = hook_fits(&hooks[i], kernel);
	btf__free(kernel);
	choose_ways(probe);
	return 0;
}

static int probe_one(const struct hook *hook, const char *const *without, const struct btf *kernel,
		     const struct roots *roots)
{
	int r;

	if (unwanted(without, hook->program))
		return -ECANCELED;
	r = hook_fits(hook, kernel);
	return r ? r : probe_hook(hook, roots);
}

int probe_run(struct probe *probe, const char *const *without)
{
	_cleanup_(roots_close) struct roots roots = ROOTS_NONE;
	struct btf *kernel;
	int r = roots_open(&roots);

	if (r)
		return log_error(r, "the cgroup2 hierarchy cannot be opened");
	kernel = kernel_types();
	if (!kernel)
		return -ENOENT;
	for (size_t i = 0; i < hook_count; i++)
		probe->results[i] = probe_one(&hooks[i], without, kernel, &roots);
	btf__free(kernel);
	choose_ways(probe);
	return 0;
}
