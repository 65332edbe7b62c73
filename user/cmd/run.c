// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../sensor/live.h"
#include "../sensor/privilege.h"
#include "../sensor/units.h"
#include "../util/clock.h"
#include "../util/log.h"
#include "../util/memory.h"
#include "../util/notify.h"
#include "cmd.h"
#include "current.h"
#include "evidence.h"
#include "pipeline.h"
#include "policies.h"
#include "recall.h"
#include "record.h"
#include "retention.h"
#include "watchdog.h"
#include "witness.h"

static const char help[] =
	"Usage: custodes run --host FILE [OPTION...]\n"
	"\n"
	"Watches the security products on this host: records the facts, judges them by\n"
	"the measures that bind the host, delivers findings. Needs root to begin with.\n"
	"\n"
	"  --host FILE            the host's profile: a file, or a built-in name (uk-secret)\n"
	"  --policies DIR         more documents: a site's products, measures, overlay\n"
	"  --capture DIR          record every event in this directory; it is continued\n"
	"  --key FILE|URI         what signs the capture, if not the host's own key\n"
	"  --heartbeat SECONDS    a sign of life this often, and a seal of an idle capture (60)\n"
	"  --witness FILE         who is asked to vouch for the capture at each sign of life: a\n"
	"                         policy (c2sp.org/tlog-policy) with their keys and addresses\n"
	"  --snapshot SECONDS     what is known is recorded this often, for the next run (3600)\n"
	"  --retain AGE           remove what is older from the capture: 90d, 12h, 30m\n"
	"  --retain-size SIZE     remove the oldest of it beyond this: 50G, 700M\n"
	"  --output FORMAT:TARGET text or ecs, to - or a file; may be given again (text:-)\n"
	"  --for SECONDS          stop after this long\n"
	"  --location FILE        libloc's database, if not where the distribution has it\n"
	"  --mmdb FILE            an MMDB database, for the place of servers\n"
	"  --without PROGRAM      do not use this program of the kernel half (see doctor)\n"
	"  --no-location          do not use libloc's database\n"
	"  -h, --help\n"
	"\n"
	"Says READY on stderr, and to systemd, once every hook is attached. SIGTERM and\n"
	"SIGINT stop it with everything flushed; SIGHUP reads the policies again.\n"
	"\n"
	"Exit status: 0 nothing found, 1 findings, 2 bad usage or input, 3 the capture\n"
	"contradicts itself, 4 the sensor cannot run here.\n";

struct run_options {
	struct policy_options policies;
	const char *capture;
	const char *outputs[OUTPUTS_MAX];
	unsigned int output_count;
	uint64_t seconds; /* 0: for ever */
	uint64_t snapshot, heartbeat;
	const char *key, *witness;
	struct prune_limits retain;
	struct places_options places;
	bool no_location;
	struct sensor_options sensor;
};

enum {
	OPT_HOST = 256,
	OPT_POLICIES,
	OPT_CAPTURE,
	OPT_KEY,
	OPT_HEARTBEAT,
	OPT_WITNESS,
	OPT_SNAPSHOT,
	OPT_RETAIN,
	OPT_RETAIN_SIZE,
	OPT_OUTPUT,
	OPT_FOR,
	OPT_LOCATION,
	OPT_MMDB,
	OPT_WITHOUT,
	OPT_NO_LOCATION,
};

static const struct option options[] = {
	{"host", required_argument, NULL, OPT_HOST},
	{"policies", required_argument, NULL, OPT_POLICIES},
	{"capture", required_argument, NULL, OPT_CAPTURE},
	{"key", required_argument, NULL, OPT_KEY},
	{"heartbeat", required_argument, NULL, OPT_HEARTBEAT},
	{"witness", required_argument, NULL, OPT_WITNESS},
	{"snapshot", required_argument, NULL, OPT_SNAPSHOT},
	{"retain", required_argument, NULL, OPT_RETAIN},
	{"retain-size", required_argument, NULL, OPT_RETAIN_SIZE},
	{"output", required_argument, NULL, OPT_OUTPUT},
	{"for", required_argument, NULL, OPT_FOR},
	{"location", required_argument, NULL, OPT_LOCATION},
	{"mmdb", required_argument, NULL, OPT_MMDB},
	{"without", required_argument, NULL, OPT_WITHOUT},
	{"no-location", no_argument, NULL, OPT_NO_LOCATION},
	{"help", no_argument, NULL, 'h'},
	{},
};

