// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The engine under any order of events: few processes, lineages, sockets and
 * addresses, so that they meet. ASan watches; and whatever came before, the same
 * bytes must bring forth the same outcomes twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../user/engine/engine.h"
#include "../../user/output/output.h"
#include "../../user/util/digest.h"
#include "../../user/util/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct documents documents;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	/* Few of them: each input compiles them anew. */
	static const char *const names[] = {"schemes/gb.json", "catalogue/kaspersky.json",
					    "catalogue/cisco.json", "measures/uk-ncsc-2017.json",
					    "hosts/uk-secret.json"};

	(void)argc, (void)argv;
	log_set_level(LOG_LEVEL_ERROR);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct document *document = documents_embedded(names[i]);

		documents_add(&documents, document->name, document->text, document->size);
	}
	return 0;
}

struct input {
	const uint8_t *at, *end;
	uint64_t time;
};

static uint8_t take(struct input *input)
{
	return input->at < input->end ? *input->at++ : 0;
}

static void identity(struct input *input, struct ev_head *head)
{
	uint8_t byte = take(input);

	head->tgid = 1 + (byte & 3);
	head->start = 1 + (byte >> 2 & 1);
	head->lineage = 1 + (byte >> 3 & 3);
	head->flags = byte >> 5;
}

static struct ev_addr address(uint8_t byte)
{
	struct ev_addr addr = {.addr = {77, 74, 181, 1}, .port = 443, .family = 4};

	addr.addr[3] = byte & 3;
	if (byte & 4)
		addr.addr[0] = 127;
	if (byte & 8)
		addr.family = 0;
	return addr;
}

static const char *const paths[] = {"kesl\0libexec\0kesl\0kaspersky\0opt", "curl\0bin\0usr",
				    "clamd\0sbin\0usr", ".x\0tmp"};
static const size_t path_sizes[] = {32, 13, 15, 7};

static void make_exec(struct input *input, struct draft *draft)
{
	struct ev_exec *exec = DRAFT(draft, EXEC, exec, input->time);
	uint8_t byte;

	identity(input, &exec->head);
	byte = take(input);
	exec->exe.ino = 1 + (byte & 3);
	exec->parent_tgid = 1 + (byte >> 2 & 3);
	exec->parent_start = 1;
	exec->parent_lineage = byte >> 4 & 3;
	draft_str(draft, &exec->path, paths[byte >> 6], path_sizes[byte >> 6]);
}

static void make_executable(struct input *input, struct draft *draft)
{
	struct ev_executable *event = DRAFT(draft, EXECUTABLE, executable, input->time);
	uint8_t byte = take(input);

	event->exe.ino = 1 + (byte & 3);
	event->head.flags = byte & 4 ? EXECUTABLE_HASHED : EXECUTABLE_VANISHED;
	if (byte & 8)
		draft_text(draft, &event->package, byte & 16 ? "kesl" : "clamav");
	draft_text(draft, &event->path, byte & 32 ? "/usr/bin/curl" : "/tmp/x");
}

static void make_socket(struct input *input, struct draft *draft, uint8_t what)
{
	uint8_t byte;

	if (what == 0) {
		struct ev_connect *event = DRAFT(draft, CONNECT, connect, input->time);

		identity(input, &event->head);
		byte = take(input);
		event->flow = 1 + (byte & 3);
		event->proto = byte & 4 ? 6 : 17;
		event->remote = address(byte >> 3);
	} else if (what == 1) {
		struct ev_send *event = DRAFT(draft, SEND, send, input->time);

		identity(input, &event->head);
		byte = take(input);
		event->flow = 1 + (byte & 3);
		event->proto = 17;
		event->remote = address(byte >> 3);
		event->bytes = (uint64_t)take(input) << 8;
	} else {
		struct ev_flow *event = DRAFT(draft, FLOW, flow, input->time);

		identity(input, &event->head);
		byte = take(input);
		event->flow = 1 + (byte & 3);
		event->proto = byte & 4 ? 6 : 17;
		event->remote = address(byte >> 3);
		event->head.flags = take(input) & 15;
		event->sent = (uint64_t)take(input) << 10;
	}
}

