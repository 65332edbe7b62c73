/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done to the monitor itself, as far as it can see that. */
#ifndef CUSTODES_SENSOR_INTEGRITY_H
#define CUSTODES_SENSOR_INTEGRITY_H

#include "../event/event.h"
#include "sensor.h"
#include "state.h"

struct integrity;

/** Says to any other custodes of this network namespace that we are there. */
struct integrity *integrity_open(struct sensor *sensor, struct state *state);
void integrity_close(struct integrity **integrity);

/**
 * Looks once a second; `tell` gets an event for each thing that was done since,
 * once for each until it is over.
 */
void integrity_look(struct integrity *integrity, uint64_t now,
		    void (*tell)(void *context, const struct ev_head *event), void *context);

#endif