static int take_without(struct run_options *run, const char *program)
{
	if (!hook_exists(program))
		return usage_error("run", "--without %s: no such program (see custodes doctor)", program);
	for (size_t i = 0; i + 1 < ARRAY_SIZE(run->sensor.without); i++)
		if (!run->sensor.without[i]) {
			run->sensor.without[i] = program;
			return 0;
		}
	return usage_error("run", "too many --without");
}

static int take_seconds(uint64_t *seconds, const char *option, const char *text)
{
	char *end;

	errno = 0;
	*seconds = strtoull(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || !*seconds || *seconds > 1000000000)
		return usage_error("run", "--%s %s: expected a number of seconds", option, text);
	return 0;
}

static int take(struct run_options *run, int option)
{
	switch (option) {
	case OPT_HOST:
		run->policies.host = optarg;
		return 0;
	case OPT_POLICIES:
		return policies_add(&run->policies, optarg) ? usage_error("run", "too many --policies") : 0;
	case OPT_CAPTURE:
		run->capture = optarg;
		return 0;
	case OPT_OUTPUT:
		if (run->output_count == OUTPUTS_MAX)
			return usage_error("run", "more than %d outputs", OUTPUTS_MAX);
		run->outputs[run->output_count++] = optarg;
		return 0;
	case OPT_FOR:
		return take_seconds(&run->seconds, "for", optarg);
	case OPT_KEY:
		run->key = optarg;
		return 0;
	case OPT_WITNESS:
		run->witness = optarg;
		return 0;
	case OPT_HEARTBEAT:
		return take_seconds(&run->heartbeat, "heartbeat", optarg);
	case OPT_SNAPSHOT:
		return take_seconds(&run->snapshot, "snapshot", optarg);
	case OPT_RETAIN:
		return retention_age(optarg, &run->retain.age) ?
			       0 :
			       usage_error("run", "--retain %s: expected an age, such as 90d or 12h", optarg);
	case OPT_RETAIN_SIZE:
		return retention_size(optarg, &run->retain.size) ?
			       0 :
			       usage_error("run", "--retain-size %s: expected a size, such as 50G", optarg);
	case OPT_LOCATION:
		run->places.libloc = optarg;
		return 0;
	case OPT_MMDB:
		run->places.mmdb = optarg;
		return 0;
	case OPT_WITHOUT:
		return take_without(run, optarg);
	case OPT_NO_LOCATION:
		run->no_location = true;
		return 0;
	default:
		return usage_error("run", "unknown or incomplete option");
	}
}

/* ---- signals: flags only ---- */

static volatile sig_atomic_t stop_asked, reload_asked;

static void on_stop_signal(int number)
{
	(void)number;
	stop_asked = 1;
}

static void on_reload_signal(int number)
{
	(void)number;
	reload_asked = 1;
}

