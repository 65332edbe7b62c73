// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rule name-information: what the names that a product asks a resolver for can carry, the
 * vendor's own zone included. A question reaches whoever runs its zone, through any
 * resolver, the site's own as well.
 *
 * After "information-based heavy hitters" (ibHH; Ozery, Nadler, Shabtai, NDSS 2024): of each
 * registered domain the sum of the lengths of the distinct sub-domains that were asked
 * for. There it is estimated and begins anew with each window; here it is exact, or more,
 * and fills a bucket for each zone that leaks at the blind rate.
 *
 * - A zone is the last two labels, or three behind what registries of countries use
 *   ("co.uk"). This is no list of public suffixes; so what counts is all that stands before
 *   the last two labels, whatever the zone is. Upper-case letters can carry something, too:
 *   of a name that has any, all counts.
 * - Which names were asked for is remembered by sums of 64 bits; what is forgotten counts again.
 * - Zones are kept as heavy hitters are (Metwally and others, "space saving", 2005): a new one
 *   takes the place of the one with the least, and its level. So whoever spreads it over
 *   more zones than are kept, is found at the limit times their number.
 * - Where a contract of the product names the zone for reputation, each object newly read
 *   may be asked for, by 64 bytes, unless the profile says otherwise. By default there is no contract,
 *   and nothing is allowed.
 *
 * Not counted: what the order says of names that were asked for before, and which of several
 * zones or types was asked for. What is asked for over TLS or HTTPS is not seen, and explains
 * nothing.
 */
#include <string.h>
#include <strings.h>

#include "../state.h"
#include "../wire.h"

static bool is_upper(char letter)
{
	return letter >= 'A' && letter <= 'Z';
}

/** Octets of a name as wire.h writes it: \DDD is one. */
static size_t octets_of(const char *name, size_t size)
{
	size_t octets = size;

	for (size_t i = 0; i < size; i++)
		if (name[i] == '\\')
			octets -= 3;
	return octets;
}

/** Where the label in front of this place begins. */
static const char *label_before(const char *name, const char *at)
{
	while (at > name && at[-1] != '.')
		at--;
	return at;
}

/** "co" of "co.uk": where registries of countries register below. */
static bool is_registrys(const char *second, const char *top)
{
	static const char *const names[] = {"ac",  "co", "com", "edu", "go", "gob",
					    "gov", "ne", "net", "or",  "org"};
	size_t size = (size_t)(top - 1 - second);

	if (strlen(top) != 2)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == size && !strncasecmp(second, names[i], size))
			return true;
	return false;
}

size_t name_information(const char *name, const char **zone)
{
	const char *top = label_before(name, name + strlen(name));
	const char *second = top > name ? label_before(name, top - 1) : top;
	bool upper = false;

	*zone = second > name && is_registrys(second, top) ? label_before(name, second - 1) : second;
	for (const char *at = name; *at; at++)
		upper |= is_upper(*at);
	if (upper)
		return octets_of(name, strlen(name));
	return second > name ? octets_of(name, (size_t)(second - 1 - name)) : 0;
}

size_t name_octets(const char *name)
{
	return *name ? octets_of(name, strlen(name)) + 2 : 1; /* the first length, and the root's */
}

/* ---- what was seen before ---- */

bool seen_before(uint64_t *table, uint64_t sum)
{
	uint64_t *set = table + sum % (LEDGER_SEEN / SEEN_WAYS) * SEEN_WAYS;
	size_t at = 0;
	bool seen;

	sum += !sum; /* 0: nothing */
	while (at < SEEN_WAYS - 1 && set[at] != sum)
		at++;
	seen = set[at] == sum;
	memmove(set + 1, set, at * sizeof(*set)); /* the one used last comes first */
	set[0] = sum;
	return seen;
}

/** A cryptographic one: nobody finds a name that passes for another. */
static uint64_t sum_of(const struct account *account, const char *text, size_t size)
{
	uint8_t bytes[sizeof(account->key) + WIRE_NAME_MAX], digest[DIGEST_SIZE];
	uint64_t sum;

	memcpy(bytes, &account->key, sizeof(account->key));
	memcpy(bytes + sizeof(account->key), text, size);
	digest_of(bytes, sizeof(account->key) + size, digest);
	memcpy(&sum, digest, sizeof(sum));
	return sum;
}

