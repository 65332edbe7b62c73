// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * All that the engine keeps, as bytes, and the same engine out of them: what comes after is
 * judged as if all that came before had been read. A restart of custodes need not read a year.
 * One description serves both directions; tables keep their order, since the oldest makes room.
 */
#include <errno.h>
#include <string.h>

#include "pack.h"
#include "state.h"

#define SNAPSHOT_VERSION 4

#define EVIDENCES (EVIDENCE_SHA256 + 1)

/*
 * A field that is new must stand in its list below, or be one that a step finds again by itself
 * (process.view, engine.remembered), or that follows from what is read (engine.waiting). Then the size here
 * may be changed.
 */
#ifdef __LP64__
_Static_assert(sizeof(struct exe) == 192, "exe_fields");
_Static_assert(sizeof(struct process) == 288, "process_fields");
_Static_assert(sizeof(struct lineage) == 208, "lineage_fields");
_Static_assert(sizeof(struct flow) == 224, "flow_fields");
_Static_assert(sizeof(struct flow_part) == 184, "part_fields");
_Static_assert(sizeof(struct access) == 352, "access_fields");
_Static_assert(sizeof(struct channel) == 144, "channel_fields");
_Static_assert(sizeof(struct place) == 120, "place_fields");
_Static_assert(sizeof(struct account) == 1816, "account_fields");
_Static_assert(sizeof(struct lane) == 48, "lane_fields");
_Static_assert(sizeof(struct edge) == 200, "edge_fields");
_Static_assert(sizeof(struct ledger) == 182680, "ledger_fields");
_Static_assert(sizeof(struct engine) == 220472, "engine_fields");
#endif

static const struct field exe_fields[] = {
	PLAIN(exe, id),
	TEXT(exe, path),
	TEXT(exe, started),
	TEXT(exe, package),
	TEXT(exe, package_version),
	TEXT(exe, sha256),
	TEXT(exe, build_id),
	FLAG(exe, observed),
	FLAG(exe, authored),
	PLAIN(exe, author),
	PRODUCT(exe, product),
	BELOW(exe, evidence, EVIDENCES),
};

static const struct field process_fields[] = {
	PLAIN(process, key),	    PLAIN(process, parent),
	PRODUCT(process, product),  BELOW(process, evidence, EVIDENCES),
	PLAIN(process, uid),	    PLAIN(process, gid),
	PLAIN(process, mntns),	    PLAIN(process, netns),
	CHARS(process, comm),	    TEXT(process, path),
	TEXT(process, user),	    TEXT(process, unit),
	TEXT(process, cgroup),	    TEXT(process, container),
	TEXT(process, cwd),	    PLAIN(process, exec_time),
	FLAG(process, exec_untold), FLAG(process, facts_in),
	FLAG(process, path_cut),    FLAG(process, existing),
	FLAG(process, scanner),	    FLAG(process, ended),
	FLAG(process, unlinked),    PLAIN(process, held),
	PLAIN(process, new_unit),
};

static const struct field lineage_fields[] = {
	PLAIN(lineage, id),
	PLAIN(lineage, parent),
	PLAIN(lineage, author),
	PLAIN(lineage, root),
	BELOW(lineage, decision, LINEAGE_BENIGN + 1),
	PRODUCT(lineage, product),
	BELOW(lineage, evidence, EVIDENCES),
	PLAIN(lineage, since),
};

static const struct field gone_fields[] = {
	PLAIN(gone_lineage, id),
	PLAIN(gone_lineage, root),
	PRODUCT(gone_lineage, product),
	BELOW(gone_lineage, evidence, EVIDENCES),
};

static const struct field flow_fields[] = {
	PLAIN(flow, id),    PLAIN(flow, owner),	   PLAIN(flow, remote),	 PLAIN(flow, first),
	PLAIN(flow, local), PLAIN(flow, received), PLAIN(flow, carried), PLAIN(flow, netns),
	PLAIN(flow, proto), FLAG(flow, adopted),   FLAG(flow, closed),	 TEXT(flow, server_name),
	PLAIN(flow, hello),
};

