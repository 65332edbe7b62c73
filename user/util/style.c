// SPDX-License-Identifier: GPL-3.0-or-later
#include "style.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "text.h"

bool style_wanted(int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && !(no_color && *no_color) && !(term && !strcmp(term, "dumb"));
}

static const char *const codes[] = {
	[STYLE_PLAIN] = "\033[0m", [STYLE_BOLD] = "\033[1m",  [STYLE_DIM] = "\033[2m",
	[STYLE_GOOD] = "\033[32m", [STYLE_WARN] = "\033[33m", [STYLE_BAD] = "\033[1;31m",
};

void style_set(struct buf *to, bool colour, enum style style)
{
	if (colour)
		buf_str(to, codes[style]);
}

void style_put(struct buf *to, bool colour, enum style style, const char *text, unsigned int width)
{
	size_t columns = text_columns(text, strlen(text));

	if (style != STYLE_PLAIN)
		style_set(to, colour, style);
	text_plain(to, text, strlen(text));
	if (style != STYLE_PLAIN)
		style_set(to, colour, STYLE_PLAIN);
	for (; columns < width; columns++)
		buf_byte(to, ' ');
}

enum style style_of_verdict(const char *verdict)
{
	static const struct {
		const char *verdict;
		enum style style;
	} styles[] = {
		{"prohibited", STYLE_BAD}, {"phase-out", STYLE_BAD},  {"advised-against", STYLE_WARN},
		{"unknown", STYLE_WARN},   {"permitted", STYLE_GOOD}, {"out-of-scope", STYLE_DIM},
	};

	for (size_t i = 0; i < ARRAY_SIZE(styles); i++)
		if (!strcmp(styles[i].verdict, verdict))
			return styles[i].style;
	return STYLE_PLAIN;
}

void style_wrap(struct buf *to, const char *text, unsigned int at, unsigned int left, unsigned int right)
{
	while (*text) {
		size_t length = strcspn(text, " ");
		size_t columns = text_columns(text, length);

		if (at > left && at + columns > right) {
			buf_byte(to, '\n');
			for (at = 0; at < left; at++)
				buf_byte(to, ' ');
		}
		text_plain(to, text, length);
		at += (unsigned int)columns;
		text += length;
		if (*text == ' ') {
			if (text[1] && at + 1 + text_columns(text + 1, strcspn(text + 1, " ")) <= right) {
				buf_byte(to, ' ');
				at++;
			} else {
				at = right + 1;
			}
			text++;
		}
	}
}

unsigned int style_columns(int fd)
{
	struct winsize size;

	if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) || size.ws_col < 40)
		return 100;
	return size.ws_col < 120 ? size.ws_col : 120;
}