static void catch_signals(void)
{
	struct sigaction stop = {.sa_handler = on_stop_signal}, reload = {.sa_handler = on_reload_signal};

	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGHUP, &reload, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* ---- the run ---- */

struct run {
	struct run_options options;
	struct documents documents;
	struct policy *policy; /* compiled once here, to refuse a bad set before anything starts */
	struct sensor *sensor;
	struct state *state;
	struct places *places;
	struct labels *labels;
	struct watchdog *watchdog;
	struct live *live;
	struct pipeline pipeline;
	uint8_t digest[DIGEST_SIZE]; /* of the set in force */
	struct snapshots snapshots;
	struct evidence evidence;
	struct witnesses *witnesses;
	struct retention retention;
	bool stopping;
};

/** What ran before, and was nobody's until now, has files open that nobody has told of. */
static int watch_lineage(struct run *run, uint64_t lineage)
{
	bool quiet;
	int r = state_watch(run->state, lineage, &quiet);

	live_demand(run->live, clock_boot(), quiet); /* also of one that has ended: there may be more */
	return r;
}

static int apply(void *context, const struct action *action)
{
	struct run *run = context;

	switch (action->action) {
	case ACTION_WATCH:
		return watch_lineage(run, action->lineage);
	case ACTION_RELEASE:
		return state_release(run->state, action->lineage);
	case ACTION_EXE_BENIGN:
		return state_judge(run->state, &action->exe, EXE_BENIGN);
	case ACTION_EXE_INTERPRETER:
		return state_judge(run->state, &action->exe, EXE_INTERPRETER);
	case ACTION_EXE_WATCHED:
		return state_judge(run->state, &action->exe, EXE_WATCHED);
	case ACTION_FORGET:
		state_forget(run->state);
		return 0;
	case ACTION_LOOK:
		live_look(run->live, action->lineage, action->tgid, &action->object, action->path);
		return 0;
	}
	return -EINVAL;
}

/** Of each document this much goes into one event. */
#define PIECE 12000

static int record_document(struct run *run, const struct document *document)
{
	struct draft draft;
	size_t off = 0;
	int r = 0;

	do {
		struct ev_document *event = DRAFT(&draft, DOCUMENT, document, clock_boot());
		size_t size = document->size - off < PIECE ? document->size - off : PIECE;

		memcpy(event->sha256, document->sha256, DIGEST_SIZE);
		event->offset = (uint32_t)off;
		event->total = (uint32_t)document->size;
		draft_text(&draft, &event->name, document->name);
		draft_str(&draft, &event->text, document->text + off, size);
		r = pipeline_live(&run->pipeline, draft_end(&draft));
		off += size;
	} while (!r && off < document->size);
	return r;
}

/** As many digests as one POLICY event holds. */
#define DOCUMENTS_MAX ((size_t)(EVENT_MAX - 256) / DIGEST_SIZE)

static int too_many(const struct documents *documents)
{
	return log_error(0, "%zu policy documents: expected at most %zu", documents->count, DOCUMENTS_MAX);
}

/** Puts a set into the record, whole, and then into force. */
static int record_policies(struct run *run, const struct documents *documents, const char *host)
{
	struct draft draft;
	struct ev_policy *event;
	_cleanup_(buf_free) struct buf list = {};
	int r = 0;

	snapshots_documents(&run->snapshots, &run->pipeline);
	for (size_t i = 0; !r && i < documents->count; i++) {
		r = record_document(run, &documents->items[i]);
		buf_bytes(&list, documents->items[i].sha256, DIGEST_SIZE);
	}
	if (r)
		return r;
	event = DRAFT(&draft, POLICY, policy, clock_boot());
	documents_digest(documents, host, event->sha256);
	memcpy(run->digest, event->sha256, DIGEST_SIZE);
	draft_text(&draft, &event->host, host);
	draft_str(&draft, &event->documents, list.data, list.size);
	snapshots_policy(&run->snapshots, &run->pipeline);
	return pipeline_live(&run->pipeline, draft_end(&draft));
}

static const char *host_name(const struct documents *documents)
{
	return documents->items[documents->count - 1].name;
}

static void start_watchdog(struct run *run)
{
	watchdog_stop(&run->watchdog);
	live_hold(run->live, true);
	run->watchdog = watchdog_start(&run->pipeline);
	live_hold(run->live, false);
}

/** The profile's rules, as the sensor has them; what they name is looked at before anything is watched. */
static void label_files(struct run *run, const struct policy *policy)
{
	size_t count = policy->host.label_count;
	struct label_rule *rules = need(calloc(count + 1, sizeof(*rules)));

	for (size_t i = 0; i < count; i++) {
		const struct label *label = &policy->host.labels[i];

		rules[i] = (struct label_rule){
			.label = label->label,
			.paths = label->paths.items,
			.path_count = label->paths.count,
			.canaries = label->canaries.items,
			.canary_count = label->canaries.count,
			.attribute = label->attribute,
			.value = label->value,
		};
	}
	labels_set(run->labels, rules, count);
	free(rules);
}

/** Reads the policies again; a set with a fault is refused whole, and the old one stands. */
static int reload(struct run *run)
{
	_cleanup_(documents_free) struct documents documents = {};
	_cleanup_(policy_free) struct policy *policy = NULL;
	char state[64];
	int r;

	reload_asked = 0;
	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%llu",
		 (unsigned long long)(clock_monotonic() / 1000));
	notify(state);
	r = policies_load(&run->options.policies, &documents, &policy);
	if (!r && documents.count > DOCUMENTS_MAX)
		r = too_many(&documents);
	if (r) {
		log_warning("the policies were not reloaded: the old ones stay in force");
	} else if (!memcmp(policy->digest, run->digest, DIGEST_SIZE)) {
		log_info("policies unchanged");
	} else {
		r = record_policies(run, &documents, host_name(&documents));
		if (r)
			return r;
		label_files(run, policy);
		sensor_existing(run->sensor);
		start_watchdog(run); /* the one before knew the old ones */
		log_info("policies reloaded");
	}
	notify("READY=1");
	return 0;
}

