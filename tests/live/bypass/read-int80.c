// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The calls of 32-bit programs: other numbers, other registers. On x86-64 from a
 * 64-bit one; on arm64 this is a 32-bit one itself (tests/kernels/foreign).
 */
#include "way.h"

#ifdef __x86_64__
static long call32(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c)
			 : "memory", "r8", "r9", "r10", "r11");
	return result;
}
#endif

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
#ifdef __x86_64__
	/* Below 4 GiB, where such a call can reach. */
	char *low = mmap(NULL, BYTES_MAX + 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	size_t size = 0;
	long fd, n;

	if (low == MAP_FAILED)
		die("mmap");
	strcpy(low + BYTES_MAX, way.file);
	fd = call32(5 /* open */, (long)(low + BYTES_MAX), O_RDONLY, 0);
	if (fd < 0)
		return 77; /* this kernel has them not */
	while ((n = call32(3 /* read */, fd, (long)(low + size), BYTES_MAX - (long)size)) > 0)
		size += (size_t)n;
	return way_send(&way, low, size);
#elif defined(__arm__)
	return way_send(&way, bytes, get(way_open(&way), bytes, sizeof(bytes)));
#else
	(void)way;
	return 77;
#endif
}
