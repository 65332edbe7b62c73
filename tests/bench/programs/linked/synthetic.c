// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Writes a large capture that looks like a busy host with many security
 * products: a few hundred lineages that fork, exec, connect, send and end, each
 * event made as the sensor makes it, with few findings among them.
 *
 *   synthetic SOURCE TARGET EVENTS [EACH [PROCESSES FILES]]
 *
 * START, documents and POLICY are copied from SOURCE, a real capture. Every run
 * makes the same events. It says what the writer took:
 *
 *   events N bytes N seal_ns N cpu_ns N seals N
 *
 * `bytes` before compression; `seal_ns` is time in writer_append() and
 * writer_seal(), `cpu_ns` what of it this process computed. One seal for each EACH
 * events, else (or 0) for about a second's worth of a flood. Before those events PROCESSES
 * are begun, and so many FILES with a label are read by them, each by one of them that has
 * it open until it opens the next; one in sixteen is copied to where others can read it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../../../bpf/abi/maps.h"
#include "../../../../user/capture/reader.h"
#include "../../../../user/capture/writer.h"
#include "../../../../user/event/finding.h"

#define LINEAGES	 300
#define ADDRESSES	 512
#define PEERS_OF_LINEAGE 12
#define FLOWS_MAX	 1500
#define CHILDREN_MAX	 1200
#define CROWD_MAX	 20000
#define COPIED		 16
#define CPUS		 8
#define CHUNK_BYTES	 (24u << 20)

/** What runs: a catalogue's path, and what it starts now and then. */
static const struct product {
	const char *path, *package, *unit;
} products[] = {
	{"/usr/sbin/clamd", "clamav-daemon", "clamav-daemon.service"},
	{"/usr/bin/freshclam", "clamav-freshclam", "clamav-freshclam.service"},
	{"/opt/microsoft/mdatp/sbin/wdavdaemon", "mdatp", "mdatp.service"},
	{"/opt/CrowdStrike/falcond", "falcon-sensor", "falcon-sensor.service"},
	{"/opt/sentinelone/bin/sentinelone-agent", "sentinelagent", "sentinelone.service"},
	{"/opt/sophos-spl/plugins/av/sbin/av", "", "sophos-spl.service"},
	{"/opt/eset/efs/bin/upd", "efs", "efs.service"},
	{"/opt/bitdefender-security-tools/bin/bdsecd", "bitdefender-security-tools", "bdsec.service"},
	{"/opt/traps/bin/pmd", "cortex-agent", "traps_pmd.service"},
	{"/var/ossec/bin/wazuh-agentd", "wazuh-agent", "wazuh-agent.service"},
	{"/opt/osquery/bin/osqueryd", "osquery", "osqueryd.service"},
	{"/opt/ds_agent/ds_agent", "ds-agent", "ds_agent.service"},
	{"/opt/McAfee/ens/tp/bin/mfetpd", "mcafeetp", "mfetpd.service"},
	{"/opt/cisco/amp/bin/ampdaemon", "ciscoampconnector", "cisco-amp.service"},
	{"/opt/drweb.com/bin/drweb-configd", "drweb-file-servers", "drweb-configd.service"},
};
#define PRODUCTS (sizeof(products) / sizeof(products[0]))

static const char *const helpers[] = {"/usr/bin/dash", "/usr/bin/id",	      "/usr/bin/uname",
				      "/usr/bin/curl", "/usr/bin/python3.11", "/usr/bin/systemctl"};
#define HELPERS (sizeof(helpers) / sizeof(helpers[0]))

static const char countries[][3] = {"US", "DE", "GB", "NL", "IE", "FR", "SE", "JP"};

struct member {
	uint64_t lineage, start;
	uint32_t tgid;
	unsigned int product;
};

struct open_file {
	uint64_t access, ino, size;
};

struct open_flow {
	struct member owner;
	struct ev_addr remote, local;
	uint64_t flow, sent, received;
};

static struct world {
	uint64_t random, time, ids;
	uint32_t pids;
	uint64_t seq[CPUS][CHANNELS];
	struct member lineages[LINEAGES], children[CROWD_MAX];
	struct open_file files[CROWD_MAX]; /* of each child */
	struct open_flow flows[FLOWS_MAX];
	unsigned int child_count, children_max, flow_count;
	uint8_t exe_told[PRODUCTS + HELPERS], address_told[ADDRESSES];
	uint64_t made, wanted;
} world = {.random = 88172645463325252ull, .pids = 2000, .children_max = CHILDREN_MAX};

