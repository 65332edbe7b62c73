// SPDX-License-Identifier: GPL-3.0-or-later
/* io_uring splices a file into a pipe. */
#include "uring-splice.h"

int main(int argc, char **argv)
{
	return splice_all(argc, argv, 0);
}
