// SPDX-License-Identifier: GPL-3.0-or-later
/* Freezing: an outcome keeps what was known when it arose, whatever comes after. */
#include <stdio.h>
#include <string.h>

#include "../../bpf/abi/stats.h"
#include "state.h"

/** Sixteen bytes of a sum, as text. */
static const char *name_of(struct arena *arena, const char *text, size_t size)
{
	uint8_t sum[DIGEST_SIZE];
	_cleanup_(buf_free) struct buf hex = {};

	digest_of(text, size, sum);
	buf_hex(&hex, sum, 16);
	return arena_str(arena, hex.data);
}

static const char *agent_of(struct engine *engine)
{
	_cleanup_(buf_free) struct buf text = {};

	buf_printf(&text, "custodes-agent\n%s", engine->host_id ? engine->host_id : "");
	return name_of(&engine->batch->arena, text.data, text.size);
}

static const struct outcome_host *view_host(struct engine *engine)
{
	struct arena *arena = &engine->batch->arena;
	const struct host *profile = engine->policy ? &engine->policy->host : NULL;
	struct outcome_host *host = arena_alloc(arena, sizeof(*host));

	host->id = arena_str(arena, engine->host_id);
	host->name = arena_str(arena, engine->host_name);
	host->boot_id = arena_str(arena, engine->boot_id);
	host->run_id = arena_str(arena, engine->run_id);
	host->agent = agent_of(engine);
	host->version = arena_str(arena, engine->version);
	host->policy = arena_str(arena, engine->policy_digest);
	if (profile) {
		host->profile = arena_str(arena, profile->id);
		host->scheme = arena_str(arena, profile->scheme);
		host->tier = arena_str(arena, profile->tier);
	}
	return host;
}

static const unsigned int severities[] = {
	[VERDICT_OUT_OF_SCOPE] = 0,	[VERDICT_PERMITTED] = 0,  [VERDICT_UNKNOWN] = 21,
	[VERDICT_ADVISED_AGAINST] = 47, [VERDICT_PHASE_OUT] = 73, [VERDICT_PROHIBITED] = 99,
};

struct outcome *tell(struct engine *engine, enum outcome_type type, enum outcome_what what, uint64_t time)
{
	struct outcome *outcome = batch_outcome(engine->batch);

	if (!engine->host)
		engine->host = view_host(engine);
	outcome->type = type;
	outcome->what = what;
	outcome->position = engine->position;
	outcome->time = time;
	outcome->wall = wall_of(engine, time);
	outcome->told = wall_of(engine, engine->time);
	outcome->host = engine->host;
	if (type == OUTCOME_FINDING) {
		engine->findings++;
		engine->batch->findings++;
	}
	return outcome;
}

/** Stable for a process of this host, across runs of custodes: host, boot, pid, start. */
static const char *entity_id(struct engine *engine, const struct process_key *key)
{
	_cleanup_(buf_free) struct buf text = {};

	buf_printf(&text, "%s\n%s\n%u\n%llu", engine->host_id ? engine->host_id : "",
		   engine->boot_id ? engine->boot_id : "", key->tgid, (unsigned long long)key->start);
	return name_of(&engine->batch->arena, text.data, text.size);
}

static void view_exe(struct engine *engine, const struct exe *exe, struct outcome_process *view)
{
	struct arena *arena = &engine->batch->arena;

	if (!exe)
		return;
	view->sha256 = arena_str(arena, exe->sha256);
	view->build_id = arena_str(arena, exe->build_id);
	view->package = arena_str(arena, exe->package);
	view->package_version = arena_str(arena, exe->package_version);
	view->inode = exe->id.ino;
	view->device = exe->id.dev;
}

static const char *started_as(const struct process *process)
{
	const char *started = process->exe ? process->exe->started : NULL;
	const char *script = script_argument(process);

	if (script && (!started || is_interpreter(started)))
		return script;
	return started && process->path && strcmp(started, process->path) ? started : NULL;
}

static struct outcome_process *freeze_process(struct engine *engine, const struct process *process)
{
	struct arena *arena = &engine->batch->arena;
	struct outcome_process *view = arena_alloc(arena, sizeof(*view));

	view->tgid = process->key.tgid;
	view->start = process->key.start;
	view->started = wall_of(engine, process->key.start);
	view->uid = process->uid;
	view->gid = process->gid;
	view->mntns = process->mntns;
	view->netns = process->netns;
	view->entity_id = entity_id(engine, &process->key);
	view->executable = arena_str(arena, process->path);
	view->started_as = arena_str(arena, started_as(process));
	view->name = arena_str(arena, process->comm);
	view->args = arena_copy(arena, process->args, process->args_size);
	view->args_size = process->args ? process->args_size : 0;
	view->user = arena_str(arena, process->user);
	view->unit = arena_str(arena, process->unit);
	view->cgroup = arena_str(arena, process->cgroup);
	view->container = arena_str(arena, process->container);
	view->working_directory = arena_str(arena, process->cwd);
	view->exit_code = -1;
	view_exe(engine, process->exe, view);
	return view;
}