/* ---- the sink: events gather in a chunk, so that making them is not timed ---- */

static struct sink {
	struct writer *writer;
	uint8_t *chunk;
	size_t used;
	uint64_t each; /* events to a seal */
	uint64_t bytes, seal_ns, cpu_ns, seals;
} sink = {.each = UINT64_MAX};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "synthetic: %s\n", what);
	exit(1);
}

static void sink_flush(void)
{
	uint64_t begun = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);

	for (size_t off = 0; off < sink.used;) {
		const struct ev_head *event = (const struct ev_head *)(sink.chunk + off);

		if (writer_append(sink.writer, event))
			die("writer_append");
		off += event->size;
	}
	if (writer_seal(sink.writer))
		die("writer_seal");
	sink.seal_ns += now_ns(CLOCK_MONOTONIC) - begun;
	sink.cpu_ns += now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	sink.seals++;
	sink.used = 0;
}

static void put(const struct ev_head *event)
{
	if (sink.used + event->size > CHUNK_BYTES)
		sink_flush();
	memcpy(sink.chunk + sink.used, event, event->size);
	sink.used += event->size;
	sink.bytes += event->size;
	if (++world.made % sink.each == 0)
		sink_flush();
}

/* ---- chance, time and identity ---- */

static uint64_t chance(void)
{
	world.random ^= world.random << 13;
	world.random ^= world.random >> 7;
	world.random ^= world.random << 17;
	return world.random;
}

static uint32_t below(uint32_t limit)
{
	return (uint32_t)((chance() >> 32) * limit >> 32);
}

static uint64_t unique(void)
{
	return (world.time + ++world.ids) << 8 | below(CPUS);
}

static void head_of(struct ev_head *head, uint8_t channel, const struct member *who)
{
	world.time += below(200000);
	head->time = world.time;
	head->tgid = head->tid = who->tgid;
	head->start = who->start;
	head->lineage = who->lineage;
	head->channel = channel;
	if (channel == CHANNEL_USER)
		return;
	head->cpu = below(CPUS);
	head->seq = world.seq[head->cpu][channel]++;
}

#define MAKE(draft, KIND, name, channel, who)                             \
	__extension__({                                                   \
		struct ev_##name *_event = DRAFT((draft), KIND, name, 0); \
		head_of(&_event->head, (channel), (who));                 \
		_event;                                                   \
	})

static struct exe_id exe_of(unsigned int exe)
{
	return (struct exe_id){.ino = 131072 + exe * 17,
			       .ctime_sec = 1760000000 + exe,
			       .ctime_nsec = 1000 * exe,
			       .dev = 254 << 20,
			       .gen = 0x5eed0000 + exe};
}

static const char *path_of(unsigned int exe)
{
	return exe < PRODUCTS ? products[exe].path : helpers[exe - PRODUCTS];
}

/* ---- processes ---- */

static void names_of(const char *path, char *to, uint16_t *size)
{
	char copy[256], *slash;

	*size = 0;
	snprintf(copy, sizeof(copy), "%s", path);
	while ((slash = strrchr(copy, '/'))) {
		size_t length = strlen(slash + 1) + 1;

		memcpy(to + *size, slash + 1, length);
		*size = (uint16_t)(*size + length);
		*slash = '\0';
	}
}

static void tell_executable(const struct member *who, unsigned int exe)
{
	struct draft draft;
	struct ev_executable *event = MAKE(&draft, EXECUTABLE, executable, CHANNEL_USER, who);

	event->exe = exe_of(exe);
	event->size = 100000 + exe;
	event->head.flags = EXECUTABLE_HASHED;
	for (unsigned int i = 0; i < sizeof(event->sha256); i++)
		event->sha256[i] = (uint8_t)chance();
	draft_text(&draft, &event->path, path_of(exe));
	draft_text(&draft, &event->package, exe < PRODUCTS ? products[exe].package : "coreutils");
	draft_text(&draft, &event->package_version, "12.4.1-3");
	draft_str(&draft, &event->build_id, event->sha256, 20);
	put(draft_end(&draft));
}

static void tell_process(const struct member *who)
{
	const char *unit = products[who->product].unit;
	struct draft draft;
	struct ev_process *event = MAKE(&draft, PROCESS, process, CHANNEL_USER, who);
	char cgroup[128];

	snprintf(cgroup, sizeof(cgroup), "/system.slice/%s", unit);
	draft_text(&draft, &event->user, "root");
	draft_text(&draft, &event->unit, unit);
	draft_text(&draft, &event->cgroup, cgroup);
	draft_text(&draft, &event->cwd, "/");
	put(draft_end(&draft));
}

