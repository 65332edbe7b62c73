// SPDX-License-Identifier: GPL-3.0-or-later
#include "record.h"

#include <errno.h>
#include <sys/stat.h>

#include "cmd.h"

int record_open(struct record *record, const char *path)
{
	struct stat st;
	int r;

	*record = (struct record){.log.recorded = true};
	if (!stat(path, &st) && S_ISREG(st.st_mode)) {
		r = list_open(&record->list, path);
		if (r)
			return r;
		record->log.origin = list_origin(record->list);
		record->source = list_source(record->list);
		return 0;
	}
	r = reader_open(&record->reader, path);
	if (r)
		return r;
	record->log.origin = reader_checkpoint(record->reader)->origin;
	record->source = reader_source(record->reader);
	return 0;
}

void record_close(struct record *record)
{
	reader_close(&record->reader);
	list_close(&record->list);
}

int record_next(struct record *record, const struct ev_head **event, uint64_t *position)
{
	int r = source_next(record->source, event);

	if (r == SOURCE_EVENT)
		*position = record->reader ? reader_position(record->reader) : record->line++;
	return r;
}

double record_progress(const struct record *record)
{
	return record->reader ? reader_progress(record->reader) : 0;
}

int record_exit_code(int error)
{
	return error == -EBADMSG ? EXIT_EVIDENCE : EXIT_USAGE;
}

int record_rules(const struct policy_options *options, struct documents *documents,
		 struct engine_options *engine)
{
	if (!options->count && !options->host)
		return 0;
	if (policies_gather(options, documents))
		return EXIT_USAGE;
	engine->policies = documents;
	engine->host = options->host ? documents->items[documents->count - 1].name : NULL;
	return 0;
}

int record_judge(struct record *record, const char *command, const char *path,
		 const struct engine_options *engine)
{
	int r = record_open(record, path);

	if (r)
		return record_exit_code(r);
	return record->list && !engine->host ? usage_error(command, "a list of events needs --host") : 0;
}

int record_begin(struct record *record, const char *command, const char *path,
		 const struct policy_options *options, struct documents *documents,
		 struct engine_options *engine)
{
	int r = record_rules(options, documents, engine);

	return r ? r : record_judge(record, command, path, engine);
}
