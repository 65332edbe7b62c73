// SPDX-License-Identifier: GPL-3.0-or-later
#include "verify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "../util/file.h"
#include "../util/log.h"
#include "../util/memory.h"
#include "cosigned.h"
#include "damage.h"
#include "gaps.h"
#include "proof.h"
#include "reader.h"
#include "trust.h"

typedef unsigned long long ull;

/** Of all the work, what reading the entries once for their hashes is. */
#define HASHING 0.2

struct check {
	struct reader_watch watch;
	const struct verify_options *options;
	const char *path;
	struct verified *verified;
	struct verdict *verdict;
	struct reader *reader;
	struct hashes hashes;
	struct trust trust;
	struct gaps gaps;
	struct cosigned cosigned;
	bool disagreed;
};

void verified_free(struct verified *verified)
{
	verdict_free(&verified->verdict);
}

static void progress(const struct check *check, double done)
{
	if (check->options->progress)
		check->options->progress(check->options->context, done);
}

static void watch_entry(struct reader_watch *watch, uint64_t number, uint64_t size,
			const uint8_t hash[DIGEST_SIZE])
{
	struct check *check = (struct check *)watch;

	hashes_add(&check->hashes, hash);
	if (number % 1024 == 0)
		progress(check, HASHING * (double)number / (double)size);
}

/* ---- tiles of hashes ---- */

/** Whether the file holds just these hashes: 0, 1 it does not, or a negative errno. */
static int compare_tile(int dir, const char *path, const uint8_t (*hashes)[DIGEST_SIZE], size_t width)
{
	_cleanup_(buf_free) struct buf bytes = {};
	int r = file_read_plain_at(dir, path, &bytes, TILE_BYTES);

	if (r == -EFBIG)
		return 1;
	if (r)
		return r;
	return bytes.size != width * DIGEST_SIZE || memcmp(bytes.data, hashes, bytes.size);
}

static void check_tile(struct check *check, int dir, unsigned int level, uint64_t index, size_t width)
{
	const uint8_t(*hashes)[DIGEST_SIZE] =
		(const uint8_t(*)[DIGEST_SIZE])check->hashes.levels[level].at + index * TILE_WIDTH;
	char path[LAYOUT_PATH];
	int r;

	layout_tile(path, level, index, (unsigned int)width);
	r = compare_tile(dir, path, hashes, width);
	if (!r)
		return;
	if (r == -ENOENT && width < TILE_WIDTH && reader_grown(check->reader))
		verdict_say(check->verdict, VERDICT_LIMIT, "tiles",
			    "%s is gone: the log grew while it was checked", path);
	else if (r < 0)
		verdict_say(check->verdict, VERDICT_DOUBT, "tiles", "%s: %s", path, strerror(-r));
	else
		verdict_say(check->verdict, VERDICT_DOUBT, "tiles",
			    "%s does not hold the hashes of the entries", path);
}

