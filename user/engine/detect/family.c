// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rule socket-family: a product has used a socket of a family that it is not known to use.
 * Everybody uses unix, inet, inet6 and netlink; what else it may use, its document in the
 * catalogue says. A raw socket of inet or inet6 carries packets that it makes itself, and
 * is named "raw" there.
 *
 * On a host with a classification; once for each product and family. The bytes count in the
 * ledger whatever the family is: this says by which way, before they come to much.
 */
#include <stdio.h>

#include "../../util/family.h"
#include "../ledger.h"
#include "../state.h"

#define SEVERITY  47
#define S_IFMT_	  0170000
#define S_IFSOCK_ 0140000

/** As the catalogue calls it, or its number, in `text`; NULL: everybody's. */
static const char *family_of(const struct object_facts *facts, char text[8])
{
	const char *name = family_name(facts->family);

	switch (facts->family) {
	case AF_INET:
	case AF_INET6:
		return facts->type == SOCK_RAW ? "raw" : NULL;
	case AF_UNSPEC:
	case AF_UNIX:
	case AF_NETLINK:
		return NULL;
	default:
		snprintf(text, 8, "%u", facts->family);
		return name ? name : text;
	}
}

static void say(struct engine *engine, const struct access *access, const char *family)
{
	const struct lineage *lineage = access->lineage;
	struct process *process = process_find(engine, access->owner.tgid, access->owner.start);
	struct outcome *outcome = tell(engine, OUTCOME_FINDING, WHAT_RULE_FAMILY, access->told.head.time);

	outcome->severity = SEVERITY;
	outcome->process = process ? view_process(engine, process) : NULL;
	outcome->product =
		view_product(engine, lineage, lineage->product, lineage->evidence, access->told.head.time);
	outcome->access = view_access(engine, access);
	outcome->key = arena_str(&engine->batch->arena, family);
	outcome_say(engine, outcome, "%s has used a socket of the family %s, which it is not known to use",
		    lineage->product->name, family);
	view_losses(engine, outcome, lineage->since);
}

void detect_family(struct engine *engine, const struct access *access)
{
	const struct product *product = access->lineage->product;
	const char *family;
	char text[8];

	if (access->lineage->decision != LINEAGE_PRODUCT || !engine->policy ||
	    (access->told.facts.mode & S_IFMT_) != S_IFSOCK_)
		return;
	family = family_of(&access->told.facts, text);
	if (family && !strings_have(&product->families, family) &&
	    rule_says(engine, RULE_FAMILY, product, family))
		say(engine, access, family);
}
