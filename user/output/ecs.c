// SPDX-License-Identifier: GPL-3.0-or-later
/* Elastic Common Schema, one document a line. docs/ECS.md lists every field. */
#include <string.h>

#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "../event/filesystem.h"
#include "../util/clock.h"
#include "../util/digest.h"
#include "../util/jsonw.h"
#include "address.h"
#include "ecs_evidence.h"
#include "output.h"

#define ECS_VERSION "9.1.0"

static const struct mapping {
	enum outcome_what what;
	const char *kind;
	const char *category;
	const char *types[2];
} mappings[] = {
	{WHAT_EXEC, "event", "process", {"start"}},
	{WHAT_EXIT, "event", "process", {"end"}},
	{WHAT_CONNECT, "event", "network", {"connection", "start"}},
	{WHAT_TRAFFIC, "event", "network", {"connection", "info"}},
	{WHAT_DISCONNECT, "event", "network", {"connection", "end"}},
	{WHAT_DNS, "event", "network", {"protocol"}},
	{WHAT_ACCESS, "event", "file", {"access"}},
	{WHAT_JOIN, "event", "process", {"change"}},
	{WHAT_MONITOR, "event", "host", {"change"}},
	{WHAT_LOSS, "metric", "host", {"info"}},
	{WHAT_CLOCK_STEP, "event", "host", {"change"}},
	{WHAT_POLICY, "event", "configuration", {"change"}},
	{WHAT_START, "state", "host", {"start"}},
	{WHAT_STOP, "state", "host", {"end"}},
	{WHAT_KEY, "event", "configuration", {"change"}},
	{WHAT_HEARTBEAT, "metric", "host", {"info"}},
	{WHAT_WITNESS, "event", "host", {"info"}},
	{WHAT_PRUNE, "event", "file", {"deletion"}},
	{WHAT_HOLD, "event", "configuration", {"change"}},
	{WHAT_RULE_PRODUCT, "alert", "intrusion_detection", {"info"}},
	{WHAT_RULE_DESTINATION, "alert", "intrusion_detection", {"info"}},
	{WHAT_RULE_DESTINATION_BYTES, "alert", "intrusion_detection", {"info"}},
	{WHAT_RULE_CAPTURE, "alert", "host", {"info"}},
	{WHAT_RULE_MONITOR, "alert", "host", {"info"}},
	{WHAT_RULE_UNEXPLAINED, "alert", "intrusion_detection", {"info"}},
	{WHAT_RULE_LEAK, "alert", "intrusion_detection", {"info"}},
	{WHAT_RULE_INFORMATION, "alert", "intrusion_detection", {"info"}},
	{WHAT_RULE_ECHO, "alert", "intrusion_detection", {"info"}},
	{WHAT_RULE_LOOKUPS, "alert", "intrusion_detection", {"info"}},
	{WHAT_RULE_SELECTIVITY, "alert", "intrusion_detection", {"info"}},
	{WHAT_RULE_STEERING, "alert", "intrusion_detection", {"info"}},
	{WHAT_RULE_FAMILY, "alert", "intrusion_detection", {"info"}},
	{WHAT_RULE_EXECUTABLE, "alert", "intrusion_detection", {"info"}},
};

static const struct mapping *mapping_of(enum outcome_what what)
{
	const struct mapping *mapping = mappings;

	while (mapping->what != what)
		mapping++;
	return mapping;
}

