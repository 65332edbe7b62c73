/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the documents in policies/ say, compiled: measures, vendors with their
 * products, classification schemes, one host's profile, a site's overlay.
 * Strings point into the documents, which the policy owns.
 */
#ifndef CUSTODES_POLICY_POLICY_H
#define CUSTODES_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../util/clock.h"
#include "../util/digest.h"
#include "../util/json.h"

/** Least restrictive first: of several verdicts the greatest stands. */
enum verdict {
	VERDICT_OUT_OF_SCOPE,
	VERDICT_PERMITTED,
	VERDICT_UNKNOWN,
	VERDICT_ADVISED_AGAINST,
	VERDICT_PHASE_OUT,
	VERDICT_PROHIBITED,
};
#define VERDICTS (VERDICT_PROHIBITED + 1)

/** "prohibited", "out-of-scope" ...: as policies and outputs write it. */
const char *verdict_name(enum verdict verdict);
/** The same behind "is": "to be phased out". */
const char *verdict_phrase(enum verdict verdict);
/** -1 if there is no such verdict. */
int verdict_parse(const char *name);
/** Worth telling: everything above permitted. */
static inline bool verdict_adverse(enum verdict verdict)
{
	return verdict > VERDICT_PERMITTED;
}

/** Yes, no, or nobody knows. */
enum tri { TRI_NO, TRI_YES, TRI_UNKNOWN };

enum confidence { CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH };

/** A list of strings in a document. */
struct strings {
	const char **items;
	size_t count;
};
bool strings_have(const struct strings *strings, const char *wanted);

struct control {
	const char *country; /* ISO 3166-1 alpha-2 */
	const char *basis;
	enum confidence confidence;
};

struct network {
	uint32_t asn;
	const char *name;
	const char *registered_in; /* or NULL */
};

struct vendor {
	const char *id;
	const char *name;
	struct control *controls;
	size_t control_count;
	struct network *networks;
	size_t network_count;
	const cJSON *json;
};

struct embedded {
	const struct vendor *vendor;
	bool certain;
	const char *note;
};

#define CONTRACTS_MAX 16

/** A channel that the vendor declares: what it is for, and what it may send without being asked why. Bytes.
 */
struct contract {
	const char *purpose;
	struct strings hosts; /* "update.example.com", or ".example.com" with all below it */
	uint64_t per_connection, per_file, per_day;
};

struct product {
	const char *id;
	const char *name;
	const char *class;
	enum tri antivirus;
	const struct vendor *vendor;
	struct embedded *engines;
	size_t engine_count;
	struct strings paths, prefixes, packages, units, sha256, build_ids, comm, interfaces;
	struct strings
		families; /* of sockets, beside those that all use; "raw": whole packets of inet, inet6 */
	struct contract *contracts;
	size_t contract_count;
	const cJSON *json;
	const struct json *document;
	char at[24]; /* pointer to it in its document */
};

enum target_by { TARGET_JURISDICTION, TARGET_VENDOR, TARGET_PRODUCT, TARGET_ALLOW_LIST, TARGET_PREFERENCE };

/** Whom a measure binds or advises, and what it then says. */
struct scope {
	struct strings jurisdictions; /* empty: the measure's own */
	struct strings organisations; /* empty: anybody */
	const char *scheme;	      /* NULL: no tier matters */
	struct strings tiers;
	struct strings tags; /* empty: none needed */
	struct strings platforms;
	enum verdict verdict;
	const char *force;
	const char *quote; /* or NULL: no document is held */
	const char *quote_status;
	const char *quote_source;
};

struct measure {
	const char *id;
	const char *title;
	const char *jurisdiction;
	const char *authority;
	day_t effective; /* DAY_NONE: never */
	day_t until;	 /* DAY_NONE: no end is known */
	const char *superseded_by;
	day_t superseded_from;
	enum target_by by;
	struct strings jurisdictions, vendors, products;
	enum tri covers_embedded, covers_non_antivirus, covers_destinations;
	struct scope *scopes;
	size_t scope_count;
	const struct scope *binds; /* by which it speaks to the host, or NULL: it does not */
	const cJSON *json;
	const struct json *document;
};

struct scheme {
	const char *id;
	const char *title;
	struct strings tiers; /* lowest first */
	const cJSON *json;
	const struct json *document;
};

/** Which files are classified, and how. */
struct label {
	const char *label;
	struct strings paths;
	struct strings canaries;
	const char *attribute; /* NULL: none */
	const char *value;
};

/** Rules that a profile may set off for a label; the last three are about none, and go by the host's tier. */
enum rule {
	RULE_UNEXPLAINED,
	RULE_BOUND,
	RULE_INFORMATION,
	RULE_ECHO,
	RULE_LOOKUPS,
	RULE_SELECTIVITY,
	RULE_STEERING,
	RULE_FAMILY,
	RULE_EXECUTABLE,
	RULES,
	RULE_ANY = RULES, /* whatever rule: none can be set off by this */
};
/** "unexplained-bytes": as profiles and outputs write it. */
const char *rule_name(enum rule rule);

