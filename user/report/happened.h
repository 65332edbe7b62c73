/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One event of the record in a line, for whoever follows a finding back to it. */
#ifndef CUSTODES_REPORT_HAPPENED_H
#define CUSTODES_REPORT_HAPPENED_H

#include "../event/event.h"
#include "../util/buf.h"

/** "2026-11-22 12:00:01Z  event 148   opens /srv/secret/plan.odt, 200000 bytes"; `wall`: ns since 1970. */
void happened_line(const struct ev_head *event, uint64_t position, int64_t wall, bool colour, struct buf *to);

#endif