static void put_event(struct jsonw *w, const struct outcome *outcome, const struct outcome_log *log)
{
	const struct mapping *mapping = mapping_of(outcome->what);
	char id[33];

	outcome_id(outcome, log, id);
	jsonw_object(w, "event");
	jsonw_str(w, "kind", mapping->kind);
	jsonw_array(w, "category");
	jsonw_str(w, NULL, mapping->category);
	if (outcome->type == OUTCOME_FINDING && outcome->destination)
		jsonw_str(w, NULL, "network");
	else if (outcome->what == WHAT_RULE_PRODUCT)
		jsonw_str(w, NULL, "process");
	jsonw_array_end(w);
	jsonw_array(w, "type");
	jsonw_str(w, NULL, mapping->types[0]);
	jsonw_str(w, NULL, mapping->types[1]);
	jsonw_array_end(w);
	jsonw_str(w, "action", outcome_name(outcome->what));
	jsonw_str(w, "outcome", "unknown");
	jsonw_str(w, "id", id);
	jsonw_u64(w, "sequence", outcome->position);
	jsonw_time(w, "created", outcome->told);
	if (outcome->type == OUTCOME_FINDING) {
		jsonw_str(w, "code", outcome_name(outcome->what));
		jsonw_u64(w, "severity", outcome->severity);
		jsonw_str(w, "reason", outcome->message);
	}
	jsonw_str(w, "dataset", outcome->type == OUTCOME_FINDING ? "custodes.finding" : "custodes.event");
	jsonw_str(w, "module", "custodes");
	jsonw_object_end(w);
}

static void put_agent(struct jsonw *w, const struct outcome_host *host)
{
	jsonw_object(w, "agent");
	jsonw_str(w, "id", host->agent);
	jsonw_str(w, "ephemeral_id", host->run_id);
	jsonw_str(w, "type", "custodes");
	jsonw_str(w, "version", host->version);
	jsonw_object_end(w);
}

static void put_host(struct jsonw *w, const struct outcome_host *host)
{
	jsonw_object(w, "host");
	jsonw_str(w, "id", host->id);
	jsonw_str(w, "name", host->name);
	if (host->boot_id) {
		jsonw_object(w, "boot");
		jsonw_str(w, "id", host->boot_id);
		jsonw_object_end(w);
	}
	jsonw_object_end(w);
	put_agent(w, host);
}

static void put_args(struct jsonw *w, const struct outcome_process *process)
{
	_cleanup_(buf_free) struct buf line = {};
	uint64_t count = 0;

	if (!process->args_size)
		return;
	jsonw_array(w, "args");
	for (size_t at = 0, length; at < process->args_size; at += length + 1) {
		length = strnlen(process->args + at, process->args_size - at);
		jsonw_bytes(w, NULL, process->args + at, length);
		if (count++)
			buf_byte(&line, ' ');
		buf_bytes(&line, process->args + at, length);
	}
	jsonw_array_end(w);
	jsonw_u64(w, "args_count", count);
	jsonw_bytes(w, "command_line", line.data, line.size);
}

static void put_user(struct jsonw *w, const struct outcome_process *process)
{
	char id[12];

	snprintf(id, sizeof(id), "%u", process->uid);
	jsonw_object(w, "user");
	jsonw_str(w, "id", id);
	jsonw_str(w, "name", process->user);
	jsonw_object_end(w);
}

static void put_process(struct jsonw *w, const char *key, const struct outcome_process *process,
			const struct outcome_process *parent)
{
	if (!process)
		return;
	jsonw_object(w, key);
	jsonw_str(w, "entity_id", process->entity_id);
	jsonw_u64(w, "pid", process->tgid);
	jsonw_str(w, "executable", process->executable);
	jsonw_str(w, "name", process->name && *process->name ? process->name : NULL);
	put_args(w, process);
	jsonw_str(w, "working_directory", process->working_directory);
	jsonw_time(w, "start", process->started);
	if (process->sha256) {
		jsonw_object(w, "hash");
		jsonw_str(w, "sha256", process->sha256);
		jsonw_object_end(w);
	}
	if (process->executable)
		put_user(w, process);
	if (process->exit_code >= 0)
		jsonw_i64(w, "exit_code", process->exit_code);
	put_process(w, "parent", parent, NULL);
	jsonw_object_end(w);
}

