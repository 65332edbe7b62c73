/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Events written down by people, one JSON object a line: for tests, and for
 * whoever builds a record of what another tool saw. "kind" names the event, the
 * members are those of bpf/abi/event.h; what is left out is zero. An executable
 * is written as its inode number, an address as "192.0.2.1:443" or "[::1]:53".
 */
#ifndef CUSTODES_INGEST_LIST_H
#define CUSTODES_INGEST_LIST_H

#include "../event/source.h"

struct list;

/** Reads the whole file. Faults are said with file and line. */
int list_open(struct list **list, const char *path);
struct source *list_source(struct list *list);
/** "list/" and the file's SHA-256: two lists never share an id. */
const char *list_origin(const struct list *list);
void list_close(struct list **list);

#endif