/** Once for each batch: a thousand connections of one process share it. */
const struct outcome_process *view_process(struct engine *engine, struct process *process)
{
	if (!process->view || process->view_generation != engine->batch->generation) {
		process->view = freeze_process(engine, process);
		process->view_generation = engine->batch->generation;
	}
	return process->view;
}

const struct outcome_process *view_parent(struct engine *engine, struct process *process)
{
	struct process *parent = process_find(engine, process->parent.tgid, process->parent.start);
	struct outcome_process *view;

	if (parent)
		return view_process(engine, parent);
	if (!process->parent.tgid)
		return NULL;
	view = arena_alloc(&engine->batch->arena,
			   sizeof(*view)); /* nobody watches it: known by its number only */
	view->tgid = process->parent.tgid;
	view->start = process->parent.start;
	view->started = wall_of(engine, process->parent.start);
	view->entity_id = entity_id(engine, &process->parent);
	view->exit_code = -1;
	return view;
}

const struct outcome_product *view_product(struct engine *engine, const struct lineage *lineage,
					   const struct product *product, enum evidence evidence,
					   uint64_t time)
{
	struct arena *arena = &engine->batch->arena;
	struct outcome_product *view = arena_alloc(arena, sizeof(*view));

	view->id = arena_str(arena, product->id);
	view->name = arena_str(arena, product->name);
	view->vendor = arena_str(arena, product->vendor->id);
	view->vendor_name = arena_str(arena, product->vendor->name);
	view->verdict = verdict_name(decide_cached(engine, product, time)->verdict);
	view->evidence = evidence_name(evidence);
	view->lineage = lineage->root;
	return view;
}

static const char *basis_of(const struct place *place)
{
	bool libloc = place && place->network, mmdb = place && *place->server_country;

	return libloc && mmdb ? "libloc+mmdb" : libloc ? "libloc" : mmdb ? "mmdb" : "none";
}

static void view_facts(struct engine *engine, const struct ev_addr *remote, struct outcome_destination *view)
{
	struct arena *arena = &engine->batch->arena;
	const struct place *place = place_find(engine, remote);
	const struct overlay_network *overlay;
	struct destination_facts facts;

	if (address_is_local(remote)) {
		view->basis = "this-host";
		return;
	}
	view->has_facts = destination_facts(engine, remote, &facts);
	view->server_location = arena_str(arena, facts.server_location);
	view->as_registration = arena_str(arena, facts.as_registration);
	view->hosting_operator = arena_str(arena, facts.hosting_operator);
	view->service_operator = arena_str(arena, facts.service_operator);
	view->controlling_jurisdiction = arena_str(arena, facts.controlling_jurisdiction);
	overlay = engine->policy ? policy_overlay(engine->policy, remote->family, remote->addr) : NULL;
	view->role = overlay ? arena_str(arena, overlay->role) : NULL;
	view->basis = overlay ? "overlay" : basis_of(place);
	if (!place)
		return;
	view->asn = place->asn;
	view->anycast = place->anycast;
	view->network = arena_str(arena, place->network);
}

/** Of a datagram socket nobody knows who sent what it received: it is told with its first peer alone. */
static uint64_t received_with(const struct flow *flow, const struct ev_addr *remote)
{
	return memcmp(&flow->first, remote, sizeof(*remote)) ? 0 : flow->received;
}

struct outcome_destination *view_destination(struct engine *engine, const struct flow *flow,
					     const struct ev_addr *remote)
{
	struct outcome_destination *view = arena_alloc(&engine->batch->arena, sizeof(*view));

	view->remote = *remote;
	view->local = flow->local;
	view->proto = flow->proto;
	view->flow = flow->id;
	view->received = received_with(flow, remote);
	view->upper_bound = flow->adopted;
	view->inbound = flow->adopted;
	view->domain = flow->server_name ? flow->server_name : name_of_address(engine, flow->lineage, remote);
	view->domain = view->domain ? arena_str(&engine->batch->arena, view->domain) : NULL;
	view->domain_by = !view->domain ? NULL : flow->server_name ? "tls" : "dns";
	view_facts(engine, remote, view);
	return view;
}

#define S_IFMT_ 0170000

static const struct object_type {
	uint32_t mode;
	const char *name;
} object_types[] = {
	{0100000, "file"},	   {0010000, "pipe"},	{0140000, "socket"},
	{0060000, "block-device"}, {0020000, "device"},
};

static const char *object_type(const struct ev_access *told)
{
	if (told->object.dev == OBJECT_PROCESS)
		return "process";
	if (told->object.dev == OBJECT_OTHERS)
		return "others";
	for (size_t i = 0; i < ARRAY_SIZE(object_types); i++)
		if ((told->facts.mode & S_IFMT_) == object_types[i].mode)
			return object_types[i].name;
	return "other";
}