/**
 * Community ID, version 1, seed 0 (github.com/corelight/community-id-spec): the
 * lesser endpoint first, so that both ends of a connection get the same one.
 */
static void put_community_id(struct jsonw *w, const struct outcome_destination *d)
{
	uint8_t bytes[2 + 16 + 16 + 2 + 4] = {};
	unsigned char sum[SHA_DIGEST_LENGTH], text[3 + 32] = "1:";
	size_t length = d->remote.family == 4 ? 4 : 16, at = 2;
	const struct ev_addr *first = &d->local, *second = &d->remote;
	int order;

	if (!d->local.family || d->local.family != d->remote.family || !d->local.port)
		return;
	order = memcmp(first->addr, second->addr, length);
	if (order > 0 || (!order && ntohs(first->port) > ntohs(second->port)))
		first = &d->remote, second = &d->local;
	memcpy(bytes + at, first->addr, length), at += length;
	memcpy(bytes + at, second->addr, length), at += length;
	bytes[at++] = protocol_on_wire(d->proto);
	bytes[at++] = 0;
	memcpy(bytes + at, &first->port, 2), at += 2;
	memcpy(bytes + at, &second->port, 2), at += 2;
	SHA1(bytes, at, sum);
	EVP_EncodeBlock(text + 2, sum, sizeof(sum));
	jsonw_str(w, "community_id", (const char *)text);
}

static void put_network(struct jsonw *w, const struct outcome_destination *d)
{
	char text[INET6_ADDRSTRLEN];

	if (!d)
		return;
	jsonw_object(w, "source");
	if (d->local.family) {
		jsonw_str(w, "ip", address_text(&d->local, text));
		jsonw_u64(w, "port", ntohs(d->local.port));
	}
	jsonw_u64(w, "bytes", d->sent);
	jsonw_object_end(w);
	jsonw_object(w, "destination");
	if (d->remote.family) {
		jsonw_str(w, "ip", address_text(&d->remote, text));
		jsonw_str(w, "address", text);
		jsonw_str(w, "domain", d->domain);
		jsonw_u64(w, "port", ntohs(d->remote.port));
	}
	jsonw_u64(w, "bytes", d->received);
	if (d->server_location) {
		jsonw_object(w, "geo");
		jsonw_str(w, "country_iso_code", d->server_location);
		jsonw_object_end(w);
	}
	if (d->asn) {
		jsonw_object(w, "as");
		jsonw_u64(w, "number", d->asn);
		jsonw_object(w, "organization");
		jsonw_str(w, "name", d->hosting_operator);
		jsonw_object_end(w);
		jsonw_object_end(w);
	}
	jsonw_object_end(w);
	jsonw_object(w, "network");
	jsonw_str(w, "transport", transport_name(d->proto));
	jsonw_str(w, "type", d->remote.family == 6 ? "ipv6" : d->remote.family == 4 ? "ipv4" : NULL);
	jsonw_str(w, "direction", d->inbound ? "unknown" : "egress");
	jsonw_u64(w, "bytes", d->sent + d->received);
	put_community_id(w, d);
	jsonw_object_end(w);
}

static void put_server_name(struct jsonw *w, const struct outcome_destination *d)
{
	if (!d || !d->domain || strcmp(d->domain_by, "tls"))
		return;
	jsonw_object(w, "tls");
	jsonw_object(w, "client");
	jsonw_str(w, "server_name", d->domain);
	jsonw_object_end(w);
	jsonw_object_end(w);
}

