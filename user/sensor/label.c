// SPDX-License-Identifier: GPL-3.0-or-later
#include "label.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <fts.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "../util/log.h"
#include "../util/memory.h"
#include "device.h"
#include "follow.h"
#include "index.h"

enum by { BY_PATH, BY_CANARY, BY_ATTRIBUTE };
static const char *const by_names[] = {"path", "canary", "attribute"};

struct rule {
	char *label;
	char **paths; /* the canaries come behind */
	size_t path_count, canary_from;
	char *attribute, *value;
};

struct labels {
	struct rule *rules;
	size_t count;
	struct index *index;   /* inode to tag, directories too */
	struct follow *follow; /* what is made there later */
};

/* A tag is what a rule says of a file, in one number. */
static uint32_t tag_of(size_t rule, enum by by)
{
	return (uint32_t)(rule << 2 | by);
}

/* ---- rules ---- */

static char **copy_paths(const struct label_rule *rule)
{
	char **paths = need(calloc(rule->path_count + rule->canary_count + 1, sizeof(*paths)));

	for (size_t i = 0; i < rule->path_count; i++)
		paths[i] = need(strdup(rule->paths[i]));
	for (size_t i = 0; i < rule->canary_count; i++)
		paths[rule->path_count + i] = need(strdup(rule->canaries[i]));
	return paths;
}

static void take_rules(struct labels *labels, const struct label_rule *rules, size_t count)
{
	labels->rules = need(calloc(count + 1, sizeof(*labels->rules)));
	labels->count = count;
	for (size_t i = 0; i < count; i++)
		labels->rules[i] = (struct rule){
			.label = need(strdup(rules[i].label)),
			.paths = copy_paths(&rules[i]),
			.path_count = rules[i].path_count + rules[i].canary_count,
			.canary_from = rules[i].path_count,
			.attribute = rules[i].attribute ? need(strdup(rules[i].attribute)) : NULL,
			.value = rules[i].value ? need(strdup(rules[i].value)) : NULL,
		};
}

static void forget(struct labels *labels)
{
	for (size_t i = 0; i < labels->count; i++) {
		struct rule *rule = &labels->rules[i];

		for (size_t j = 0; j < rule->path_count; j++)
			free(rule->paths[j]);
		free(rule->paths);
		free(rule->label);
		free(rule->attribute);
		free(rule->value);
	}
	free(TAKE_PTR(labels->rules));
	labels->count = 0;
	index_free(&labels->index);
	follow_reset(labels->follow);
}

struct labels *labels_new(void)
{
	struct labels *labels = need(calloc(1, sizeof(*labels)));

	labels->follow = follow_open();
	return labels;
}

void labels_free(struct labels **labels)
{
	if (!*labels)
		return;
	forget(*labels);
	follow_close(&(*labels)->follow);
	free(TAKE_PTR(*labels));
}

/* ---- what is there ---- */

static void take_entry(struct labels *labels, const FTSENT *entry, uint32_t tag)
{
	const struct stat *st = entry->fts_statp;

	if (entry->fts_info == FTS_D)
		follow_directory(labels->follow, entry->fts_path);
	if (entry->fts_info == FTS_D || entry->fts_info == FTS_F || entry->fts_info == FTS_DEFAULT)
		index_add(labels->index, st->st_ino, device_of(entry->fts_path, st->st_dev), tag);
}

static void walk(struct labels *labels, const char *path, uint32_t tag)
{
	char *roots[] = {need(strdup(path)), NULL};
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	const FTSENT *entry;

	while (walk && (entry = fts_read(walk)))
		take_entry(labels, entry, tag);
	if (walk)
		fts_close(walk);
	free(roots[0]);
}

static void walk_pattern(struct labels *labels, const char *pattern, uint32_t tag)
{
	glob_t found = {};

	if (!glob(pattern, GLOB_NOSORT, NULL, &found))
		for (size_t i = 0; i < found.gl_pathc; i++)
			walk(labels, found.gl_pathv[i], tag);
	globfree(&found);
}

/** The first rule that fits counts, and the index keeps what it is given first. */
static void walk_all(struct labels *labels)
{
	for (size_t i = 0; i < labels->count; i++)
		for (size_t j = 0; j < labels->rules[i].path_count; j++)
			walk_pattern(labels, labels->rules[i].paths[j],
				     tag_of(i, j < labels->rules[i].canary_from ? BY_PATH : BY_CANARY));
}