static void tell_action(const struct member *who, uint32_t action, unsigned int exe)
{
	struct draft draft;
	struct ev_action *event = MAKE(&draft, ACTION, action, CHANNEL_USER, who);

	event->action = action;
	event->exe = exe_of(exe);
	put(draft_end(&draft));
}

static void tell_exec(const struct member *who, const struct member *parent, unsigned int exe, uint8_t flags)
{
	struct draft draft;
	struct ev_exec *event = MAKE(&draft, EXEC, exec, CHANNEL_EXEC, who);
	char names[256], args[256];
	uint16_t size;

	event->head.flags = flags;
	event->exe = exe_of(exe);
	event->exe_size = 100000 + exe;
	event->parent_tgid = parent ? parent->tgid : 1;
	event->parent_start = parent ? parent->start : 1000000;
	event->cgroup = 4000 + who->product;
	event->mntns = event->netns = event->pidns = 4026531840u;
	event->state = LINEAGE_WATCHED;
	snprintf((char *)event->comm, sizeof(event->comm), "%.15s", strrchr(path_of(exe), '/') + 1);
	names_of(path_of(exe), names, &size);
	draft_str(&draft, &event->path, names, size);
	size = (uint16_t)snprintf(args, sizeof(args), "%s%c--check%c%u", path_of(exe), 0, 0, below(1000)) + 1;
	draft_str(&draft, &event->args, args, size);
	put(draft_end(&draft));
	if (!world.exe_told[exe]) {
		world.exe_told[exe] = 1;
		tell_executable(who, exe);
		tell_action(who, exe < PRODUCTS ? ACTION_EXE_WATCHED : ACTION_EXE_BENIGN, exe);
	}
	tell_process(who);
}

static void begin_lineage(unsigned int index)
{
	struct member *lineage = &world.lineages[index];

	*lineage = (struct member){.lineage = unique(),
				   .start = world.time - below(1000000),
				   .tgid = world.pids++,
				   .product = index % PRODUCTS};
	tell_exec(lineage, NULL, lineage->product, EXEC_EXISTING);
	tell_action(lineage, ACTION_WATCH, lineage->product);
}

static const struct member *anybody(void)
{
	if (world.child_count && below(4) == 0)
		return &world.children[below(world.child_count)];
	return &world.lineages[below(LINEAGES)];
}

static void fork_one(void)
{
	const struct member *parent = anybody();
	struct member child = *parent;
	struct draft draft;
	struct ev_fork *event;

	if (world.child_count == world.children_max)
		return;
	child.tgid = world.pids++;
	child.start = world.time;
	event = MAKE(&draft, FORK, fork, CHANNEL_FORK, &child);
	event->parent_tgid = parent->tgid;
	event->parent_start = parent->start;
	put(draft_end(&draft));
	if (below(3))
		tell_exec(&child, parent, (unsigned int)PRODUCTS + below(HELPERS), 0);
	world.children[world.child_count++] = child;
}

static void exit_one(void)
{
	struct member *child;
	struct draft draft;
	struct ev_exit *event;

	if (!world.child_count)
		return;
	child = &world.children[below(world.child_count)];
	event = MAKE(&draft, EXIT, exit, CHANNEL_EXIT, child);
	event->code = below(8) ? 0 : 256;
	put(draft_end(&draft));
	*child = world.children[--world.child_count];
}

/* ---- sockets ---- */

static struct ev_addr address_of(unsigned int index)
{
	struct ev_addr address = {.family = 4, .port = htons(443)};
	uint32_t mixed = (index + 1) * 2654435761u;

	mixed ^= mixed >> 15;
	address.addr[0] = (uint8_t)(1 + mixed % 126);
	memcpy(address.addr + 1, &mixed, 3);
	return address;
}

static void tell_place(const struct member *who, unsigned int index)
{
	struct draft draft;
	struct ev_place *event;
	char network[32];

	if (world.address_told[index]++)
		return;
	world.address_told[index] = 1;
	event = MAKE(&draft, PLACE, place, CHANNEL_USER, who);
	event->address = address_of(index);
	event->address.port = 0;
	event->head.flags = PLACE_KNOWN;
	memset(event->database, 0xdb, sizeof(event->database));
	memcpy(event->country, index % 256 == 255 ? "RU" : countries[index % 8], 2);
	event->asn = 64496 + index % 1000;
	snprintf(network, sizeof(network), "%u.%u.0.0/16", event->address.addr[0], event->address.addr[1]);
	draft_text(&draft, &event->as_name, "EXAMPLE-CLOUD Example Cloud Hosting");
	draft_text(&draft, &event->network, network);
	put(draft_end(&draft));
}

