// SPDX-License-Identifier: GPL-3.0-or-later
#include "quorum.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "../util/file.h"
#include "../util/log.h"
#include "../util/memory.h"

#define POLICY_BYTES_MAX 65536
#define WORDS_MAX	 (3 + QUORUM_MEMBERS_MAX)
#define URL_MAX		 1024

void quorum_free(struct quorum *quorum)
{
	for (size_t i = 0; i < quorum->count; i++) {
		free(quorum->members[i].name);
		free(quorum->members[i].url);
		free(quorum->members[i].parts);
	}
	free(quorum->members);
	free(quorum->logs);
	*quorum = (struct quorum){};
}

/* ---- lines ---- */

struct line {
	struct quorum *quorum;
	char **words;
	size_t count;
	struct buf *fault;
};

static int bad(const struct line *line, const char *what, const char *which)
{
	buf_printf(line->fault, "%s%s%s", which, *which ? ": " : "", what);
	return -EINVAL;
}

static bool find(const struct quorum *quorum, const char *name, size_t *index)
{
	for (*index = 0; *index < quorum->count; ++*index)
		if (!strcmp(quorum->members[*index].name, name))
			return true;
	return false;
}

static int take_key(const struct line *line, const char *text, uint8_t type, struct verifier *key)
{
	if (verifier_parse(key, text))
		return bad(line, "no verifier key, or of a type that is not known here (Ed25519 is)", text);
	if (key->type == type)
		return 0;
	return bad(line,
		   type == NOTE_COSIGNATURE ? "a log's key (type 1), expected a witness's (type 4)" :
					      "a witness's key (type 4), expected a log's (type 1)",
		   text);
}

static int take_log(const struct line *line)
{
	struct quorum *quorum = line->quorum;
	struct verifier key;
	int r = take_key(line, line->words[1], NOTE_ED25519, &key);

	if (r)
		return r;
	for (size_t i = 0; i < quorum->log_count; i++)
		if (!memcmp(quorum->logs[i].key, key.key, ED25519_KEY))
			return bad(line, "this key stands twice", line->words[1]);
	*GROW(quorum->logs, quorum->log_count) = key;
	return 0;
}

/** A name that is not given yet. */
static int take_name(const struct line *line, struct quorum_member **member)
{
	struct quorum *quorum = line->quorum;
	const char *name = line->words[1];
	size_t index;

	if (!strcmp(name, "none") || find(quorum, name, &index))
		return bad(line, "this name is another's already", name);
	if (quorum->count == QUORUM_MEMBERS_MAX)
		return bad(line, "too many witnesses and groups", "");
	*member = GROW(quorum->members, quorum->count);
	(*member)->name = need(strdup(name));
	return 0;
}

static int take_url(const struct line *line, const char *url, struct quorum_member *witness)
{
	size_t length = strlen(url);

	if ((strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) || length > URL_MAX)
		return bad(line, "expected an address that begins with http:// or https://", url);
	while (url[length - 1] == '/')
		length--;
	witness->url = need(strndup(url, length));
	return 0;
}

static int take_witness(const struct line *line)
{
	struct quorum_member *member;
	struct verifier key;
	int r = take_key(line, line->words[2], NOTE_COSIGNATURE, &key);

	for (size_t i = 0; !r && i < line->quorum->count; i++)
		if (!line->quorum->members[i].part_count &&
		    !memcmp(line->quorum->members[i].key.key, key.key, ED25519_KEY))
			r = bad(line, "this key stands twice", line->words[2]);
	if (!r)
		r = take_name(line, &member);
	if (r)
		return r;
	member->key = key;
	return line->count > 3 ? take_url(line, line->words[3], member) : 0;
}

static int take_threshold(const struct line *line, size_t count, size_t *threshold)
{
	const char *word = line->words[2];
	char *end;

	*threshold = !strcmp(word, "any") ? 1 : !strcmp(word, "all") ? count : 0;
	if (!*threshold && *word >= '1' && *word <= '9') {
		*threshold = strtoul(word, &end, 10);
		if (*end)
			*threshold = 0;
	}
	return *threshold && *threshold <= count ? 0 : bad(line, "expected all, any or how many", word);
}

/** Each name at most once in all groups, so that a witness counts in one way only. */
static int take_part(const struct line *line, const char *name, size_t *index)
{
	if (!find(line->quorum, name, index))
		return bad(line, "no witness or group of this name stands above", name);
	if (line->quorum->members[*index].taken)
		return bad(line, "a group has it already", name);
	line->quorum->members[*index].taken = true;
	return 0;
}

