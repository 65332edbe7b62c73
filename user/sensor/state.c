// SPDX-License-Identifier: GPL-3.0-or-later
#include "state.h"

#include "device.h"

#include "../util/digest.h"
#include "../util/log.h"
#include "../util/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <uthash.h>

/** Benign verdicts leave this much of the table to the catalogue's. */
#define BENIGN_MAX (EXES_MAX - 4096)

/** A lineage that is watched, as the kernel half was told. */
struct told {
	uint64_t lineage;
	bool orphaned; /* told already */
	UT_hash_handle hh;
};

struct state {
	int lineages, lineage_tasks, orphans, exes, version, losses;
	struct told *told;
	struct exe_id *benign; /* oldest first, as a ring */
	size_t first, count;
	int cpus;
	uint8_t key[16];	 /* of the seals */
	uint64_t at;		 /* the version of the verdicts */
	struct exe_id looked_at; /* the last verdict that was held against its seal */
	bool looking;
};

/** What the kernel half has found benign so far, it looks up again. */
static int renew(struct state *state)
{
	const __u32 only = 0;

	state->at++;
	return bpf_map_update_elem(state->version, &only, &state->at, BPF_ANY);
}

int state_open(struct state **state, const struct sensor *sensor)
{
	struct state *s = need(calloc(1, sizeof(*s)));

	*state = NULL;
	s->lineages = sensor_map(sensor, "lineages");
	s->lineage_tasks = sensor_map(sensor, "lineage_tasks");
	s->orphans = sensor_map(sensor, "orphans");
	s->exes = sensor_map(sensor, "exes");
	s->version = sensor_map(sensor, "exes_version");
	s->losses = sensor_map(sensor, "losses");
	s->cpus = libbpf_num_possible_cpus();
	if (getrandom(s->key, sizeof(s->key), 0) != sizeof(s->key)) {
		free(s);
		return log_error(-EIO, "getrandom");
	}
	if (renew(s)) {
		free(s);
		return log_error(-errno, "the table of verdicts cannot be written");
	}
	*state = s;
	return 0;
}

static void untell(struct state *state, struct told *told)
{
	HASH_DEL(state->told, told); /* NOLINT: who is dropped is in the table */
	free(told);
}

void state_close(struct state **state)
{
	struct told *told, *next;

	if (!*state)
		return;
	HASH_ITER(hh, (*state)->told, told, next)
		untell(*state, told);
	free((*state)->benign);
	free(TAKE_PTR(*state));
}

/** From here on it stands there until its last task has ended. */
static int told_watched(struct state *state, uint64_t lineage)
{
	const struct lineage_entry entry = {.state = LINEAGE_WATCHED};
	struct told *told;
	int r = bpf_map_update_elem(state->lineages, &lineage, &entry, BPF_EXIST);

	HASH_FIND(hh, state->told, &lineage, sizeof(lineage), told);
	if (r || told)
		return r;
	told = need(calloc(1, sizeof(*told)));
	told->lineage = lineage;
	HASH_ADD(hh, state->told, lineage, sizeof(told->lineage), told);
	return 0;
}

int state_watch(struct state *state, uint64_t lineage, bool *quiet)
{
	struct lineage_entry entry = {};
	int r = bpf_map_lookup_elem(state->lineages, &lineage, &entry);

	*quiet = entry.quiet;
	return r ? r : told_watched(state, lineage);
}

int state_release(struct state *state, uint64_t lineage)
{
	struct told *told;

	HASH_FIND(hh, state->told, &lineage, sizeof(lineage), told);
	if (told)
		untell(state, told);
	return bpf_map_delete_elem(state->lineages, &lineage);
}

/** A task of it was met when its entry was gone: not by our hand, who has untold what we let go. */
static bool orphaned(const struct state *state, struct told *told)
{
	uint32_t yes;

	if (told->orphaned || bpf_map_lookup_elem(state->orphans, &told->lineage, &yes))
		return false;
	told->orphaned = true;
	return true;
}

/**
 * Whether somebody has let a lineage go in our name. It is gone with its tasks, or
 * else by another hand: both tables that tell are the kernel half's alone. What is
 * left of it is watched again.
 */
