// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../util/clock.h"
#include "../util/log.h"
#include "cmd.h"

static int open_outputs(struct pipeline *pipeline, const char *const *specs, unsigned int count, bool fresh)
{
	static const char *const standard[] = {"text:-"};

	if (!count)
		specs = standard, count = 1;
	for (unsigned int i = 0; i < count; i++) {
		int r = output_open(&pipeline->outputs[pipeline->output_count], specs[i], fresh);

		if (r)
			return r;
		pipeline->output_count++;
	}
	return 0;
}

static void begin(struct pipeline *pipeline, const struct engine_options *options)
{
	struct engine_options with = *options;

	for (unsigned int i = 0; i < pipeline->output_count; i++)
		with.events |= output_wants_events(pipeline->outputs[i]);
	pipeline->engine = engine_new(&with);
}

int pipeline_open(struct pipeline *pipeline, const struct engine_options *options, const char *const *specs,
		  unsigned int count, bool fresh)
{
	int r = open_outputs(pipeline, specs, count, fresh);

	if (!r)
		begin(pipeline, options);
	return r;
}

void pipeline_join(struct pipeline *pipeline, const struct engine_options *options,
		   const struct pipeline *with)
{
	pipeline->joined = true;
	memcpy(pipeline->outputs, with->outputs, sizeof(pipeline->outputs));
	pipeline->output_count = with->output_count;
	begin(pipeline, options);
}

void pipeline_close(struct pipeline *pipeline)
{
	for (unsigned int i = 0; i < pipeline->output_count && !pipeline->joined; i++)
		output_close(&pipeline->outputs[i]);
	writer_close(&pipeline->writer);
	engine_free(&pipeline->engine);
	batch_free(&pipeline->batch);
}

static void deliver(struct pipeline *pipeline)
{
	for (unsigned int i = 0; i < pipeline->output_count; i++)
		if (output_deliver(pipeline->outputs[i], &pipeline->batch, &pipeline->log))
			pipeline->undelivered += pipeline->batch.outcome_count;
	batch_reset(&pipeline->batch);
}

/* ---- replay ---- */

int pipeline_replayed(struct pipeline *pipeline, const struct ev_head *event, uint64_t position)
{
	int r = engine_step(pipeline->engine, event, position, &pipeline->batch);

	batch_actions_done(&pipeline->batch);
	return r;
}

/* ---- live ---- */

/**
 * The log has failed: it stays as its last checkpoint has it, and what follows
 * is delivered under a name of its own, so that no id is ever used twice.
 */
static void capture_failed(struct pipeline *pipeline, int error)
{
	_cleanup_(buf_free) struct buf message = {};
	struct outcome *outcome;

	log_error(error, "recording has stopped; findings go on, unrecorded");
	pipeline->failed = true;
	pipeline->position = writer_position(pipeline->writer);
	writer_close(&pipeline->writer);
	pipeline->log = (struct outcome_log){.origin = pipeline->run_origin, .recorded = false};
	buf_printf(&message, "recording has stopped: %s", strerror(-error));
	outcome = engine_finding(pipeline->engine, WHAT_RULE_CAPTURE, pipeline->position++, clock_boot(),
				 &pipeline->batch);
	outcome->severity = 73;
	outcome->message = arena_str(&pipeline->batch.arena, message.data);
}

static uint64_t record(struct pipeline *pipeline, const struct ev_head *event)
{
	uint64_t position;
	int r;

	if (!pipeline->writer)
		return pipeline->position++;
	position = writer_position(pipeline->writer);
	r = writer_append(pipeline->writer, event);
	if (r) {
		capture_failed(pipeline, r);
		return pipeline->position++;
	}
	if (!pipeline->unsealed_since)
		pipeline->unsealed_since = clock_boot(); /* events may come late */
	return position;
}

