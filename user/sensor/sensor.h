/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel half, loaded and attached. It swears to facts and judges nothing. */
#ifndef CUSTODES_SENSOR_SENSOR_H
#define CUSTODES_SENSOR_SENSOR_H

#include "../../bpf/abi/maps.h"
#include "../util/buf.h"
#include "hooks.h"

struct sensor;

struct sensor_options {
	const char *without[8]; /* programs that are not to be used, ended by NULL */
};

/**
 * Loads and attaches, feature by feature, the best way that this kernel takes.
 * Says why where it cannot. 0; -ENOENT: no BTF; -EPERM: not the rights; -ENOTSUP:
 * a required feature is refused; other negative errnos.
 */
int sensor_open(struct sensor **sensor, const struct sensor_options *options);
void sensor_close(struct sensor **sensor);

/** What this kernel, and this caller, lack before anything can be tried; 0 if nothing. Said. */
int sensor_prerequisites(void);

/** What is attached and what is lost, as one line of JSON. */
void sensor_json(const struct sensor *sensor, struct buf *to);

/** Descriptor of a map, by its name. */
int sensor_map(const struct sensor *sensor, const char *name);

/** The root of the cgroup2 hierarchy; the sensor's own descriptor. */
int sensor_cgroups(const struct sensor *sensor);

/** Makes the kernel half report on-access scanners that it has not told of yet. 0 or a negative errno. */
int sensor_scanners(struct sensor *sensor);

/** Makes the kernel half report what ran already: once, after sensor_open(). */
int sensor_existing(struct sensor *sensor);
/**
 * Something is watched: attaches what taxes every system call of the host, for as
 * long as the sensor runs, since attached too late it would miss a product's first
 * reads; and reports what watched processes have open already. 0 or a negative errno.
 */
int sensor_demand(struct sensor *sensor);
bool sensor_demanded(const struct sensor *sensor);
/** Makes it report what grew since the last tick. */
int sensor_tick(struct sensor *sensor);

/** The name of a program that somebody has detached, and that is attached again if it can be; or NULL. */
const char *sensor_detached(struct sensor *sensor);

/** Whether somebody has put a spare out of action (table spares_armed); it acts again. */
bool sensor_rearmed(struct sensor *sensor);

/** Times that a program was not run because it ran already, and no other saw what it missed. */
uint64_t sensor_recursions(struct sensor *sensor);

/** Cost of one program, from the kernel's own statistics (kernel.bpf_stats_enabled). */
struct program_cost {
	const char *program;
	uint64_t runs;
	uint64_t nanoseconds;
};
/** Fills up to `room` rows for the attached programs; returns how many. */
size_t sensor_costs(const struct sensor *sensor, struct program_cost *costs, size_t room);

#endif
