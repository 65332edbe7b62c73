/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which files are classified: by inode, so that a rename, a move, a hard link or
 * a bind mount changes nothing; by path, for what is too new to be known; by an
 * extended attribute.
 */
#ifndef CUSTODES_SENSOR_LABEL_H
#define CUSTODES_SENSOR_LABEL_H

#include <stddef.h>

#include "../event/event.h"

struct labels;

/** One rule of a host's profile; lists are of `count` strings and borrowed for the call. */
struct label_rule {
	const char *label;
	const char *const *paths;
	size_t path_count;
	const char *const *canaries;
	size_t canary_count;
	const char *attribute; /* or NULL */
	const char *value;
};

struct labels *labels_new(void);
void labels_free(struct labels **labels);

/**
 * These rules hold from now on. Walks what they name, and follows what is made
 * there later. Takes as long as looking at every one of those files does.
 */
void labels_set(struct labels *labels, const struct label_rule *rules, size_t count);

/**
 * Takes in what was made since in directories that are labelled. Often: a new
 * directory is followed only from then on.
 */
void labels_follow(struct labels *labels);

/** The label of what an access has touched, as an event; NULL where it has none. */
const struct ev_head *labels_observe(struct labels *labels, const struct ev_access *access,
				     struct draft *draft);

#endif
