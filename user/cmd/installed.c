// SPDX-License-Identifier: GPL-3.0-or-later
#include "installed.h"

#include <unistd.h>

#include "../sensor/package.h"
#include "../util/buf.h"

static void note(struct buf *found, const char *what, const char *which)
{
	buf_printf(found, "%s%s %s", found->size ? ", " : "", what, which);
}

char *installed(const struct product *product)
{
	struct buf found = {};

	for (size_t i = 0; i < product->packages.count; i++)
		if (package_installed(product->packages.items[i]))
			note(&found, "package", product->packages.items[i]);
	for (size_t i = 0; i < product->paths.count; i++)
		if (!access(product->paths.items[i], F_OK))
			note(&found, "path", product->paths.items[i]);
	for (size_t i = 0; i < product->prefixes.count; i++)
		if (!access(product->prefixes.items[i], F_OK))
			note(&found, "directory", product->prefixes.items[i]);
	return found.data;
}
