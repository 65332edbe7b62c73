/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that is there: what cannot be had ends the program, since half a record is no evidence. */
#ifndef CUSTODES_UTIL_MEMORY_H
#define CUSTODES_UTIL_MEMORY_H

#include <stdlib.h>
#include <string.h>

/** What an allocation gave; NULL does not come back. */
void *need(void *memory);

/** Appends one zeroed element to a counted array, and is its address. */
#define GROW(array, count)                                                              \
	({                                                                              \
		const size_t _size = sizeof((array)[0]); /* NOLINT: of pointers, too */ \
		(array) = need(reallocarray((array), (count) + 1, _size));              \
		memset(&(array)[count], 0, _size);                                      \
		&(array)[(count)++];                                                    \
	})

#endif
