// SPDX-License-Identifier: GPL-3.0-or-later
#include "why.h"

#include <string.h>

#include "../util/memory.h"
#include "../util/style.h"
#include "../util/text.h"
#include "verdicts.h"

static enum verdict verdict_on(const struct policy *policy, const struct product *product, day_t day)
{
	struct decision decision;
	enum verdict verdict;

	decide_product(policy, product, day, &decision);
	verdict = decision.verdict;
	decision_clear(&decision);
	return verdict;
}

static void put_verdict(struct buf *to, bool colour, enum verdict verdict)
{
	style_put(to, colour, style_of_verdict(verdict_name(verdict)), verdict_name(verdict), 0);
}

/* ---- by the day ---- */

static int by_day(const void *a, const void *b)
{
	const day_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/** Every day on which a measure that speaks to this host begins or ends. */
static size_t turning_days(const struct policy *policy, day_t *days)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->measure_count; i++) {
		const struct measure *measure = &policy->measures[i];

		if (!measure->binds || measure->effective == DAY_NONE)
			continue;
		days[count++] = measure->effective;
		if (measure->until != DAY_NONE)
			days[count++] = measure->until;
		if (measure->superseded_from != DAY_NONE)
			days[count++] = measure->superseded_from;
	}
	if (count)
		qsort(days, count, sizeof(*days), by_day);
	return count;
}

static void put_timeline(const struct policy *policy, const struct product *product, bool colour,
			 struct buf *to)
{
	day_t *days = need(calloc(3 * policy->measure_count + 1, sizeof(*days)));
	size_t count = turning_days(policy, days);
	enum verdict before = VERDICT_OUT_OF_SCOPE;

	buf_str(to, "  by the day:   ");
	if (!count)
		buf_str(to, "no measure in the set ever speaks to this host");
	else
		put_verdict(to, colour, before = verdict_on(policy, product, days[0] - 1));
	for (size_t i = 0; i < count; i++) {
		enum verdict now = verdict_on(policy, product, days[i]);

		if (now == before)
			continue;
		buf_str(to, "; from ");
		day_format(to, days[i]);
		buf_byte(to, ' ');
		put_verdict(to, colour, now);
		before = now;
	}
	buf_byte(to, '\n');
	free(days);
}

/* ---- by the host ---- */

static const struct scheme *scheme_of(const struct policy *policy, const char *id)
{
	for (size_t i = 0; i < policy->scheme_count; i++)
		if (!strcmp(policy->schemes[i].id, id))
			return &policy->schemes[i];
	return NULL;
}

static void put_tiers(const struct policy *policy, const struct product *product, day_t day, bool colour,
		      struct buf *to)
{
	struct policy other = *policy;
	const struct scheme *scheme = policy->host.scheme ? scheme_of(policy, policy->host.scheme) : NULL;

	if (!scheme)
		return;
	buf_str(to, "  by the tier:  ");
	for (size_t i = 0; i < scheme->tiers.count; i++) {
		other.host.tier = scheme->tiers.items[i];
		text_printf(to, "%s%s ", i ? "; " : "", other.host.tier);
		put_verdict(to, colour, verdict_on(&other, product, day));
	}
	buf_byte(to, '\n');
}

/** Adds what is not among them yet. */
static void collect(struct strings *all, const struct strings *more)
{
	for (size_t i = 0; i < more->count; i++)
		if (!strings_have(all, more->items[i]))
			*GROW(all->items, all->count) = more->items[i];
}

/** With each tag that a measure asks for and the host has not, and without those that it has. */
static void put_tags(const struct policy *policy, const struct product *product, day_t day, bool colour,
		     struct buf *to)
{
	struct policy other = *policy;
	struct strings known = {};

	for (size_t i = 0; i < policy->measure_count; i++)
		if (!strcmp(policy->measures[i].jurisdiction, policy->host.jurisdiction))
			for (size_t j = 0; j < policy->measures[i].scope_count; j++)
				collect(&known, &policy->measures[i].scopes[j].tags);
	for (size_t i = 0; i < known.count; i++) {
		bool has = strings_have(&policy->host.tags, known.items[i]);

		other.host.tags.items = &known.items[i];
		other.host.tags.count = has ? 0 : 1;
		text_printf(to, "  by the tag:   %s \"%s\" ", has ? "without" : "with", known.items[i]);
		put_verdict(to, colour, verdict_on(&other, product, day));
		buf_byte(to, '\n');
	}
	free(known.items);
}

static void put_missing(const struct product *product, const struct decision *decision, struct buf *to)
{
	if (decision->verdict != VERDICT_UNKNOWN)
		return;
	buf_str(to, "  by facts:     a site may state what is missing in a document of its own (--policies): "
		    "who\n"
		    "                controls ");
	text_printf(to, "%s, whether the product is antivirus, or what the measure covers",
		    product->vendor->name);
	buf_byte(to, '\n');
}