static bool lineages_forged(struct state *state)
{
	const struct lineage_entry watched = {.state = LINEAGE_WATCHED};
	struct told *told, *next;
	struct lineage_entry entry;
	bool forged = false;
	uint64_t tasks;

	HASH_ITER(hh, state->told, told, next) {
		bool gone = bpf_map_lookup_elem(state->lineages, &told->lineage, &entry);
		bool met = orphaned(state, told);

		forged |= met;
		if (!gone && entry.state == watched.state && entry.quiet == watched.quiet)
			continue;
		if (gone && bpf_map_lookup_elem(state->lineage_tasks, &told->lineage, &tasks)) {
			untell(state, told);
			continue;
		}
		bpf_map_update_elem(state->lineages, &told->lineage, &watched, BPF_ANY);
		forged = true;
	}
	return forged;
}

static uint32_t seal_of(const struct state *state, const struct exe_id *exe)
{
	struct digest *digest = digest_begin();
	uint8_t sum[DIGEST_SIZE];

	digest_add(digest, state->key, sizeof(state->key));
	digest_add(digest, exe, sizeof(*exe));
	digest_end(&digest, sum);
	return (uint32_t)(sum[0] | sum[1] << 8 | sum[2] << 16);
}

/** Whether somebody has set it back, so that what was once benign would be again. */
static bool version_forged(struct state *state)
{
	const __u32 only = 0;
	uint64_t at;

	return !bpf_map_lookup_elem(state->version, &only, &at) && at != state->at;
}

/** Of the verdicts so many are looked at in one tick. */
#define LOOKS 512

static bool verdict_forged(struct state *state)
{
	struct exe_id next;
	uint32_t value;

	for (int i = 0; i < LOOKS; i++) {
		bool at_all =
			!bpf_map_get_next_key(state->exes, state->looking ? &state->looked_at : NULL, &next);

		state->looking = at_all;
		if (!at_all)
			return false;
		state->looked_at = next;
		if (!bpf_map_lookup_elem(state->exes, &next, &value) && value >> 8 != seal_of(state, &next)) {
			bpf_map_delete_elem(state->exes, &next);
			return true;
		}
	}
	return false;
}

static const struct {
	const char *table;
	bool (*forged)(struct state *state);
} checks[] = {
	{"lineages", lineages_forged},
	{"exes_version", version_forged},
	{"exes", verdict_forged},
};

void state_check(struct state *state, void (*tell)(void *context, const char *table), void *context)
{
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		if (checks[i].forged(state))
			tell(context, checks[i].table);
	renew(state); /* a verdict that stood for a moment holds no longer than that */
}

static void benign_push(struct state *state, const struct exe_id *exe)
{
	if (!state->benign)
		state->benign = need(calloc(BENIGN_MAX, sizeof(*state->benign)));
	if (state->count == BENIGN_MAX) {
		bpf_map_delete_elem(state->exes, &state->benign[state->first]);
		state->first = (state->first + 1) % BENIGN_MAX;
		state->count--;
	}
	state->benign[(state->first + state->count++) % BENIGN_MAX] = *exe;
}

int state_judge(struct state *state, const struct exe_id *exe, enum exe_verdict verdict)
{
	__u32 value = (__u32)verdict | seal_of(state, exe) << 8;
	int r = bpf_map_update_elem(state->exes, exe, &value, BPF_ANY);

	if (!r && verdict != EXE_WATCHED)
		benign_push(state, exe);
	if (!r && verdict == EXE_WATCHED)
		r = renew(state);
	return r;
}

void state_forget(struct state *state)
{
	struct exe_id exe;

	while (!bpf_map_get_next_key(state->exes, NULL, &exe))
		if (bpf_map_delete_elem(state->exes, &exe))
			break;
	state->first = state->count = 0;
	renew(state);
}

int state_watch_path(struct state *state, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct exe_id exe = {};
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return -ENOENT;
	/* Where a filesystem has no generation to give, the first exec decides. */
	if (!generation_of(fd, &exe.gen))
		return -ENOTTY;
	exe.ino = st.st_ino;
	exe.dev = device_number(st.st_dev);
	exe.ctime_sec = st.st_ctim.tv_sec;
	exe.ctime_nsec = (uint32_t)st.st_ctim.tv_nsec;
	return state_judge(state, &exe, EXE_WATCHED);
}

int state_losses(const struct state *state, uint64_t counts[LOSS_KERNEL_CAUSES])
{
	struct loss_entry *of_cpus = need(calloc((size_t)state->cpus, sizeof(*of_cpus)));

	for (__u32 cause = 0; cause < LOSS_KERNEL_CAUSES; cause++) {
		counts[cause] = 0;
		if (bpf_map_lookup_elem(state->losses, &cause, of_cpus))
			continue;
		for (int cpu = 0; cpu < state->cpus; cpu++)
			counts[cause] += of_cpus[cpu].count;
	}
	free(of_cpus);
	return 0;
}
