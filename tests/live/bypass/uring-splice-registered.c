// SPDX-License-Identifier: GPL-3.0-or-later
/* The same, from a registered file: the request has its place in a table, no descriptor. */
#include "uring-splice.h"

int main(int argc, char **argv)
{
	return splice_all(argc, argv, SPLICE_F_FD_IN_FIXED);
}