/** By RFC 1035 and its successors; others by number, as RFC 3597 has it. */
static void put_question(struct jsonw *w, const struct outcome_dns *dns)
{
	static const struct {
		uint16_t type;
		const char *name;
	} types[] = {{1, "A"},	   {2, "NS"},	  {5, "CNAME"}, {6, "SOA"},   {10, "NULL"},
		     {12, "PTR"},  {15, "MX"},	  {16, "TXT"},	{28, "AAAA"}, {33, "SRV"},
		     {64, "SVCB"}, {65, "HTTPS"}, {255, "ANY"}};
	char number[16];
	const char *name = number;

	snprintf(number, sizeof(number), "TYPE%u", dns->type);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == dns->type)
			name = types[i].name;
	jsonw_object(w, "question");
	jsonw_str(w, "name", dns->question);
	jsonw_str(w, "type", name);
	jsonw_str(w, "class", "IN");
	jsonw_object_end(w);
}

static void put_dns(struct jsonw *w, const struct outcome_dns *dns)
{
	static const char *const codes[] = {"NOERROR",	"FORMERR", "SERVFAIL",
					    "NXDOMAIN", "NOTIMP",  "REFUSED"};
	char text[INET6_ADDRSTRLEN];

	if (!dns)
		return;
	jsonw_object(w, "dns");
	jsonw_str(w, "type", dns->answer ? "answer" : "query");
	snprintf(text, sizeof(text), "%u", dns->id);
	jsonw_str(w, "id", text);
	put_question(w, dns);
	if (dns->answer) {
		jsonw_str(w, "response_code", dns->code < ARRAY_SIZE(codes) ? codes[dns->code] : "OTHER");
		jsonw_array(w, "resolved_ip");
		for (size_t i = 0; i < dns->address_count; i++)
			jsonw_str(w, NULL, address_text(&dns->addresses[i], text));
		jsonw_array_end(w);
	}
	jsonw_object_end(w);
}

static void put_file(struct jsonw *w, const struct outcome_access *access)
{
	const char *name;
	char text[24];

	if (!access)
		return;
	name = strrchr(access->path, '/');
	jsonw_object(w, "file");
	jsonw_str(w, "path", access->path);
	jsonw_str(w, "name", name ? name + 1 : access->path);
	jsonw_str(w, "type", access->type);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)access->inode);
	jsonw_str(w, "inode", text);
	snprintf(text, sizeof(text), "%u:%u", access->device >> 20, access->device & 0xfffff);
	jsonw_str(w, "device", text);
	snprintf(text, sizeof(text), "%04o", access->mode & 07777);
	jsonw_str(w, "mode", text);
	jsonw_u64(w, "size", access->size);
	jsonw_object_end(w);
}

/** The source of the ruling that stands, where it is a URL: ECS wants no other reference. */
static const char *reference_of(const struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->ruling_count; i++) {
		const struct outcome_ruling *ruling = &outcome->rulings[i];

		if (ruling->in_force && outcome->verdict && !strcmp(ruling->verdict, outcome->verdict) &&
		    !strncmp(ruling->source, "http", 4))
			return ruling->source;
	}
	return NULL;
}

static void put_rule(struct jsonw *w, const struct outcome *outcome)
{
	if (outcome->type != OUTCOME_FINDING)
		return;
	jsonw_object(w, "rule");
	jsonw_str(w, "id", outcome_name(outcome->what));
	jsonw_str(w, "name", outcome_name(outcome->what));
	jsonw_str(w, "version", outcome->host->version);
	jsonw_str(w, "ruleset", outcome->host->profile);
	jsonw_str(w, "reference", reference_of(outcome));
	jsonw_object_end(w);
	if (outcome->what != WHAT_RULE_DESTINATION_BYTES && !outcome->ledger)
		return;
	jsonw_object(w, "threat");
	jsonw_str(w, "framework", "MITRE ATT&CK");
	jsonw_object(w, "tactic");
	jsonw_array(w, "id");
	jsonw_str(w, NULL, "TA0010");
	jsonw_array_end(w);
	jsonw_array(w, "name");
	jsonw_str(w, NULL, "Exfiltration");
	jsonw_array_end(w);
	jsonw_object_end(w);
	jsonw_object_end(w);
}

