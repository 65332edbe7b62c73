/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where an address is and whose network it is, by databases on this host. */
#ifndef CUSTODES_SENSOR_PLACE_H
#define CUSTODES_SENSOR_PLACE_H

#include "../event/event.h"
#include "../util/digest.h"

struct places;

struct places_options {
	const char *libloc; /* NULL: where Debian has it */
	const char *mmdb;   /* NULL: none */
	bool none;	    /* no libloc at all */
};

/**
 * Opens what there is. libloc's database is checked against its signing key
 * where that is installed, and refused if it does not fit. A database that was
 * named and cannot be opened is an error; the default may be missing, and is
 * warned of.
 */
int places_open(struct places **places, const struct places_options *options);
void places_close(struct places **places);

/** Asks them about an address. */
const struct ev_head *places_observe(struct places *places, const struct ev_addr *address,
				     struct draft *draft);

struct places_state {
	const char *path;
	const char *vendor;
	int64_t created; /* seconds since 1970 */
	enum { PLACES_NONE, PLACES_UNVERIFIED, PLACES_VERIFIED } state;
	uint8_t sha256[DIGEST_SIZE];
	const char *mmdb_path;
	const char *mmdb_type;
};
void places_state(const struct places *places, struct places_state *state);

#endif
