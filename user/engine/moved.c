// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What an account of an access or a connection means for the ledger: what was read adds
 * to what can be held, what was written stays on this host, goes to another process, or
 * has left.
 */
#include <stdio.h>
#include <string.h>

#include "../event/filesystem.h"
#include "ledger.h"
#include "state.h"

#define S_IFMT_	     0170000
#define S_IFIFO_     0010000
#define S_IFCHR_     0020000
#define S_IFBLK_     0060000
#define S_IFREG_     0100000
#define S_IFSOCK_    0140000
#define AF_UNIX_     1
#define IPPROTO_TCP_ 6
#define NS_SECOND    1000000000ull
/** A reader's account comes with the next tick, or with the one after on a busy host. */
#define READERS_WAIT (3 * NS_SECOND)
/** What a TLS handshake sends after its first message: Finished, and before TLS 1.3 the key exchange (RFC
 * 8446, 5246). */
#define HANDSHAKE_REST 192

static uint64_t greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* ---- what was read ---- */

/**
 * Of a labelled object: no more than it holds. Until the account ends it is charged with
 * all of it, so that no send is judged before the read is told.
 */
static uint64_t charge(const struct access *access, bool last)
{
	const struct ev_access *told = &access->told;
	uint64_t had = told->read + told->mapped, size = greater(told->facts.size, told->to);

	if (!size)
		return had;
	return last ? lesser(had, size) : size;
}

static void read_labelled(struct engine *engine, struct account *account, struct access *access, bool last)
{
	size_t label = taint_label(&engine->ledger, access->label);
	uint64_t now = charge(access, last);

	if (now == access->charged)
		return;
	if (!access->charged)
		ledger_note(account, access->first);
	taint_own(engine, account, label, access->charged, now);
	access->charged = now;
}

/** Whether this version of it was not read before. What passes for another one makes it less. */
static bool newly_read(struct engine *engine, const struct account *account, const struct ev_access *told)
{
	const uint64_t parts[] = {account->key.root,
				  account->key.run,
				  told->object.ino,
				  (uint64_t)told->object.dev << 32 | told->object.gen,
				  (uint64_t)told->facts.ctime_sec,
				  told->facts.ctime_nsec};
	uint64_t sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		sum = (sum ^ parts[i]) * 0x9e3779b97f4a7c15;
		sum ^= sum >> 29;
	}
	return !seen_before(engine->ledger.objects_seen, sum);
}

/** What the rules size-echo and selectivity want to know of a file that is done with. */
static void note_reading(struct engine *engine, struct account *account, const struct access *access)
{
	const struct ev_access *told = &access->told;
	uint64_t had = told->read + told->mapped, size = greater(told->facts.size, told->to);

	if ((told->facts.mode & S_IFMT_) != S_IFREG_ || !size || told->written)
		return;
	selectivity_add(&account->readings[!!access->label], 1, had >= size - size / 10);
	if (access->label && had >= size)
		echo_read(account, taint_label(&engine->ledger, access->label), size);
}

/** Regular files that no account has written hold nothing: most that is read is such. */
static void read_any(struct engine *engine, struct account *account, struct access *access, bool last)
{
	const struct ev_access *told = &access->told;
	uint64_t had = told->read + told->mapped;
	bool regular = (told->facts.mode & S_IFMT_) == S_IFREG_;

	if (had <= access->had || (regular && !last))
		return;
	if (!access->had)
		account->objects += newly_read(engine, account, told);
	taint_read(engine, account, &told->object, had - access->had, !regular);
	access->had = had;
}

/* ---- what was written ---- */

static bool is_terminal(uint32_t rdev)
{
	uint32_t major = rdev >> 20;

	return major == 4 || major == 5 || (major >= 136 && major <= 143);
}

/** The host's own log: where every service writes. */
static bool is_log(const char *path)
{
	static const char *const names[] = {"@/run/systemd/journal/", "@/dev/log", "/run/systemd/journal/",
					    "/dev/log"};

	for (size_t i = 0; path && i < ARRAY_SIZE(names); i++)
		if (!strncmp(path + (path[0] == '/' && path[1] == '@'), names[i], strlen(names[i])))
			return true;
	return false;
}

