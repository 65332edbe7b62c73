/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CUSTODES_UTIL_STATUS_H
#define CUSTODES_UTIL_STATUS_H

#include <sys/types.h>

/** What /proc says of a process's life; see proc(5). */
struct status {
	char state;	     /* 'T' stopped, 't' traced and stopped ...; '?': not known */
	unsigned int tracer; /* who traces it; 0: nobody, or not known */
};

/** Of one that is gone, nothing is known. */
struct status status_of(pid_t pid);

#endif
