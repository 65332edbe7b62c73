// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Names of destinations, as the lineage itself learned or gave them: a DNS answer
 * that it received, a server name that it sent. Either may lie; neither decides.
 */
#include <netinet/in.h>
#include <string.h>

#include "state.h"
#include "wire.h"

/** Answers that are remembered; beyond that the oldest is forgotten. */
#define NAMES_MAX 16384

static struct name_key key_of(const struct lineage *lineage, const struct ev_addr *address)
{
	struct name_key key = {.lineage = lineage->root, .address = *address};

	key.address.port = 0;
	return key;
}

static void name_drop(struct engine *engine, struct name *name)
{
	HASH_DEL(engine->names, name); /* NOLINT: who is dropped is in the table */
	free(name->name);
	free(name);
}

/** The table is in the order of coming: the first is the oldest. */
static void remember_name(struct engine *engine, const struct lineage *lineage, const struct ev_addr *address,
			  const char *text)
{
	const struct name_key key = key_of(lineage, address);
	struct name *name;

	/* NOLINTNEXTLINE: every byte of the key is set */
	HASH_FIND(hh, engine->names, &key, sizeof(key), name);
	if (name)
		name_drop(engine, name);
	if (HASH_COUNT(engine->names) >= NAMES_MAX)
		name_drop(engine, engine->names);
	name = need(calloc(1, sizeof(*name)));
	name->key = key;
	name->name = need(strdup(text));
	HASH_ADD(hh, engine->names, key, sizeof(name->key), name);
}

const char *name_of_address(struct engine *engine, const struct lineage *lineage,
			    const struct ev_addr *address)
{
	const struct name_key key = key_of(lineage, address);
	struct name *name;

	/* NOLINTNEXTLINE: every byte of the key is set */
	HASH_FIND(hh, engine->names, &key, sizeof(key), name);
	return name ? name->name : NULL;
}

void names_clear(struct engine *engine)
{
	while (engine->names)
		name_drop(engine, engine->names);
}

static const struct outcome_dns *view_dns(struct engine *engine, const struct wire_dns *dns)
{
	struct arena *arena = &engine->batch->arena;
	struct outcome_dns *view = arena_alloc(arena, sizeof(*view));
	struct ev_addr *addresses = arena_alloc(arena, dns->address_count * sizeof(*addresses));

	view->answer = dns->answer;
	view->id = dns->id;
	view->type = dns->type;
	view->code = dns->code;
	view->question = arena_str(arena, dns->question);
	view->canonical = *dns->canonical ? arena_str(arena, dns->canonical) : NULL;
	memcpy(addresses, dns->addresses, dns->address_count * sizeof(*addresses));
	view->addresses = addresses;
	view->address_count = dns->address_count;
	return view;
}

static void tell_dns(struct engine *engine, struct flow *flow, const struct ev_payload *told,
		     const struct wire_dns *dns)
{
	struct outcome *outcome;
	struct process *process;

	if (!engine->options.events || flow->lineage->decision != LINEAGE_PRODUCT)
		return;
	process = process_find(engine, told->head.tgid, told->head.start);
	outcome = tell(engine, OUTCOME_EVENT, WHAT_DNS, told->head.time);
	outcome->dns = view_dns(engine, dns);
	outcome->destination = view_destination(engine, flow, &told->remote);
	outcome->process = process ? view_process(engine, process) : NULL;
	outcome->product = view_product(engine, flow->lineage, flow->lineage->product,
					flow->lineage->evidence, told->head.time);
}

/** Its name is counted; only then does it explain the bytes of its message. */
static void asked(struct engine *engine, const struct flow *flow, const struct ev_payload *told,
		  const char *name)
{
	const struct ev_addr *remote = told->remote.family ? &told->remote : &flow->remote;
	struct account *account = ledger_account(engine, flow->lineage);

	questions_asked(engine, account, remote, told->size, name_octets(name));
	detect_information(engine, account, flow->lineage->product, name);
}

static void take_dns(struct engine *engine, struct flow *flow, const struct ev_payload *told,
		     const uint8_t *bytes, size_t size)
{
	struct wire_dns dns;

	if (told->proto == IPPROTO_TCP && size >= 2 && (size_t)(bytes[0] << 8 | bytes[1]) == size - 2)
		bytes += 2, size -= 2; /* the length that stands in front, unless it was read apart */
	if (!wire_dns(bytes, size, &dns))
		return;
	for (size_t i = 0; i < dns.address_count; i++)
		remember_name(engine, flow->lineage, &dns.addresses[i], dns.question);
	if (told->head.flags & PAYLOAD_SENT && flow->lineage->decision == LINEAGE_PRODUCT)
		asked(engine, flow, told, dns.question);
	tell_dns(engine, flow, told, &dns);
}

void on_payload(struct engine *engine, const struct ev_head *event)
{
	const struct ev_payload *told = (const struct ev_payload *)event;
	struct view bytes = event_view(event, told->bytes);
	struct flow *flow = flow_find(engine, told->flow);
	char name[WIRE_NAME_MAX];

	if (!flow)
		return;
	if (ntohs(told->remote.port) == 53)
		take_dns(engine, flow, told, (const uint8_t *)bytes.at, bytes.size);
	else if (wire_server_name((const uint8_t *)bytes.at, bytes.size, name)) {
		set_view(&flow->server_name, (struct view){name, strlen(name)});
		flow->hello = told->size;
	}
}
