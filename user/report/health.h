/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the sensor can see here, and what not. */
#ifndef CUSTODES_REPORT_HEALTH_H
#define CUSTODES_REPORT_HEALTH_H

#include <sys/utsname.h>

#include "../sensor/place.h"
#include "../sensor/probe.h"
#include "../util/buf.h"

struct health {
	struct utsname kernel;
	int error;   /* why nothing could be tried; 0: it could */
	bool probed; /* `probe` holds answers */
	struct probe probe;
	struct places_state places;
};

bool health_can_run(const struct health *health);
void health_text(const struct health *health, bool colour, struct buf *to);
void health_json(const struct health *health, struct buf *to);

#endif