static const struct field part_fields[] = {
	PLAIN(flow_part, key),	     PLAIN(flow_part, remote),	  PLAIN(flow_part, sent),
	PLAIN(flow_part, since),     PLAIN(flow_part, handshake), PLAIN(flow_part, placed_by),
	CHARS(flow_part, control),   FLAG(flow_part, sites),	  FLAG(flow_part, resolver),
	FLAG(flow_part, contracted), FLAG(flow_part, judged),	  FLAG(flow_part, summed),
};

static const struct field access_fields[] = {
	PLAIN(access, id),    PLAIN(access, owner),   PLAIN(access, told),   TEXT(access, path),
	TEXT(access, label),  TEXT(access, label_by), PLAIN(access, first),  PLAIN(access, charged),
	PLAIN(access, had),   PLAIN(access, gave),    PLAIN(access, passed), FLAG(access, holds),
	FLAG(access, untold),
};

static const struct field channel_fields[] = {
	PLAIN(channel, key),	  PLAIN(channel, since),	  PLAIN(channel, sent),
	PLAIN(channel, received), PLAIN(channel, connections),	  PLAIN(channel, next_report),
	FLAG(channel, told_any),  BELOW(channel, told, VERDICTS),
};

static const struct field name_fields[] = {PLAIN(name, key), TEXT(name, name)};

static const struct field place_fields[] = {
	PLAIN(place, address), CHARS(place, country), CHARS(place, server_country), PLAIN(place, asn),
	TEXT(place, as_name),  TEXT(place, network),  FLAG(place, anycast),
};

static const struct field lane_fields[] = {
	CHARS(lane, jurisdiction), BELOW(lane, way, LEDGER_WAYS), PLAIN(lane, sent), PLAIN(lane, explained),
	PLAIN(lane, sent_before),  PLAIN(lane, explained_before), PLAIN(lane, told),
};

static const struct field account_fields[] = {
	PLAIN(account, key),
	TEXT(account, product),
	TEXT(account, name),
	PLAIN(account, starts),
	PLAIN(account, met),
	PLAIN(account, own),
	PLAIN(account, cap),
	FLAG(account, saturated),
	FLAG(account, late),
	PLAIN(account, most_written),
	FLAG(account, ended),
	PLAIN(account, incident),
	PLAIN(account, findings),
	PLAIN(account, objects),
	PLAIN(account, since),
	PLAIN(account, uses),
	PLAIN(account, bucket),
	PLAIN(account, zones),
	PLAIN(account, names_asked),
	PLAIN(account, names_allowed),
	PLAIN(account, questions.sent),
	PLAIN(account, questions.read),
	PLAIN(account, questions.judged),
	PLAIN(account, questions.due),
	CHARS(account, questions.control),
	PLAIN(account, echo),
	PLAIN(account, readings),
	PLAIN(account, selective_told),
	PLAIN(account, positions),
	BELOW(account, position_count, LEDGER_POSITIONS + 1),
};

static const struct field edge_fields[] = {
	PLAIN(edge, read),
	PLAIN(edge, written),
	PLAIN(edge, left),
	PLAIN(edge, given),
};

static const struct field link_fields[] = {PLAIN(link, key), PLAIN(link, number)};

static const struct field awaited_fields[] = {
	PLAIN(awaited, object),
	PLAIN(awaited, time),
	PLAIN(awaited, tgid),
	TEXT(awaited, path),
};

static const struct field said_fields[] = {PLAIN(said, key)};

