// SPDX-License-Identifier: GPL-3.0-or-later
/* What is said once of a product, whatever comes of it later. */
#include <string.h>

#include "../util/digest.h"
#include "ledger.h"
#include "state.h"

static void digest_str(struct digest *digest, const char *text)
{
	digest_add(digest, text, strlen(text) + 1);
}

bool rule_says(struct engine *engine, enum rule rule, const struct product *product, const char *about)
{
	struct ledger *ledger = &engine->ledger;
	struct digest *digest;
	uint8_t key[DIGEST_SIZE];
	struct said *said;

	if (!policy_rule_on(engine->policy, rule))
		return false;
	digest = digest_begin();
	digest_str(digest, rule_name(rule));
	digest_str(digest, product->id);
	digest_str(digest, about);
	digest_end(&digest, key);
	HASH_FIND(hh, ledger->said, key, sizeof(key), said);
	if (said)
		return false;
	if (HASH_COUNT(ledger->said) >= LEDGER_SAID)
		said_drop(ledger, ledger->said);
	said = need(calloc(1, sizeof(*said)));
	memcpy(said->key, key, sizeof(key));
	HASH_ADD(hh, ledger->said, key, sizeof(said->key), said);
	return true;
}

void said_drop(struct ledger *ledger, struct said *said)
{
	HASH_DEL(ledger->said, said); /* NOLINT: it stands in the table */
	free(said);
}
