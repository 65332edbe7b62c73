// SPDX-License-Identifier: GPL-3.0-or-later
#include "proof.h"

#include <errno.h>
#include <string.h>

#include "../event/event.h"
#include "../util/base64.h"
#include "tree.h"

#define LINE_MAX_BYTES (ENTRY_MAX / 3 * 4 + 64)

/* ---- the tree ---- */

/** Found from the root down, told from below. */
static void turn_round(uint8_t path[PROOF_MAX][DIGEST_SIZE], unsigned int count)
{
	for (unsigned int i = 0; i < count / 2; i++) {
		uint8_t swap[DIGEST_SIZE];

		memcpy(swap, path[i], DIGEST_SIZE);
		memcpy(path[i], path[count - 1 - i], DIGEST_SIZE);
		memcpy(path[count - 1 - i], swap, DIGEST_SIZE);
	}
}

/** The greatest power of two below a count of at least 2. */
static uint64_t split_of(uint64_t count)
{
	uint64_t split = 1;

	while (split * 2 < count)
		split *= 2;
	return split;
}

unsigned int proof_path(const struct hashes *hashes, uint64_t index, uint64_t size,
			uint8_t path[PROOF_MAX][DIGEST_SIZE])
{
	uint64_t from = 0, to = size;
	unsigned int count = 0;

	while (to - from > 1) {
		uint64_t split = split_of(to - from);

		if (index < from + split) {
			hashes_over(hashes, from + split, to, path[count++]);
			to = from + split;
		} else {
			hashes_over(hashes, from, from + split, path[count++]);
			from += split;
		}
	}
	turn_round(path, count);
	return count;
}

int proof_consistency(const struct hash_source *source, uint64_t old, uint64_t size,
		      uint8_t path[PROOF_MAX][DIGEST_SIZE])
{
	uint64_t from = 0, to = size;
	unsigned int count = 0;
	int r = 0;

	if (!old || old > size)
		return old ? -EINVAL : 0;
	while (!r && old != to) {
		uint64_t split = split_of(to - from);

		if (old <= from + split) {
			r = hash_source_over(source, from + split, to, path[count++]);
			to = from + split;
		} else {
			r = hash_source_over(source, from, from + split, path[count++]);
			from += split;
		}
	}
	if (!r && from) /* else it is the old root, which is known */
		r = hash_source_over(source, from, to, path[count++]);
	turn_round(path, count);
	return r ? r : (int)count;
}

int proof_root(const uint8_t leaf[DIGEST_SIZE], uint64_t index, uint64_t size,
	       const uint8_t (*path)[DIGEST_SIZE], unsigned int count, uint8_t root[DIGEST_SIZE])
{
	uint64_t at = index, last = size - 1;

	if (index >= size)
		return -EBADMSG;
	memcpy(root, leaf, DIGEST_SIZE);
	for (unsigned int i = 0; i < count; i++) {
		if (!last)
			return -EBADMSG;
		if (at % 2 || at == last) {
			tree_node(path[i], root, root);
			while (at % 2 == 0 && at)
				at /= 2, last /= 2;
		} else {
			tree_node(root, path[i], root);
		}
		at /= 2;
		last /= 2;
	}
	return last ? -EBADMSG : 0;
}

/* ---- its text ---- */

void proof_write(const struct hashes *hashes, uint64_t index, const struct entry *entry, uint64_t size,
		 const struct buf *note, struct buf *to)
{
	uint8_t path[PROOF_MAX][DIGEST_SIZE];
	unsigned int count = proof_path(hashes, index, size, path);

	buf_str(to, PROOF_HEAD "\nextra ");
	base64_put(to, entry->at, entry->size);
	buf_printf(to, "\nindex %llu\n", (unsigned long long)index);
	for (unsigned int i = 0; i < count; i++) {
		base64_put(to, path[i], DIGEST_SIZE);
		buf_byte(to, '\n');
	}
	buf_byte(to, '\n');
	buf_bytes(to, note->data, note->size);
}

