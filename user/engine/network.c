// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Sockets. Totals only grow, so the greatest one told stands: a tick that was
 * overtaken by the last account changes nothing. What a lineage did before it
 * was judged is kept, and judged with it.
 */
#include <netinet/in.h>
#include <string.h>

#include "state.h"

static bool same_address(const struct ev_addr *a, const struct ev_addr *b)
{
	return a->family == b->family && !memcmp(a->addr, b->addr, sizeof(a->addr));
}

static struct flow *flow_of(struct engine *engine, const struct ev_head *event, uint64_t id)
{
	struct flow *flow = flow_find(engine, id);

	if (flow)
		return flow;
	flow = flow_add(engine, id, lineage_of(engine, event));
	flow->owner = (struct process_key){.start = event->start, .tgid = event->tgid};
	return flow;
}

static struct flow_part *part_of(struct engine *engine, struct flow *flow, const struct ev_addr *remote)
{
	struct flow_part *part = part_find(engine, flow, remote);

	if (!flow->first.family)
		flow->first = *remote;
	return part ? part : part_add(engine, flow, remote);
}

static const char *flow_key(struct engine *engine, const struct flow *flow, const struct ev_addr *remote)
{
	_cleanup_(buf_free) struct buf key = {};

	buf_hex(&key, &flow->id, sizeof(flow->id));
	buf_hex(&key, remote, sizeof(*remote));
	return arena_str(&engine->batch->arena, key.data);
}

static void tell_flow(struct engine *engine, enum outcome_what what, const struct flow *flow,
		      const struct ev_addr *remote, uint64_t sent, uint64_t time)
{
	struct outcome *outcome;
	struct outcome_destination *destination;
	struct process *process;

	if (!engine->options.events || flow->lineage->decision != LINEAGE_PRODUCT)
		return;
	process = process_find(engine, flow->owner.tgid, flow->owner.start);
	outcome = tell(engine, OUTCOME_EVENT, what, time);
	destination = view_destination(engine, flow, remote);
	destination->sent = sent;
	outcome->destination = destination;
	outcome->key = flow_key(engine, flow, remote);
	outcome->process = process ? view_process(engine, process) : NULL;
	outcome->product =
		view_product(engine, flow->lineage, flow->lineage->product, flow->lineage->evidence, time);
}

/** Judges the connect of one part, once it is known whose it is and where it goes. */
static void judge_part(struct engine *engine, struct flow *flow, struct flow_part *part, bool at_once)
{
	struct destination_facts facts;
	struct channel *channel;

	if (flow->lineage->decision != LINEAGE_PRODUCT || part->judged)
		return;
	if (!at_once && !address_is_local(&part->remote) && !destination_facts(engine, &part->remote, &facts))
		return;
	part->judged = true;
	channel = channel_find(engine, flow, part);
	channel->connections++;
	channel->sent += part->sent;
	tally_find(engine, flow->lineage->product)->connections++;
	tally_find(engine, flow->lineage->product)->sent += part->sent;
	if (part->sent)
		moved_sent(engine, flow, part, part->sent);
	moved_received(engine, flow);
	tell_flow(engine, WHAT_CONNECT, flow, &part->remote, 0, part->since);
	detect_connect(engine, channel, flow, part);
	detect_bytes(engine, channel, flow, part);
}

/** Raises what a part has sent; before it is judged, it is only kept. */
static void part_sent(struct engine *engine, struct flow *flow, struct flow_part *part, uint64_t sent)
{
	struct channel *channel;
	uint64_t more = sent > part->sent ? sent - part->sent : 0;

	part->sent += more;
	if (!part->judged || !more)
		return;
	channel = channel_find(engine, flow, part);
	channel->sent += more;
	tally_find(engine, flow->lineage->product)->sent += more;
	moved_sent(engine, flow, part, more);
	detect_bytes(engine, channel, flow, part);
}

static void received(struct engine *engine, struct flow *flow, uint64_t total)
{
	struct channel *channel;
	struct flow_part *first = part_find(engine, flow, &flow->first);
	uint64_t more = total > flow->received ? total - flow->received : 0;

	flow->received += more;
	moved_received(engine, flow);
	if (!more || !first || !first->judged)
		return;
	channel = channel_find(engine, flow, first);
	channel->received += more;
}

/**
 * A socket goes over to the lineage that uses it now, with all that it has sent:
 * nobody knows how much of that was whose, so each is charged with the whole.
 */
static void flow_move(struct engine *engine, struct flow *flow, const struct ev_head *event)
{
	struct lineage *left = flow->lineage, *to = lineage_of(engine, event);
	struct flow_part *part;

	if (left == to || left->decision == LINEAGE_PRODUCT)
		return; /* what a product opened stays charged to it, whoever uses it */
	DL_DELETE(left->flows, flow);
	DL_APPEND(to->flows, flow);
	flow->lineage = to;
	flow->owner = (struct process_key){.start = event->start, .tgid = event->tgid};
	if (left->root != to->root) /* else it is charged with it already */
		for (part = flow->parts; part; part = part->next)
			part->judged = false;
	lineage_settle(engine, left);
}