/** What has no path is called as /proc/PID/fd calls it. */
static const char *object_name(struct engine *engine, const struct access *access, const char *type)
{
	char name[64];

	if (access->path && access->path[1]) /* "@name" is in no directory */
		return arena_str(&engine->batch->arena, access->path + (access->path[1] == '@'));
	snprintf(name, sizeof(name), "%s:[%llu]", type,
		 access->told.object.dev == OBJECT_PROCESS ? access->told.facts.peer :
							     (unsigned long long)access->told.object.ino);
	return arena_str(&engine->batch->arena, name);
}

const struct outcome_access *view_access(struct engine *engine, const struct access *access)
{
	struct outcome_access *view = arena_alloc(&engine->batch->arena, sizeof(*view));
	const struct ev_access *told = &access->told;
	uint8_t flags = told->head.flags;

	view->id = access->id;
	view->type = object_type(told);
	view->path = object_name(engine, access, view->type);
	view->label = arena_str(&engine->batch->arena, access->label);
	view->label_by = arena_str(&engine->batch->arena, access->label_by);
	view->inode = told->object.ino;
	view->device = told->object.dev;
	view->generation = told->object.gen;
	view->mode = told->facts.mode;
	view->magic = told->facts.magic;
	view->size = told->facts.size;
	view->read = told->read;
	view->written = told->written;
	view->mapped = told->mapped;
	view->from = told->from;
	view->to = told->to;
	view->at_most = flags & ACCESS_AT_MOST;
	view->shared = flags & ACCESS_SHARED;
	view->existing = flags & ACCESS_EXISTING;
	view->last = flags & ACCESS_LAST;
	view->peer = told->facts.peer;
	view->links = told->facts.links;
	view->family = told->facts.family;
	view->socket_type = told->facts.type;
	view->proto = told->facts.proto;
	return view;
}

void view_rulings(struct engine *engine, struct outcome *outcome, const struct decision *decision)
{
	struct arena *arena = &engine->batch->arena;
	struct outcome_ruling *views = arena_alloc(arena, decision->count * sizeof(*views));

	for (size_t i = 0; i < decision->count; i++) {
		const struct ruling *ruling = &decision->rulings[i];

		views[i] = (struct outcome_ruling){
			.id = arena_str(arena, ruling->measure->id),
			.title = arena_str(arena, ruling->measure->title),
			.verdict = verdict_name(ruling->verdict),
			.force = arena_str(arena, ruling->scope->force),
			.in_force = ruling->in_force,
			.reason = arena_str(arena, ruling->reason),
			.quote = arena_str(arena, ruling->scope->quote),
			.quote_status = arena_str(arena, ruling->scope->quote_status),
			.source = arena_str(arena, ruling->scope->quote_source),
		};
	}
	outcome->rulings = views;
	outcome->ruling_count = decision->count;
	outcome->severity = severities[decision->verdict];
}

static const char *const causes[] = {
#define LOSS(number, NAME, text) [number] = text,
#include "../../bpf/abi/loss.def"
#undef LOSS
};

const char *loss_text(uint32_t cause)
{
	return cause < ARRAY_SIZE(causes) && causes[cause] ? causes[cause] :
							     "cause not known to this version";
}

void view_losses(struct engine *engine, struct outcome *outcome, uint64_t since)
{
	_cleanup_(buf_free) struct buf text = {};
	uint32_t met = 0;

	for (size_t i = 0; i < engine->loss_count; i++) {
		if (engine->losses[i].until < since)
			continue;
		outcome->lost += engine->losses[i].count;
		met |= engine->losses[i].causes;
	}
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++)
		if (met & 1u << i && causes[i])
			buf_printf(&text, "%s%s", text.size ? ", " : "", causes[i]);
	outcome->lost_causes = text.size ? arena_str(&engine->batch->arena, text.data) : NULL;
}

/** By the start of the product that it is about. */
static struct account *account_of(struct engine *engine, const struct outcome_product *product)
{
	const struct account_key key = {.root = product->lineage, .run = engine->ledger.run};
	struct lineage *lineage = lineage_find(engine, product->lineage);

	return lineage && lineage->product ? ledger_account(engine, lineage) : ledger_find(engine, &key);
}

void view_incidents(struct engine *engine, size_t from)
{
	for (size_t i = from; i < engine->batch->outcome_count; i++) {
		struct outcome *outcome = &engine->batch->outcomes[i];
		_cleanup_(buf_free) struct buf text = {};
		struct account *account;

		if (outcome->type != OUTCOME_FINDING || !outcome->product)
			continue;
		account = account_of(engine, outcome->product);
		if (!account)
			continue;
		buf_printf(&text, "custodes-incident\n%s\n%s\n%llx", engine->host_id ? engine->host_id : "",
			   engine->boot_id ? engine->boot_id : "", (unsigned long long)account->incident);
		outcome->incident = name_of(&engine->batch->arena, text.data, text.size);
		outcome->incident_number = ++account->findings;
	}
}