/**
 * The catalogue's own paths, before anything runs: no first exec is provisional.
 * Where one is there, its first read is not missed either.
 */
static void watch_catalogue(const struct run *run)
{
	bool there = false;

	for (size_t i = 0; i < run->policy->product_count; i++) {
		const struct strings *paths = &run->policy->products[i].paths;

		for (size_t j = 0; j < paths->count; j++)
			there |= state_watch_path(run->state, paths->items[j]) != -ENOENT;
	}
	if (there)
		sensor_demand(run->sensor);
}

/** Whatever runs in a unit that is nobody's is judged by itself; in one that is made later, its first
 * programs are told. */
static void judge_unit_there(void *context, uint64_t cgroup, const char *unit)
{
	const struct run *run = context;
	const struct exe_id key = {.ino = cgroup};

	if (!policy_has_unit(run->policy, unit))
		state_judge(run->state, &key, EXE_BENIGN);
}

static int begin(struct run *run)
{
	struct draft draft;
	uint8_t random[8];
	_cleanup_(buf_free) struct buf id = {};
	int r;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return log_error(-EIO, "getrandom");
	buf_hex(&id, random, sizeof(random));
	snprintf(run->pipeline.run_origin, sizeof(run->pipeline.run_origin), "custodes/run-%s", id.data);
	run->pipeline.log = (struct outcome_log){
		.origin =
			run->pipeline.writer ? writer_origin(run->pipeline.writer) : run->pipeline.run_origin,
		.recorded = run->pipeline.writer != NULL,
	};
	run->pipeline.apply = apply;
	run->pipeline.context = run;
	label_files(run, run->policy);
	r = pipeline_live(&run->pipeline, live_start(run->sensor, id.data, ENGINE_VERSION, &draft));
	if (!r)
		r = evidence_begin(&run->evidence, &run->pipeline);
	if (!r)
		r = record_policies(run, &run->documents, host_name(&run->documents));
	if (!r)
		watch_catalogue(run), units_each(sensor_cgroups(run->sensor), judge_unit_there, run);
	policy_free(&run->policy);
	documents_free(&run->documents);
	malloc_trim(0);
	if (!r)
		r = sensor_scanners(run->sensor); /* first: by their executable alone they may be benign */
	return r ? r : sensor_existing(run->sensor);
}

