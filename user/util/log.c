// SPDX-License-Identifier: GPL-3.0-or-later
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "text.h"

static enum log_level said_up_to = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	said_up_to = level;
}

bool log_says(enum log_level level)
{
	return level <= said_up_to;
}

static void say(enum log_level level, int error, const char *format, va_list args)
{
	static const char *const prefixes[] = {
		[LOG_LEVEL_ERROR] = "error: ",
		[LOG_LEVEL_WARNING] = "warning: ",
		[LOG_LEVEL_INFO] = "",
		[LOG_LEVEL_DEBUG] = "debug: ",
	};
	_cleanup_(buf_free) struct buf raw = {}, line = {};

	buf_vprintf(&raw, format, args);
	if (error)
		buf_printf(&raw, ": %s", strerror(error < 0 ? -error : error));
	buf_printf(&line, "custodes: %s", prefixes[level]);
	text_plain(&line, raw.data, raw.size);
	buf_byte(&line, '\n');
	if (write(STDERR_FILENO, line.data, line.size) < 0)
		return; /* nobody is left to tell */
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list args;

	if (!log_says(level))
		return;
	va_start(args, format);
	say(level, 0, format, args);
	va_end(args);
}

int log_error(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(LOG_LEVEL_ERROR, error, format, args);
	va_end(args);
	return error ? error : -EINVAL;
}