/** The account of the process at the other end, if that is watched. */
static struct account *account_of_pid(struct engine *engine, uint32_t tgid)
{
	struct process *process, *next;

	HASH_ITER(hh, engine->processes, process, next)
		if (process->key.tgid == tgid && process->lineage->decision == LINEAGE_PRODUCT)
			return ledger_account(engine, process->lineage);
	return NULL;
}

static void to_unix(struct engine *engine, struct account *account, struct access *access, uint64_t more)
{
	struct account *peer =
		access->told.facts.peer ? account_of_pid(engine, access->told.facts.peer) : NULL;

	if (peer == account)
		return;
	if (!peer) {
		bool log = is_log(access->path);

		ledger_send(engine, account, log ? WAY_TERMINAL : WAY_PROCESS, NULL, more, log ? more : 0);
		return;
	}
	taint_written(engine, account, &access->told.object, more);
	taint_read(engine, peer, &access->told.object, more, true);
}

/** Something with two ends: who reads at the other one is seen later. */
static void to_pipe(struct engine *engine, struct account *account, const struct object_id *object,
		    uint64_t more)
{
	struct ledger *ledger = &engine->ledger;

	taint_written(engine, account, object, more);
	for (size_t i = 0; i < ledger->pipe_count; i++)
		if (!memcmp(&ledger->pipes[i].object, object, sizeof(*object)))
			return;
	if (ledger->pipe_count == LEDGER_PIPES)
		moved_settle(engine, true);
	ledger->pipes[ledger->pipe_count++] = (struct pending_pipe){
		.object = *object, .writer = account->key, .due = engine->time + READERS_WAIT};
}

static void to_device(struct engine *engine, struct account *account, uint32_t rdev, uint64_t more)
{
	if (rdev >> 20 == 1)
		return; /* /dev/null and its like: nobody reads there what was written */
	if (is_terminal(rdev))
		ledger_send(engine, account, WAY_TERMINAL, NULL, more, more);
	else
		ledger_send(engine, account, WAY_DEVICE, NULL, more, 0);
}

static void to_file(struct engine *engine, struct account *account, const struct access *access,
		    uint64_t more)
{
	const struct filesystem *filesystem = filesystem_find(access->told.facts.magic);

	taint_written(engine, account, &access->told.object, more);
	if (filesystem && filesystem->network)
		ledger_send(engine, account, WAY_FILESYSTEM, NULL, more, 0);
	else /* it has not left: what becomes of it is seen later (left.c) */
		ledger_send(engine, account, WAY_FILE, NULL, more, more);
}

static void written(struct engine *engine, struct account *account, struct access *access)
{
	const struct ev_access *told = &access->told;
	uint64_t all = told->written + (told->head.flags & ACCESS_SHARED ? told->mapped : 0);
	uint64_t more = all - access->gave;

	if (all <= access->gave)
		return;
	access->gave = all;
	if (told->object.dev == OBJECT_PROCESS)
		return; /* it is one of ours from then on */
	if (told->object.dev == OBJECT_OTHERS) {
		ledger_send(engine, account, WAY_PROCESS, NULL, more, 0); /* nobody knows where to */
		return;
	}
	switch (told->facts.mode & S_IFMT_) {
	case S_IFSOCK_:
		if (told->facts.family == AF_UNIX_)
			to_unix(engine, account, access, more);
		else
			ledger_send(engine, account, WAY_UNADDRESSED, NULL, more, 0);
		return;
	case S_IFIFO_:
		to_pipe(engine, account, &access->told.object, more);
		return;
	case S_IFCHR_:
	case S_IFBLK_:
		to_device(engine, account, told->facts.rdev, more);
		return;
	default:
		to_file(engine, account, access, more);
	}
}

/* ---- what was given as a descriptor ---- */

/** Whether all whom this lineage writes to over unix sockets are watched, so that their own reads tell. */
static bool peers_are_watched(struct engine *engine, const struct lineage *lineage)
{
	const struct access *each;
	bool any = false;

	DL_FOREACH(lineage->accesses, each) {
		const struct object_facts *facts = &each->told.facts;

		if ((facts->mode & S_IFMT_) != S_IFSOCK_ || facts->family != AF_UNIX_ || is_log(each->path))
			continue;
		if (!facts->peer || !account_of_pid(engine, facts->peer))
			return false;
		any = true;
	}
	return any;
}