static int check_tiles(struct check *check)
{
	_cleanup_close_ int dir = open(check->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t count = 0;

	if (dir < 0)
		return log_error(-errno, "%s", check->path);
	for (unsigned int level = 0; level < TREE_LEVELS; level++) {
		size_t left = check->hashes.levels[level].count;

		for (uint64_t index = 0; left; index++, count++) {
			size_t width = left < TILE_WIDTH ? left : TILE_WIDTH;

			check_tile(check, dir, level, index, width);
			left -= width;
		}
	}
	if (count && !verdict_count(check->verdict, VERDICT_DOUBT, "tiles"))
		verdict_say(check->verdict, VERDICT_PROVED, "tiles",
			    "the %llu tiles of hashes are those of the entries", (ull)count);
	return 0;
}

/* ---- events ---- */

static void take_witness(struct check *check, const struct ev_head *event, uint64_t position)
{
	struct view note = event_view(event, ((const struct ev_witness *)event)->checkpoint);
	struct checkpoint checkpoint;
	const char *fault;
	char where[40];

	if (!note.size)
		return;
	fault = trust_fault(&check->trust, &note, reader_entry(check->reader), &check->hashes, &checkpoint);
	snprintf(where, sizeof(where), "event %llu", (ull)position);
	if (fault)
		verdict_say(check->verdict, VERDICT_DOUBT, "witnesses", "%s: %s", where, fault);
	else
		cosigned_note(&check->cosigned, note.at, note.size, checkpoint.size, where, check->verdict);
}

static void take_event(struct check *check, const struct ev_head *event)
{
	uint64_t position = reader_position(check->reader);
	const struct verify_options *options = check->options;

	check->verified->events++;
	if (reader_behind_gap(check->reader))
		gaps_skip(&check->gaps);
	if (event->kind == EV_KEY && event->channel == CHANNEL_USER)
		trust_key(&check->trust, event, position, check->verdict);
	gaps_event(&check->gaps, event, position, check->verdict);
	if (event->kind == EV_HEARTBEAT && event->channel == CHANNEL_USER)
		trust_beat(&check->trust, event, position, reader_entry(check->reader), &check->hashes,
			   check->verdict);
	if (event->kind == EV_WITNESS && event->channel == CHANNEL_USER)
		take_witness(check, event, position);
	if (options->event && !check->disagreed && options->event(options->context, event, position) < 0) {
		check->disagreed = true;
		verdict_say(check->verdict, VERDICT_DOUBT, "snapshots",
			    "event %llu: the engine cannot follow the record here, or its snapshot is not "
			    "what the events "
			    "before it come to",
			    (ull)position);
	}
	if (position % 65536 == 0)
		progress(check, HASHING + (1 - HASHING) * reader_progress(check->reader));
}

static int check_events(struct check *check)
{
	const struct ev_head *event;
	int r;

	while ((r = source_next(reader_source(check->reader), &event)) == SOURCE_EVENT)
		take_event(check, event);
	if (r == -ESTALE)
		return r;
	if (r != SOURCE_END)
		verdict_say(check->verdict, VERDICT_DOUBT, "events",
			    "entry %llu cannot be read; what stands behind it was not looked at",
			    (ull)reader_entry(check->reader));
	else
		verdict_say(check->verdict, VERDICT_PROVED, "events",
			    "%llu events, each at its position, in %llu runs", (ull)check->verified->events,
			    (ull)check->gaps.count);
	gaps_end(&check->gaps, check->verdict);
	if (check->gaps.sequenced && !verdict_count(check->verdict, VERDICT_DOUBT, "sequences"))
		verdict_say(check->verdict, VERDICT_PROVED, "sequences",
			    "the kernel's %llu events follow each other without a gap that is not told",
			    (ull)check->gaps.sequenced);
	if (check->gaps.beats && !verdict_count(check->verdict, VERDICT_DOUBT, "intervals"))
		verdict_say(check->verdict, VERDICT_PROVED, "intervals",
			    "%llu heartbeats, none late: custodes watched all the time that a run lasted%s",
			    (ull)check->gaps.beats,
			    reader_absent(check->reader)->count ? ", as far as it is there" : "");
	if (check->trust.beats && !verdict_count(check->verdict, VERDICT_DOUBT, "heartbeats"))
		verdict_say(check->verdict, VERDICT_PROVED, "heartbeats",
			    "the checkpoints in %llu heartbeats are of this log, as it was then",
			    (ull)check->trust.beats);
	if (check->cosigned.notes && !verdict_count(check->verdict, VERDICT_DOUBT, "witnesses"))
		verdict_say(check->verdict, VERDICT_PROVED, "witnesses",
			    "the %llu cosigned checkpoints in the record are of this log, as it was then",
			    (ull)check->cosigned.notes);
	return 0;
}

/* ---- whose it is ---- */

/** A policy may name logs, too: then it holds for no others. */
static void trust_policy(struct check *check)
{
	const struct quorum *quorum = check->options->quorum;
	bool named = false;

	for (size_t i = 0; quorum && i < quorum->log_count; i++) {
		if (strcmp(quorum->logs[i].name, check->trust.origin))
			continue;
		named = true;
		if (!check->options->key_count)
			trust_give(&check->trust, quorum->logs[i].key);
	}
	check->trust.given |= named;
	if (quorum && quorum->log_count && !named)
		verdict_say(check->verdict, VERDICT_DOUBT, "witnesses",
			    "the policy is for other logs than %s", check->trust.origin);
}

static void begin_trust(struct check *check)
{
	const struct verify_options *options = check->options;
	size_t fit = 0;

	check->trust.origin = check->verified->checkpoint.origin;
	check->trust.given = options->key_count;
	for (size_t i = 0; i < options->key_count; i++) {
		const struct verifier *key = &options->keys[i];

		if (strcmp(key->name, KEY_NAME) && strcmp(key->name, check->trust.origin))
			continue;
		trust_give(&check->trust, key->key);
		fit++;
	}
	trust_policy(check);
	if (fit || !options->key_count)
		return;
	trust_give(&check->trust, options->keys[0].key);
	verdict_say(check->verdict, VERDICT_DOUBT, "signature", "the key is for the log %s, and this is %s",
		    options->keys[0].name, check->trust.origin);
}

static void say_given(const struct check *check)
{
	const struct trust *trust = &check->trust;

	verdict_say(check->verdict, VERDICT_PROVED, "signature", "the checkpoint is signed by %s",
		    trust->certified ? "the key that you gave, or one that it vouches for in the record" :
				       "the key that you gave");
	if (trust->strangers && !verdict_count(check->verdict, VERDICT_DOUBT, "keys"))
		verdict_say(check->verdict, VERDICT_LIMIT, "keys",
			    "runs before it were signed by other keys: the key that you gave says now that "
			    "they are part of its log, not that they were so then");
}

static void check_signature(const struct check *check, const char *note, size_t size)
{
	const struct trust *trust = &check->trust;
	bool sound = trust_signed(trust, note, size);

	if (!trust->trusted_count)
		verdict_say(check->verdict, VERDICT_LIMIT, "signature",
			    "whose it is: no key was given, and the log names none");
	else if (!sound)
		verdict_say(check->verdict, VERDICT_DOUBT, "signature", "the checkpoint is not signed by %s",
			    trust->given ? "the key that you gave, nor by one that it vouches for" :
					   "the key that the log itself names");
	else if (trust->given) {
		say_given(check);
		verdict_say(check->verdict, VERDICT_LIMIT, "signature",
			    "that the host told the truth: whoever has its key writes what he likes, and "
			    "signs it");
	} else {
		verdict_say(check->verdict, VERDICT_PROVED, "signature",
			    "the checkpoint is signed by the key that the log itself names");
		verdict_say(check->verdict, VERDICT_LIMIT, "signature",
			    "whose it is: without a key from elsewhere (--key) this proves only that one "
			    "hand wrote it all");
	}
}

/* ---- against a checkpoint kept elsewhere ---- */

/** What speaks against it; NULL: this log goes on from there. */
static const char *since_fault(const struct check *check, const struct checkpoint *since)
{
	uint8_t root[DIGEST_SIZE];

	if (strcmp(since->origin, check->verified->checkpoint.origin))
		return "it is of another log";
	if (check->trust.trusted_count &&
	    !trust_signed(&check->trust, check->options->since, check->options->since_size))
		return "it is not signed by a trusted key";
	if (since->size > hashes_size(&check->hashes))
		return "the log was rolled back: it had more entries then than it has now";
	hashes_root(&check->hashes, since->size, root);
	if (memcmp(root, since->root, DIGEST_SIZE))
		return "the log was forked: its first entries are not those that it had then";
	return NULL;
}

static void check_since(struct check *check)
{
	struct checkpoint since = {};
	const char *fault;

	if (!check->options->since) {
		verdict_say(
			check->verdict, VERDICT_LIMIT, "since",
			"that nothing was cut off at the end, or written anew by whoever has the key: only "
			"a later checkpoint that somebody else has kept shows it (--since)");
		return;
	}
	fault = checkpoint_read(&since, check->options->since, check->options->since_size) ?
			"it is no checkpoint" :
			since_fault(check, &since);
	if (fault) {
		verdict_say(check->verdict, VERDICT_DOUBT, "since",
			    "the checkpoint kept elsewhere (%llu entries): %s", (ull)since.size, fault);
		return;
	}
	if (check->options->quorum)
		cosigned_note(&check->cosigned, check->options->since, check->options->since_size, since.size,
			      "the checkpoint kept elsewhere", check->verdict);
	verdict_say(check->verdict, VERDICT_PROVED, "since",
		    "its first %llu entries are those of the checkpoint kept elsewhere", (ull)since.size);
	verdict_say(check->verdict, VERDICT_LIMIT, "since",
		    "that nothing was cut off, or written anew, behind those %llu entries", (ull)since.size);
}

/* ---- the whole ---- */

static int open_log(struct check *check)
{
	int r = reader_open_watched(&check->reader, check->path, &check->watch);

	if (r != -EBADMSG) /* of a newer version, or no capture: said, and nothing is known of it */
		return r;
	verdict_say(check->verdict, VERDICT_DOUBT, "entries",
		    "the entries are not those of the checkpoint, or not all of them are there");
	damage_locate(check->path, check->verdict);
	return 0;
}

static void check_witnesses(struct check *check, const struct buf *note)
{
	uint64_t entries = check->verified->checkpoint.size;

	if (check->cosigned.quorum) /* the checkpoint itself may bear lines, too */
		cosigned_note(&check->cosigned, note->data, note->size, entries, "the checkpoint",
			      check->verdict);
	cosigned_say(&check->cosigned, entries, check->verdict);
	check->verified->cosigned = cosigned_reached(&check->cosigned, &check->verified->cosigned_by);
}

/** What is not there, and on whose word. */
static void say_absent(const struct check *check, const struct ranges *absent)
{
	const struct cut *cut = reader_cut(check->reader);
	_cleanup_(buf_free) struct buf text = {};

	ranges_text(cut ? &cut->entries : absent, &text);
	if (cut && !cut->entries.count)
		buf_str(&text, "none");
	if (cut)
		verdict_say(check->verdict, VERDICT_LIMIT, "entries",
			    "this is a cut: of the log whose checkpoint it bears it has entries %s, "
			    "each where it stands in that log. What is not in it is not shown",
			    text.data);
	else
		verdict_say(check->verdict, VERDICT_LIMIT, "entries",
			    "entries %s were pruned, as the log itself says: their hashes and their "
			    "order are "
			    "proved, what stood in them is not there",
			    text.data);
	verdict_say(check->verdict, VERDICT_LIMIT, "sequences",
		    "what follows something that is not there is not held against it: sequences, "
		    "heartbeats and "
		    "runs are followed anew behind each gap");
}

static void say_entries(const struct check *check)
{
	const struct ranges *absent = reader_absent(check->reader);
	uint64_t size = hashes_size(&check->hashes);

	verdict_say(check->verdict, VERDICT_PROVED, "entries",
		    absent->count ? "the %llu entries that are there are those of the checkpoint, in "
				    "their order" :
				    "the %llu entries are those of the checkpoint, in their order",
		    (ull)(size - ranges_total(absent)));
	if (absent->count)
		say_absent(check, absent);
	if (!reader_cut(check->reader) && !ranges_cover(absent, reader_pruned(check->reader)))
		verdict_say(check->verdict, VERDICT_LIMIT, "entries",
			    "the log says that entries were pruned which are still there: pruning "
			    "was cut off");
}

static int check_log(struct check *check)
{
	const struct buf *note = reader_note(check->reader);
	int r;

	check->verified->checkpoint = *reader_checkpoint(check->reader);
	say_entries(check);
	if (reader_behind(check->reader, true))
		verdict_say(check->verdict, VERDICT_DOUBT, "entries",
			    "%llu bytes stand behind the last entry of a whole bundle",
			    (ull)reader_behind(check->reader, true));
	if (reader_behind(check->reader, false))
		verdict_say(check->verdict, VERDICT_LIMIT, "entries",
			    "%llu bytes behind the last entry are not sealed, and no part of the log",
			    (ull)reader_behind(check->reader, false));
	r = check_tiles(check);
	if (r)
		return r;
	begin_trust(check);
	if (check->options->hashes)
		verdict_say(check->verdict, VERDICT_LIMIT, "events",
			    "what stands in the entries: only their hashes were looked at (--hashes)");
	else
		r = check_events(check);
	if (r)
		return r;
	if (check->trust.keys && !verdict_count(check->verdict, VERDICT_DOUBT, "keys"))
		verdict_say(check->verdict, VERDICT_PROVED, "keys",
			    "the record tells of its key %llu times, %llu of them of a new one that "
			    "a trusted "
			    "key vouches for",
			    (ull)check->trust.keys, (ull)check->trust.certified);
	check_signature(check, note->data, note->size);
	check_since(check);
	check_witnesses(check, note);
	return 0;
}

int verify_capture(const char *path, const struct verify_options *options, struct verified *verified)
{
	struct check check = {.watch.entry = watch_entry,
			      .options = options,
			      .path = path,
			      .verified = verified,
			      .verdict = &verified->verdict};
	int r = open_log(&check);

	cosigned_begin(&check.cosigned, options->quorum);
	if (!r && check.reader)
		r = check_log(&check);
	reader_close(&check.reader);
	gaps_free(&check.gaps);
	cosigned_free(&check.cosigned);
	trust_free(&check.trust);
	hashes_free(&check.hashes);
	return r;
}

/* ---- proofs ---- */

/** KEY events in the entry may vouch for the key that signs; anything that is read of it counts as
 * events. */
static int read_block(struct check *check, const struct proof *proof)
{
	struct unpacker *unpacker = unpacker_new();
	const struct entry entry = {(const uint8_t *)proof->entry.data, proof->entry.size};
	struct block block;
	int r = unpack(unpacker, &entry, &block);
	size_t off = sizeof(block.head);

	for (uint32_t i = 0; !r && i < block.head.count; i++) {
		const struct ev_head *event = (const struct ev_head *)(block.bytes + off);

		r = event_check(event, block.size - off);
		if (r)
			break;
		if (event->kind == EV_KEY)
			trust_key(&check->trust, event, block.head.position + i, check->verdict);
		off += event->size;
		check->verified->events++;
	}
	if (!r && off != block.size)
		r = -EBADMSG;
	unpacker_free(&unpacker);
	return r;
}

/** Each proof stands under a checkpoint of its own, for which enough must have vouched. */
static void check_cosigned(struct check *check, const struct proof *proof, uint64_t number)
{
	struct cosigned cosigned;
	char where[40];

	snprintf(where, sizeof(where), "proof %llu", (ull)number);
	cosigned_begin(&cosigned, check->options->quorum);
	cosigned_note(&cosigned, proof->note, proof->note_size, proof->checkpoint.size, where,
		      check->verdict);
	check->verified->cosigned = cosigned_reached(&cosigned, &check->verified->cosigned_by);
	if (number == 1 || !check->verified->cosigned)
		cosigned_say(&cosigned, proof->checkpoint.size, check->verdict);
	cosigned_free(&cosigned);
}

static void check_proof(struct check *check, const struct proof *proof, uint64_t number)
{
	check->verified->checkpoint = proof->checkpoint;
	if (number == 1)
		begin_trust(check);
	else if (strcmp(check->trust.origin, proof->checkpoint.origin))
		verdict_say(check->verdict, VERDICT_DOUBT, "entries", "proof %llu is of another log",
			    (ull)number);
	if (read_block(check, proof))
		verdict_say(check->verdict, VERDICT_DOUBT, "entries",
			    "proof %llu: its entry is no block of events", (ull)number);
	if (check->options->quorum)
		check_cosigned(check, proof, number);
}

/** Once all entries were read: any of them may vouch for the key. */
static void check_signatures(const struct check *check, const struct view *notes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (check->trust.trusted_count && !trust_signed(&check->trust, notes[i].at, notes[i].size))
			verdict_say(check->verdict, VERDICT_DOUBT, "signature",
				    "proof %zu: the checkpoint is not signed by a trusted key", i + 1);
}

static void say_proofs(const struct check *check, const struct view *notes, size_t count)
{
	if (check->verdict->doubts || !count)
		return;
	verdict_say(check->verdict, VERDICT_PROVED, "entries",
		    "%zu entries with %llu events are part of the log that the checkpoint speaks for", count,
		    (ull)check->verified->events);
	check_signature(check, notes[count - 1].at, notes[count - 1].size);
	verdict_say(check->verdict, VERDICT_LIMIT, "entries",
		    "that these are all entries that matter: a proof shows what is there, not what "
		    "else is");
}

int verify_proofs(const char *text, size_t size, const struct verify_options *options,
		  struct verified *verified)
{
	struct check check = {.options = options, .verified = verified, .verdict = &verified->verdict};
	const char *at = text, *end = text + size;
	struct proof proof = {};
	struct view *notes = NULL;
	size_t count = 0;
	char origin[ORIGIN_MAX];

	if (size < sizeof(PROOF_HEAD) || memcmp(text, PROOF_HEAD "\n", sizeof(PROOF_HEAD)))
		return -EINVAL;
	while (at < end) {
		if (proof_read(&proof, &at, end)) {
			verdict_say(check.verdict, VERDICT_DOUBT, "entries",
				    "proof %zu does not hold, or is none", count + 1);
			break;
		}
		*GROW(notes, count) = (struct view){proof.note, proof.note_size};
		check_proof(&check, &proof, count);
		if (count == 1) { /* the checkpoint that it stands in is another with each proof */
			snprintf(origin, sizeof(origin), "%s", proof.checkpoint.origin);
			check.trust.origin = origin;
		}
	}
	check_signatures(&check, notes, count);
	say_proofs(&check, notes, count);
	proof_free(&proof);
	trust_free(&check.trust);
	free(notes);
	return 0;
}