static unsigned int peer_of(const struct member *who)
{
	return (unsigned int)(who->lineage >> 8) * 7 % ADDRESSES / PEERS_OF_LINEAGE * PEERS_OF_LINEAGE +
	       below(PEERS_OF_LINEAGE);
}

static struct ev_addr local_address(void)
{
	return (struct ev_addr){
		.addr = {10, 0, 0, 5}, .family = 4, .port = htons((uint16_t)(32768 + below(28000)))};
}

static void connect_one(void)
{
	const struct member *who = anybody();
	unsigned int peer = peer_of(who) % ADDRESSES;
	struct open_flow *flow = &world.flows[world.flow_count];
	struct draft draft;
	struct ev_connect *event;

	if (world.flow_count == FLOWS_MAX)
		return;
	*flow = (struct open_flow){.owner = *who, .remote = address_of(peer), .local = local_address()};
	event = MAKE(&draft, CONNECT, connect, CHANNEL_CONNECT, who);
	flow->flow = event->flow = unique();
	event->remote = flow->remote;
	event->netns = 4026531840u;
	event->proto = IPPROTO_TCP;
	put(draft_end(&draft));
	tell_place(who, peer);
	world.flow_count++;
}

static void tell_flow(struct open_flow *flow, uint8_t channel, uint8_t flags)
{
	struct draft draft;
	struct ev_flow *event = MAKE(&draft, FLOW, flow, channel, &flow->owner);

	flow->sent += below(4096);
	flow->received += below(32768);
	event->head.flags = flags;
	event->flow = flow->flow;
	event->sent = flow->sent;
	event->received = flow->received;
	event->remote = flow->remote;
	event->local = flow->local;
	event->netns = 4026531840u;
	event->proto = IPPROTO_TCP;
	put(draft_end(&draft));
}

static void tick_one(void)
{
	if (world.flow_count)
		tell_flow(&world.flows[below(world.flow_count)], CHANNEL_TICK_SOCKS, FLOW_ESTABLISHED);
}

static void close_one(void)
{
	struct open_flow *flow;

	if (!world.flow_count)
		return;
	flow = &world.flows[below(world.flow_count)];
	tell_flow(flow, CHANNEL_STATE, FLOW_ESTABLISHED | FLOW_CLOSED);
	*flow = world.flows[--world.flow_count];
}

static void tell_datagrams(const struct member *who, uint64_t id, const struct ev_addr *remote, uint8_t flags,
			   uint8_t channel)
{
	struct draft draft;
	struct ev_flow *event = MAKE(&draft, FLOW, flow, channel, who);

	event->head.flags = flags;
	event->flow = id;
	event->netns = 4026531840u;
	event->proto = IPPROTO_UDP;
	if (flags & FLOW_DESTINATION) {
		event->remote = *remote;
		event->sent = 90;
	} else {
		event->received = 212;
	}
	put(draft_end(&draft));
}

/** A name is asked for: one datagram, the socket's account, its destination's account. */
static void resolve_one(void)
{
	const struct member *who = anybody();
	const struct ev_addr remote = {.addr = {127, 0, 0, 53}, .family = 4, .port = htons(53)};
	struct draft draft;
	struct ev_send *event = MAKE(&draft, SEND, send, CHANNEL_LENGTH_SENT, who);
	uint64_t id = unique();

	event->flow = id;
	event->bytes = 45;
	event->remote = remote;
	event->netns = 4026531840u;
	event->proto = IPPROTO_UDP;
	put(draft_end(&draft));
	tell_datagrams(who, id, &remote, FLOW_CLOSED, CHANNEL_TICK_SOCKS);
	tell_datagrams(who, id, &remote, FLOW_DESTINATION | FLOW_CLOSED, CHANNEL_TICK_DESTINATIONS);
}

/* ---- a crowd that reads what is classified ---- */

static struct ev_access *make_access(struct draft *draft, const struct member *who,
				     const struct open_file *file, uint8_t flags)
{
	struct ev_access *event = MAKE(draft, ACCESS, access, CHANNEL_CALL, who);

	event->head.flags = flags;
	event->access = file->access;
	event->object = (struct object_id){.ino = file->ino, .dev = 254 << 20, .gen = 7};
	event->facts = (struct object_facts){
		.size = file->size, .ctime_sec = 1760000000, .mode = 0100644, .magic = 0xef53, .links = 1};
	return event;
}