static void given(struct engine *engine, struct account *account, struct access *access)
{
	uint64_t all = access->told.mapped, more = all - access->passed;

	if (!(access->told.head.flags & ACCESS_GIVEN) || all <= access->passed)
		return;
	access->passed = all;
	if (!peers_are_watched(engine, access->lineage))
		ledger_send(engine, account, WAY_PROCESS, NULL, more, 0);
}

void moved(struct engine *engine, struct access *access, bool last)
{
	struct account *account;

	if (access->lineage->decision != LINEAGE_PRODUCT)
		return;
	account = ledger_account(engine, access->lineage);
	if (access->label)
		read_labelled(engine, account, access, last);
	read_any(engine, account, access, last);
	written(engine, account, access);
	given(engine, account, access);
	if (!last)
		return;
	note_reading(engine, account, access);
	left_ask(engine, account, access);
}

/* ---- what waited ---- */

static void settle_pipe(struct engine *engine, const struct pending_pipe *pipe)
{
	struct ledger *ledger = &engine->ledger;
	uint64_t unread = taint_unread(ledger, &pipe->object);
	struct account *account = ledger_find(engine, &pipe->writer);

	if (!account || !unread)
		return;
	ledger_send(engine, account, WAY_PROCESS, NULL, unread, 0);
	taint_taken(ledger, &pipe->object, unread);
}

void moved_settle(struct engine *engine, bool all)
{
	struct ledger *ledger = &engine->ledger;

	for (size_t i = 0; i < ledger->pipe_count;) {
		struct pending_pipe pipe = ledger->pipes[i];

		if (!all && pipe.due > engine->time) {
			i++;
			continue;
		}
		ledger->pipes[i] = ledger->pipes[--ledger->pipe_count];
		settle_pipe(engine, &pipe);
	}
	questions_settle(engine, all);
}

/* ---- what was sent to an address ---- */

static const char *domain_of(struct engine *engine, const struct flow *flow, const struct ev_addr *remote)
{
	return flow->server_name ? flow->server_name : name_of_address(engine, flow->lineage, remote);
}

/** The site's own servers: what goes there is what it is for. */
static bool is_the_sites(const struct overlay_network *overlay)
{
	return overlay &&
	       (!strcmp(overlay->role, "management-server") || !strcmp(overlay->role, "update-mirror"));
}

/** Of what this part has sent, what its handshake needed. */
static uint64_t handshake(const struct flow *flow, struct flow_part *part)
{
	uint64_t all = flow->hello ? lesser(part->sent, flow->hello + HANDSHAKE_REST) : 0;
	uint64_t more = all > part->handshake ? all - part->handshake : 0;

	part->handshake += more;
	return more;
}

static uint64_t by_contract(struct engine *engine, struct account *account, const struct flow *flow,
			    struct flow_part *part, uint64_t more)
{
	const struct product *product = flow->lineage->product;
	const char *domain = product->contract_count && more ? domain_of(engine, flow, &part->remote) : NULL;
	const struct contract *contract = domain ? contract_find(product, domain) : NULL;
	struct contract_use *use;
	uint64_t allowed, all;

	if (!contract)
		return 0;
	use = &account->uses[contract - product->contracts];
	use->connections += !part->contracted;
	part->contracted = true;
	use->sent += more;
	allowed = contract->per_connection * use->connections + contract->per_file * account->objects +
		  contract->per_day * (1 + (engine->time - account->since) / (86400 * NS_SECOND));
	all = lesser(use->sent, allowed);
	more = all > use->explained ? all - use->explained : 0;
	use->explained += more;
	return more;
}

