// SPDX-License-Identifier: GPL-3.0-or-later
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "../util/clock.h"
#include "../util/file.h"
#include "observe.h"
#include "units.h"

#define PROC_LIMIT   65536
#define STRING_LIMIT 2048
/** Where no controller has put a process anywhere else. */
#define CGROUP_ROOT 1

/** Ticks of /proc are a hundredth of a second: sysconf(_SC_CLK_TCK) on every Linux. */
#define NSEC_PER_TICK (NSEC_PER_SEC / 100)

/** The process's directory, if it is still this very process: pids come again. */
static int open_process(const struct ev_head *head)
{
	_cleanup_(buf_free) struct buf stat = {};
	_cleanup_close_ int dir = -1;
	char path[32];
	const char *at;
	unsigned long long start = 0;

	snprintf(path, sizeof(path), "/proc/%u", head->tgid);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || file_read_at(dir, "stat", &stat, PROC_LIMIT) || !stat.data)
		return -ESRCH;
	at = strrchr(stat.data, ')'); /* field 2 may hold anything, field 22 is the start */
	if (!at || sscanf(at + 1,
			  " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
			  &start) != 1)
		return -ESRCH;
	return start == head->start / NSEC_PER_TICK ? TAKE_FD(dir) : -ESRCH;
}

/** /etc/passwd itself: the name services may ask the network, which we must not. */
static void user_name(uint32_t uid, struct buf *name)
{
	_cleanup_fclose_ FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *entry;

	while (file && (entry = fgetpwent(file))) {
		if (entry->pw_uid != uid)
			continue;
		buf_str(name, entry->pw_name);
		return;
	}
}

/** The cgroup2 path ("0::/a/b"), or else the named hierarchy of systemd. */
static void cgroup_path(int dir, struct buf *path)
{
	_cleanup_(buf_free) struct buf text = {};
	const char *at;

	if (file_read_at(dir, "cgroup", &text, PROC_LIMIT) || !text.data)
		return;
	at = strstr(text.data, "0::/");
	if (at && (at == text.data || at[-1] == '\n') && at[4] != '\n')
		at += 3;
	else if ((at = strstr(text.data, ":name=systemd:")))
		at += strlen(":name=systemd:");
	if (at)
		buf_bytes(path, at, strcspn(at, "\n"));
}

/** Container engines name a cgroup after the container: 64 hex digits, somewhere in a component. */
static void container_of_cgroup(const char *cgroup, struct buf *container)
{
	size_t run = 0;

	for (const char *at = cgroup; *at; at++) {
		run = isxdigit((unsigned char)*at) ? run + 1 : 0;
		if (run == 64 && !isxdigit((unsigned char)at[1])) {
			buf_clear(container);
			buf_bytes(container, at - 63, 64);
		}
	}
}

static void link_target(int dir, const char *name, struct buf *to)
{
	char target[STRING_LIMIT];
	ssize_t size = readlinkat(dir, name, target, sizeof(target));

	if (size > 0)
		buf_bytes(to, target, (size_t)size);
}

static void add(struct draft *draft, struct ev_str *str, const struct buf *text)
{
	draft_str(draft, str, text->data, text->size < STRING_LIMIT ? text->size : STRING_LIMIT);
}

/**
 * Whether the path is that cgroup's. Where all are in the root's, another hierarchy names the units;
 * what is outside of our own namespace has no path that leads there.
 */
static bool same_cgroup(int cgroups, const struct buf *path, uint64_t id)
{
	struct stat st;

	if (!path->data || !path->size)
		return false;
	if (id == CGROUP_ROOT || !strncmp(path->data, "/..", 3))
		return true;
	return !fstatat(cgroups, path->data[1] ? path->data + 1 : ".", &st, AT_SYMLINK_NOFOLLOW) &&
	       st.st_ino == id;
}

const struct ev_head *observe_process(const struct ev_exec *exec, int cgroups, struct draft *draft)
{
	_cleanup_(buf_free) struct buf user = {}, cgroup = {}, unit = {}, container = {}, args = {}, cwd = {};
	_cleanup_close_ int dir = open_process(&exec->head);
	struct ev_process *event = DRAFT(draft, PROCESS, process, clock_boot());

	event->head.tgid = exec->head.tgid;
	event->head.tid = exec->head.tid;
	event->head.start = exec->head.start;
	event->head.lineage = exec->head.lineage;
	user_name(exec->uid, &user);
	if (dir >= 0) {
		cgroup_path(dir, &cgroup);
		units_of(cgroup.data ? cgroup.data : "", &unit);
		container_of_cgroup(cgroup.data ? cgroup.data : "", &container);
		if (same_cgroup(cgroups, &cgroup, exec->cgroup))
			event->head.flags |= PROCESS_SAME_CGROUP;
		link_target(dir, "cwd", &cwd);
		if (exec->head.flags & EXEC_EXISTING)
			file_read_at(dir, "cmdline", &args, PROC_LIMIT);
	}
	add(draft, &event->user, &user);
	add(draft, &event->unit, &unit);
	add(draft, &event->cgroup, &cgroup);
	add(draft, &event->container, &container);
	add(draft, &event->args, &args);
	add(draft, &event->cwd, &cwd);
	return draft_end(draft);
}