void why_product(const struct policy *policy, const struct product *product, day_t day, bool colour,
		 unsigned int columns, struct buf *to)
{
	struct decision decision;

	decide_product(policy, product, day, &decision);
	style_put(to, colour, STYLE_BOLD, product->name, 0);
	text_printf(to, " (%s) on %s, ", product->id, policy->host.id);
	day_format(to, day);
	buf_str(to, ": ");
	put_verdict(to, colour, decision.verdict);
	buf_byte(to, '\n');
	decision_text(&decision, colour, columns, to);
	buf_str(to, "\nWhat would change it\n");
	put_timeline(policy, product, colour, to);
	put_tiers(policy, product, day, colour, to);
	put_tags(policy, product, day, colour, to);
	put_missing(product, &decision, to);
	decision_clear(&decision);
}

/* ---- a leak ---- */

static void paragraph(struct buf *to, unsigned int columns, const char *text)
{
	buf_str(to, "  ");
	style_wrap(to, text, 2, 2, columns);
	buf_byte(to, '\n');
}

static void put_channel(struct buf *to, const struct contract *contract)
{
	text_printf(to, "  %s: ", contract->purpose);
	for (size_t i = 0; i < contract->hosts.count; i++)
		text_printf(to, "%s%s", i ? ", " : "", contract->hosts.items[i]);
	buf_printf(to, "; %llu bytes a connection, %llu a file, %llu a day\n",
		   (unsigned long long)contract->per_connection, (unsigned long long)contract->per_file,
		   (unsigned long long)contract->per_day);
}

static void put_channels(const struct product *product, unsigned int columns, struct buf *to)
{
	buf_str(to, "\nWhat would be normal for this product\n");
	for (size_t i = 0; product && i < product->contract_count; i++)
		put_channel(to, &product->contracts[i]);
	if (!product || !product->contract_count)
		paragraph(to, columns,
			  "Nobody knows: no channel is declared for it in the catalogue, so nothing but TLS "
			  "handshakes and the site's own servers explains what it sends.");
}

/** What a rule of the ledger goes by beside its limits, and what beside those would change it. */
static const struct {
	enum outcome_what what;
	const char *by, *change;
} of_rules[] = {
	{WHAT_RULE_INFORMATION,
	 "A question for a name reaches whoever runs its zone, through any resolver. Each name that was "
	 "not asked for before counts with what stands before its last two labels; names that are "
	 "forgotten count again, and with many zones one may stand for others.",
	 "A channel that the vendor declares for reputation (a product document, \"channels\") with the "
	 "zone among its hosts: then each file newly read allows 64 bytes, or what the profile states."},
	{WHAT_RULE_ECHO,
	 "One upload that is as long as a file may be chance. Five among sixteen, the default, of files of "
	 "different sizes, would be so once in some fifteen years at a hundred uploads a day, where sizes "
	 "are spread "
	 "evenly over the orders of magnitude; where they are not, it is more often. What a contract "
	 "explains counts, too.",
	 "An overlay that says that this is the site's own server."},
	{WHAT_RULE_LOOKUPS,
	 "A look-up carries about one hash. So what goes over a channel for reputation is held against "
	 "the files newly read, whatever the contract allows a day.",
	 "The \"bytes_per_file\" of the channel, if a look-up needs more than that."},
	{WHAT_RULE_SELECTIVITY,
	 "A scan reads everything alike, a search reads in full what it looks for. That is support and "
	 "no proof: a scanner may read documents to their end, and of programs the heads alone. So it "
	 "counts only where nothing explains a quarter of the limit, or what the profile states for this "
	 "rule.",
	 NULL},
};

void why_leak(const struct product *product, const struct outcome *outcome, unsigned int columns,
	      struct buf *to)
{
	const struct outcome_ledger *ledger = outcome->ledger;
	const char *change = "A channel that the vendor declares (a product document, \"channels\"); an "
			     "overlay that says that this is the site's own server.";
	_cleanup_(buf_free) struct buf line = {};

	buf_str(to, "Why\n");
	if (ledger->unseen)
		buf_str(&line, "What the product read first was not seen, since no product was known to be "
			       "on this host "
			       "when custodes began: it may hold anything. ");
	buf_printf(&line,
		   "This start of the product has read %llu bytes of %s itself, and can hold %llu with what "
		   "came "
		   "through others; it cannot have sent more of them than that, nor more than it sent. %llu "
		   "bytes "
		   "are borne at once, and %llu.%03llu a second for ever.",
		   (unsigned long long)ledger->read, ledger->label, (unsigned long long)ledger->capacity,
		   (unsigned long long)ledger->limit, (unsigned long long)ledger->millibytes / 1000,
		   (unsigned long long)ledger->millibytes % 1000);
	paragraph(to, columns, line.data);
	for (size_t i = 0; i < ARRAY_SIZE(of_rules); i++) {
		if (of_rules[i].what != outcome->what)
			continue;
		paragraph(to, columns, of_rules[i].by);
		change = of_rules[i].change ? of_rules[i].change : change;
	}
	put_channels(product, columns, to);
	buf_str(to, "\nWhat is not known\n");
	paragraph(to, columns,
		  "What the bytes were: nobody looked into them, and they may have been encrypted. The bound "
		  "says "
		  "how many of the label they can have been, not that they were.");
	if (!ledger->jurisdiction)
		paragraph(to, columns, "Under whose control they went.");
	buf_str(to, "\nWhat would change it\n");
	paragraph(to, columns, change);
	paragraph(to, columns,
		  "The profile's \"limits\", where a rule may also be set off for a label, or have "
		  "thresholds of its own.");
}
