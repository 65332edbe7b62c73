/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a verdict is what it is, and what would change it. */
#ifndef CUSTODES_REPORT_WHY_H
#define CUSTODES_REPORT_WHY_H

#include "../event/finding.h"
#include "../policy/decide.h"
#include "../util/buf.h"

/**
 * The decision with every ruling; then the days on which it changes, and what it
 * would be on the other tiers of the host's scheme. All of it is decided anew,
 * none of it is told from memory.
 */
void why_product(const struct policy *policy, const struct product *product, day_t day, bool colour,
		 unsigned int columns, struct buf *to);

/**
 * Why a finding of the ledger: how its figures come about, what would have been normal for
 * this product, what is not known, and what would change it. `product` may be NULL.
 */
void why_leak(const struct product *product, const struct outcome *outcome, unsigned int columns,
	      struct buf *to);

#endif
