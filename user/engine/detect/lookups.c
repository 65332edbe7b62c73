// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rule lookups: a channel whose contract calls it reputation sends about one hash for each
 * file newly read. What it sent is held against the number of those, whatever the contract
 * allows a day: an allowance for a busy day is no reason to send as much on another.
 * (What a contract does not allow, the rule unexplained-bytes has.)
 *
 * For each object newly read: what the contract allows for a file, or by default 32 bytes and a
 * request's head of 512. For each connection what the contract allows, and its handshake. It
 * speaks when there is more, by the label's limit and what the blind rate gives since the
 * account began; then at doublings. Both sums only grow, so that a read that is told later than its
 * look-up pays for it.
 */
#include "../state.h"

#define NS_SECOND 1000000000ull

uint64_t lookups_over(const struct contract *contract, const struct contract_use *use, uint64_t objects,
		      uint64_t each)
{
	uint64_t of_file = contract->per_file ? contract->per_file : each;
	uint64_t allowed = of_file * objects + contract->per_connection * use->connections;

	return use->sent - lesser(use->sent, allowed);
}

static void judge(struct engine *engine, struct account *account, const struct lane *lane,
		  const struct contract *contract, struct contract_use *use)
{
	struct limits limits = {};
	size_t label = ledger_strictest(engine, account, RULE_LOOKUPS, true, &limits);
	uint64_t over = lookups_over(contract, use, account->objects,
				     limits_threshold(&limits, THRESHOLD_LOOKUP_FILE));
	uint64_t age = engine->time > account->since ? engine->time - account->since : 0;
	struct outcome_ledger *view;
	struct outcome *outcome;

	if (label == LEDGER_LABELS || !over ||
	    over < limits.bytes + age / NS_SECOND * limits.millibytes / 1000 || over < 2 * use->told)
		return;
	use->told = over;
	ledger_note(account, engine->position);
	outcome = ledger_tell(engine, WHAT_RULE_LOOKUPS, account, lane, label, &view);
	view->bound = lesser(over, account->cap[label]);
	outcome_say(engine, outcome,
		    "%s has sent %llu bytes for look-ups, %llu more than %llu files newly read need, and can "
		    "hold "
		    "%llu bytes of %s",
		    account->name, (unsigned long long)use->sent, (unsigned long long)over,
		    (unsigned long long)account->objects, (unsigned long long)account->cap[label],
		    view->label);
}

void detect_lookups(struct engine *engine, struct account *account, const struct lane *lane,
		    const struct product *product)
{
	for (size_t i = 0; i < product->contract_count; i++) {
		const struct contract *contract = &product->contracts[i];

		if (!strcmp(contract->purpose, "reputation"))
			judge(engine, account, lane, contract, &account->uses[i]);
	}
}