static uint64_t sum_of_zone(const struct account *account, const char *zone)
{
	char lower[WIRE_NAME_MAX] = {};
	size_t size = 0;

	for (; size < sizeof(lower) && zone[size]; size++)
		lower[size] = (char)(is_upper(zone[size]) ? zone[size] - 'A' + 'a' : zone[size]);
	return sum_of(account, lower, size);
}

/* ---- zones ---- */

struct zone *zone_of(struct account *account, uint64_t sum)
{
	struct zone *least = &account->zones[0];

	for (size_t i = 0; i < LEDGER_ZONES; i++) {
		struct zone *zone = &account->zones[i];

		if (zone->sum == sum)
			return zone;
		if (zone->bucket.level < least->bucket.level)
			least = zone;
	}
	least->sum = sum;
	least->owed = 0;
	return least;
}

void zones_inherit(struct account *account, const struct account *from)
{
	for (size_t i = 0; i < LEDGER_ZONES; i++)
		if (from->zones[i].bucket.level) {
			struct zone *zone = zone_of(account, from->zones[i].sum);

			zone->bucket.level += from->zones[i].bucket.level;
			zone->bucket.told += from->zones[i].bucket.told;
		}
}

/** What was asked for is told before what was read: so what is owed is paid when that is known. */
static void pay(struct account *account, struct zone *zone, uint64_t octets, uint64_t each)
{
	uint64_t allowed = each * account->objects, paid;

	zone->owed += octets;
	paid = lesser(zone->owed, allowed - lesser(allowed, account->names_allowed));
	account->names_allowed += paid;
	zone->owed -= paid;
	zone->bucket.level -= lesser(paid * 1000, zone->bucket.level);
}

static void say(struct engine *engine, const struct account *account, const struct zone *zone,
		const char *name, size_t label)
{
	const struct lane lane = {.way = WAY_NETWORK, .sent = account->names_asked};
	struct outcome_ledger *view;
	struct outcome *outcome = ledger_tell(engine, WHAT_RULE_INFORMATION, account, &lane, label, &view);

	view->unexplained = (zone->bucket.level + 999) / 1000;
	view->bound = lesser(view->unexplained, account->cap[label]);
	outcome_say(
		engine, outcome,
		"%s has asked for names below %s that hold %llu bytes and were not asked for before, and can "
		"hold %llu bytes of %s: so many may have left",
		account->name, name, (unsigned long long)view->unexplained,
		(unsigned long long)account->cap[label], view->label);
}

void detect_information(struct engine *engine, struct account *account, const struct product *product,
			const char *name)
{
	const struct contract *contract = contract_find(product, name);
	const char *zone_name;
	size_t octets = name_information(name, &zone_name), label;
	struct limits limits = {};
	struct zone *zone;

	if (!engine->policy || !octets ||
	    seen_before(engine->ledger.names_seen, sum_of(account, name, strlen(name))))
		return;
	account->names_asked += octets;
	label = ledger_strictest(engine, account, RULE_ANY, false, &limits);
	if (label == LEDGER_LABELS)
		return; /* it cannot hold anything */
	ledger_note(account, engine->position);
	zone = zone_of(account, sum_of_zone(account, zone_name));
	bucket_fill(&zone->bucket, engine->time, limits.millibytes, octets);
	if (contract && !strcmp(contract->purpose, "reputation"))
		pay(account, zone, octets, limits_threshold(&limits, THRESHOLD_NAME_FILE));
	bucket_forget(engine, account, RULE_INFORMATION, limits.bytes, &zone->bucket);
	label = ledger_strictest(engine, account, RULE_INFORMATION, true, &limits);
	if (label < LEDGER_LABELS && bucket_speaks(&zone->bucket, limits.bytes))
		say(engine, account, zone, zone_name, label);
}