static const struct field ledger_fields[] = {
	PLAIN(ledger, run),	     PLAIN(ledger, evicted),	PLAIN(ledger, recent),
	PLAIN(ledger, recent_count), PLAIN(ledger, pipes),	BELOW(ledger, pipe_count, LEDGER_PIPES + 1),
	PLAIN(ledger, link_number),  PLAIN(ledger, dropped),	PLAIN(ledger, questions_due),
	PLAIN(ledger, late),	     PLAIN(ledger, names_seen), PLAIN(ledger, objects_seen),
};

static const struct field engine_fields[] = {
	PLAIN(engine, position),    PLAIN(engine, time),     PLAIN(engine, wall_offset),
	FLAG(engine, running),	    FLAG(engine, unsettled), PLAIN(engine, policy_number),
	TEXT(engine, host_id),	    TEXT(engine, host_name), TEXT(engine, boot_id),
	TEXT(engine, run_id),	    TEXT(engine, version),   PLAIN(engine, ended),
	PLAIN(engine, ended_count), PLAIN(engine, losses),   BELOW(engine, loss_count, LOSS_WINDOWS + 1),
	PLAIN(engine, lost_of),	    PLAIN(engine, told_of),
};

/** A table, in its order. What is read is put into it at once, so that nothing is lost on the way. */
#define PACK_TABLE(pack, table, keyed, each)                                             \
	do {                                                                             \
		__typeof__(table) _item = (table), _next;                                \
		size_t _count = pack_count(pack, HASH_COUNT(table));                     \
                                                                                         \
		for (; _count && !(pack)->bad; _count--, _item = _next) {                \
			if (pack_reads(pack))                                            \
				_item = need(calloc(1, sizeof(*_item)));                 \
			if (!_item)                                                      \
				break;                                                   \
			_next = pack_reads(pack) ? NULL : _item->hh.next;                \
			each;                                                            \
			if (pack_reads(pack))                                            \
				HASH_ADD(hh, table, keyed, sizeof(_item->keyed), _item); \
		}                                                                        \
	} while (0)

/* ---- who runs ---- */

static struct exe *exe_known(const struct engine *engine, const struct exe_id *id)
{
	struct exe *exe;

	HASH_FIND(hh, engine->exes, id, sizeof(*id), exe);
	return exe;
}

static void pack_process(struct pack *pack, const struct engine *engine, struct process *process)
{
	struct exe_id id = process->exe ? process->exe->id : (struct exe_id){};
	uint8_t has = process->exe != NULL;

	PACK_ITEM(pack, process, process_fields);
	pack_blob(pack, &process->args, &process->args_size);
	pack_bytes(pack, &has, sizeof(has));
	pack_bytes(pack, &id, sizeof(id));
	if (!pack_reads(pack))
		return;
	process->exe = has ? exe_known(engine, &id) : NULL;
	pack->bad |= has && !process->exe;
}

/** Its processes, sockets and accesses, in the order in which they stand in its lists. */
#define PACK_LIST(pack, lineage, list, key, find)                                            \
	do {                                                                                 \
		__typeof__((lineage)->list) _member = (lineage)->list;                       \
		size_t _members = 0;                                                         \
                                                                                             \
		if (!pack_reads(pack))                                                       \
			DL_COUNT((lineage)->list, _member, _members);                        \
		_members = pack_count(pack, _members);                                       \
		for (_member = (lineage)->list; _members && !(pack)->bad; _members--) {      \
			__typeof__(_member->key) _key;                                       \
                                                                                             \
			if (!pack_reads(pack))                                               \
				_key = _member->key, _member = _member->next;                \
			pack_bytes(pack, &_key, sizeof(_key));                               \
			if (!pack_reads(pack))                                               \
				continue;                                                    \
			_member = find;                                                      \
			if (!_member || _member->prev) { /* nobody, or of another already */ \
				(pack)->bad = true;                                          \
				break;                                                       \
			}                                                                    \
			_member->lineage = (lineage);                                        \
			DL_APPEND((lineage)->list, _member);                                 \
		}                                                                            \
	} while (0)