static void put_related(struct jsonw *w, const struct outcome *outcome)
{
	char text[INET6_ADDRSTRLEN];

	jsonw_object(w, "related");
	if (outcome->destination) {
		jsonw_array(w, "ip");
		if (outcome->destination->local.family)
			jsonw_str(w, NULL, address_text(&outcome->destination->local, text));
		if (outcome->destination->remote.family)
			jsonw_str(w, NULL, address_text(&outcome->destination->remote, text));
		jsonw_array_end(w);
	}
	if (outcome->process && outcome->process->sha256) {
		jsonw_array(w, "hash");
		jsonw_str(w, NULL, outcome->process->sha256);
		jsonw_array_end(w);
	}
	if (outcome->host->name) {
		jsonw_array(w, "hosts");
		jsonw_str(w, NULL, outcome->host->name);
		jsonw_array_end(w);
	}
	if (outcome->process && outcome->process->user) {
		jsonw_array(w, "user");
		jsonw_str(w, NULL, outcome->process->user);
		jsonw_array_end(w);
	}
	jsonw_object_end(w);
}

/* ---- what ECS has no field for ---- */

static void put_product(struct jsonw *w, const struct outcome_product *product)
{
	if (!product)
		return;
	jsonw_object(w, "product");
	jsonw_str(w, "id", product->id);
	jsonw_str(w, "name", product->name);
	jsonw_str(w, "vendor", product->vendor);
	jsonw_str(w, "verdict", product->verdict);
	jsonw_str(w, "evidence", product->evidence);
	jsonw_object_end(w);
	jsonw_object(w, "lineage");
	{
		char id[17];

		snprintf(id, sizeof(id), "%016llx", (unsigned long long)product->lineage);
		jsonw_str(w, "id", id);
	}
	jsonw_object_end(w);
}

