// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The power fails at any instant, or any one call fails: what was sealed is there, and the
 * log goes on. After a power failure a disk may hold less than the kernel showed: what was
 * written and not fsynced may be there, be missing, be torn or be zeros; names that were made
 * or removed may have reached it or not, each by itself, but for those of a directory that was
 * fsynced since. This file stands between the writer and libc, keeps what a disk has promised
 * so far, and tries the states that it may be in after every single call.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../user/capture/reader.h"
#include "../../user/capture/verify.h"
#include "../../user/capture/writer.h"
#include "../../user/util/digest.h"
#include "../../user/util/file.h"
#include "../../user/util/memory.h"
#include "disk.h"
#include "said.h"

/* ---- after the failure ---- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st, (void)type, (void)walk;
	return remove(path);
}

static void remove_tree(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void content(const struct node *node, enum fate fate, struct buf *to)
{
	size_t safe = node->safe.size, now = node->now.size, kept = safe;

	buf_clear(to);
	if (now <= safe) { /* cut short, or as it was */
		buf_bytes(to, node->safe.data, fate == LOST || fate == TORN ? safe : now);
		return;
	}
	if (fate == WHOLE)
		kept = now;
	else if (fate == TORN)
		kept = safe + (now - safe) / 2;
	buf_bytes(to, node->now.data, kept);
	while (fate == ZEROS && to->size < now)
		buf_bytes(to, "", 1);
}

static int by_path(const void *left, const void *right)
{
	return strcmp(((const struct name *)left)->path, ((const struct name *)right)->path);
}

/** Whether this state was met before. */
static bool seen(const struct name *names, size_t count, enum fate fate)
{
	struct digest *digest = digest_begin();
	_cleanup_(buf_free) struct buf bytes = {};
	uint8_t sum[DIGEST_SIZE];
	uint64_t promise[3] = {disk.promised, disk.given, disk.begun};

	digest_add(digest, promise, sizeof(promise));
	for (size_t i = 0; i < count; i++) {
		content(&disk.nodes[names[i].node], fate, &bytes);
		digest_add(digest, names[i].path, sizeof(names[i].path));
		digest_add(digest, &bytes.size, sizeof(bytes.size));
		if (bytes.size)
			digest_add(digest, bytes.data, bytes.size);
	}
	digest_end(&digest, sum);
	for (size_t i = 0; i < disk.seen_count; i++)
		if (!memcmp(disk.seen[i], sum, sizeof(sum)))
			return true;
	memcpy(GROW(disk.seen, disk.seen_count), sum, sizeof(sum));
	return false;
}

static void lay_out(const struct name *names, size_t count, enum fate fate)
{
	_cleanup_(buf_free) struct buf bytes = {};
	char path[2 * PATH];
	int fd;

	remove_tree(disk.after);
	assert_int_equal(mkdir(disk.after, 0700), 0);
	for (size_t i = 0; i < count; i++) { /* in order: a directory before what is in it */
		snprintf(path, sizeof(path), "%s/%s", disk.after, names[i].path);
		if (disk.nodes[names[i].node].directory) {
			mkdir(path, 0700);
			continue;
		}
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd < 0)
			continue; /* its directory is not there */
		content(&disk.nodes[names[i].node], fate, &bytes);
		assert_int_equal(write(fd, bytes.data, bytes.size), bytes.size);
		close(fd);
	}
}

static const struct ev_head *numbered(uint64_t number, size_t size, struct draft *draft)
{
	struct ev_document *event = DRAFT(draft, DOCUMENT, document, number);
	uint64_t noise = number * 0x9e3779b97f4a7c15 + 1;
	uint8_t bytes[12000];

	for (size_t i = 0; i < size; i++) {
		noise ^= noise << 13, noise ^= noise >> 7, noise ^= noise << 17;
		bytes[i] = (uint8_t)noise;
	}
	event->offset = (uint32_t)number;
	draft_str(draft, &event->text, bytes, size);
	return draft_end(draft);
}

/** How many events it holds: each in its place. */
static uint64_t read_back(const char *path)
{
	struct reader *reader;
	const struct ev_head *event;
	uint64_t count = 0;
	int r;

	assert_int_equal(reader_open(&reader, path), 0);
	while ((r = source_next(reader_source(reader), &event)) == SOURCE_EVENT)
		assert_int_equal(((const struct ev_document *)event)->offset, count++);
	assert_int_equal(r, SOURCE_END);
	reader_close(&reader);
	return count;
}

