// SPDX-License-Identifier: GPL-3.0-or-later
#include "decide.h"

#include "../util/memory.h"

#include <string.h>

void decision_clear(struct decision *decision)
{
	for (size_t i = 0; i < decision->count; i++)
		free(decision->rulings[i].reason);
	free(decision->rulings);
	*decision = (struct decision){};
}

const struct ruling *decision_worst(const struct decision *decision)
{
	const struct ruling *worst = NULL;

	for (size_t i = 0; i < decision->count; i++)
		if (decision->rulings[i].in_force &&
		    (!worst || decision->rulings[i].verdict > worst->verdict))
			worst = &decision->rulings[i];
	return worst;
}

/* ---- does it speak to this host, on this day ---- */

static bool any_in(const struct strings *wanted, const struct strings *have)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (strings_have(have, wanted->items[i]))
			return true;
	return !wanted->count;
}

static bool scope_fits(const struct measure *measure, const struct scope *scope, const struct host *host)
{
	if (scope->jurisdictions.count) {
		if (!strings_have(&scope->jurisdictions, "*") &&
		    !strings_have(&scope->jurisdictions, host->jurisdiction))
			return false;
	} else if (strcmp(measure->jurisdiction, host->jurisdiction)) {
		return false;
	}
	if (scope->scheme && (!host->scheme || strcmp(scope->scheme, host->scheme)))
		return false; /* tiers of one scheme are never read as another's */
	if (scope->tiers.count && !strings_have(&scope->tiers, host->tier))
		return false;
	if (scope->platforms.count && !strings_have(&scope->platforms, host->platform))
		return false;
	return any_in(&scope->organisations, &host->organisations) && any_in(&scope->tags, &host->tags);
}

const struct scope *measure_binds(const struct measure *measure, const struct host *host)
{
	for (size_t i = 0; host->id && i < measure->scope_count; i++)
		if (scope_fits(measure, &measure->scopes[i], host))
			return &measure->scopes[i];
	return NULL;
}

bool measure_in_force(const struct measure *measure, day_t day)
{
	if (measure->effective == DAY_NONE || day < measure->effective)
		return false;
	if (measure->until != DAY_NONE && day >= measure->until)
		return false;
	return measure->superseded_from == DAY_NONE || day < measure->superseded_from;
}

static void reason_not_in_force(struct buf *reason, const struct measure *measure, day_t day)
{
	if (measure->effective == DAY_NONE) {
		buf_str(reason, "it never took effect");
	} else if (day < measure->effective) {
		buf_str(reason, "it takes effect on ");
		day_format(reason, measure->effective);
	} else if (measure->until != DAY_NONE && day >= measure->until) {
		buf_str(reason, "it ended on ");
		day_format(reason, measure->until);
	} else {
		buf_printf(reason, "%s took its place on ", measure->superseded_by);
		day_format(reason, measure->superseded_from);
	}
}

/* ---- is this what it is about ---- */

enum aim {
	AIM_HIT,     /* one of its targets */
	AIM_OUTSIDE, /* it speaks about such things by jurisdiction, and this one falls outside */
	AIM_OTHER,   /* it speaks about other things */
	AIM_UNKNOWN,
};

static void reason_control(struct buf *reason, const struct vendor *vendor, const char *country)
{
	const char *glue = " (";

	buf_printf(reason, "%s is controlled from %s", vendor->name, country);
	for (size_t i = 0; i < vendor->control_count; i++) {
		if (strcmp(vendor->controls[i].country, country))
			continue;
		buf_printf(reason, "%s%s%s", glue, vendor->controls[i].basis,
			   vendor->controls[i].confidence == CONFIDENCE_LOW ? " at low confidence" : "");
		glue = ", ";
	}
	buf_byte(reason, ')');
}

/** A control fact of low confidence may convict but not acquit. */
static enum aim aim_control(const struct measure *measure, const struct vendor *vendor, struct buf *reason)
{
	const struct control *known = NULL;

