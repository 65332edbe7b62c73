// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rule selectivity: a scan reads everything alike; a search reads in full what it looks
 * for. Of labelled and of other regular files that were opened and not written to, how many
 * were read (at least 9 tenths of the size)? The test of two proportions with a pooled variance (any
 * textbook: z = (p1 - p2) / sqrt(p (1 - p) (1/n1 + 1/n2))), in whole numbers:
 *
 *   z^2 = n (a n2 - b n1)^2 / (n1 n2 s (n - s)), with n = n1 + n2 and s = a + b
 *
 * It is support and no proof: a scanner may read documents to their end, and of programs the
 * heads alone. So it speaks only where nothing explains a quarter of the label's limit, too: what
 * it does is to lower the limit for who reads selectively. At z >= 4 chance has one in 30,000 of
 * the files of two like kinds, with at least 20 of both: those are the defaults.
 */
#include "../state.h"

/** Then both counts are halved: proportions stay. */
#define SELECTIVE_MOST (1u << 20)

static unsigned __int128 square(unsigned __int128 x)
{
	return x * x;
}

unsigned int selectivity_tenths(const struct reading *labelled, const struct reading *other, uint64_t least)
{
	uint64_t n1 = labelled->opened, n2 = other->opened, n = n1 + n2, s = labelled->full + other->full;
	uint64_t a = labelled->full * n2, b = other->full * n1;
	unsigned __int128 above, below;
	unsigned int tenths = 0;

	if (n1 < least || n2 < least || a <= b || s == n)
		return 0;
	above = square(a - b) * 100 * n;
	below = (unsigned __int128)n1 * n2 * s * (n - s);
	while (square(tenths + 1) * below <= above)
		tenths++;
	return tenths;
}

void selectivity_add(struct reading *reading, uint64_t opened, uint64_t full)
{
	reading->opened += opened;
	reading->full += full;
	while (reading->opened > SELECTIVE_MOST)
		reading->opened /= 2, reading->full /= 2;
}

void detect_selectivity(struct engine *engine, struct account *account, const struct lane *lane)
{
	const struct reading *labelled = &account->readings[true], *other = &account->readings[false];
	struct limits limits = {};
	size_t label = ledger_strictest(engine, account, RULE_SELECTIVITY, true, &limits);
	uint64_t bytes = account->bucket.level / 1000;
	struct outcome_ledger *view;
	struct outcome *outcome;
	unsigned int tenths;

	if (bytes < limits.bytes / 2)
		account->selective_told = 0;
	if (label == LEDGER_LABELS || bytes < limits.bytes || bytes < 2 * account->selective_told)
		return;
	tenths = selectivity_tenths(labelled, other, limits_threshold(&limits, THRESHOLD_SELECTIVE_FILES));
	if (tenths < limits_threshold(&limits, THRESHOLD_SELECTIVE_Z))
		return;
	account->selective_told = bytes;
	outcome = ledger_tell(engine, WHAT_RULE_SELECTIVITY, account, lane, label, &view);
	view->unexplained = bytes;
	view->bound = lesser(bytes, account->cap[label]);
	outcome_say(engine, outcome,
		    "%s has read in full %llu of %llu files that are labelled, but %llu of %llu others (z = "
		    "%u.%u), and sent %llu bytes that nothing explains",
		    account->name, (unsigned long long)labelled->full, (unsigned long long)labelled->opened,
		    (unsigned long long)other->full, (unsigned long long)other->opened, tenths / 10,
		    tenths % 10, (unsigned long long)bytes);
}
