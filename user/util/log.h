/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the program says about itself, on stderr. Findings go through outputs. */
#ifndef CUSTODES_UTIL_LOG_H
#define CUSTODES_UTIL_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/** The least important level that is still said. LOG_LEVEL_INFO at the start. */
void log_set_level(enum log_level level);
bool log_says(enum log_level level);

/** Says one line. Bytes that could steer a terminal are escaped. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)	 log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	 log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/**
 * Says an error where it arose and hands `error`, a negative errno, up
 * unchanged: `return log_error(-errno, "open %s", path)`. The text of the errno
 * is added; 0 adds none and returns -EINVAL.
 */
int log_error(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
