// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rule unexplained-bytes: what a product sends while it can hold classified content. Of
 * it, what no handshake and no contract explains fills a bucket that leaks at the blind
 * rate and is never emptied otherwise; it speaks when the bucket passes the label's
 * limit, then at doublings.
 */
#include "../state.h"

static void say(struct engine *engine, const struct account *account, const struct lane *lane, size_t label)
{
	struct outcome_ledger *view;
	struct outcome *outcome = ledger_tell(engine, WHAT_RULE_UNEXPLAINED, account, lane, label, &view);

	view->unexplained = (account->bucket.level + 999) / 1000;
	view->bound = lesser(view->unexplained, account->cap[label]);
	if (account->late) {
		outcome_say(engine, outcome,
			    "%s has sent %llu bytes that nothing explains, last to %s; what it read first "
			    "was not seen, "
			    "so it can hold any of %s, and so many may have left",
			    account->name, (unsigned long long)view->unexplained,
			    ledger_way_phrase(lane->way), view->label);
		return;
	}
	outcome_say(
		engine, outcome,
		"%s has sent %llu bytes that nothing explains, last to %s, and can hold %llu bytes of %s: "
		"so many may have left",
		account->name, (unsigned long long)view->unexplained, ledger_way_phrase(lane->way),
		(unsigned long long)account->cap[label], view->label);
}

void detect_unexplained(struct engine *engine, struct account *account, const struct lane *lane,
			uint64_t unexplained)
{
	struct limits limits = {};
	size_t label = ledger_strictest(engine, account, RULE_ANY, false, &limits);

	if (label == LEDGER_LABELS)
		return; /* it cannot hold anything */
	bucket_fill(&account->bucket, engine->time, limits.millibytes, unexplained);
	bucket_forget(engine, account, RULE_UNEXPLAINED, limits.bytes, &account->bucket);
	label = ledger_strictest(engine, account, RULE_UNEXPLAINED, true, &limits);
	if (label < LEDGER_LABELS && bucket_speaks(&account->bucket, limits.bytes))
		say(engine, account, lane, label);
}
