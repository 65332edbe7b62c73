// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Joins BPF objects into one: bpflink OUT IN... A few lines on libbpf's own
 * linker, because bpftool is packaged under other names on each distribution.
 */
#include <bpf/libbpf.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct bpf_linker *linker = argc > 2 ? bpf_linker__new(argv[1], NULL) : NULL;
	int r = linker ? 0 : -1;

	for (int i = 2; !r && i < argc; i++)
		r = bpf_linker__add_file(linker, argv[i], NULL);
	if (!r)
		r = bpf_linker__finalize(linker);
	bpf_linker__free(linker);
	if (r)
		fprintf(stderr, "bpflink: cannot join the objects\n");
	return r != 0;
}