static void open_file(const struct member *who, struct open_file *file, uint64_t ino, const char *directory)
{
	struct draft draft;
	struct ev_access *event;
	char path[128], names[256];
	uint16_t size;

	*file = (struct open_file){.access = unique(), .ino = ino, .size = 4096 + below(100000)};
	event = make_access(&draft, who, file, ACCESS_FIRST);
	snprintf(path, sizeof(path), "%s/%llu/report-%llu.odt", directory, (unsigned long long)(ino % 1000),
		 (unsigned long long)ino);
	names_of(path, names, &size);
	draft_str(&draft, &event->path, names, size);
	put(draft_end(&draft));
}

static void close_file(const struct member *who, const struct open_file *file, bool written)
{
	struct draft draft;
	struct ev_access *event = make_access(&draft, who, file, ACCESS_LAST);

	event->read = event->to = written ? 0 : file->size;
	event->written = written ? file->size : 0;
	put(draft_end(&draft));
}

static void read_one(uint64_t number)
{
	const unsigned int at = (unsigned int)(number % world.child_count);
	const struct member *who = &world.children[at];
	struct open_file *file = &world.files[at], copy;
	struct draft draft;
	struct ev_label *label;

	if (file->access)
		close_file(who, file, false);
	open_file(who, file, 1000000 + number, "/srv/secret");
	label = MAKE(&draft, LABEL, label, CHANNEL_USER, who);
	label->access = file->access;
	draft_text(&draft, &label->label, "SECRET");
	draft_text(&draft, &label->by, "path");
	put(draft_end(&draft));
	if (number % COPIED)
		return;
	open_file(who, &copy, 500000000 + number, "/srv/scratch");
	close_file(who, &copy, true);
}

static void crowd(unsigned long processes, unsigned long files)
{
	if (processes > CROWD_MAX || (files && !processes))
		die("too many processes, or files that nobody reads");
	world.children_max = (unsigned int)processes;
	while (world.child_count < processes)
		fork_one();
	for (uint64_t number = 0; number < files; number++)
		read_one(number);
}

/* ---- the whole ---- */

/** Of a hundred steps this many do this. */
static const struct {
	unsigned int weight;
	void (*act)(void);
} steps[] = {{24, connect_one}, {38, tick_one}, {22, close_one},
	     {6, fork_one},	{6, exit_one},	{4, resolve_one}};

static void step(void)
{
	unsigned int at = below(100);

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); at -= steps[i++].weight)
		if (at < steps[i].weight) {
			steps[i].act();
			return;
		}
}

/** Everything up to the policies that are in force. */
static void copy_prefix(const char *path)
{
	struct reader *reader;
	const struct ev_head *event;
	bool done = false;

	if (reader_open(&reader, path))
		die("the source cannot be read");
	while (!done && source_next(reader_source(reader), &event) == SOURCE_EVENT) {
		put(event);
		world.time = event->time;
		done = event->kind == EV_POLICY;
	}
	reader_close(&reader);
	if (!done)
		die("the source has no policies");
}

int main(int argc, char **argv)
{
	uint64_t prefix;

	if (argc != 4 && argc != 5 && argc != 7)
		die("usage: synthetic SOURCE TARGET EVENTS [EACH [PROCESSES FILES]]");
	world.wanted = strtoull(argv[3], NULL, 10);
	sink.chunk = malloc(CHUNK_BYTES);
	if (!sink.chunk || writer_open(&sink.writer, argv[2], NULL))
		die("the target cannot be opened");
	copy_prefix(argv[1]);
	sink_flush();
	sink.bytes = sink.seal_ns = sink.cpu_ns = sink.seals = 0;
	if (argc > 4 && strtoull(argv[4], NULL, 10))
		sink.each = strtoull(argv[4], NULL, 10);
	prefix = world.made;
	for (unsigned int i = 0; i < LINEAGES && world.made < prefix + world.wanted; i++)
		begin_lineage(i);
	if (argc == 7)
		crowd(strtoul(argv[5], NULL, 10), strtoul(argv[6], NULL, 10));
	while (world.made < prefix + world.wanted)
		step();
	sink_flush();
	printf("events %llu bytes %llu seal_ns %llu cpu_ns %llu seals %llu\n",
	       (unsigned long long)(world.made - prefix), (unsigned long long)sink.bytes,
	       (unsigned long long)sink.seal_ns, (unsigned long long)sink.cpu_ns,
	       (unsigned long long)sink.seals);
	writer_close(&sink.writer);
	free(sink.chunk);
	return 0;
}