/** Once for each peer of a socket, and again by other policies. */
static void place(struct engine *engine, struct flow_part *part)
{
	struct destination_facts facts = {};
	const struct overlay_network *overlay;

	if (part->placed_by == engine->policy_number || !engine->policy)
		return;
	part->placed_by = engine->policy_number;
	destination_facts(engine, &part->remote, &facts);
	snprintf(part->control, sizeof(part->control), "%s",
		 facts.controlling_jurisdiction ? facts.controlling_jurisdiction : "");
	overlay = policy_overlay(engine->policy, part->remote.family, part->remote.addr);
	part->sites = is_the_sites(overlay);
	part->resolver = overlay && !strcmp(overlay->role, "resolver");
}

/* ---- what went to this very host ---- */

static void link_forget(struct ledger *ledger, struct link *link)
{
	HASH_DEL(ledger->links, link); /* NOLINT: it stands in the table */
	free(link);
}

void links_clear(struct ledger *ledger)
{
	while (ledger->links)
		link_forget(ledger, ledger->links);
}

/**
 * One direction of a connection within this host, as an object that is written and read.
 * By a number of our own and no hash, which a hostile product could make another's.
 */
static struct object_id link_of(struct ledger *ledger, const struct flow *flow, bool received)
{
	const struct ev_addr *from = received ? &flow->remote : &flow->local;
	const struct ev_addr *to = received ? &flow->local : &flow->remote;
	struct link_key key = {.netns = flow->netns, .from_port = from->port, .to_port = to->port};
	struct link *link;

	memcpy(key.from, from->addr, sizeof(key.from));
	memcpy(key.to, to->addr, sizeof(key.to));
	HASH_FIND(hh, ledger->links, &key, sizeof(key), link);
	if (!link) {
		if (HASH_COUNT(ledger->links) >= LEDGER_CARRIERS)
			link_forget(ledger, ledger->links);
		link = need(calloc(1, sizeof(*link)));
		link->key = key;
		link->number = ++ledger->link_number;
		HASH_ADD(hh, ledger->links, key, sizeof(link->key), link);
	}
	return (struct object_id){.dev = OBJECT_LINK, .ino = link->number};
}

/** A stream whose both ends are known: else nobody can say who has the other one. */
static bool is_link(const struct flow *flow, const struct ev_addr *remote)
{
	return flow->proto == IPPROTO_TCP_ && flow->local.family && address_is_local(remote);
}

void moved_received(struct engine *engine, struct flow *flow)
{
	uint64_t more = flow->received - flow->carried;
	struct object_id link;

	if (!more || flow->lineage->decision != LINEAGE_PRODUCT || !is_link(flow, &flow->remote))
		return;
	link = link_of(&engine->ledger, flow, true);
	taint_read(engine, ledger_account(engine, flow->lineage), &link, more, true);
	flow->carried = flow->received;
}

void moved_ended(struct engine *engine, const struct flow *flow, const struct flow_part *part)
{
	struct account *account;

	if (flow->proto != IPPROTO_TCP_ || flow->lineage->decision != LINEAGE_PRODUCT ||
	    address_is_local(&part->remote) || part->sites || part->resolver)
		return;
	account = ledger_account(engine, flow->lineage);
	detect_echo(engine, account, ledger_lane(account, WAY_NETWORK, part->control), part->sent,
		    flow->hello);
}

void moved_sent(struct engine *engine, const struct flow *flow, struct flow_part *part, uint64_t more)
{
	struct account *account = ledger_account(engine, flow->lineage);
	struct object_id link;
	uint64_t explained;

	if (is_link(flow, &part->remote)) {
		link = link_of(&engine->ledger, flow, false);
		to_pipe(engine, account, &link, more);
		return;
	}
	if (address_is_local(&part->remote)) {
		ledger_send(engine, account, WAY_PROCESS, NULL, more, 0);
		return;
	}
	place(engine, part);
	explained = part->sites ? more : lesser(more, handshake(flow, part));
	explained += lesser(more - explained, by_contract(engine, account, flow, part, more - explained));
	if (part->resolver) {
		questions_sent(engine, account, part->control, more - explained);
		explained = more;
	}
	ledger_send(engine, account, WAY_NETWORK, part->control, more, explained);
	if (part->contracted && engine->policy)
		detect_lookups(engine, account, ledger_lane(account, WAY_NETWORK, part->control),
			       flow->lineage->product);
}
