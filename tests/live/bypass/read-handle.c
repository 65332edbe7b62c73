// SPDX-License-Identifier: GPL-3.0-or-later
/* open_by_handle_at(2): no path is opened. */
#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} of;
	int mount, at, fd;

	of.handle.handle_bytes = MAX_HANDLE_SZ;
	need(name_to_handle_at(AT_FDCWD, way.file, &of.handle, &mount, 0), "name_to_handle_at");
	at = (int)need(open(argv[4], O_RDONLY | O_DIRECTORY), argv[4]);
	fd = (int)need(open_by_handle_at(at, &of.handle, O_RDONLY), "open_by_handle_at");
	return way_send(&way, bytes, get(fd, bytes, sizeof(bytes)));
}
