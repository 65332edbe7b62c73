// SPDX-License-Identifier: GPL-3.0-or-later
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../util/file.h"
#include "../util/log.h"
#include "../util/memory.h"
#include "../util/style.h"

static const struct output_format *const formats[] = {&format_text, &format_ecs};

struct output {
	const struct output_format *format;
	char *target;
	int fd;
	bool colour;
	bool failing;
	struct buf lines;
};

static const struct output_format *format_named(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (strlen(formats[i]->name) == length && !memcmp(formats[i]->name, name, length))
			return formats[i];
	return NULL;
}

static int open_target(const char *target, bool fresh)
{
	int fd;

	if (!strcmp(target, "-"))
		return dup(STDOUT_FILENO);
	fd = open(target, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | (fresh ? O_TRUNC : O_APPEND), 0600);
	return fd < 0 ? log_error(-errno, "%s", target) : fd;
}

int output_open(struct output **output, const char *spec, bool fresh)
{
	const char *colon = strchr(spec, ':');
	const struct output_format *format = colon ? format_named(spec, (size_t)(colon - spec)) : NULL;
	struct output *o;
	int fd;

	*output = NULL;
	if (!format || !colon[1])
		return log_error(
			0,
			"--output %s: expected FORMAT:TARGET, such as text:- or ecs:/var/log/custodes.ndjson",
			spec);
	fd = open_target(colon + 1, fresh);
	if (fd < 0)
		return fd;
	o = need(calloc(1, sizeof(*o)));
	o->format = format;
	o->target = need(strdup(colon + 1));
	o->fd = fd;
	o->colour = style_wanted(fd);
	*output = o;
	return 0;
}

void output_close(struct output **output)
{
	struct output *o = *output;

	if (!o)
		return;
	close(o->fd);
	free(o->target);
	buf_free(&o->lines);
	free(o);
	*output = NULL;
}

bool output_wants_events(const struct output *output)
{
	return output->format->events;
}

/** Lines are written when so much of them is there: of a large batch too, memory stays small. */
#define LINES_MAX (256u << 10)

static int write_lines(struct output *output)
{
	off_t before = lseek(output->fd, 0, SEEK_END);
	int r = file_write(output->fd, output->lines.data, output->lines.size);

	if (r && before >= 0 && ftruncate(output->fd, before))
		log_warning("output %s: half a document is left at its end", output->target);
	buf_clear(&output->lines);
	if (r && !output->failing)
		log_error(r, "output %s", output->target);
	output->failing = r != 0;
	return r;
}

int output_deliver(struct output *output, const struct batch *batch, const struct outcome_log *log)
{
	int r = 0;

	for (size_t i = 0; i < batch->outcome_count; i++) {
		const struct outcome *outcome = &batch->outcomes[i];

		if (outcome->type == OUTCOME_FINDING || output->format->events)
			output->format->render(outcome, log, output->colour, &output->lines);
		if (output->lines.size >= LINES_MAX && write_lines(output))
			r = -EIO;
	}
	return output->lines.size && write_lines(output) ? -EIO : r;
}
