// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What goes to the site's own resolvers goes further: a question reaches whoever runs the
 * zone that it is about. So bytes sent there are explained by the questions that were
 * read in them, whose names the rule name-information counts, and by nothing else. What
 * nobody has read some seconds later (another protocol or port, more than the sensor
 * could tell) is what nothing explains.
 */
#include "ledger.h"
#include "state.h"

#define NS_SECOND 1000000000ull
/** Bytes are told before the message that they were, or a tick after it. */
#define QUESTIONS_WAIT (3 * NS_SECOND)
/** Of a message beside the name: header, type and class, the length over TCP. */
#define MESSAGE_REST 18
/** What may stand behind the question: EDNS with a cookie (RFC 6891, 7873), which no resolver passes on. */
#define MESSAGE_MORE 64

void questions_sent(struct engine *engine, struct account *account, const char *jurisdiction, uint64_t bytes)
{
	struct ledger *ledger = &engine->ledger;

	account->questions.sent += bytes;
	memcpy(account->questions.control, jurisdiction, sizeof(account->questions.control));
	if (account->questions.due || !bytes)
		return;
	account->questions.due = engine->time + QUESTIONS_WAIT;
	if (!ledger->questions_due || account->questions.due < ledger->questions_due)
		ledger->questions_due = account->questions.due;
}

void questions_asked(struct engine *engine, struct account *account, const struct ev_addr *remote,
		     uint64_t size, size_t octets)
{
	const struct overlay_network *overlay =
		engine->policy ? policy_overlay(engine->policy, remote->family, remote->addr) : NULL;

	if (overlay && !strcmp(overlay->role, "resolver"))
		account->questions.read += lesser(size, octets + MESSAGE_REST + MESSAGE_MORE);
}

static void settle(struct engine *engine, struct account *account)
{
	uint64_t explained = account->questions.read + account->questions.judged;
	uint64_t missing = account->questions.sent - lesser(account->questions.sent, explained);

	account->questions.due = 0;
	account->questions.judged += missing;
	if (missing)
		ledger_unexplained(engine, account, WAY_NETWORK, account->questions.control, missing);
}

void questions_settle(struct engine *engine, bool all)
{
	struct ledger *ledger = &engine->ledger;
	struct account *account;
	uint64_t next = 0;

	if (!ledger->questions_due || (!all && ledger->questions_due > engine->time))
		return;
	for (account = ledger->accounts; account; account = account->hh.next) {
		uint64_t due = account->questions.due;

		if (due && (all || due <= engine->time))
			settle(engine, account);
		else if (due && (!next || due < next))
			next = due;
	}
	ledger->questions_due = next;
}