void on_connect(struct engine *engine, const struct ev_head *event)
{
	const struct ev_connect *connect = (const struct ev_connect *)event;
	struct flow *flow = flow_of(engine, event, connect->flow);

	flow_move(engine, flow, event);
	flow->remote = connect->remote;
	flow->proto = connect->proto;
	flow->netns = connect->netns;
	flow->adopted |= event->flags & CONNECT_ADOPTED;
	tell_execs(engine, flow->lineage);
	if (connect->remote.family)
		judge_part(engine, flow, part_of(engine, flow, &connect->remote), false);
}

void on_send(struct engine *engine, const struct ev_head *event)
{
	const struct ev_send *send = (const struct ev_send *)event;
	struct flow *flow = flow_of(engine, event, send->flow);
	struct flow_part *part = part_of(engine, flow, &send->remote);

	flow->remote = send->remote;
	flow->proto = send->proto;
	flow->netns = send->netns;
	tell_execs(engine, flow->lineage);
	if (event->flags & SEND_SINGLE)
		part_sent(engine, flow, part, part->sent + send->bytes);
	else
		part_sent(engine, flow, part, send->bytes), part->summed = true;
	judge_part(engine, flow, part, false);
}

/** The last account of one peer. */
static void part_end(struct engine *engine, struct flow *flow, struct flow_part *part)
{
	judge_part(engine, flow, part, true);
	moved_ended(engine, flow, part);
	tell_flow(engine, WHAT_DISCONNECT, flow, &part->remote, part->sent, engine->time);
	part_drop(engine, part);
}

static void flow_end(struct engine *engine, struct flow *flow)
{
	struct lineage *lineage = flow->lineage;

	if (!flow->first.family && flow->received && flow->proto != IPPROTO_TCP)
		tell_flow(engine, WHAT_DISCONNECT, flow, &flow->first, 0, engine->time);
	while (flow->parts)
		part_end(engine, flow, flow->parts);
	flow_drop(engine, flow);
	lineage_settle(engine, lineage);
	settle_waiting(engine);
}

/** A datagram socket is closed; peers that the kernel half sums up for tell their last account themselves. */
static void datagram_closed(struct engine *engine, struct flow *flow)
{
	struct flow_part *part, *next;

	flow->closed = true;
	for (part = flow->parts; part; part = next) {
		next = part->next;
		if (!part->summed)
			part_end(engine, flow, part);
	}
	if (!flow->parts)
		flow_end(engine, flow);
}

/** The account of one peer of a datagram socket. */
static void on_destination(struct engine *engine, const struct ev_flow *told, struct flow *flow)
{
	struct flow_part *part = part_of(engine, flow, &told->remote);

	part->summed = true;
	part_sent(engine, flow, part, told->sent);
	judge_part(engine, flow, part, false);
	if (!(told->head.flags & FLOW_CLOSED)) {
		tell_flow(engine, WHAT_TRAFFIC, flow, &told->remote, told->sent, engine->time);
		return;
	}
	part_end(engine, flow, part);
	if (!flow->parts)
		flow_end(engine, flow);
}

static void on_stream(struct engine *engine, const struct ev_flow *told, struct flow *flow, bool closed)
{
	if (flow->remote.family) {
		struct flow_part *part = part_of(engine, flow, &flow->remote);

		part_sent(engine, flow, part, told->sent);
		judge_part(engine, flow, part, closed);
	}
	if (closed)
		flow_end(engine, flow);
	else
		tell_flow(engine, WHAT_TRAFFIC, flow, &flow->remote, told->sent, engine->time);
}

/** A datagram socket that is still open has received more. */
static void tell_received(struct engine *engine, struct flow *flow)
{
	const struct flow_part *part = part_find(engine, flow, &flow->first);

	tell_flow(engine, WHAT_TRAFFIC, flow, &flow->first, part ? part->sent : 0, engine->time);
}

void on_flow(struct engine *engine, const struct ev_head *event)
{
	const struct ev_flow *told = (const struct ev_flow *)event;
	bool closed = event->flags & FLOW_CLOSED;
	struct flow *flow;

	if (!closed && !flow_find(engine, told->flow) && flow_ended(engine, told->flow))
		return;
	flow = flow_of(engine, event, told->flow);
	flow->proto = told->proto;
	flow->netns = told->netns;
	flow->adopted |= event->flags & FLOW_ADOPTED;
	tell_execs(engine, flow->lineage);
	if (event->flags & FLOW_DESTINATION) {
		on_destination(engine, told, flow);
		return;
	}
	if (told->local.family && !address_is_unspecified(&told->local))
		flow->local = told->local;
	if (told->remote.family && told->remote.port)
		flow->remote = told->remote;
	received(engine, flow, told->received);
	if (told->proto == IPPROTO_TCP)
		on_stream(engine, told, flow, closed);
	else if (closed)
		datagram_closed(engine, flow);
	else
		tell_received(engine, flow);
}

void judge_flows(struct engine *engine, struct lineage *lineage)
{
	struct flow_part *part;
	struct flow *flow;

	DL_FOREACH(lineage->flows, flow)
		for (part = flow->parts; part; part = part->next)
			judge_part(engine, flow, part, false);
}

void judge_address(struct engine *engine, const struct ev_addr *address)
{
	struct flow_part *part, *next;

	HASH_ITER(hh, engine->parts, part, next)
		if (!part->judged && same_address(&part->remote, address))
			judge_part(engine, part->flow, part, false);
}