static int apply_actions(struct pipeline *pipeline)
{
	size_t count = pipeline->batch.action_count;
	int r = 0;

	for (size_t i = 0; i < count; i++) {
		struct action action = pipeline->batch.actions[i];
		struct draft draft;
		struct ev_action *event = DRAFT(&draft, ACTION, action, clock_boot());

		event->head.lineage = action.lineage;
		event->exe = action.exe;
		event->action = action.action;
		event->result = pipeline->apply(pipeline->context, &action);
		r = engine_step(pipeline->engine, &event->head, record(pipeline, &event->head),
				&pipeline->batch);
		if (r)
			break;
	}
	batch_actions_done(&pipeline->batch);
	return r;
}

int pipeline_live(struct pipeline *pipeline, const struct ev_head *event)
{
	uint64_t position = record(pipeline, event);
	int r = engine_step(pipeline->engine, event, position, &pipeline->batch);

	if (!r && pipeline->batch.action_count)
		r = apply_actions(pipeline);
	if (!r && pipeline->batch.outcome_count && pipeline_due(pipeline, clock_boot()))
		r = pipeline_flush(pipeline);
	return r;
}

bool pipeline_due(const struct pipeline *pipeline, uint64_t now)
{
	if (pipeline->unsealed_since && now - pipeline->unsealed_since >= NSEC_PER_SEC)
		return true;
	return pipeline->batch.outcome_count >= BATCH_MAX ||
	       (pipeline->batch.findings && now >= pipeline->resting);
}

/** Of a flood of findings, many share a seal: the disk is waited for in one part of the time of so many. */
#define REST 20

static int seal(struct pipeline *pipeline)
{
	uint64_t begun = clock_boot(), took;
	int r = writer_seal(pipeline->writer);

	took = clock_boot() - begun;
	pipeline->resting = begun + (took < NSEC_PER_SEC / REST ? took * REST : NSEC_PER_SEC);
	return r;
}

int pipeline_flush(struct pipeline *pipeline)
{
	int r = pipeline->writer ? seal(pipeline) : 0;

	if (r)
		capture_failed(pipeline, r);
	pipeline->unsealed_since = 0;
	deliver(pipeline);
	return 0;
}

/* ---- the end ---- */

int pipeline_exit_code(const struct pipeline *pipeline)
{
	struct engine_summary summary;
	uint64_t findings;

	engine_summary(pipeline->engine, &summary);
	findings = summary.findings;
	free(summary.products);
	if (pipeline->undelivered)
		return EXIT_USAGE;
	return findings ? EXIT_FINDINGS : EXIT_CLEAN;
}

void pipeline_say(const struct pipeline *pipeline)
{
	struct engine_summary summary;

	engine_summary(pipeline->engine, &summary);
	for (size_t i = 0; i < summary.product_count; i++) {
		const struct engine_product *product = &summary.products[i];

		log_info(
			"%s (%s): %s; %llu connection%s, %llu bytes sent; %llu read, %llu of them classified",
			product->name, product->id, product->verdict,
			(unsigned long long)product->connections, product->connections == 1 ? "" : "s",
			(unsigned long long)product->sent, (unsigned long long)product->read,
			(unsigned long long)product->classified);
	}
	if (summary.unknown_kinds)
		log_warning("%llu events of kinds that this version does not know were carried through",
			    (unsigned long long)summary.unknown_kinds);
	if (pipeline->undelivered)
		log_error(0, "%llu findings and events could not be delivered: see the errors above",
			  (unsigned long long)pipeline->undelivered);
	if (summary.unended)
		log_warning("%llu runs of this capture were cut off: what they saw last is not in it",
			    (unsigned long long)summary.unended);
	if (pipeline->failed)
		log_warning("recording stopped on the way: the capture ends before what was told");
	log_info("%llu finding%s in %llu events; %s", (unsigned long long)summary.findings,
		 summary.findings == 1 ? "" : "s", (unsigned long long)summary.events,
		 summary.lost ? "some were lost" : "nothing lost");
	free(summary.products);
}
