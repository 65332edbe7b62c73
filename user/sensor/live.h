/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This very host as a source of events: the ring's, and between them what user
 * space observes about each, so that a fact follows the event that asked for it.
 */
#ifndef CUSTODES_SENSOR_LIVE_H
#define CUSTODES_SENSOR_LIVE_H

#include "../event/source.h"
#include "label.h"
#include "place.h"
#include "ring.h"
#include "sensor.h"
#include "state.h"

struct live;

struct live_parts {
	struct sensor *sensor;
	struct state *state;
	struct places *places;
	struct labels *labels;
};

/** Borrows the parts. */
int live_open(struct live **live, const struct live_parts *parts);
struct source *live_source(struct live *live);

/** Puts an event of user space's in line, before what the ring holds. */
void live_push(struct live *live, const struct ev_head *event);

/**
 * A product runs: its calls are looked at from now on, and what the first one did
 * since `since` is told as lost. `survey`: it may have files open already.
 */
void live_demand(struct live *live, uint64_t since, bool survey);

/**
 * Looks at the file in a while, and at the end of the run: if it is still there, an
 * event says so. `path` is as the process `tgid` saw it.
 */
void live_look(struct live *live, uint64_t lineage, uint32_t tgid, const struct object_id *object,
	       const char *path);

/** Around a fork: the source's thread must not be within an allocation then. */
void live_hold(struct live *live, bool hold);

/** Makes the next answers those of a last tick; then the source ends. */
void live_finish(struct live *live);

struct live_totals {
	uint64_t events; /* from the ring */
	uint64_t lost;	 /* by all causes */
};
struct live_totals live_totals(const struct live *live);

/** First event of a run. */
const struct ev_head *live_start(const struct sensor *sensor, const char *run_id, uint32_t engine_version,
				 struct draft *draft);

#endif
