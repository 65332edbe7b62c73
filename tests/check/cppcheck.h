/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Macros of libraries as cppcheck can follow them. */
#define HASH_ITER(hh, head, el, tmp) for ((el) = (head), (tmp) = (el); (el); (el) = (tmp))
#define DL_FOREACH(head, el)	     for ((el) = (head); (el); (el) = (el)->next)
#define cJSON_ArrayForEach(element, array) \
	for ((element) = (array)->child; (element); (element) = (element)->next)