/** What a rule goes by beside the bytes; each has a default that fits all labels. */
enum threshold {
	THRESHOLD_NAME_FILE,	   /* bytes of names that a contract for reputation allows for a file */
	THRESHOLD_ECHO_UPLOADS,	   /* so many echoes, of different sizes */
	THRESHOLD_ECHO_HEAD,	   /* an upload may be so many bytes longer than the file, */
	THRESHOLD_ECHO_DIVISOR,	   /* and one for each so many of its own */
	THRESHOLD_LOOKUP_FILE,	   /* bytes of a look-up, where the contract states none */
	THRESHOLD_SELECTIVE_Z,	   /* tenths */
	THRESHOLD_SELECTIVE_FILES, /* so many of both kinds */
	THRESHOLDS,
};

/** How much that nothing explains is borne of one label on one host. */
struct limits {
	uint64_t bytes;	     /* at once */
	uint64_t millibytes; /* thousandths of a byte a second that are never found: the blind rate */
	uint64_t own[RULES]; /* bytes, where a rule has a limit of its own; or 0 */
	uint32_t thresholds[THRESHOLDS]; /* where they are stated: a bit each */
	uint32_t stated;
	uint32_t off; /* rules that say nothing of it: a bit each */
};
/** At how many bytes the rule speaks. */
uint64_t limits_bytes(const struct limits *limits, enum rule rule);
uint64_t limits_threshold(const struct limits *limits, enum threshold threshold);
/** What an entry of a profile's "limits" states, but for its labels. */
void limits_state(struct limits *limits, const cJSON *stated);

/** Limits that the host's profile states. */
struct limit {
	struct strings labels; /* tiers of its scheme, or labels of its own */
	struct limits limits;
};

struct host {
	const char *id;
	const char *title;
	const char *jurisdiction;
	struct strings organisations;
	struct strings tags;
	const char *scheme; /* NULL: no classification */
	const char *tier;
	const char *platform;
	struct label *labels;
	size_t label_count;
	struct limit *limits;
	size_t limit_count;
	const struct json *document;
};

/** A fact that an overlay may state, leave alone, or declare unknown. */
struct stated {
	bool said;
	const char *value; /* NULL: known to be unknown */
};

struct overlay_network {
	uint8_t address[16]; /* v4 in its first 4 bytes */
	uint8_t family;	     /* 4 or 6 */
	uint8_t bits;
	const char *role;
	const char *overlay; /* its id */
	struct stated server_location, as_registration, hosting_operator, service_operator,
		controlling_jurisdiction;
};

/** A file by which others are steered. */
struct steering {
	const char *path; /* ends in "/": all below; "*" stands for any one name */
	const char *steers;
	const char *source;
};

struct known;

/** An autonomous system that a vendor operates itself. */
struct operated {
	const struct vendor *vendor;
	const struct network *network;
};

struct policy {
	uint8_t digest[DIGEST_SIZE];
	struct json *documents;
	size_t document_count;
	struct vendor *vendors;
	size_t vendor_count;
	struct operated *operated; /* by number */
	size_t operated_count;
	struct product *products;
	size_t product_count;
	struct known *known; /* what identify() looks into */
	size_t known_count;
	struct measure *measures;
	size_t measure_count;
	struct scheme *schemes;
	size_t scheme_count;
	struct overlay_network *overlays; /* longest prefix first */
	size_t overlay_count;
	struct steering *steering;
	size_t steering_count;
	struct host host; /* id NULL: none was named */
};

struct documents;

/**
 * Compiles a set of documents; `host` names the one that is the host's profile,
 * or is NULL. Every fault is said with file, line and JSON pointer, and then
 * nothing is compiled: a set is taken whole or not at all. 0 or a negative errno.
 */
int policy_compile(struct policy **policy, const struct documents *documents, const char *host);
void policy_free(struct policy **policy);

const struct vendor *policy_vendor(const struct policy *policy, const char *id);
const struct product *policy_product(const struct policy *policy, const char *id);
/** Whether a unit of systemd's is one of a product's. */
bool policy_has_unit(const struct policy *policy, const char *unit);
const struct measure *policy_measure(const struct policy *policy, const char *id);

/** Whom a file at this path steers, by the longest entry; or NULL. */
const struct steering *policy_steering(const struct policy *policy, const char *path);
/** Whether a file that steers others has this one's directory: it may be written here, and renamed. */
bool policy_steers_beside(const struct policy *policy, const char *path);

/** The product's channel that names this host; or NULL. */
const struct contract *contract_find(const struct product *product, const char *host);
/** Whether a rule that is about no label speaks here: the host has a classification, and it is not off. */
bool policy_rule_on(const struct policy *policy, enum rule rule);
/** The host's limits for a label: its own, or by where the label stands in the host's scheme. */
struct limits policy_limits(const struct policy *policy, const char *label);

/** The vendor that operates this autonomous system itself; or NULL. */
const struct operated *policy_asn(const struct policy *policy, uint32_t asn);
/** The overlay's longest prefix that holds the address; or NULL. */
const struct overlay_network *policy_overlay(const struct policy *policy, int family,
					     const uint8_t address[16]);

#endif
