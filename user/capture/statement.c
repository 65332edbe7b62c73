// SPDX-License-Identifier: GPL-3.0-or-later
#include "statement.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void cut_free(struct cut *cut)
{
	ranges_free(&cut->entries);
	*cut = (struct cut){};
}

/** The next line as a string of its own, at most `room` bytes with its NUL. */
static bool line(const char **at, const char *end, char *to, size_t room)
{
	const char *stop = memchr(*at, '\n', (size_t)(end - *at));
	size_t length = stop ? (size_t)(stop - *at) : room;

	if (length >= room || memchr(*at, '\0', length))
		return false;
	memcpy(to, *at, length);
	to[length] = '\0';
	*at = stop + 1;
	return true;
}

/** What was read, written again, is what stood there: no signs, blanks or leading zeros. */
static bool same(const struct cut *cut, const char *text, size_t size)
{
	_cleanup_(buf_free) struct buf again = {};

	cut_write(cut, &again);
	return again.size == size && !memcmp(again.data, text, size);
}

int cut_read(struct cut *cut, const char *text, size_t size)
{
	const char *at = text, *end = text + size;
	unsigned long long from, to, last = 0;
	long long begin, stop;
	char words[ORIGIN_MAX];

	cut_free(cut);
	if (!line(&at, end, words, sizeof(words)) || strcmp(words, CUT_HEAD) != 0 ||
	    !line(&at, end, cut->origin, sizeof(cut->origin)) || !line(&at, end, words, sizeof(words)) ||
	    sscanf(words, "%llu entries", &from) != 1)
		return -EBADMSG;
	cut->size = from;
	if (!line(&at, end, words, sizeof(words)) || sscanf(words, "asked %lld to %lld", &begin, &stop) != 2)
		return -EBADMSG;
	cut->from = begin;
	cut->to = stop;
	while (at < end) {
		if (!line(&at, end, words, sizeof(words)) || sscanf(words, "%llu-%llu", &from, &to) != 2 ||
		    from < last || to < from || to >= cut->size)
			return -EBADMSG;
		ranges_add(&cut->entries, from, to + 1);
		last = to + 1;
	}
	return same(cut, text, size) ? 0 : -EBADMSG;
}

void cut_write(const struct cut *cut, struct buf *to)
{
	buf_printf(to, CUT_HEAD "\n%s\n%llu entries\nasked %lld to %lld\n", cut->origin,
		   (unsigned long long)cut->size, (long long)cut->from, (long long)cut->to);
	for (size_t i = 0; i < cut->entries.count; i++)
		buf_printf(to, "%llu-%llu\n", (unsigned long long)cut->entries.items[i].from,
			   (unsigned long long)cut->entries.items[i].to - 1);
}