static void put_measures(struct jsonw *w, const struct outcome *outcome)
{
	if (outcome->type != OUTCOME_FINDING)
		return;
	jsonw_array(w, "measures");
	for (size_t i = 0; i < outcome->ruling_count; i++) {
		const struct outcome_ruling *ruling = &outcome->rulings[i];

		jsonw_object(w, NULL);
		jsonw_str(w, "id", ruling->id);
		jsonw_str(w, "verdict", ruling->verdict);
		jsonw_str(w, "force", ruling->force);
		jsonw_bool(w, "in_force", ruling->in_force);
		jsonw_str(w, "reason", ruling->reason);
		jsonw_str_or_null(w, "quote", ruling->quote);
		jsonw_str(w, "quote_status", ruling->quote_status);
		jsonw_str(w, "source", ruling->source);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void put_destination(struct jsonw *w, const struct outcome_destination *d)
{
	char flow[17];

	if (!d)
		return;
	snprintf(flow, sizeof(flow), "%016llx", (unsigned long long)d->flow);
	jsonw_object(w, "destination");
	jsonw_str_or_null(w, "server_location", d->server_location);
	jsonw_str_or_null(w, "as_registration", d->as_registration);
	jsonw_str_or_null(w, "hosting_operator", d->hosting_operator);
	jsonw_str_or_null(w, "service_operator", d->service_operator);
	jsonw_str_or_null(w, "controlling_jurisdiction", d->controlling_jurisdiction);
	jsonw_str(w, "domain_by", d->domain_by);
	jsonw_str(w, "basis", d->basis);
	jsonw_str(w, "role", d->role);
	jsonw_str(w, "network", d->network);
	jsonw_bool(w, "anycast", d->anycast);
	jsonw_bool(w, "upper_bound", d->upper_bound);
	jsonw_str(w, "verdict", d->verdict);
	jsonw_str(w, "flow", flow);
	jsonw_object_end(w);
}

/** What a socket is, that leads to no address. */
static void put_family(struct jsonw *w, const struct outcome_access *access)
{
	const char *family = family_name(access->family);

	if (!access->family)
		return;
	jsonw_str(w, "family", family ? family : "other");
	jsonw_u64(w, "family_number", access->family);
	jsonw_u64(w, "socket_type", access->socket_type);
	jsonw_u64(w, "protocol", access->proto);
}

static void put_filesystem(struct jsonw *w, uint32_t magic)
{
	const struct filesystem *filesystem = filesystem_find(magic);
	char number[11];

	if (!magic)
		return;
	snprintf(number, sizeof(number), "0x%08x", magic);
	jsonw_str(w, "filesystem", filesystem ? filesystem->name : number);
	if (filesystem && filesystem->network)
		jsonw_bool(w, "leaves_host", true);
}

static void put_access(struct jsonw *w, const struct outcome_access *access)
{
	char id[17];

	if (!access)
		return;
	snprintf(id, sizeof(id), "%016llx", (unsigned long long)access->id);
	jsonw_object(w, "access");
	jsonw_str(w, "id", id);
	jsonw_u64(w, "read", access->read);
	jsonw_u64(w, "written", access->written);
	jsonw_u64(w, "mapped", access->mapped);
	if (access->to) {
		jsonw_u64(w, "from", access->from);
		jsonw_u64(w, "to", access->to);
	}
	jsonw_bool(w, "upper_bound", access->at_most);
	jsonw_bool(w, "shared", access->shared);
	jsonw_bool(w, "existing", access->existing);
	jsonw_bool(w, "last", access->last);
	jsonw_u64(w, "links", access->links);
	if (access->peer)
		jsonw_u64(w, "peer", access->peer);
	put_family(w, access);
	put_filesystem(w, access->magic);
	jsonw_str(w, "label", access->label);
	jsonw_str(w, "label_by", access->label_by);
	jsonw_object_end(w);
}

static void put_ledger(struct jsonw *w, const struct outcome_ledger *ledger)
{
	if (!ledger)
		return;
	jsonw_object(w, "ledger");
	jsonw_str(w, "label", ledger->label);
	jsonw_str(w, "way", ledger->way);
	jsonw_str_or_null(w, "controlling_jurisdiction", ledger->jurisdiction);
	jsonw_u64(w, "read", ledger->read);
	jsonw_u64(w, "capacity", ledger->capacity);
	if (ledger->unseen)
		jsonw_bool(w, "unseen", true);
	jsonw_u64(w, "sent", ledger->sent);
	jsonw_u64(w, "bound", ledger->bound);
	jsonw_u64(w, "unexplained", ledger->unexplained);
	jsonw_u64(w, "limit", ledger->limit);
	jsonw_u64(w, "blind_millibytes_per_second", ledger->millibytes);
	jsonw_time(w, "since", ledger->since);
	jsonw_array(w, "positions");
	for (size_t i = 0; i < ledger->position_count; i++)
		jsonw_u64(w, NULL, ledger->positions[i]);
	jsonw_array_end(w);
	jsonw_object_end(w);
}

static void put_executable(struct jsonw *w, const struct outcome_process *process)
{
	if (!process || !process->executable)
		return;
	jsonw_object(w, "executable");
	jsonw_u64(w, "inode", process->inode);
	jsonw_u64(w, "device", process->device);
	jsonw_str(w, "build_id", process->build_id);
	jsonw_str(w, "package", process->package);
	jsonw_str(w, "package_version", process->package_version);
	jsonw_object_end(w);
	jsonw_object(w, "process");
	jsonw_str(w, "started_as", process->started_as);
	jsonw_str(w, "unit", process->unit);
	jsonw_str(w, "cgroup", process->cgroup);
	jsonw_u64(w, "mount_namespace", process->mntns);
	jsonw_u64(w, "network_namespace", process->netns);
	jsonw_object_end(w);
}

static void put_retention(struct jsonw *w, const struct outcome_retention *retention)
{
	if (!retention)
		return;
	jsonw_object(w, "retention");
	jsonw_time(w, "from", retention->from);
	jsonw_time(w, "to", retention->to);
	jsonw_str(w, "hold", retention->id);
	jsonw_str(w, "reason", retention->reason);
	if (retention->reason)
		jsonw_u64(w, "uid", retention->uid);
	if (retention->why) {
		jsonw_str(w, "why", retention->why);
		jsonw_u64(w, "limit", retention->limit);
		jsonw_u64(w, "entries", retention->entries);
		jsonw_u64(w, "bytes", retention->bytes);
		jsonw_u64(w, "held", retention->held);
	}
	jsonw_object_end(w);
}

static void put_custodes(struct jsonw *w, const struct outcome *outcome, const struct outcome_log *log)
{
	jsonw_object(w, "custodes");
	put_product(w, outcome->product);
	jsonw_str(w, "verdict", outcome->verdict);
	put_measures(w, outcome);
	put_destination(w, outcome->destination);
	put_access(w, outcome->access);
	put_ledger(w, outcome->ledger);
	ecs_evidence(w, outcome);
	put_retention(w, outcome->retention);
	if (outcome->incident) {
		jsonw_object(w, "incident");
		jsonw_str(w, "id", outcome->incident);
		jsonw_u64(w, "findings", outcome->incident_number);
		jsonw_object_end(w);
	}
	if (outcome->dns)
		jsonw_str(w, "canonical_name", outcome->dns->canonical);
	jsonw_str(w, "how", outcome->how);
	put_executable(w, outcome->process);
	if (outcome->type == OUTCOME_FINDING || outcome->what == WHAT_LOSS) {
		jsonw_object(w, "loss");
		jsonw_u64(w, "count", outcome->what == WHAT_LOSS ? outcome->count : outcome->lost);
		jsonw_str(w, "causes", outcome->lost_causes);
		jsonw_object_end(w);
	}
	if (outcome->what == WHAT_CLOCK_STEP)
		jsonw_i64(w, "clock_change_ns", outcome->change);
	jsonw_object(w, "log");
	jsonw_str(w, "origin", log->origin);
	jsonw_u64(w, "position", outcome->position);
	jsonw_bool(w, "recorded", log->recorded);
	jsonw_object_end(w);
	jsonw_object(w, "policy");
	jsonw_str(w, "digest", outcome->host->policy);
	jsonw_str(w, "host", outcome->host->profile);
	jsonw_str(w, "scheme", outcome->host->scheme);
	jsonw_str(w, "tier", outcome->host->tier);
	jsonw_object_end(w);
	jsonw_object_end(w);
}

static void render(const struct outcome *outcome, const struct outcome_log *log, bool colour, struct buf *to)
{
	struct jsonw w = {.to = to};

	(void)colour;
	jsonw_object(&w, NULL);
	jsonw_time(&w, "@timestamp", outcome->wall);
	jsonw_object(&w, "ecs");
	jsonw_str(&w, "version", ECS_VERSION);
	jsonw_object_end(&w);
	jsonw_str(&w, "message", outcome->message);
	put_event(&w, outcome, log);
	put_host(&w, outcome->host);
	put_process(&w, "process", outcome->process, outcome->parent);
	if (outcome->process && outcome->process->executable)
		put_user(&w, outcome->process);
	if (outcome->process && outcome->process->container) {
		jsonw_object(&w, "container");
		jsonw_str(&w, "id", outcome->process->container);
		jsonw_object_end(&w);
	}
	put_file(&w, outcome->access);
	put_dns(&w, outcome->dns);
	put_server_name(&w, outcome->destination);
	put_network(&w, outcome->destination);
	put_rule(&w, outcome);
	put_related(&w, outcome);
	put_custodes(&w, outcome, log);
	jsonw_object_end(&w);
	buf_byte(to, '\n');
}

const struct output_format format_ecs = {.name = "ecs", .events = true, .render = render};
