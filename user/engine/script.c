// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The script that an interpreter is given as an argument. The kernel half looks for it in the same way
 * (bpf/lib/argument.h), once it knows what an interpreter is.
 */
#include <string.h>

#include "state.h"

/** As their programs are called, but for a version behind: "python3.11". */
static const char *const interpreters[] = {
	"ash",	   "awk",   "bash", "csh",    "dash",	 "dotnet", "fish", "gawk",  "gjs",    "guile", "java",
	"ksh",	   "ksh93", "lua",  "luajit", "mawk",	 "mksh",   "mono", "node",  "nodejs", "perl",  "php",
	"php-cgi", "pwsh",  "pypy", "python", "Rscript", "ruby",   "sh",   "tclsh", "zsh",
};

bool is_interpreter(const char *path)
{
	const char *name = path ? strrchr(path, '/') : NULL;
	size_t length;

	if (!name)
		return false;
	length = strlen(++name);
	for (size_t i = 0; i < ARRAY_SIZE(interpreters); i++) {
		size_t known = strlen(interpreters[i]);

		if (known <= length && !memcmp(name, interpreters[i], known) &&
		    strspn(name + known, "0123456789.-") == length - known)
			return true;
	}
	return false;
}

/** The argument behind this one; NULL: there is none. */
static const char *behind(const char *argument, const char *end)
{
	const char *nul = memchr(argument, '\0', (size_t)(end - argument));

	return nul && nul + 1 < end ? nul + 1 : NULL;
}

const char *script_argument(const struct process *process)
{
	const char *end = process->args + process->args_size, *at;

	if (!process->args_size || !is_interpreter(process->path))
		return NULL;
	for (at = behind(process->args, end); at && *at == '-'; at = behind(at, end))
		if (at[1] != '-' && at[strlen(at) - 1] == 'c')
			return NULL; /* what follows is a program, and no file's name */
	return at && *at == '/' ? at : NULL;
}
