/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What user space tells the kernel half: the engine's actions, and nothing else. */
#ifndef CUSTODES_SENSOR_STATE_H
#define CUSTODES_SENSOR_STATE_H

#include "../../bpf/abi/maps.h"
#include "../../bpf/abi/stats.h"
#include "sensor.h"

struct state;

int state_open(struct state **state, const struct sensor *sensor);
void state_close(struct state **state);

/** This lineage is a product's from now on. Says whether nothing that it moved was told until now. */
int state_watch(struct state *state, uint64_t lineage, bool *quiet);
/** Nobody's business: its tasks are dropped as they are next met. */
int state_release(struct state *state, uint64_t lineage);
/**
 * This very executable costs nothing from now on, or is watched from its first
 * instruction. Where the table is full the oldest benign one makes room (it is
 * provisional again); a watched one never does.
 */
int state_judge(struct state *state, const struct exe_id *exe, enum exe_verdict verdict);
/** Forgets every verdict: the policies have changed. */
void state_forget(struct state *state);

/**
 * Tells each table that the kernel half goes by and somebody else has written to. Of the
 * verdicts it looks at some, others each time. One that is not ours is taken out, so that
 * the executable is judged again; a lineage comes back.
 */
void state_check(struct state *state, void (*tell)(void *context, const char *table), void *context);

/** Marks an executable that the catalogue names, before anything has run. */
int state_watch_path(struct state *state, const char *path);

/** Losses by cause since loading, summed over the CPUs. */
int state_losses(const struct state *state, uint64_t counts[LOSS_KERNEL_CAUSES]);

#endif
