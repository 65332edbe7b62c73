// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rule leak-bound: explained or not, what goes to somebody whom a measure speaks
 * against: the lesser of what was sent under that jurisdiction and what can be held.
 * It speaks when that passes the label's limit, then at doublings.
 */
#include "../state.h"

static void say(struct engine *engine, struct account *account, const struct lane *lane, size_t label,
		const struct decision *decision)
{
	struct outcome_ledger *view;
	struct outcome *outcome;

	ledger_note(account, engine->position);
	outcome = ledger_tell(engine, WHAT_RULE_LEAK, account, lane, label, &view);
	view->bound = lane->told;
	outcome_say(engine, outcome,
		    "At most %llu bytes of %s have left through %s to who is controlled from %s",
		    (unsigned long long)view->bound, view->label, account->name, lane->jurisdiction);
	outcome->verdict = verdict_name(decision->verdict);
	view_rulings(engine, outcome, decision);
}

static void judge(struct engine *engine, struct account *account, struct lane *lane, size_t label)
{
	struct destination_facts facts = {.controlling_jurisdiction = lane->jurisdiction};
	const struct limits limits = policy_limits(engine->policy, engine->ledger.labels[label]);
	uint64_t bound = lesser(lane->sent, account->cap[label]);
	struct decision decision = {};

	if (bound < limits_bytes(&limits, RULE_BOUND) || bound < 2 * lane->told ||
	    limits.off & 1u << RULE_BOUND)
		return;
	decide_destination(engine->policy, &facts, engine_day(engine, engine->time), &decision);
	if (verdict_adverse(decision.verdict) && decision.verdict != VERDICT_UNKNOWN) {
		lane->told = bound;
		say(engine, account, lane, label, &decision);
	}
	decision_clear(&decision);
}

void detect_bound(struct engine *engine, struct account *account, struct lane *lane)
{
	for (size_t label = 0; *lane->jurisdiction && label < engine->ledger.label_count; label++)
		if (account->cap[label])
			judge(engine, account, lane, label);
}