	for (size_t i = 0; i < vendor->control_count; i++) {
		const struct control *control = &vendor->controls[i];

		if (strings_have(&measure->jurisdictions, control->country)) {
			reason_control(reason, vendor, control->country);
			return AIM_HIT;
		}
		if (control->confidence > CONFIDENCE_LOW && !known)
			known = control;
	}
	if (known) {
		reason_control(reason, vendor, known->country);
		return AIM_OUTSIDE;
	}
	if (vendor->control_count) {
		reason_control(reason, vendor, vendor->controls[0].country);
		buf_str(reason, ", and no source bears that out");
	} else {
		buf_printf(reason, "who controls %s is not known", vendor->name);
	}
	return AIM_UNKNOWN;
}

static enum aim aim_vendor(const struct measure *measure, const struct vendor *vendor, struct buf *reason)
{
	bool named = strings_have(&measure->vendors, vendor->id);

	switch (measure->by) {
	case TARGET_JURISDICTION:
		if (!named)
			return aim_control(measure, vendor, reason);
		break;
	case TARGET_VENDOR:
	case TARGET_PRODUCT:
		if (named)
			break;
		buf_str(reason, "it speaks only about other makers' products");
		return AIM_OTHER;
	case TARGET_ALLOW_LIST:
		buf_printf(reason, "%s is %s its list", vendor->name, named ? "on" : "not on");
		return named ? AIM_OUTSIDE : AIM_HIT;
	case TARGET_PREFERENCE:
		buf_str(reason, "it states a preference and forbids nothing");
		return AIM_OTHER;
	}
	buf_printf(reason, "it names %s", vendor->name);
	return AIM_HIT;
}

static enum aim aim_product(const struct measure *measure, const struct product *product, struct buf *reason)
{
	enum aim aim;

	if (strings_have(&measure->products, product->id)) {
		buf_printf(reason, "it names %s", product->name);
		return AIM_HIT;
	}
	aim = aim_vendor(measure, product->vendor, reason);
	if (product->antivirus == TRI_YES || measure->covers_non_antivirus == TRI_YES)
		return aim;
	if (aim == AIM_OUTSIDE || aim == AIM_OTHER)
		return AIM_OTHER; /* it is not said to speak about such products, so it cannot permit one */
	if (product->antivirus == TRI_NO && measure->covers_non_antivirus == TRI_NO) {
		buf_str(reason, ", but it speaks only about antivirus, which this product is not");
		return AIM_OTHER;
	}
	buf_str(reason, product->antivirus == TRI_NO ?
				", but whether it reaches products that are not antivirus is not known" :
				", but whether this product is antivirus is not known");
	return AIM_UNKNOWN;
}

/** An engine of another maker counts only where the measure says so. */
static enum aim aim_engines(const struct measure *measure, const struct product *product, enum aim aim,
			    struct buf *reason)
{
	for (size_t i = 0; i < product->engine_count && aim != AIM_HIT; i++) {
		const struct embedded *engine = &product->engines[i];
		_cleanup_(buf_free) struct buf why = {};

		if (aim_vendor(measure, engine->vendor, &why) != AIM_HIT)
			continue;
		buf_printf(reason, "; embedded engine: %s%s", why.data,
			   engine->certain ? "" : ", and the maker has offered its engine in this product");
		if (measure->covers_embedded == TRI_YES)
			return AIM_HIT;
		buf_str(reason, measure->covers_embedded == TRI_NO ?
					", but the measure leaves embedded engines out" :
					", but whether the measure reaches embedded engines is not known");
		if (measure->covers_embedded == TRI_UNKNOWN)
			aim = AIM_UNKNOWN;
	}
	return aim;
}

static enum aim aim_country(const struct measure *measure, const struct destination_facts *facts,
			    struct buf *reason)
{
	const char *control = facts->controlling_jurisdiction;

	if (!control) {
		buf_str(reason, "who controls the service there is not known");
		if (facts->server_location && strings_have(&measure->jurisdictions, facts->server_location))
			buf_printf(reason, "; the address is registered in %s", facts->server_location);
		return AIM_UNKNOWN;
	}
	buf_printf(reason, "the site says that it is controlled from %s", control);
	return strings_have(&measure->jurisdictions, control) ? AIM_HIT : AIM_OUTSIDE;
}