/** Pieces of two documents that contradict each other in size and place. */
static void make_document(struct input *input, struct draft *draft)
{
	static const char text[4096] = "{";
	struct ev_document *event = DRAFT(draft, DOCUMENT, document, input->time);
	uint8_t byte = take(input);

	event->sha256[0] = byte & 1;
	event->total = (uint32_t)take(input) << 5;
	event->offset = (uint32_t)take(input) << 5;
	draft_text(draft, &event->name, "x.json");
	draft_str(draft, &event->text, text, (size_t)(byte >> 1) << 5);
}

static void make_clock(struct input *input, struct draft *draft)
{
	struct ev_clock *event = DRAFT(draft, CLOCK, clock, input->time);

	event->wall_offset = (int64_t)take(input) << 32;
	event->change = event->wall_offset;
	event->head.flags = CLOCK_STEP;
}

static void make_small(struct input *input, struct draft *draft, uint8_t what)
{
	if (what == 0) {
		struct ev_fork *event = DRAFT(draft, FORK, fork, input->time);
		uint8_t byte;

		identity(input, &event->head);
		byte = take(input);
		event->parent_tgid = 1 + (byte & 3);
		event->parent_start = 1 + (byte >> 2 & 1);
	} else if (what == 1) {
		struct ev_exit *event = DRAFT(draft, EXIT, exit, input->time);

		identity(input, &event->head);
		event->code = take(input);
	} else if (what == 2) {
		struct ev_process *event = DRAFT(draft, PROCESS, process, input->time);

		identity(input, &event->head);
		draft_text(draft, &event->unit, take(input) & 1 ? "kesl.service" : "");
	} else if (what == 3) {
		struct ev_place *event = DRAFT(draft, PLACE, place, input->time);

		event->address = address(take(input));
		event->asn = take(input) & 1 ? 200107 : 1;
		event->head.flags = PLACE_KNOWN;
	} else if (what == 4) {
		struct ev_loss *event = DRAFT(draft, LOSS, loss, input->time);

		event->cause = take(input);
		event->count = 1;
	} else if (what == 5) {
		DRAFT(draft, POLICY, policy, input->time);
	} else if (what == 6) {
		DRAFT(draft, START, start, input->time);
	} else {
		DRAFT(draft, STOP, stop, input->time);
	}
}

static void next_event(struct input *input, struct draft *draft)
{
	uint8_t what = take(input) % 18;

	input->time += 1000;
	if (what < 3)
		make_exec(input, draft);
	else if (what == 3)
		make_executable(input, draft);
	else if (what < 8)
		make_socket(input, draft, what & 3);
	else if (what == 16)
		make_document(input, draft);
	else if (what == 17)
		make_clock(input, draft);
	else
		make_small(input, draft, what - 8);
}

static void digest_batch(struct batch *batch, struct digest *digest)
{
	const struct outcome_log log = {.origin = "fuzz", .recorded = true};

	for (size_t i = 0; i < batch->outcome_count; i++) {
		_cleanup_(buf_free) struct buf line = {};

		format_ecs.render(&batch->outcomes[i], &log, false, &line);
		digest_add(digest, line.data, line.size);
	}
	batch_reset(batch);
}

/** What is told depends on the events alone, and not on how many of them go into one batch. */
static void play(const uint8_t *data, size_t size, unsigned int together, uint8_t sum[DIGEST_SIZE])
{
	const struct engine_options options = {
		.policies = &documents, .host = "hosts/uk-secret.json", .as_of = DAY_NONE, .events = true};
	struct input input = {.at = data, .end = data + size};
	struct digest *digest = digest_begin();
	struct batch batch = {};
	struct engine *engine = engine_new(&options);
	struct draft draft;
	uint64_t position = 0;

	DRAFT(&draft, POLICY, policy, 1);
	if (engine_step(engine, draft_end(&draft), position++, &batch))
		abort();
	while (input.at < input.end) {
		next_event(&input, &draft);
		if (engine_step(engine, draft_end(&draft), position++, &batch))
			break;
		batch_actions_done(&batch);
		if (position % together == 0)
			digest_batch(&batch, digest);
	}
	digest_batch(&batch, digest);
	batch_free(&batch);
	engine_free(&engine);
	digest_end(&digest, sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t once[DIGEST_SIZE], again[DIGEST_SIZE];

	play(data, size, 1, once);
	if (size % 16 == 0) { /* not each time: compiling the policies costs most */
		play(data, size, 7, again);
		if (memcmp(once, again, sizeof(once)))
			abort();
	}
	return 0;
}
