// SPDX-License-Identifier: GPL-3.0-or-later
/* ptrace(2): attaches, pokes word by word, lets go. */
#include <sys/ptrace.h>

#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	pid_t pid = atoi(argv[4]);
	char *at = (void *)strtoul(argv[5], NULL, 16);
	int status;

	get(way_open(&way), bytes, sizeof(bytes));
	bytes[way.size] = 1;
	need(ptrace(PTRACE_ATTACH, pid, NULL, NULL), "attach");
	need(waitpid(pid, &status, 0), "wait");
	for (size_t i = 0; i <= way.size; i += sizeof(long))
		need(ptrace(PTRACE_POKEDATA, pid, at + i, *(long *)(bytes + i)), "poke");
	need(ptrace(PTRACE_DETACH, pid, NULL, NULL), "detach");
	return 0;
}
