// SPDX-License-Identifier: GPL-3.0-or-later
/* Writes a script, which somebody else starts. */
#include "way.h"

int main(int argc, char **argv)
{
	static const char script[] = "#!/bin/bash\ncat \"$1\" >\"/dev/tcp/$2/$3\" && : >\"$4.used\"\n";
	struct way way = way_begin(argc, argv);

	(void)way;
	way_write(argv[4], script, sizeof(script) - 1);
	way_await_mark(argv[4]);
	return 0;
}
