/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each kind of hook, attached. Private to user/sensor. */
#ifndef CUSTODES_SENSOR_ATTACH_H
#define CUSTODES_SENSOR_ATTACH_H

#include <bpf/libbpf.h>

#include "hooks.h"
#include "opener.h"

/**
 * File systems of the kernel in which hooks are found, without a mount that anybody
 * sees: a mounted one may be elsewhere, hidden, or absent. Descriptors, or a negative errno.
 */
struct roots {
	int cgroup;
	int tracing;	      /* only HOOK_PERF needs it */
	struct opener opener; /* and this, where privileges are gone */
};
#define ROOTS_NONE ((struct roots){-1, -1, OPENER_NONE})

/** 0, or a negative errno where nothing can be attached to cgroups. */
int roots_open(struct roots *roots);
void roots_close(struct roots *roots);

/** Attaches one program of a loaded object; NULL and errno. */
struct bpf_link *hook_attach(const struct hook *hook, const struct bpf_object *object,
			     const struct roots *roots);

/** The table that an iterator walks over; NULL: it walks over what the kernel has. */
const char *hook_table(const struct hook *hook);

#endif