static int end(struct run *run)
{
	struct live_totals totals = live_totals(run->live);
	struct draft draft;
	struct ev_stop *event = DRAFT(&draft, STOP, stop, clock_boot());
	int r;

	event->events = totals.events;
	event->lost = totals.lost;
	r = snapshot_last(&run->snapshots, &run->pipeline);
	if (!r && run->pipeline.writer)
		r = retention_tell(&run->retention, &run->pipeline, &run->snapshots, clock_boot());
	if (!r)
		r = pipeline_live(&run->pipeline, draft_end(&draft));
	if (!r)
		r = pipeline_flush(&run->pipeline);
	return r ? r : witnesses_ask(run->witnesses, &run->pipeline); /* so that somebody knows the end */
}

/** A sign of life to the watchdog, and one from it. */
static void tend_watchdog(struct run *run)
{
	struct draft draft;
	struct ev_monitor *event;

	watchdog_alive(run->watchdog);
	if (watchdog_there(run->watchdog))
		return;
	start_watchdog(run);
	event = DRAFT(&draft, MONITOR, monitor, clock_boot());
	event->what = MONITOR_WATCHDOG;
	live_push(run->live, draft_end(&draft));
}

/** What is written now and then, whatever happens. */
static int tend_record(struct run *run, uint64_t now)
{
	struct live_totals totals = live_totals(run->live);
	int r = snapshot_due(&run->snapshots, &run->pipeline, now);

	if (!r)
		r = retention_tend(&run->retention, &run->pipeline, &run->snapshots, now);
	run->evidence.cosigned = witnesses_cosigned(run->witnesses);
	if (!r)
		r = evidence_beat(&run->evidence, &run->pipeline, now, totals.events, totals.lost);
	return r ? r : witnesses_tend(run->witnesses, &run->pipeline, run->evidence.number);
}

static void stop(struct run *run)
{
	if (run->stopping)
		return;
	run->stopping = true;
	notify("STOPPING=1");
	live_finish(run->live);
}

/** Events after which all else is seen to, however many still wait. */
#define TEND_EVERY 256

static int loop(struct run *run)
{
	struct source *source = live_source(run->live);
	uint64_t until =
		run->options.seconds ? clock_boot() + run->options.seconds * NSEC_PER_SEC : UINT64_MAX;
	const struct ev_head *event;
	unsigned int handled = 0;
	int r;

	while ((r = source_next(source, &event)) != SOURCE_END) {
		uint64_t now;

		if (r < 0)
			return r;
		if (r == SOURCE_EVENT) {
			r = pipeline_live(&run->pipeline, event);
			if (r)
				return r;
			if (++handled % TEND_EVERY)
				continue;
		}
		now = clock_boot();
		tend_watchdog(run);
		r = tend_record(run, now);
		if (r)
			return r;
		if (pipeline_due(&run->pipeline, now) ||
		    (!run->pipeline.writer && run->pipeline.batch.outcome_count))
			pipeline_flush(&run->pipeline);
		if (stop_asked || now >= until)
			stop(run);
		if (reload_asked && !stop_asked) {
			r = reload(run);
			if (r)
				return r;
		}
	}
	return end(run);
}

static int watch(struct run *run)
{
	const struct live_parts parts = {run->sensor, run->state, run->places, run->labels};
	int r = live_open(&run->live, &parts);

	if (!r && run->pipeline.writer)
		r = writer_beside(run->pipeline.writer);
	if (!r)
		r = begin(run);
	if (r)
		return r;
	start_watchdog(run);
	if (run->options.capture)
		current_set(run->options.capture);
	dprintf(STDERR_FILENO, "READY\n");
	notify("READY=1");
	return loop(run);
}

/** The kernel tells the host's process numbers: elsewhere they are other processes'. */
static void check_pid_namespace(void)
{
	const ino_t initial = 0xeffffffc; /* PROC_PID_INIT_INO */
	struct stat st;

	if (!stat("/proc/self/ns/pid", &st) && st.st_ino != initial)
		log_warning("not the host's PID namespace: no process can be looked up, and no executable "
			    "hashed");
}

