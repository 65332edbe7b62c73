/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads a capture back: the same events in the same order. */
#ifndef CUSTODES_CAPTURE_READER_H
#define CUSTODES_CAPTURE_READER_H

#include "../event/source.h"
#include "checkpoint.h"
#include "ranges.h"
#include "statement.h"

struct reader;

/**
 * Opens a capture and checks every entry against the checkpoint's root before
 * the first event is given out. Entries that are not there are stepped over if the log
 * or the statement of a cut says that they need not be. Every fault is said. 0; -EBADMSG:
 * the evidence is not what the checkpoint committed to; -ESTALE: some of it was pruned
 * meanwhile; -ENOENT, -EPROTO and others: this is no capture, or one that this version
 * cannot read.
 */
int reader_open(struct reader **reader, const char *path);

/** Who looks on while a capture is opened: entry `number` of `size` has this hash. */
struct reader_watch {
	void (*entry)(struct reader_watch *watch, uint64_t number, uint64_t size,
		      const uint8_t hash[DIGEST_SIZE]);
};
int reader_open_watched(struct reader **reader, const char *path, struct reader_watch *watch);

/** Goes to the first event that is there. 0, or a negative errno, which is said. */
int reader_rewind(struct reader *reader);
/** The next event given out is the one at this position, or the end. 0; -ENODATA: it is not there, which is
 * said; or a negative errno. */
int reader_seek(struct reader *reader, uint64_t position);
/**
 * The last event of this kind before a position: 0, and it is the next one given out; SOURCE_END if
 * there is none; or a negative errno. Reads backwards, as far as it must.
 */
int reader_last(struct reader *reader, uint16_t kind, uint64_t before);

/** The reader as a source; reader_position() is that of the event last given. */
struct source *reader_source(struct reader *reader);
uint64_t reader_position(const struct reader *reader);
/** In which entry the event last given stands. */
uint64_t reader_entry(const struct reader *reader);
/** The checkpoint, and the note as it lay on disk. */
const struct buf *reader_note(const struct reader *reader);
const struct checkpoint *reader_checkpoint(const struct reader *reader);
/** Entries whose content is not there; they are the reader's. */
const struct ranges *reader_absent(const struct reader *reader);
/** Of those, what the log itself says was pruned; it may also name some that are still there. */
const struct ranges *reader_pruned(const struct reader *reader);
/** What it says of itself if it is a cut; else NULL. */
const struct cut *reader_cut(const struct reader *reader);
/** Whether entries that are not there stand right before the event last given. */
bool reader_behind_gap(const struct reader *reader);
/** The log is being written to: its checkpoint is another one by now. */
bool reader_grown(const struct reader *reader);

/** How much of the log is read, 0 to 1, for a progress bar. */
double reader_progress(const struct reader *reader);

/** Copies an entry out, as it stands in its bundle. 0; -ENODATA: it is not there; or a negative errno. */
int reader_take(struct reader *reader, uint64_t number, struct buf *to);
/** Copies a bundle out: its entries, as many as `width` says then, and nothing that stands behind them. 0;
 * -ENOENT: it is not there; or a negative errno. */
int reader_bundle(struct reader *reader, uint64_t index, struct buf *to, unsigned int *width);
/** Bytes behind the last entry: of whole bundles, where there may be none; or of the one being written. */
uint64_t reader_behind(const struct reader *reader, bool whole);

void reader_close(struct reader **reader);

#endif