void labels_set(struct labels *labels, const struct label_rule *rules, size_t count)
{
	forget(labels);
	if (!count)
		return;
	take_rules(labels, rules, count);
	labels->index = index_new();
	walk_all(labels);
	log_info("%zu classified files and directories are known by inode", index_count(labels->index));
}

/** What was made in, or moved into, a directory that is labelled; a directory with all that is in it. */
static void take_new(void *context, int directory, int made)
{
	struct labels *labels = context;
	char path[64];
	struct stat st;
	uint32_t tag;

	if (fstat(directory, &st) ||
	    !index_find(labels->index, st.st_ino, device_of_file(directory, st.st_dev), &tag) ||
	    fstat(made, &st))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d/", made);
	if (S_ISDIR(st.st_mode))
		walk(labels, path, tag);
	else
		index_add(labels->index, st.st_ino, device_of_file(made, st.st_dev), tag);
}

void labels_follow(struct labels *labels)
{
	if (labels->count && follow_take(labels->follow, take_new, labels))
		walk_all(labels);
}

/* ---- whose label ---- */

static bool by_path(const struct labels *labels, const char *path, uint32_t *tag)
{
	for (size_t i = 0; i < labels->count; i++)
		for (size_t j = 0; j < labels->rules[i].path_count; j++)
			if (!fnmatch(labels->rules[i].paths[j], path, FNM_PATHNAME | FNM_LEADING_DIR)) {
				*tag = tag_of(i, j < labels->rules[i].canary_from ? BY_PATH : BY_CANARY);
				return true;
			}
	return false;
}

/** The very file, wherever its path leads from: this host's root, or the process's own. */
static int open_object(const struct ev_access *access, const char *path)
{
	for (int own = 0; own < 2; own++) {
		_cleanup_close_ int fd = -1;
		char name[PATH_MAX];
		struct stat st;

		snprintf(name, sizeof(name), own ? "/proc/%2$u/root%1$s" : "%1$s", path, access->head.tgid);
		fd = open(name, O_PATH | O_CLOEXEC);
		if (fd >= 0 && !fstat(fd, &st) && st.st_ino == access->object.ino &&
		    device_of_file(fd, st.st_dev) == access->object.dev)
			return TAKE_FD(fd);
	}
	return -1;
}

static bool by_attribute(const struct labels *labels, const struct ev_access *access, const char *path,
			 uint32_t *tag)
{
	_cleanup_close_ int fd = -1;
	char name[64], value[256];

	for (size_t i = 0; i < labels->count; i++) {
		const struct rule *rule = &labels->rules[i];
		ssize_t size;

		if (!rule->attribute)
			continue;
		if (fd < 0)
			fd = open_object(access, path);
		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		size = fd < 0 ? -1 : getxattr(name, rule->attribute, value, sizeof(value));
		if (size < 0 || (size_t)size != strlen(rule->value) ||
		    memcmp(value, rule->value, (size_t)size))
			continue;
		*tag = tag_of(i, BY_ATTRIBUTE);
		return true;
	}
	return false;
}

const struct ev_head *labels_observe(struct labels *labels, const struct ev_access *access,
				     struct draft *draft)
{
	_cleanup_(buf_free) struct buf path = {};
	struct ev_label *event;
	uint32_t tag;

	if (!labels->count || access->object.dev >= OBJECT_OTHERS || S_ISSOCK(access->facts.mode))
		return NULL;
	labels_follow(labels); /* by now everything is told that is older than this access */
	event_path(&access->head, access->path, access->head.flags & ACCESS_PATH_CUT, &path);
	if (!index_find(labels->index, access->object.ino, access->object.dev, &tag) &&
	    !(path.size &&
	      (by_path(labels, path.data, &tag) || by_attribute(labels, access, path.data, &tag))))
		return NULL;
	event = DRAFT(draft, LABEL, label, access->head.time);
	event->head.tgid = access->head.tgid;
	event->head.start = access->head.start;
	event->head.lineage = access->head.lineage;
	event->access = access->access;
	draft_text(draft, &event->label, labels->rules[tag >> 2].label);
	draft_text(draft, &event->by, by_names[tag & 3]);
	return draft_end(draft);
}