void proof_free(struct proof *proof)
{
	buf_free(&proof->entry);
	*proof = (struct proof){};
}

/** The next line, without its end, which is stepped over. */
static bool line(const char **at, const char *end, struct view *view)
{
	const char *stop = memchr(*at, '\n', (size_t)(end - *at));

	if (!stop)
		return false;
	*view = (struct view){*at, (size_t)(stop - *at)};
	*at = stop + 1;
	return true;
}

/** A line that begins so; what follows. */
static bool line_of(const char **at, const char *end, const char *word, struct view *rest)
{
	size_t length = strlen(word);

	if (!line(at, end, rest) || rest->size < length || memcmp(rest->at, word, length))
		return false;
	rest->at += length;
	rest->size -= length;
	return true;
}

static bool number(const struct view *digits, uint64_t *value)
{
	*value = 0;
	if (!digits->size || digits->size > 18 || (digits->size > 1 && digits->at[0] == '0'))
		return false;
	for (size_t i = 0; i < digits->size; i++) {
		if (digits->at[i] < '0' || digits->at[i] > '9')
			return false;
		*value = *value * 10 + (uint64_t)(digits->at[i] - '0');
	}
	return true;
}

static bool read_entry(struct proof *proof, const struct view *text)
{
	int size;

	if (text->size > LINE_MAX_BYTES)
		return false;
	buf_reserve(&proof->entry, text->size);
	size = base64_get(text->at, text->size, (uint8_t *)proof->entry.data, proof->entry.room);
	if (size <= 0 || size > ENTRY_MAX)
		return false;
	proof->entry.size = (size_t)size;
	return true;
}

static bool read_path(uint8_t path[PROOF_MAX][DIGEST_SIZE], unsigned int *count, const char **at,
		      const char *end)
{
	uint8_t bytes[DIGEST_SIZE + 1];
	struct view view;

	for (*count = 0; line(at, end, &view) && view.size; ++*count) {
		if (*count == PROOF_MAX || view.size != 44 ||
		    base64_get(view.at, view.size, bytes, sizeof(bytes)) != DIGEST_SIZE)
			return false;
		memcpy(path[*count], bytes, DIGEST_SIZE);
	}
	return *at <= end && (*at)[-1] == '\n' && (*at)[-2] == '\n';
}

/** The checkpoint: up to the head of the next proof, or the end. */
static bool read_note(struct proof *proof, const char **at, const char *end)
{
	const char *stop = memmem(*at, (size_t)(end - *at), "\n" PROOF_HEAD "\n", sizeof(PROOF_HEAD) + 1);

	stop = stop ? stop + 1 : end;
	proof->note = *at;
	proof->note_size = (size_t)(stop - *at);
	*at = stop;
	return proof->note_size && !checkpoint_read(&proof->checkpoint, proof->note, proof->note_size);
}

int proof_read(struct proof *proof, const char **at, const char *end)
{
	uint8_t path[PROOF_MAX][DIGEST_SIZE], leaf[DIGEST_SIZE], root[DIGEST_SIZE];
	struct view view;
	unsigned int count;

	proof_free(proof);
	if (!line_of(at, end, PROOF_HEAD, &view) || view.size)
		return -EBADMSG;
	if (!line_of(at, end, "extra ", &view) || !read_entry(proof, &view))
		return -EBADMSG;
	if (!line_of(at, end, "index ", &view) || !number(&view, &proof->index))
		return -EBADMSG;
	if (!read_path(path, &count, at, end) || !read_note(proof, at, end))
		return -EBADMSG;
	tree_leaf(proof->entry.data, proof->entry.size, leaf);
	if (proof_root(leaf, proof->index, proof->checkpoint.size, (const uint8_t(*)[DIGEST_SIZE])path, count,
		       root))
		return -EBADMSG;
	return memcmp(root, proof->checkpoint.root, DIGEST_SIZE) ? -EBADMSG : 0;
}
