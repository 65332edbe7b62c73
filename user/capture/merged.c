// SPDX-License-Identifier: GPL-3.0-or-later
#include "merged.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "../util/file.h"
#include "../util/json.h"
#include "../util/jsonw.h"
#include "../util/log.h"
#include "../util/memory.h"

#define VERSION	       1
#define LIST_BYTES     (16u << 20)
#define HOST_CHARS     64
#define LOG_CHARS      8
#define SIZE_MAX_EXACT 9007199254740992.0 /* of JSON's numbers */

void merged_free(struct merged *merged)
{
	free(merged->logs);
	*merged = (struct merged){};
}

/* ---- names ---- */

/** What a host calls itself may be anything: what could lead elsewhere, or steer a shell, is replaced. */
static void put_plain(struct buf *to, const char *text, size_t chars)
{
	for (size_t i = 0; i < chars && text[i]; i++)
		buf_byte(to,
			 isalnum((unsigned char)text[i]) || (i && strchr("._-", text[i])) ? text[i] : '_');
}

static bool taken(const struct merged *merged, const char *name)
{
	for (size_t i = 0; i < merged->count; i++)
		if (!strcmp(merged->logs[i].directory, name))
			return true;
	return false;
}

void merged_name(const struct merged *merged, const char *host, const char *origin, char name[MERGED_NAME])
{
	_cleanup_(buf_free) struct buf plain = {};
	const char *slash = strrchr(origin, '/');
	unsigned int again = 1;

	put_plain(&plain, host && *host ? host : "host", HOST_CHARS);
	buf_byte(&plain, '-');
	put_plain(&plain, slash ? slash + 1 : origin, LOG_CHARS);
	snprintf(name, MERGED_NAME, "%s", plain.data);
	while (taken(merged, name))
		snprintf(name, MERGED_NAME, "%s-%u", plain.data, ++again);
}

bool merged_origin(const char *origin)
{
	size_t length = strlen(origin);

	for (size_t i = 0; i < length; i++)
		if (!isgraph((unsigned char)origin[i]))
			return false;
	return length && length < ORIGIN_MAX;
}

/** A name that leads to a directory of the folder itself. */
static bool is_plain(const char *name)
{
	for (size_t i = 0; name[i]; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
			return false;
	return *name && *name != '.' && strlen(name) < MERGED_NAME;
}

static int by_directory(const void *a, const void *b)
{
	return strcmp(((const struct merged_log *)a)->directory, ((const struct merged_log *)b)->directory);
}

void merged_sort(struct merged *merged)
{
	if (merged->count)
		qsort(merged->logs, merged->count, sizeof(*merged->logs), by_directory);
}

/* ---- writing ---- */

static void put_time_or_null(struct jsonw *w, const char *key, const struct merged_log *log, int64_t time)
{
	if (log->dated)
		jsonw_time(w, key, time);
	else
		jsonw_null(w, key);
}

void merged_write(const struct merged *merged, struct buf *to)
{
	struct jsonw w = {.to = to, .pretty = true};

	jsonw_object(&w, NULL);
	jsonw_u64(&w, "version", VERSION);
	jsonw_array(&w, "logs");
	for (size_t i = 0; i < merged->count; i++) {
		const struct merged_log *log = &merged->logs[i];

		jsonw_object(&w, NULL);
		jsonw_str(&w, "directory", log->directory);
		jsonw_str(&w, "origin", log->checkpoint.origin);
		jsonw_u64(&w, "entries", log->checkpoint.size);
		jsonw_hex(&w, "root", log->checkpoint.root, DIGEST_SIZE);
		jsonw_str_or_null(&w, "host_id", log->host_id);
		jsonw_str_or_null(&w, "host", log->host_name);
		jsonw_u64(&w, "runs", log->runs);
		put_time_or_null(&w, "from", log, log->from);
		put_time_or_null(&w, "to", log, log->to);
		jsonw_u64(&w, "events", log->events);
		jsonw_u64(&w, "lost", log->lost);
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	buf_byte(to, '\n');
}

/* ---- reading ---- */

static bool take_root(const char *text, uint8_t root[DIGEST_SIZE])
{
	if (!text || strlen(text) != 2 * (size_t)DIGEST_SIZE ||
	    strspn(text, "0123456789abcdef") != 2 * (size_t)DIGEST_SIZE)
		return false;
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		root[i] = (uint8_t)strtoul((char[]){text[2 * i], text[2 * i + 1], '\0'}, NULL, 16);
	return true;
}

static int take_log(struct merged *merged, const struct json *json, const cJSON *item, size_t number)
{
	struct merged_log log = {};
	const char *directory = json_str(item, "directory"), *origin = json_str(item, "origin");
	const cJSON *entries = json_get(item, "entries");
	char pointer[40];

	snprintf(pointer, sizeof(pointer), "/logs/%zu", number);
	if (!directory || !is_plain(directory) || taken(merged, directory))
		return json_fault(json, pointer, "\"directory\": expected a name in this folder, each once");
	if (!origin || !merged_origin(origin))
		return json_fault(json, pointer, "\"origin\": expected a log's");
	if (!cJSON_IsNumber(entries) || !(entries->valuedouble >= 0 && entries->valuedouble < SIZE_MAX_EXACT))
		return json_fault(json, pointer, "\"entries\": expected a number");
	if (!take_root(json_str(item, "root"), log.checkpoint.root))
		return json_fault(json, pointer, "\"root\": expected a hash in hexadecimal digits");
	snprintf(log.directory, sizeof(log.directory), "%s", directory);
	snprintf(log.checkpoint.origin, sizeof(log.checkpoint.origin), "%s", origin);
	log.checkpoint.size = (uint64_t)entries->valuedouble;
	*GROW(merged->logs, merged->count) = log;
	return 0;
}

int merged_parse(struct merged *merged, const char *name, const char *text, size_t size)
{
	struct json json;
	const cJSON *logs, *item;
	size_t number = 0;
	int r = json_parse(&json, name, text, size);

	if (r)
		return r;
	logs = json_get(json.root, "logs");
	if (!cJSON_IsArray(logs))
		r = json_fault(&json, "", "\"logs\": expected a list");
	cJSON_ArrayForEach(item, logs)
		if (!r)
			r = take_log(merged, &json, item, number++);
	json_free(&json);
	if (r)
		merged_free(merged);
	merged_sort(merged);
	return r;
}

int merged_read(struct merged *merged, const char *path)
{
	_cleanup_close_ int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = directory < 0 ? -1 : file_open_beneath(directory, MERGED_LIST);
	_cleanup_(buf_free) struct buf text = {}, name = {};
	int r;

	if (fd < 0 || !faccessat(directory, "checkpoint", F_OK, AT_SYMLINK_NOFOLLOW))
		return -ENOENT; /* with a checkpoint it is a log, whatever else lies there */
	buf_printf(&name, "%s/" MERGED_LIST, path);
	r = file_read(fd, &text, LIST_BYTES);
	if (r)
		return log_error(r, "%s", name.data);
	return merged_parse(merged, name.data, text.data, text.size);
}