static int take_group(const struct line *line)
{
	size_t parts[QUORUM_MEMBERS_MAX], count = line->count - 3, threshold;
	struct quorum_member *member;
	int r = take_threshold(line, count, &threshold);

	for (size_t i = 0; !r && i < count; i++)
		r = take_part(line, line->words[3 + i], &parts[i]);
	if (!r)
		r = take_name(line, &member);
	if (r)
		return r;
	for (size_t i = 0; i < count; i++)
		*GROW(member->parts, member->part_count) = parts[i];
	member->threshold = threshold;
	return 0;
}

static int take_quorum(const struct line *line)
{
	struct quorum *quorum = line->quorum;

	if (quorum->none || quorum->root)
		return bad(line, "a second quorum", "");
	quorum->none = !strcmp(line->words[1], "none");
	if (quorum->none)
		return 0;
	if (!find(quorum, line->words[1], &quorum->root))
		return bad(line, "no witness or group of this name stands above", line->words[1]);
	quorum->root++; /* from 1 on while it is read: 0 is none yet */
	return 0;
}

static const struct {
	const char *word;
	size_t least, most;
	int (*take)(const struct line *line);
	const char *form;
} forms[] = {
	{"log", 2, 3, take_log, "expected: log KEY [URL]"},
	{"witness", 3, 4, take_witness, "expected: witness NAME KEY [URL]"},
	{"group", 4, WORDS_MAX, take_group, "expected: group NAME all|any|NUMBER NAME..."},
	{"quorum", 2, 2, take_quorum, "expected: quorum NAME"},
};

static int take_line(const struct line *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (!strcmp(line->words[0], forms[i].word))
			return line->count < forms[i].least || line->count > forms[i].most ?
				       bad(line, forms[i].form, "") :
				       forms[i].take(line);
	return bad(line, "expected log, witness, group or quorum", line->words[0]);
}

/** Its words, each with a NUL behind it from here on. */
static int take_words(struct quorum *quorum, char *text, struct buf *fault)
{
	char *words[WORDS_MAX + 1], *rest;
	struct line line = {quorum, words, 0, fault};

	for (char *word = strtok_r(text, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		if (line.count > WORDS_MAX)
			return bad(&line, "too many words", "");
		words[line.count++] = word;
	}
	return !line.count || words[0][0] == '#' ? 0 : take_line(&line);
}

static bool sound_bytes(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\t' && text[i] != '\n') || text[i] == 0x7f)
			return false;
	return true;
}

int quorum_parse(struct quorum *quorum, const char *text, size_t size, struct buf *fault)
{
	_cleanup_free_ char *copy = need(strndup(text, size));
	unsigned int number = 1;
	int r = 0;

	*quorum = (struct quorum){};
	if (!sound_bytes(text, size)) {
		buf_str(fault, "no text");
		return -EINVAL;
	}
	for (char *line = copy, *next; !r && line; line = next, number++) {
		_cleanup_(buf_free) struct buf what = {};

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		r = take_words(quorum, line, &what);
		if (r)
			buf_printf(fault, "line %u: %s", number, what.data);
	}
	if (!r && !quorum->none && !quorum->root) {
		buf_str(fault, "no quorum is named");
		r = -EINVAL;
	}
	if (r)
		quorum_free(quorum);
	else if (!quorum->none)
		quorum->root--;
	return r;
}

int quorum_read(struct quorum *quorum, const char *path)
{
	_cleanup_(buf_free) struct buf text = {}, fault = {};
	int r = file_read_at(AT_FDCWD, path, &text, POLICY_BYTES_MAX);

	if (r)
		return log_error(r, "%s", path);
	r = quorum_parse(quorum, text.data ? text.data : "", text.size, &fault);
	return r ? log_error(0, "%s: %s", path, fault.data) : 0;
}

/* ---- who is enough ---- */

static int descending(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left > right ? -1 : left < right;
}

uint64_t quorum_reached(const struct quorum *quorum, const uint64_t *numbers)
{
	uint64_t reached[QUORUM_MEMBERS_MAX];

	if (quorum->none)
		return 0;
	for (size_t i = 0; i <= quorum->root; i++) { /* parts stand before their group */
		const struct quorum_member *member = &quorum->members[i];
		uint64_t parts[QUORUM_MEMBERS_MAX];

		reached[i] = numbers[i];
		if (!member->part_count)
			continue;
		for (size_t j = 0; j < member->part_count; j++)
			parts[j] = reached[member->parts[j]];
		qsort(parts, member->part_count, sizeof(*parts), descending);
		reached[i] = parts[member->threshold - 1];
	}
	return reached[quorum->root];
}