/** Its place among the others, and among those that wait. */
static void stand_again(struct engine *engine, struct lineage *lineage)
{
	enum lineage_decision decision = lineage->decision;

	lineage_stands(engine, lineage);
	lineage->decision = LINEAGE_PENDING;
	DL_APPEND2(engine->open, lineage, open_before, open_behind);
	lineage_decide(engine, lineage, decision);
}

static void pack_lineage(struct pack *pack, struct engine *engine, struct lineage *lineage)
{
	const struct process *process;

	PACK_ITEM(pack, lineage, lineage_fields);
	if (pack_reads(pack))
		stand_again(engine, lineage);
	PACK_LIST(pack, lineage, processes, key, process_find(engine, _key.tgid, _key.start));
	if (pack_reads(pack))
		DL_FOREACH(lineage->processes, process)
			lineage->untold += process->exec_untold;
	PACK_LIST(pack, lineage, flows, id, flow_find(engine, _key));
	PACK_LIST(pack, lineage, accesses, id, access_find(engine, _key));
	for (size_t i = 0, count = pack_count(pack, lineage->told_count); i < count && !pack->bad; i++) {
		const struct field told = {0, sizeof(void *), FIELD_PRODUCT, 0};

		if (pack_reads(pack))
			GROW(lineage->told, lineage->told_count);
		pack_item(pack, &lineage->told[i], &told, 1);
		pack->bad |= !lineage->told[i];
	}
}

static void pack_part(struct pack *pack, struct engine *engine, struct flow_part *part)
{
	PACK_ITEM(pack, part, part_fields);
	if (!pack_reads(pack))
		return;
	part->flow = flow_find(engine, part->key.flow);
	if (part->flow)
		DL_APPEND(part->flow->parts, part);
	else
		pack->bad = true;
}

/** Whoever is of no lineage cannot be: everything that is done with it begins there. */
static bool all_of_one(const struct engine *engine)
{
	const struct process *process;
	const struct flow *flow;
	const struct access *access;

	for (process = engine->processes; process; process = process->hh.next)
		if (!process->lineage)
			return false;
	for (flow = engine->flows; flow; flow = flow->hh.next)
		if (!flow->lineage)
			return false;
	for (access = engine->accesses; access; access = access->hh.next)
		if (!access->lineage)
			return false;
	return true;
}

static void pack_tables(struct pack *pack, struct engine *engine)
{
	PACK_TABLE(pack, engine->exes, id, PACK_ITEM(pack, _item, exe_fields));
	PACK_TABLE(pack, engine->processes, key, pack_process(pack, engine, _item));
	PACK_TABLE(pack, engine->flows, id, PACK_ITEM(pack, _item, flow_fields));
	PACK_TABLE(pack, engine->parts, key, pack_part(pack, engine, _item));
	PACK_TABLE(pack, engine->accesses, id, PACK_ITEM(pack, _item, access_fields));
	PACK_TABLE(pack, engine->lineages, id, pack_lineage(pack, engine, _item));
	PACK_TABLE(pack, engine->channels, key, PACK_ITEM(pack, _item, channel_fields));
	PACK_TABLE(pack, engine->names, key, PACK_ITEM(pack, _item, name_fields));
	PACK_TABLE(pack, engine->places, address, PACK_ITEM(pack, _item, place_fields));
	pack->bad |= pack_reads(pack) && !all_of_one(engine);
}

static void pack_gone(struct pack *pack, struct engine *engine)
{
	uint64_t place = 0;
	size_t count = 0;

	for (size_t i = 0; i < GONE_LINEAGES; i++)
		count += engine->gone[i].product != NULL;
	count = pack_count(pack, count);
	for (; count && !pack->bad; count--, place++) {
		while (!pack_reads(pack) && !engine->gone[place].product)
			place++;
		pack_bytes(pack, &place, sizeof(place));
		place &= GONE_LINEAGES - 1;
		PACK_ITEM(pack, &engine->gone[place], gone_fields);
	}
}

