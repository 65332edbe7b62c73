// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Five facts about an address, kept apart. A server's place says nothing of who
 * controls the service, so none is derived from another: the operator comes
 * from networks that the catalogue knows to be a vendor's own, its control from
 * the vendor, and the site's overlay may say better.
 */
#include <netinet/in.h>
#include <string.h>

#include "state.h"

#include "../util/memory.h"

static void set_country(char to[3], const uint8_t from[2])
{
	memcpy(to, from, 2);
	to[2] = '\0';
}

void on_place(struct engine *engine, const struct ev_head *event)
{
	const struct ev_place *told = (const struct ev_place *)event;
	struct place *place = place_find(engine, &told->address);

	if (!place) {
		place = need(calloc(1, sizeof(*place)));
		place->address = told->address;
		place->address.port = 0;
		HASH_ADD(hh, engine->places, address, sizeof(place->address), place);
	}
	set_country(place->country, told->country);
	set_country(place->server_country, told->server_country);
	place->asn = told->asn;
	place->anycast = event->flags & PLACE_ANYCAST;
	set_view(&place->as_name, event_view(event, told->as_name));
	set_view(&place->network, event_view(event, told->network));
	judge_address(engine, &place->address);
}

bool address_is_unspecified(const struct ev_addr *address)
{
	static const uint8_t nothing[sizeof(address->addr)];

	return !memcmp(address->addr, nothing, sizeof(nothing));
}

bool address_is_local(const struct ev_addr *address)
{
	static const uint8_t loopback6[16] = {[15] = 1};

	if (address->family == 4)
		return address->addr[0] == 127 || address_is_unspecified(address);
	if (address->family == 6)
		return address_is_unspecified(address) || !memcmp(address->addr, loopback6, 16);
	return false;
}

static const char *or_null(const char *text)
{
	return text && *text ? text : NULL;
}

/** Of a vendor's control facts, the best founded. */
static const char *best_control(const struct vendor *vendor)
{
	const struct control *best = NULL;

	for (size_t i = 0; i < vendor->control_count; i++)
		if (!best || vendor->controls[i].confidence > best->confidence)
			best = &vendor->controls[i];
	return best ? best->country : NULL;
}

static void facts_of_databases(const struct engine *engine, const struct place *place,
			       struct destination_facts *facts)
{
	const struct operated *operated;

	if (!place)
		return;
	facts->server_location =
		place->anycast ? NULL :
				 or_null(*place->server_country ? place->server_country : place->country);
	facts->hosting_operator = or_null(place->as_name);
	operated = place->asn ? policy_asn(engine->policy, place->asn) : NULL;
	if (!operated)
		return;
	facts->vendor = operated->vendor;
	facts->as_registration = operated->network->registered_in;
	facts->service_operator = facts->vendor->name;
	facts->controlling_jurisdiction = best_control(facts->vendor);
}

static void state_fact(const char **fact, const struct stated *stated)
{
	if (stated->said)
		*fact = stated->value;
}

static void facts_of_overlay(const struct engine *engine, const struct overlay_network *overlay,
			     struct destination_facts *facts)
{
	if (!overlay)
		return;
	state_fact(&facts->server_location, &overlay->server_location);
	state_fact(&facts->as_registration, &overlay->as_registration);
	state_fact(&facts->hosting_operator, &overlay->hosting_operator);
	if (overlay->service_operator.said) {
		facts->service_operator = overlay->service_operator.value;
		facts->vendor = facts->service_operator ?
					policy_vendor(engine->policy, facts->service_operator) :
					NULL;
		facts->controlling_jurisdiction = facts->vendor ? best_control(facts->vendor) : NULL;
		if (facts->vendor)
			facts->service_operator = facts->vendor->name;
	}
	if (overlay->controlling_jurisdiction.said) {
		facts->controlling_jurisdiction = overlay->controlling_jurisdiction.value;
		facts->control_stated = true;
	}
}

bool destination_facts(struct engine *engine, const struct ev_addr *remote, struct destination_facts *facts)
{
	const struct place *place = place_find(engine, remote);
	const struct overlay_network *overlay;

	*facts = (struct destination_facts){};
	if (!engine->policy)
		return false;
	overlay = policy_overlay(engine->policy, remote->family, remote->addr);
	facts_of_databases(engine, place, facts);
	facts_of_overlay(engine, overlay, facts);
	return place || overlay || !remote->family; /* about no address nobody will ever answer */
}
