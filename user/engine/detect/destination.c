// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rules destination-measure and destination-bytes: a security product talks to
 * somebody; may it, and how much has it sent? Findings of one lineage and peer
 * merge: one at the first connect, then one as the bytes pass each mark.
 */
#include <stdio.h>

#include "../state.h"

/** Reported at 16, 64 and 256 KiB, at 1 MiB, then at doublings; and at the first byte. */
static uint64_t mark_above(uint64_t sent)
{
	static const uint64_t marks[] = {1, 16 << 10, 64 << 10, 256 << 10, 1 << 20};
	uint64_t mark;

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (marks[i] > sent)
			return marks[i];
	for (mark = marks[ARRAY_SIZE(marks) - 1]; mark <= sent && mark < UINT64_MAX / 2;)
		mark *= 2;
	return mark;
}

/**
 * An unknown destination is a finding only where something points at a target of
 * the measure: nearly every address on earth is unknown, and a monitor that says
 * so each time is switched off.
 */
static bool worth_telling(const struct decision *decision, const struct destination_facts *facts)
{
	if (decision->verdict != VERDICT_UNKNOWN)
		return verdict_adverse(decision->verdict);
	for (size_t i = 0; i < decision->count; i++) {
		const struct ruling *ruling = &decision->rulings[i];

		if (!ruling->in_force || ruling->verdict != VERDICT_UNKNOWN)
			continue;
		if (facts->server_location &&
		    strings_have(&ruling->measure->jurisdictions, facts->server_location))
			return true;
		if (facts->as_registration &&
		    strings_have(&ruling->measure->jurisdictions, facts->as_registration))
			return true;
	}
	return false;
}

static const char *sentence(struct engine *engine, const struct channel *channel, const struct flow *flow,
			    const struct decision *decision, bool bytes)
{
	_cleanup_(buf_free) struct buf text = {};
	const struct ruling *worst = decision_worst(decision);

	buf_str(&text, flow->lineage->product->name);
	if (bytes)
		buf_printf(&text, " has sent %llu bytes", (unsigned long long)channel->sent);
	else
		buf_str(&text, flow->adopted ? " talks" : " connects");
	buf_printf(&text, " to a destination that is %s", verdict_phrase(decision->verdict));
	if (worst)
		buf_printf(&text, " by %s (%s): %s", worst->measure->id, worst->scope->force, worst->reason);
	return arena_str(&engine->batch->arena, text.data);
}

static const char *channel_key(struct engine *engine, const struct channel *channel)
{
	_cleanup_(buf_free) struct buf key = {};

	buf_hex(&key, &channel->key, sizeof(channel->key));
	buf_printf(&key, " %llu", (unsigned long long)channel->sent);
	return arena_str(&engine->batch->arena, key.data);
}

static void describe(struct engine *engine, enum outcome_what what, const struct channel *channel,
		     const struct flow *flow, const struct flow_part *part, const struct decision *decision)
{
	uint64_t time = what == WHAT_RULE_DESTINATION ? part->since : engine->time;
	struct outcome *outcome = tell(engine, OUTCOME_FINDING, what, time);
	struct process *process = process_find(engine, flow->owner.tgid, flow->owner.start);
	struct outcome_destination *destination = view_destination(engine, flow, &part->remote);

	destination->sent = channel->sent;
	destination->received = channel->received;
	destination->verdict = verdict_name(decision->verdict);
	outcome->destination = destination;
	outcome->process = process ? view_process(engine, process) : NULL;
	outcome->parent = process ? view_parent(engine, process) : NULL;
	outcome->product = view_product(engine, flow->lineage, flow->lineage->product,
					process ? process->evidence : flow->lineage->evidence, time);
	outcome->verdict = verdict_name(decision->verdict);
	outcome->message = sentence(engine, channel, flow, decision, what == WHAT_RULE_DESTINATION_BYTES);
	outcome->key = channel_key(engine, channel);
	view_rulings(engine, outcome, decision);
	view_losses(engine, outcome, channel->since);
}

void detect_connect(struct engine *engine, struct channel *channel, const struct flow *flow,
		    const struct flow_part *part)
{
	struct decision decision = {};
	struct destination_facts facts = {};

	if (!engine->policy || address_is_local(&part->remote))
		return;
	destination_facts(engine, &part->remote, &facts);
	decide_destination(engine->policy, &facts, engine_day(engine, part->since), &decision);
	if (worth_telling(&decision, &facts) && (!channel->told_any || decision.verdict > channel->told)) {
		channel->told_any = true;
		channel->told = decision.verdict;
		describe(engine, WHAT_RULE_DESTINATION, channel, flow, part, &decision);
	}
	decision_clear(&decision);
}

void detect_bytes(struct engine *engine, struct channel *channel, const struct flow *flow,
		  const struct flow_part *part)
{
	struct decision decision = {};
	struct destination_facts facts = {};

	if (!engine->policy || channel->sent < channel->next_report || address_is_local(&part->remote))
		return;
	channel->next_report = mark_above(channel->sent);
	destination_facts(engine, &part->remote, &facts);
	decide_destination(engine->policy, &facts, engine_day(engine, engine->time), &decision);
	if (worth_telling(&decision, &facts))
		describe(engine, WHAT_RULE_DESTINATION_BYTES, channel, flow, part, &decision);
	decision_clear(&decision);
}
