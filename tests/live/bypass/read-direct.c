// SPDX-License-Identifier: GPL-3.0-or-later
/* O_DIRECT: past the page cache. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	int fd = open(way.file, O_RDONLY | O_DIRECT);

	if (fd < 0 && errno == EINVAL)
		return 77; /* this filesystem has it not */
	need(fd, way.file);
	return way_send(&way, bytes, get(fd, bytes, sizeof(bytes)));
}
