/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decision: a pure function of the policy, a product or destination, and a
 * day. It reads no clock, no file and no network.
 */
#ifndef CUSTODES_POLICY_DECIDE_H
#define CUSTODES_POLICY_DECIDE_H

#include "policy.h"

/** What one measure says, to a host that it binds or advises. */
struct ruling {
	const struct measure *measure;
	const struct scope *scope;
	enum verdict verdict;
	bool in_force; /* on that day; if not, the ruling does not count */
	char *reason;  /* one clause, for people */
};

/** The most restrictive ruling in force stands; all of them are listed. */
struct decision {
	enum verdict verdict;
	struct ruling *rulings;
	size_t count;
};

void decision_clear(struct decision *decision);
/** The ruling in force that stands, or NULL: no measure in force speaks to this host. */
const struct ruling *decision_worst(const struct decision *decision);

/** May this host run this product on this day (UTC)? */
void decide_product(const struct policy *policy, const struct product *product, day_t day,
		    struct decision *decision);

/** Five facts kept apart: none of them is inferred from another. NULL: not known. */
struct destination_facts {
	const char *server_location;  /* ISO 3166-1: where packets go; weak */
	const char *as_registration;  /* ISO 3166-1: on paper */
	const char *hosting_operator; /* who runs the network */
	const char *service_operator; /* who answers there */
	const char *controlling_jurisdiction;
	const struct vendor *vendor; /* the service operator, if the catalogue knows it */
	bool control_stated;	     /* by the site: it stands before what the catalogue says of the vendor */
};

/** May a security product on this host talk to this destination on this day? */
void decide_destination(const struct policy *policy, const struct destination_facts *facts, day_t day,
			struct decision *decision);

/** The scope rule by which a measure speaks to such a host, or NULL: it does not. */
const struct scope *measure_binds(const struct measure *measure, const struct host *host);
bool measure_in_force(const struct measure *measure, day_t day);

/** How an executable may be known, in order of trust. */
enum evidence {
	EVIDENCE_NONE,
	EVIDENCE_LINEAGE,   /* not by itself: it descends from what was known */
	EVIDENCE_INTERFACE, /* by what it does: it answers for what others open */
	EVIDENCE_PREFIX,
	EVIDENCE_PATH,
	EVIDENCE_UNIT,
	EVIDENCE_PACKAGE,
	EVIDENCE_BUILD_ID,
	EVIDENCE_SHA256,
};
const char *evidence_name(enum evidence evidence);

/** What is known of an executable and its process; NULL or "" where nothing is. */
struct identity {
	const char *path;
	const char *started; /* the path that it was started by: a script's, or another name */
	const char *script;  /* of an interpreter: the argument that it runs */
	const char *package;
	const char *unit;
	const char *build_id; /* hex */
	const char *sha256;   /* hex */
	bool scanner;	      /* it holds a fanotify group that is asked before others open a file */
};

/** What every product is known by, in order: once, before the first identify(). */
void identify_prepare(struct policy *policy);
/** The product that this is, by the most trusted evidence there is; or NULL. */
const struct product *identify(const struct policy *policy, const struct identity *identity,
			       enum evidence *evidence);

#endif