/* ---- the ledger ---- */

static void pack_account(struct pack *pack, struct account *account)
{
	PACK_ITEM(pack, account, account_fields);
	pack->bad |= !account->product || !account->name;
	for (size_t i = 0; i < ECHO_SIZES; i++)
		pack->bad |= account->echo.labels[i] >= LEDGER_LABELS;
	for (size_t i = 0, count = pack_count(pack, account->lane_count); i < count && !pack->bad; i++) {
		if (pack_reads(pack))
			GROW(account->lanes, account->lane_count);
		PACK_ITEM(pack, &account->lanes[i], lane_fields);
	}
}

static void pack_edge(struct pack *pack, struct engine *engine, struct carrier *carrier, struct edge *edge)
{
	struct account_key key = edge ? edge->account->key : (struct account_key){};
	struct account *account = NULL;

	pack_bytes(pack, &key, sizeof(key));
	if (pack_reads(pack)) {
		account = pack->bad ? NULL : ledger_find(engine, &key);
		pack->bad |= !account;
		if (pack->bad)
			return;
		edge = need(calloc(1, sizeof(*edge)));
		edge->account = account;
		edge->carrier = carrier;
		DL_APPEND(carrier->edges, edge);
	}
	PACK_ITEM(pack, edge, edge_fields);
}

static void pack_carrier(struct pack *pack, struct engine *engine, struct carrier *carrier)
{
	struct edge *edge;
	size_t count = 0;

	pack_bytes(pack, &carrier->object, sizeof(carrier->object));
	pack_bytes(pack, &carrier->taken, sizeof(carrier->taken));
	if (!pack_reads(pack))
		DL_COUNT(carrier->edges, edge, count);
	count = pack_count(pack, count);
	for (edge = carrier->edges; count && !pack->bad; count--) {
		pack_edge(pack, engine, carrier, edge);
		edge = edge ? edge->next : NULL;
	}
}

static struct edge *edge_known(const struct ledger *ledger, const struct object_id *object,
			       const struct account *account)
{
	struct carrier *carrier;
	struct edge *edge;

	HASH_FIND(hh, ledger->carriers, object, sizeof(*object), carrier);
	if (!carrier)
		return NULL;
	DL_FOREACH(carrier->edges, edge)
		if (edge->account == account)
			return edge;
	return NULL;
}

/** The next edge of an account, behind the last one. */
static struct edge *link_edge(struct pack *pack, const struct ledger *ledger, struct account *account,
			      struct edge *last)
{
	struct object_id object;
	struct edge *edge;

	pack_bytes(pack, &object, sizeof(object));
	edge = pack->bad ? NULL : edge_known(ledger, &object, account);
	if (!edge || edge->before || edge == account->edges) {
		pack->bad = true;
		return NULL;
	}
	edge->before = last;
	if (last)
		last->after = edge;
	else
		account->edges = edge;
	return edge;
}

/** The edges of an account, in the order in which they stand there. */
static void pack_edges(struct pack *pack, const struct ledger *ledger, struct account *account)
{
	struct edge *edge, *last = NULL;
	size_t count = 0;

	for (edge = account->edges; edge; edge = edge->after)
		count++;
	count = pack_count(pack, count);
	if (pack_reads(pack))
		for (; count && !pack->bad; count--)
			last = link_edge(pack, ledger, account, last);
	else
		for (edge = account->edges; edge; edge = edge->after)
			pack_bytes(pack, &edge->carrier->object, sizeof(edge->carrier->object));
}

/** Each edge stands in its account's list as well, or taking it out of there would go wrong. */
static bool edges_whole(const struct ledger *ledger)
{
	const struct carrier *carrier;
	const struct edge *edge;

	for (carrier = ledger->carriers; carrier; carrier = carrier->hh.next)
		DL_FOREACH(carrier->edges, edge)
			if (!edge->before && edge->account->edges != edge)
				return false;
	return true;
}

