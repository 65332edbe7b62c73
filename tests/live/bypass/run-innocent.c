// SPDX-License-Identifier: GPL-3.0-or-later
/* Becomes cat(1), whose output is a socket. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);

	dup2(way_out(&way), STDOUT_FILENO);
	execl("/bin/cat", "cat", way.file, (char *)NULL);
	die("cat");
}
