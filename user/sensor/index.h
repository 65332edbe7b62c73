/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inodes and what is known of each: sixteen bytes for one, since there may be millions. */
#ifndef CUSTODES_SENSOR_INDEX_H
#define CUSTODES_SENSOR_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct index;

struct index *index_new(void);
void index_free(struct index **index);

/** What is added first, stays. */
void index_add(struct index *index, uint64_t ino, uint32_t dev, uint32_t tag);
bool index_find(struct index *index, uint64_t ino, uint32_t dev, uint32_t *tag);
size_t index_count(const struct index *index);

#endif