static void pack_labels(struct pack *pack, struct ledger *ledger)
{
	size_t count = pack_count(pack, ledger->label_count);

	pack->bad |= count > LEDGER_LABELS;
	for (size_t i = 0; i < count && !pack->bad; i++) {
		pack_text(pack, &ledger->labels[i]);
		ledger->label_count = i + 1;
		pack->bad |= !ledger->labels[i];
	}
}

static void pack_heirs(struct pack *pack, struct ledger *ledger)
{
	size_t count = pack_count(pack, ledger->heir_count);

	for (size_t i = 0; i < count && !pack->bad; i++) {
		if (pack_reads(pack))
			GROW(ledger->heirs, ledger->heir_count);
		pack_bytes(pack, &ledger->heirs[i], sizeof(ledger->heirs[i]));
	}
}

static void pack_former(struct pack *pack, struct ledger *ledger)
{
	size_t count = pack_count(pack, ledger->former_count);

	for (size_t i = 0; i < count && !pack->bad; i++) {
		if (pack_reads(pack))
			GROW(ledger->former, ledger->former_count);
		pack_account(pack, &ledger->former[i]);
	}
}

static void pack_awaited(struct pack *pack, struct awaited *awaited)
{
	PACK_ITEM(pack, awaited, awaited_fields);
	pack->bad |= !awaited->path;
}

static void pack_ledger(struct pack *pack, struct engine *engine)
{
	struct ledger *ledger = &engine->ledger;
	struct account *account;

	pack_labels(pack, ledger);
	PACK_ITEM(pack, ledger, ledger_fields);
	pack_heirs(pack, ledger);
	pack_former(pack, ledger);
	PACK_TABLE(pack, ledger->accounts, key, pack_account(pack, _item));
	PACK_TABLE(pack, ledger->carriers, object, pack_carrier(pack, engine, _item));
	for (account = ledger->accounts; account && !pack->bad; account = account->hh.next) {
		ledger->ended += pack_reads(pack) && account->ended;
		pack_edges(pack, ledger, account);
	}
	pack->bad |= pack_reads(pack) && !edges_whole(ledger);
	PACK_TABLE(pack, ledger->links, key, PACK_ITEM(pack, _item, link_fields));
	PACK_TABLE(pack, ledger->awaited, object, pack_awaited(pack, _item));
	PACK_TABLE(pack, ledger->said, key, PACK_ITEM(pack, _item, said_fields));
}

/* ---- all of it ---- */

static void pack_engine(struct pack *pack, struct engine *engine)
{
	uint32_t versions[2] = {SNAPSHOT_VERSION, ENGINE_VERSION};
	char policy[sizeof(engine->policy_digest)] = "";

	stpcpy(policy, engine->policy_digest);
	pack_bytes(pack, versions, sizeof(versions));
	pack_bytes(pack, policy, sizeof(policy));
	pack->bad |= versions[0] != SNAPSHOT_VERSION || versions[1] != ENGINE_VERSION ||
		     strncmp(policy, engine->policy_digest, sizeof(policy)) != 0;
	if (pack->bad)
		return;
	PACK_ITEM(pack, engine, engine_fields);
	pack_tables(pack, engine);
	pack_gone(pack, engine);
	pack_ledger(pack, engine);
}

void engine_save(const struct engine *engine, struct buf *to)
{
	struct pack pack = {.to = to, .policy = engine->policy};

	pack_engine(&pack, (struct engine *)engine); /* nothing is changed in this direction */
}

int engine_load(struct engine *engine, const void *bytes, size_t size)
{
	struct pack pack = {.at = bytes, .left = size, .policy = engine->policy};

	tables_clear(engine);
	ledger_clear(engine);
	engine->ledger = (struct ledger){};
	pack_engine(&pack, engine);
	return pack.bad || pack.left ? -EBADMSG : 0;
}