/** What was promised is there, the log goes on, and nobody could tell that it was cut. */
static void survives(const char *path)
{
	struct verified verified = {};
	struct writer *writer;
	struct draft draft;
	uint64_t held;

	if (disk.begun)
		assert_in_range(read_back(path), disk.promised, disk.given);
	assert_int_equal(writer_open(&writer, path, NULL), 0);
	held = writer_position(writer);
	assert_in_range(held, disk.promised, disk.given);
	assert_int_equal(writer_append(writer, numbered(held, 10, &draft)), 0);
	assert_int_equal(writer_seal(writer), 0);
	writer_close(&writer);
	assert_int_equal(read_back(path), held + 1);
	assert_int_equal(verify_capture(path, &(struct verify_options){}, &verified), 0);
	assert_int_equal(verified.verdict.doubts, 0);
	verified_free(&verified);
}

/** Of the changes that the disk has not promised: these have reached it. */
static bool reached(size_t unsafe, size_t count, size_t choice)
{
	if (choice < 2)
		return choice; /* none; all */
	choice -= 2;
	return choice < count ? unsafe == choice : unsafe != choice - count; /* one alone; all but one */
}

static void try_state(size_t unsafe, size_t choice)
{
	struct name *names = NULL;
	size_t count = 0, met = 0;

	for (size_t i = 0; i < disk.op_count; i++)
		if (disk.ops[i].safe || reached(met++, unsafe, choice))
			apply(&disk.ops[i], &names, &count);
	if (count)
		qsort(names, count, sizeof(*names), by_path);
	for (enum fate fate = LOST; fate < FATES; fate++) {
		if (seen(names, count, fate))
			continue;
		disk.states++;
		lay_out(names, count, fate);
		survives(disk.after);
	}
	free(names);
}

static void power_fails(void)
{
	size_t unsafe = 0;

	disk.watching = false;
	for (size_t i = 0; i < disk.op_count; i++)
		unsafe += !disk.ops[i].safe;
	for (size_t choice = 0; choice < 2 + 2 * unsafe; choice++)
		try_state(unsafe, choice);
	disk.watching = true;
}

/* ---- between the writer and libc ---- */

/** Before a call that changes something: whether it is the one that fails. */
static bool fails(void)
{
	if (!disk.watching || ++disk.calls != disk.fails_at)
		return false;
	errno = disk.calls % 2 ? EIO : ENOSPC;
	return true;
}

static int changed(int r)
{
	int error = errno;

	if (!r && !disk.fails_at)
		power_fails();
	errno = error;
	return r;
}

int openat(int at, const char *path, int flags, ...)
{
	char name[PATH];
	bool ours = below(at, path, name), made;
	size_t node;
	int fd;

	made = ours && flags & O_CREAT && faccessat(at, path, F_OK, AT_SYMLINK_NOFOLLOW);
	if (ours && flags & O_CREAT && fails())
		return -1;
	fd = (int)syscall(SYS_openat, at, path, flags, 0600);
	if (!ours || fd < 0)
		return fd;
	assert_true(fd < FDS);
	disk.open[fd] = 0;
	if (flags & O_DIRECTORY)
		return fd;
	if (made)
		op_add(NAMED, name, "", node_add(false));
	node = node_at(name);
	if (flags & O_TRUNC)
		buf_clear(&disk.nodes[node].now);
	disk.open[fd] = node + 1;
	if (flags & O_CREAT)
		changed(0);
	return fd;
}

ssize_t write(int fd, const void *bytes, size_t size)
{
	struct node *node =
		disk.watching && fd < FDS && disk.open[fd] ? &disk.nodes[disk.open[fd] - 1] : NULL;
	ssize_t put;

	if (node && fails())
		return -1;
	put = syscall(SYS_write, fd, bytes, size);
	if (node && put > 0) {
		buf_bytes(&node->now, bytes, (size_t)put);
		changed(0);
	}
	return put;
}

int ftruncate(int fd, off_t size)
{
	int r;

	if (fails())
		return -1;
	r = (int)syscall(SYS_ftruncate, fd, size);
	if (!disk.watching || r)
		return r;
	disk.nodes[disk.open[fd] - 1].now.size = (size_t)size;
	return changed(0);
}

