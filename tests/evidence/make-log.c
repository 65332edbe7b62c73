// SPDX-License-Identifier: GPL-3.0-or-later
/* make-log DIR KEY ENTRIES: a signed log with heartbeats, by a key that is made if it is not there. Again:
 * goes on. */
#include <errno.h>
#include <stdlib.h>

#include "../unit/sample.h"

int main(int argc, char **argv)
{
	struct sample sample = {};
	struct key *key;
	int r;

	if (argc != 4)
		return 2;
	r = key_open(&key, argv[2]);
	if (r == -ENOENT)
		r = key_create(&key, argv[2]);
	if (r || writer_open(&sample.writer, argv[1], key))
		return 1;
	sample.key = key;
	sample.time = writer_position(sample.writer) * 10 * SAMPLE_SECOND;
	sample_begin(&sample, "");
	sample_entries(&sample, (unsigned int)strtoul(argv[3], NULL, 10) - 1);
	sample_end(&sample);
	writer_close(&sample.writer);
	key_close(&key);
	return sample.error ? 1 : 0;
}