/** Who operates the service, and under whose law: never where the server stands. */
static enum aim aim_service(const struct measure *measure, const struct destination_facts *facts,
			    struct buf *reason)
{
	if (measure->by == TARGET_PREFERENCE) {
		buf_str(reason, "it states a preference and forbids nothing");
		return AIM_OTHER;
	}
	if (measure->by == TARGET_JURISDICTION && (facts->control_stated || !facts->vendor))
		return aim_country(measure, facts, reason);
	if (facts->vendor)
		return aim_vendor(measure, facts->vendor, reason);
	if (facts->service_operator) {
		buf_printf(reason, "the service is %s's, and it speaks about others",
			   facts->service_operator);
		return AIM_OTHER;
	}
	buf_str(reason, "who operates the service there is not known");
	return AIM_UNKNOWN;
}

static enum aim aim_destination(const struct measure *measure, const struct destination_facts *facts,
				struct buf *reason)
{
	enum aim aim;

	if (measure->covers_destinations == TRI_NO) {
		buf_str(reason, "it speaks about products installed, not about destinations");
		return AIM_OTHER;
	}
	aim = aim_service(measure, facts, reason);
	if (measure->covers_destinations == TRI_YES || aim == AIM_OTHER)
		return aim;
	if (aim == AIM_OUTSIDE)
		return AIM_OTHER;
	buf_str(reason, ", and whether it reaches destinations is not known");
	return AIM_UNKNOWN;
}

/* ---- the decision ---- */

static enum verdict verdict_for(enum aim aim, const struct scope *scope)
{
	switch (aim) {
	case AIM_HIT:
		return scope->verdict;
	case AIM_OUTSIDE:
		return VERDICT_PERMITTED;
	case AIM_UNKNOWN:
		return VERDICT_UNKNOWN;
	case AIM_OTHER:
		break;
	}
	return VERDICT_OUT_OF_SCOPE;
}

static struct ruling *ruling_add(struct decision *decision, const struct measure *measure)
{
	struct ruling *ruling = GROW(decision->rulings, decision->count);

	*ruling = (struct ruling){.measure = measure, .scope = measure->binds};
	return ruling;
}

static void ruling_set(struct decision *decision, struct ruling *ruling, enum aim aim, struct buf *reason)
{
	ruling->in_force = true;
	ruling->verdict = verdict_for(aim, ruling->scope);
	ruling->reason = TAKE_PTR(reason->data);
	if (ruling->verdict > decision->verdict)
		decision->verdict = ruling->verdict;
}

static void ruling_idle(struct ruling *ruling, day_t day)
{
	struct buf reason = {};

	reason_not_in_force(&reason, ruling->measure, day);
	ruling->reason = reason.data;
}

void decide_product(const struct policy *policy, const struct product *product, day_t day,
		    struct decision *decision)
{
	*decision = (struct decision){};
	for (size_t i = 0; i < policy->measure_count; i++) {
		const struct measure *measure = &policy->measures[i];
		struct buf reason = {};
		struct ruling *ruling;
		enum aim aim;

		if (!measure->binds)
			continue;
		ruling = ruling_add(decision, measure);
		if (!measure_in_force(measure, day)) {
			ruling_idle(ruling, day);
			continue;
		}
		aim = aim_product(measure, product, &reason);
		aim = aim_engines(measure, product, aim, &reason);
		ruling_set(decision, ruling, aim, &reason);
	}
}

void decide_destination(const struct policy *policy, const struct destination_facts *facts, day_t day,
			struct decision *decision)
{
	*decision = (struct decision){};
	for (size_t i = 0; i < policy->measure_count; i++) {
		const struct measure *measure = &policy->measures[i];
		struct buf reason = {};
		struct ruling *ruling;

		if (!measure->binds)
			continue;
		ruling = ruling_add(decision, measure);
		if (measure_in_force(measure, day))
			ruling_set(decision, ruling, aim_destination(measure, facts, &reason), &reason);
		else
			ruling_idle(ruling, day);
	}
}