/** To the model only: a real disk is slow, and nothing here outlives the test. */
int fsync(int fd)
{
	char path[PATH];
	struct node *node;

	if (!disk.watching)
		return 0;
	if (fails())
		return -1;
	if (disk.open[fd]) {
		node = &disk.nodes[disk.open[fd] - 1];
		buf_clear(&node->safe);
		buf_bytes(&node->safe, node->now.data, node->now.size);
	} else if (below(fd, "", path)) {
		for (size_t i = 0; i < disk.op_count; i++)
			disk.ops[i].safe |= in_directory(
				disk.ops[i].change == RENAMED ? disk.ops[i].to : disk.ops[i].path, path);
	}
	return changed(0);
}

int mkdirat(int at, const char *path, mode_t mode)
{
	char name[PATH];
	bool ours = below(at, path, name);
	int r;

	if (ours && fails())
		return -1;
	r = (int)syscall(SYS_mkdirat, at, path, mode);
	if (!ours || r)
		return r;
	op_add(NAMED, name, "", node_add(true));
	return changed(0);
}

int unlinkat(int at, const char *path, int flags)
{
	char name[PATH];
	bool ours = below(at, path, name);
	int r;

	if (ours && fails())
		return -1;
	r = (int)syscall(SYS_unlinkat, at, path, flags);
	if (!ours || r)
		return r;
	op_add(UNNAMED, name, "", 0);
	return changed(0);
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags)
{
	char name[PATH], other[PATH];
	bool ours = below(from_at, from, name) && below(to_at, to, other);
	int r;

	if (ours && fails())
		return -1;
	r = (int)syscall(SYS_linkat, from_at, from, to_at, to, flags);
	if (!ours || r)
		return r;
	op_add(NAMED, other, "", node_at(name));
	return changed(0);
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
	char name[PATH], other[PATH];
	bool ours = below(from_at, from, name) && below(to_at, to, other);
	int r;

	if (ours && fails())
		return -1;
	r = (int)syscall(SYS_renameat, from_at, from, to_at, to);
	if (!ours || r)
		return r;
	op_add(RENAMED, name, other, 0);
	return changed(0);
}

/* ---- plays ---- */

static int set_up(void **state)
{
	(void)state;
	memset(&disk, 0, sizeof(disk));
	strcpy(disk.base, "/tmp/custodes-power.XXXXXX");
	if (!mkdtemp(disk.base))
		return -1;
	snprintf(disk.log, sizeof(disk.log), "%.64s/log", disk.base);
	snprintf(disk.full, sizeof(disk.full), "%.64s/full", disk.base);
	snprintf(disk.after, sizeof(disk.after), "%.64s/after", disk.base);
	return 0;
}

static void forget(void)
{
	for (size_t i = 0; i < disk.node_count; i++) {
		buf_free(&disk.nodes[i].now);
		buf_free(&disk.nodes[i].safe);
	}
	free(disk.nodes);
	free(disk.ops);
	disk.nodes = NULL;
	disk.ops = NULL;
	disk.node_count = disk.op_count = 0;
	disk.watching = false;
}

static int tear_down(void **state)
{
	(void)state;
	forget();
	free(disk.seen);
	remove_tree(disk.base);
	return 0;
}

/** What lies there already has been there for long. */
static int remember(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	size_t node = node_add(type == FTW_D);

	(void)st, (void)walk;
	if (!strcmp(path, disk.log))
		return 0;
	if (type == FTW_F) {
		assert_int_equal(file_read_at(AT_FDCWD, path, &disk.nodes[node].now, 1 << 30), 0);
		buf_bytes(&disk.nodes[node].safe, disk.nodes[node].now.data, disk.nodes[node].now.size);
	}
	op_add(NAMED, path + strlen(disk.log) + 1, "", node);
	disk.ops[disk.op_count - 1].safe = true;
	return 0;
}

/** `count` events, and if all went well a seal: 0, or how it failed. */
static int go_on(struct writer *writer, uint64_t count, size_t size, bool seal)
{
	struct draft draft;
	int r = 0;

	for (uint64_t i = 0; i < count && !r; i++) {
		disk.given++;
		r = writer_append(writer, numbered(writer_position(writer), size, &draft));
	}
	if (!r && seal)
		r = writer_seal(writer);
	if (!r && seal)
		disk.promised = writer_position(writer);
	return r;
}

