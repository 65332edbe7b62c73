// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stdio.h>

#include "../util/buf.h"
#include "../util/clock.h"
#include "../util/log.h"
#include "cmd.h"

int usage_help(const char *text)
{
	fputs(text, stdout);
	return EXIT_CLEAN;
}

int usage_error(const char *command, const char *format, ...)
{
	_cleanup_(buf_free) struct buf what = {};
	va_list args;

	va_start(args, format);
	buf_vprintf(&what, format, args);
	va_end(args);
	log_error(0, "%s: %s (see custodes %s --help)", command, what.data, command);
	return EXIT_USAGE;
}

int usage_time(const char *command, const char *option, const char *text, int64_t *wall_ns)
{
	return time_parse(text, wall_ns) ? 0 :
					   usage_error(command,
						       "%s %s: expected YYYY-MM-DD or "
						       "YYYY-MM-DDTHH:MM[:SS]Z",
						       option, text);
}
