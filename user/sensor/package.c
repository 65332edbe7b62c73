// SPDX-License-Identifier: GPL-3.0-or-later
#include "package.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "../util/file.h"
#include "../util/memory.h"

#define DPKG_DIR    "/var/lib/dpkg"
#define TABLE_LIMIT (64u << 20)

/*
 * Every path of every package as a hash with the number of its list: 300,000
 * files are 2.4 MB. A hit is looked up in the list itself, so that two paths
 * with one hash cannot be taken for each other.
 */
struct owned {
	uint32_t hash;
	uint32_t list;
};

static struct {
	struct timespec read_at; /* mtime of the tables' directory */
	struct owned *owned;
	size_t count, room;
	char **lists; /* names of *.list files */
	size_t list_count;
} table;

void package_clear(struct package *package)
{
	buf_free(&package->name);
	buf_free(&package->version);
	buf_free(&package->maintainer);
}

void package_drop(void)
{
	for (size_t i = 0; i < table.list_count; i++)
		free(table.lists[i]);
	free(table.lists);
	free(table.owned);
	memset(&table, 0, sizeof(table));
}

/** FNV-1a. */
static uint32_t hash_of(const char *bytes, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3;
	return (uint32_t)(hash ^ hash >> 32);
}

static void own(const char *path, size_t size)
{
	if (table.count == table.room) {
		table.room = table.room ? table.room * 2 : 65536;
		table.owned = need(reallocarray(table.owned, table.room, sizeof(*table.owned)));
	}
	table.owned[table.count++] = (struct owned){hash_of(path, size), (uint32_t)table.list_count - 1};
}

static void read_list(int dir, const char *name)
{
	_cleanup_(buf_free) struct buf text = {};

	if (file_read_at(dir, name, &text, TABLE_LIMIT))
		return;
	*GROW(table.lists, table.list_count) = need(strdup(name));
	for (const char *at = text.data, *end; at && *at; at = *end ? end + 1 : end) {
		end = strchrnul(at, '\n');
		own(at, (size_t)(end - at));
	}
}

static int by_hash(const void *a, const void *b)
{
	const struct owned *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

static bool tables_ready(void)
{
	_cleanup_closedir_ DIR *dir = NULL;
	const struct dirent *entry;
	struct stat st;

	if (stat(DPKG_DIR "/info", &st))
		return false;
	if (table.count && !memcmp(&st.st_mtim, &table.read_at, sizeof(st.st_mtim)))
		return true;
	package_drop();
	table.read_at = st.st_mtim;
	dir = opendir(DPKG_DIR "/info");
	while (dir && (entry = readdir(dir))) {
		size_t length = strlen(entry->d_name);

		if (length > 5 && !strcmp(entry->d_name + length - 5, ".list"))
			read_list(dirfd(dir), entry->d_name);
	}
	if (!table.count)
		return false;
	table.owned = need(reallocarray(table.owned, table.count, sizeof(*table.owned)));
	table.room = table.count;
	qsort(table.owned, table.count, sizeof(*table.owned), by_hash);
	return true;
}

static bool list_has(const char *list, const char *path)
{
	_cleanup_(buf_free) struct buf text = {};
	char name[512];
	size_t length = strlen(path);

	snprintf(name, sizeof(name), DPKG_DIR "/info/%s", list);
	if (file_read_at(AT_FDCWD, name, &text, TABLE_LIMIT) || !text.data)
		return false;
	for (const char *at = text.data; (at = strstr(at, path)); at++)
		if ((at == text.data || at[-1] == '\n') && (at[length] == '\n' || !at[length]))
			return true;
	return false;
}

/** The list that holds this very path, or NULL. */
static const char *list_of(const char *path)
{
	struct owned wanted = {.hash = hash_of(path, strlen(path))};
	const struct owned *found = bsearch(&wanted, table.owned, table.count, sizeof(wanted), by_hash);
	const struct owned *end = table.owned + table.count;

	while (found && found > table.owned && found[-1].hash == wanted.hash)
		found--;
	for (; found && found < end && found->hash == wanted.hash; found++)
		if (list_has(table.lists[found->list], path))
			return table.lists[found->list];
	return NULL;
}

/** The value of "\nField: value\n" in one paragraph. */
static void field(const char *paragraph, const char *name, struct buf *value)
{
	const char *end = strstr(paragraph, "\n\n");
	const char *at = strstr(paragraph, name);

	buf_clear(value);
	if (!at || (end && at > end))
		return;
	at += strlen(name);
	buf_bytes(value, at, strcspn(at, "\n"));
}

/** The paragraph of an installed package in dpkg's status file, or NULL. */
static const char *paragraph_of(const char *status, const char *name)
{
	char start[300];
	const char *at = status, *end, *state;

	snprintf(start, sizeof(start), "Package: %s\n", name);
	while (at && strncmp(at, start, strlen(start))) {
		at = strstr(at, "\n\n");
		at = at ? at + 2 : NULL;
	}
	if (!at)
		return NULL;
	end = strstr(at, "\n\n");
	state = strstr(at, "\nStatus: ");
	if (!state || (end && state > end))
		return NULL;
	return strncmp(state + strlen("\nStatus: "), "install ok installed\n", 21) ? NULL : at;
}

static bool read_status(struct buf *status)
{
	return !file_read_at(AT_FDCWD, DPKG_DIR "/status", status, TABLE_LIMIT) && status->data;
}

bool package_installed(const char *name)
{
	static struct buf status;

	/* One reading serves a whole `check`; the program ends behind it. */
	if (!status.data && !read_status(&status))
		return false;
	return paragraph_of(status.data, name) != NULL;
}

bool package_owner(const char *path, struct package *package)
{
	_cleanup_(buf_free) struct buf status = {};
	const char *list, *paragraph;

	if (!tables_ready())
		return false;
	list = list_of(path);
	if (!list && !strncmp(path, "/usr/", 5))
		list = list_of(path + 4);
	if (!list)
		return false;
	buf_clear(&package->name);
	buf_bytes(&package->name, list,
		  strcspn(list, ":") < strlen(list) ? strcspn(list, ":") : strlen(list) - 5);
	paragraph = read_status(&status) ? paragraph_of(status.data, package->name.data) : NULL;
	if (!paragraph)
		return true;
	field(paragraph, "\nVersion: ", &package->version);
	field(paragraph, "\nMaintainer: ", &package->maintainer);
	return true;
}
