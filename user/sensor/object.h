/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The embedded BPF object and its hooks, one by one. Private to user/sensor. */
#ifndef CUSTODES_SENSOR_OBJECT_H
#define CUSTODES_SENSOR_OBJECT_H

#include <bpf/libbpf.h>

#include "../util/buf.h"
#include "hooks.h"

/** The object as it was built in, opened and not loaded; NULL and errno. */
struct bpf_object *object_open(void);

/** Its pages are given back: more than a MiB that is read once. They come again where they are wanted. */
void object_loaded(void);

/** Before it is loaded: one of its constants, which has a section of its own. 0 or a negative errno. */
int object_set(struct bpf_object *object, const char *section, __u32 value);

/** Whether a task may lose its CPU inside a tracing program: taken to be so after 6.18, which is the last
 * seen without. */
bool kernel_preempts(void);

/** 0 where this kernel has what the hook is attached to, in the shape that it expects; else why not. */
int hook_fits(const struct hook *hook, const struct btf *kernel);

#endif