static int begin(struct writer **writer)
{
	int r = writer_open(writer, disk.log, NULL);

	if (!r)
		disk.given = writer_position(*writer);
	disk.begun |= !r;
	return r;
}

/** Begun, sealed a few times, killed in a flood, continued. */
static int a_short_life(void)
{
	struct writer *writer = NULL;
	int r = begin(&writer);

	for (int i = 0; i < 3 && !r; i++)
		r = go_on(writer, 2, 100, true);
	if (!r)
		r = go_on(writer, 14, 11000, false);
	writer_close(&writer);
	if (!r)
		r = begin(&writer);
	for (int i = 0; i < 2 && !r; i++)
		r = go_on(writer, 7, 11000, true);
	writer_close(&writer);
	return r;
}

/** A bundle and its tile become full, those of the next level begin. */
static int a_full_bundle(void)
{
	struct writer *writer = NULL;
	int r = begin(&writer);

	for (int i = 0; i < 2 && !r; i++)
		r = go_on(writer, 1, 10, true);
	if (!r)
		r = go_on(writer, 20, 11000, true); /* over the edge within one seal */
	if (!r)
		r = go_on(writer, 1, 10, true);
	writer_close(&writer);
	return r;
}

static int copy(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	_cleanup_(buf_free) struct buf bytes = {};
	char to[2 * PATH];
	int fd;

	(void)st, (void)walk;
	snprintf(to, sizeof(to), "%s%s", disk.log, path + strlen(disk.full));
	if (type != FTW_F)
		return mkdir(to, 0700);
	assert_int_equal(file_read_at(AT_FDCWD, path, &bytes, 1 << 30), 0);
	fd = open(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_int_equal(file_write(fd, bytes.data, bytes.size), 0);
	return close(fd);
}

/** 253 entries of one event each, which are safe. */
static void nearly_full(void)
{
	struct writer *writer;

	if (access(disk.full, F_OK)) { /* made once: it takes its time */
		assert_int_equal(begin(&writer), 0);
		for (int i = 0; i < 253; i++)
			assert_int_equal(go_on(writer, 1, 10, true), 0);
		writer_close(&writer);
		assert_int_equal(rename(disk.log, disk.full), 0);
	}
	assert_int_equal(nftw(disk.full, copy, 16, FTW_PHYS), 0);
	nftw(disk.log, remember, 16, FTW_PHYS);
	disk.begun = true;
	disk.promised = disk.given = 253;
}

static void fails_in_a_short_life(void **state)
{
	(void)state;
	assert_int_equal(mkdir(disk.log, 0700), 0);
	disk.watching = true;
	assert_int_equal(a_short_life(), 0);
	print_message("%llu states of the disk\n", (unsigned long long)disk.states);
	assert_true(disk.states > 100);
}

static void fails_where_a_bundle_is_full(void **state)
{
	(void)state;
	nearly_full();
	disk.watching = true;
	assert_int_equal(a_full_bundle(), 0);
	print_message("%llu states of the disk\n", (unsigned long long)disk.states);
	assert_true(disk.states > 100);
}

/** Each call that changes something fails, one after another: said, and nothing that was sealed is lost. */
static void each_call_fails(bool full, int (*play)(void))
{
	static struct said said;
	uint64_t at = 1;
	int r;

	for (;; at++) {
		remove_tree(disk.log);
		disk.begun = false;
		disk.promised = disk.given = disk.calls = 0;
		disk.fails_at = 0;
		if (full)
			nearly_full();
		else
			assert_int_equal(mkdir(disk.log, 0700), 0);
		disk.fails_at = at;
		disk.watching = true;
		said_begin(&said);
		r = play();
		assert_true(!r == !*said_end(&said));
		if (disk.calls < at)
			break;
		forget();
		survives(disk.log);
	}
	assert_int_equal(r, 0);
	print_message("%llu calls\n", (unsigned long long)at - 1);
	assert_true(at > 50);
}

static void a_call_fails_in_a_short_life(void **state)
{
	(void)state;
	each_call_fails(false, a_short_life);
}

static void a_call_fails_where_a_bundle_is_full(void **state)
{
	(void)state;
	each_call_fails(true, a_full_bundle);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fails_in_a_short_life),
		TEST(fails_where_a_bundle_is_full),
		TEST(a_call_fails_in_a_short_life),
		TEST(a_call_fails_where_a_bundle_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
