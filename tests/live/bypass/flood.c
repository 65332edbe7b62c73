// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Hides a leak in a flood: threads open, read and close as many files as they can,
 * while the labelled one leaves, a piece every now and then.
 *
 *   flood FILE ADDRESS PORT DIRECTORY FILES THREADS SECONDS
 *
 * Says how many files it opened, each read eight times.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "way.h"

static const char *directory;
static int files;
static atomic_ulong opened;
static atomic_bool over;

static void *flood(void *seed)
{
	unsigned int state = (unsigned int)(unsigned long)seed;
	char name[4096], byte[64];

	while (!over) {
		int fd;

		snprintf(name, sizeof(name), "%s/%d", directory, (int)(rand_r(&state) % (unsigned int)files));
		fd = open(name, O_RDONLY);
		if (fd < 0)
			continue;
		for (int i = 0; i < 8; i++)
			need(pread(fd, byte, sizeof(byte), 0), "pread");
		close(fd);
		opened++;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	int threads = atoi(argv[6]), seconds = atoi(argv[7]), fd = way_open(&way), sock = way_out(&way);
	pthread_t *thread = calloc((size_t)threads, sizeof(*thread));
	size_t left = way.size;
	struct timespec begin, now;

	directory = argv[4];
	files = atoi(argv[5]);
	for (long i = 0; i < threads; i++)
		need(-pthread_create(&thread[i], NULL, flood, (void *)(i + 1)), "thread");
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		size_t n = left < 997 ? left : 997;

		usleep(20000);
		n = n ? (size_t)need(read(fd, bytes, n), "read") : 0;
		put(sock, bytes, n);
		left -= n;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - begin.tv_sec < seconds);
	over = true;
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	printf("%lu\n", opened);
	close(sock);
	return left != 0;
}