/** Opens the capture, and lets the engine know of what stands in it already. */
static int open_capture(struct run *run)
{
	int r = evidence_open(&run->evidence, run->options.key);

	if (!r)
		r = writer_open(&run->pipeline.writer, run->options.capture, run->evidence.key);
	if (!r)
		r = retention_open(&run->retention, run->options.capture, &run->options.retain);
	if (r || !writer_position(run->pipeline.writer))
		return r;
	r = recall(&run->pipeline, &run->snapshots, run->options.capture, &run->retention, &stop_asked);
	run->retention.told_behind = run->snapshots.position;
	engine_recalled(run->pipeline.engine);
	return r;
}

/** What needs root, in order; the exit code of the first that fails. */
static int prepare(struct run *run)
{
	const struct engine_options engine = {.as_of = DAY_NONE};
	int r;

	if (policies_load(&run->options.policies, &run->documents, &run->policy))
		return EXIT_USAGE;
	if (sensor_prerequisites())
		return EXIT_SENSOR; /* before anything is made on disk */
	if (run->documents.count > DOCUMENTS_MAX)
		return too_many(&run->documents), EXIT_USAGE;
	if (pipeline_open(&run->pipeline, &engine, run->options.outputs, run->options.output_count, false))
		return EXIT_USAGE;
	if (places_open(&run->places, &run->options.places))
		return EXIT_USAGE;
	if (run->options.witness && witnesses_open(&run->witnesses, run->options.witness))
		return EXIT_USAGE;
	r = run->options.capture ? open_capture(run) : 0;
	if (r)
		return record_exit_code(r);
	run->labels = labels_new();
	check_pid_namespace();
	if (sensor_open(&run->sensor, &run->options.sensor) || state_open(&run->state, run->sensor))
		return EXIT_SENSOR;
	return privilege_drop() ? EXIT_SENSOR : 0;
}

static void finish(struct run *run)
{
	watchdog_stop(&run->watchdog);
	if (run->options.capture)
		current_clear(run->options.capture);
	if (run->live)
		live_source(run->live)->ops->free(live_source(run->live));
	pipeline_close(&run->pipeline);
	retention_close(&run->retention);
	evidence_close(&run->evidence);
	places_close(&run->places);
	labels_free(&run->labels);
	state_close(&run->state);
	sensor_close(&run->sensor);
	policy_free(&run->policy);
	documents_free(&run->documents);
	witnesses_close(&run->witnesses);
}

int cmd_run(int argc, char **argv)
{
	struct run run = {.options = {.snapshot = SNAPSHOT_EVERY, .heartbeat = HEARTBEAT_EVERY}};
	int option, r;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h')
			return usage_help(help);
		r = take(&run.options, option);
		if (r)
			return r;
	}
	if (optind < argc)
		return usage_error("run", "unexpected argument %s", argv[optind]);
	if (!run.options.policies.host)
		return usage_error("run", "--host is needed");
	if (run.options.witness && !run.options.capture)
		return usage_error("run", "--witness is of no use without --capture");
	if ((run.options.retain.age || run.options.retain.size) && !run.options.capture)
		return usage_error("run", "--retain and --retain-size need --capture");
	run.options.places.none = run.options.no_location;
	/* glibc raises this limit with each large block freed, and then never gives one back. */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	mallopt(M_ARENA_MAX, 1);
	run.snapshots.every = run.options.snapshot * NSEC_PER_SEC;
	run.evidence.every = run.options.heartbeat * NSEC_PER_SEC;
	catch_signals();
	r = prepare(&run);
	if (!r && !stop_asked) { /* while it recalled: then nothing has begun, and nothing is recorded */
		r = watch(&run);
		pipeline_say(&run.pipeline);
		r = r ? EXIT_SENSOR : pipeline_exit_code(&run.pipeline);
	}
	finish(&run);
	return r;
}
