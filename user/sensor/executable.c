// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * An executable is opened through /proc/PID/exe, which is the file that runs
 * whatever its name is by now; if the process is gone, by its path. Either way
 * it counts only if it is the very inode that the kernel saw.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <gelf.h>
#include <libelf.h>

#include "../util/clock.h"
#include "../util/digest.h"
#include "../util/file.h"
#include "../util/log.h"
#include "device.h"
#include "observe.h"
#include "package.h"

/** Larger files are not hashed: they stay unknown, and are watched. */
#define HASH_LIMIT     (1ull << 30)
#define NOTE_LIMIT     4096
#define BUILD_ID_LIMIT 64

static bool same_file(int fd, const struct exe_id *exe)
{
	struct stat st;
	uint32_t dev;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return false;
	if (st.st_ino != exe->ino || st.st_ctim.tv_sec != exe->ctime_sec ||
	    st.st_ctim.tv_nsec != (long)exe->ctime_nsec)
		return false;
	dev = device_number(st.st_dev);
	return dev == exe->dev || (device_of_mount(fd, &dev) && dev == exe->dev);
}

/** O_PATH first: nothing is read, and no device or FIFO is opened, before it is known to be the file. */
static int open_if_same(const char *path, const struct exe_id *exe)
{
	_cleanup_close_ int handle = open(path, O_PATH | O_CLOEXEC);
	char again[64];
	int fd;

	if (handle < 0)
		return -errno;
	if (!same_file(handle, exe))
		return -ESTALE;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", handle);
	fd = open(again, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

static int open_executable(const struct ev_exec *exec, const char *path)
{
	char link[64];
	int fd;

	snprintf(link, sizeof(link), "/proc/%u/exe", exec->head.tgid);
	fd = open_if_same(link, &exec->exe);
	if (fd < 0 && *path && !(exec->head.flags & (EXEC_PATH_CUT | EXEC_UNLINKED)))
		fd = open_if_same(path, &exec->exe);
	return fd;
}

static int hash_file(int fd, uint8_t sum[DIGEST_SIZE])
{
	static uint8_t chunk[1 << 16];
	struct digest *digest = digest_begin();
	ssize_t got;

	while ((got = read(fd, chunk, sizeof(chunk))) > 0)
		digest_add(digest, chunk, (size_t)got);
	digest_end(&digest, sum);
	return got < 0 ? -errno : 0;
}

static size_t find_build_id(Elf *elf, const GElf_Phdr *segment, uint8_t id[BUILD_ID_LIMIT])
{
	Elf_Data *data;
	GElf_Nhdr note;
	size_t off = 0, name, desc;

	if (segment->p_filesz > NOTE_LIMIT)
		return 0;
	data = elf_getdata_rawchunk(elf, (int64_t)segment->p_offset, segment->p_filesz, ELF_T_NHDR);
	while (data && (off = gelf_getnote(data, off, &note, &name, &desc)) > 0) {
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 || note.n_descsz > BUILD_ID_LIMIT ||
		    memcmp((char *)data->d_buf + name, "GNU", 4))
			continue;
		memcpy(id, (char *)data->d_buf + desc, note.n_descsz);
		return note.n_descsz;
	}
	return 0;
}

static size_t build_id(int fd, uint8_t id[BUILD_ID_LIMIT])
{
	Elf *elf = elf_version(EV_CURRENT) == EV_NONE ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	size_t count = 0, found = 0;
	GElf_Phdr segment;

	if (elf && elf_kind(elf) == ELF_K_ELF && !elf_getphdrnum(elf, &count))
		for (size_t i = 0; i < count && i < 64 && !found; i++)
			if (gelf_getphdr(elf, (int)i, &segment) && segment.p_type == PT_NOTE)
				found = find_build_id(elf, &segment, id);
	elf_end(elf);
	return found;
}

/** The tables are this host's: they speak only of a path that is that very file here. */
static void add_package(struct draft *draft, struct ev_executable *event, const char *path)
{
	_cleanup_(package_clear) struct package package = {};
	_cleanup_close_ int here = *path ? open(path, O_PATH | O_CLOEXEC) : -1;

	if (here < 0 || !same_file(here, &event->exe) || !package_owner(path, &package))
		return;
	draft_str(draft, &event->package, package.name.data, package.name.size);
	draft_str(draft, &event->package_version, package.version.data, package.version.size);
	draft_str(draft, &event->maintainer, package.maintainer.data, package.maintainer.size);
}

static int read_executable(struct draft *draft, struct ev_executable *event, int fd)
{
	uint8_t id[BUILD_ID_LIMIT];
	int r = 0;

	if (fd < 0)
		return fd;
	if (event->size > HASH_LIMIT)
		return -EFBIG;
	draft_str(draft, &event->build_id, id, build_id(fd, id));
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	r = hash_file(fd, event->sha256);
	if (!r && !same_file(fd, &event->exe))
		r = -ESTALE; /* it was written to meanwhile */
	return r;
}

/** A path too long for the kernel half: as the opened file itself has it. */
static void whole_path(const struct ev_exec *exec, int fd, struct buf *path)
{
	static const char gone[] = " (deleted)";
	char link[64], target[4096];
	ssize_t size;

	if (fd < 0 || !(exec->head.flags & EXEC_PATH_CUT))
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, target, sizeof(target));
	if (size <= 0 || size == sizeof(target))
		return;
	if (exec->head.flags & EXEC_UNLINKED && (size_t)size >= sizeof(gone) &&
	    !memcmp(target + size - (sizeof(gone) - 1), gone, sizeof(gone) - 1))
		size -= (ssize_t)sizeof(gone) - 1;
	buf_clear(path);
	buf_bytes(path, target, (size_t)size);
}

const struct ev_head *observe_executable(const struct ev_exec *exec, struct draft *draft)
{
	_cleanup_(buf_free) struct buf path = {};
	_cleanup_close_ int fd = -1;
	struct ev_executable *event = DRAFT(draft, EXECUTABLE, executable, clock_boot());
	int r;

	event_path(&exec->head, exec->path, exec->head.flags & EXEC_PATH_CUT, &path);
	fd = open_executable(exec, path.data ? path.data : "");
	whole_path(exec, fd, &path);
	event->exe = exec->exe;
	event->size = exec->exe_size;
	draft_str(draft, &event->path, path.data, path.size);
	r = read_executable(draft, event, fd);
	event->head.flags = r ? EXECUTABLE_VANISHED : EXECUTABLE_HASHED;
	if (r) {
		memset(event->sha256, 0, sizeof(event->sha256));
		draft_text(draft, &event->error,
			   r == -ESTALE ? "another file stands there by now" : strerror(-r));
	}
	add_package(draft, event, path.data ? path.data : "");
	return draft_end(draft);
}
