// SPDX-License-Identifier: GPL-3.0-or-later
#include "difference.h"

#include <string.h>

#include "../util/clock.h"
#include "../util/jsonw.h"
#include "../util/memory.h"
#include "../util/style.h"
#include "../util/text.h"
#include "verdicts.h"

static char *copy(const char *text)
{
	return need(strdup(text ? text : ""));
}

static char *rulings_of(const struct outcome *outcome)
{
	struct buf text = {};

	buf_str(&text, "");
	for (size_t i = 0; i < outcome->ruling_count; i++) {
		const struct outcome_ruling *ruling = &outcome->rulings[i];

		if (ruling->in_force)
			buf_printf(&text, "%s%s: %s (%s): %s", text.size ? "\n" : "", ruling->id,
				   ruling->verdict, ruling->force, ruling->reason);
	}
	return text.data;
}

void notes_take(struct notes *notes, const struct batch *batch)
{
	for (size_t i = 0; i < batch->outcome_count; i++) {
		const struct outcome *outcome = &batch->outcomes[i];

		if (outcome->type != OUTCOME_FINDING)
			continue;
		if (notes->count == notes->room) {
			notes->room = notes->room ? notes->room * 2 : 64;
			notes->items = need(reallocarray(notes->items, notes->room, sizeof(*notes->items)));
		}
		notes->items[notes->count++] = (struct noted){
			.position = outcome->position,
			.what = outcome->what,
			.key = copy(outcome->key),
			.product = copy(outcome->product ? outcome->product->id : NULL),
			.verdict = copy(outcome->verdict),
			.rulings = rulings_of(outcome),
			.message = copy(outcome->message),
			.wall = outcome->wall,
		};
	}
}

void notes_free(struct notes *notes)
{
	for (size_t i = 0; i < notes->count; i++) {
		free(notes->items[i].key);
		free(notes->items[i].product);
		free(notes->items[i].verdict);
		free(notes->items[i].rulings);
		free(notes->items[i].message);
	}
	free(notes->items);
	*notes = (struct notes){};
}

/** The same question, whatever the answer: same event, same rule, same thing. */
static int compare(const struct noted *a, const struct noted *b)
{
	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	if (a->what != b->what)
		return a->what < b->what ? -1 : 1;
	return strcmp(a->key, b->key);
}

static int by_question(const void *a, const void *b)
{
	return compare(a, b);
}

/** One place where the sets may differ; either side may be missing. */
struct pair {
	const struct noted *a, *b;
};

struct walk {
	const struct notes *a, *b;
	size_t at_a, at_b;
};

static struct walk walk_begin(const struct notes *a, const struct notes *b)
{
	if (a->count)
		qsort(a->items, a->count, sizeof(*a->items), by_question);
	if (b->count)
		qsort(b->items, b->count, sizeof(*b->items), by_question);
	return (struct walk){.a = a, .b = b};
}

/** The next pair that differs; false at the end. */
static bool walk_next(struct walk *walk, struct pair *pair)
{
	for (;;) {
		const struct noted *a = walk->at_a < walk->a->count ? &walk->a->items[walk->at_a] : NULL;
		const struct noted *b = walk->at_b < walk->b->count ? &walk->b->items[walk->at_b] : NULL;
		int order = !a ? 1 : !b ? -1 : compare(a, b);

		if (!a && !b)
			return false;
		*pair = (struct pair){order <= 0 ? a : NULL, order >= 0 ? b : NULL};
		walk->at_a += order <= 0;
		walk->at_b += order >= 0;
		if (!pair->a || !pair->b || strcmp(pair->a->verdict, pair->b->verdict) ||
		    strcmp(pair->a->rulings, pair->b->rulings))
			return true;
	}
}

/* ---- verdicts ---- */

struct verdicts {
	struct decision a, b;
};

static void decide(const struct notes *notes, const char *id, day_t day, struct decision *decision)
{
	const struct product *product = notes->policy ? policy_product(notes->policy, id) : NULL;

	*decision = (struct decision){.verdict = VERDICT_UNKNOWN};
	if (product)
		decide_product(notes->policy, product, day, decision);
}

/** Whether the sets differ about this product; the decisions are the caller's to clear. */
static bool verdicts_differ(const struct notes *a, const struct notes *b, const char *id, day_t day,
			    struct verdicts *verdicts)
{
	decide(a, id, day, &verdicts->a);
	decide(b, id, day, &verdicts->b);
	return verdicts->a.verdict != verdicts->b.verdict;
}

static void text_verdict(const struct notes *notes, const struct decision *decision, bool colour,
			 unsigned int columns, struct buf *to)
{
	buf_str(to, "  ");
	style_put(to, colour, STYLE_DIM, notes->name, 20);
	buf_byte(to, ' ');
	style_put(to, colour, style_of_verdict(verdict_name(decision->verdict)),
		  verdict_name(decision->verdict), 0);
	buf_byte(to, '\n');
	decision_text(decision, colour, columns, to);
}

static size_t text_verdicts(const struct notes *a, const struct notes *b,
			    const struct verdict_question *question, bool colour, unsigned int columns,
			    struct buf *to)
{
	size_t differ = 0;

	for (size_t i = 0; i < question->count; i++) {
		struct verdicts verdicts;

		if (verdicts_differ(a, b, question->products[i], question->day, &verdicts)) {
			differ++;
			style_put(to, colour, STYLE_BOLD, question->products[i], 0);
			buf_str(to, ", on ");
			day_format(to, question->day);
			buf_byte(to, '\n');
			text_verdict(a, &verdicts.a, colour, columns, to);
			text_verdict(b, &verdicts.b, colour, columns, to);
			buf_byte(to, '\n');
		}
		decision_clear(&verdicts.a);
		decision_clear(&verdicts.b);
	}
	return differ;
}

static void json_verdict(struct jsonw *w, const char *key, const struct decision *decision)
{
	jsonw_object(w, key);
	jsonw_str(w, "verdict", verdict_name(decision->verdict));
	decision_json(w, decision);
	jsonw_object_end(w);
}

static size_t json_verdicts(const struct notes *a, const struct notes *b,
			    const struct verdict_question *question, struct jsonw *w)
{
	size_t differ = 0;

	jsonw_array(w, "verdicts");
	for (size_t i = 0; i < question->count; i++) {
		struct verdicts verdicts;

		if (verdicts_differ(a, b, question->products[i], question->day, &verdicts)) {
			differ++;
			jsonw_object(w, NULL);
			jsonw_str(w, "product", question->products[i]);
			json_verdict(w, "with_policies", &verdicts.a);
			json_verdict(w, "with_against", &verdicts.b);
			jsonw_object_end(w);
		}
		decision_clear(&verdicts.a);
		decision_clear(&verdicts.b);
	}
	jsonw_array_end(w);
	return differ;
}

/* ---- findings ---- */

/** Whether one line stands among others. */
static bool stands_in(const char *line, size_t length, const char *lines)
{
	for (const char *at = lines, *end; *at; at = *end ? end + 1 : end) {
		end = strchrnul(at, '\n');
		if ((size_t)(end - at) == length && !memcmp(at, line, length))
			return true;
	}
	return false;
}

/** What one set says, of the rulings only those that the other does not share. */
static void text_side(const char *set, const struct noted *noted, const struct noted *other, bool colour,
		      struct buf *to)
{
	buf_str(to, "  ");
	style_put(to, colour, STYLE_DIM, set, 20);
	buf_byte(to, ' ');
	if (!noted) {
		buf_str(to, "no finding\n");
		return;
	}
	style_put(to, colour, style_of_verdict(noted->verdict), noted->verdict, 0);
	buf_byte(to, '\n');
	for (const char *at = noted->rulings, *end; *at; at = *end ? end + 1 : end) {
		end = strchrnul(at, '\n');
		if (other && stands_in(at, (size_t)(end - at), other->rulings))
			continue;
		buf_str(to, "                       ");
		text_plain(to, at, (size_t)(end - at));
		buf_byte(to, '\n');
	}
}

size_t difference_text(const struct notes *a, const struct notes *b, const struct verdict_question *question,
		       const char *log, bool colour, unsigned int columns, struct buf *to)
{
	struct walk walk = walk_begin(a, b);
	struct pair pair;
	size_t verdicts, differ = 0;

	if (log) {
		style_put(to, colour, STYLE_BOLD, log, 0);
		buf_byte(to, '\n');
	}
	verdicts = text_verdicts(a, b, question, colour, columns, to);
	while (walk_next(&walk, &pair)) {
		const struct noted *any = pair.a ? pair.a : pair.b;
		_cleanup_(buf_free) struct buf time = {};

		differ++;
		time_format(&time, any->wall);
		buf_printf(to, "%.19sZ  event %llu  %s  ", time.data, (unsigned long long)any->position,
			   outcome_name(any->what));
		style_put(to, colour, STYLE_BOLD, any->product, 0);
		buf_byte(to, '\n');
		text_side(a->name, pair.a, pair.b, colour, to);
		text_side(b->name, pair.b, pair.a, colour, to);
	}
	text_printf(to, "%zu findings with %s, %zu with %s; %zu differ", a->count, a->name, b->count, b->name,
		    differ);
	text_printf(to, "; %zu of %zu verdicts differ", verdicts, question->count);
	buf_byte(to, '\n');
	return differ + verdicts;
}

static void json_rulings(struct jsonw *w, const char *lines)
{
	jsonw_array(w, "rulings");
	for (const char *at = lines, *end; *at; at = *end ? end + 1 : end) {
		end = strchrnul(at, '\n');
		jsonw_bytes(w, NULL, at, (size_t)(end - at));
	}
	jsonw_array_end(w);
}

static void json_side(struct jsonw *w, const char *key, const struct noted *noted)
{
	if (!noted) {
		jsonw_null(w, key);
		return;
	}
	jsonw_object(w, key);
	jsonw_str(w, "verdict", noted->verdict);
	json_rulings(w, noted->rulings);
	jsonw_str(w, "message", noted->message);
	jsonw_object_end(w);
}

static void json_time(struct jsonw *w, int64_t wall)
{
	_cleanup_(buf_free) struct buf time = {};

	time_format(&time, wall);
	jsonw_str(w, "time", time.data);
}

size_t difference_json(const struct notes *a, const struct notes *b, const struct verdict_question *question,
		       const char *log, struct jsonw *w)
{
	struct walk walk = walk_begin(a, b);
	struct pair pair;
	size_t differ = 0, verdicts;

	jsonw_object(w, NULL);
	jsonw_str(w, "log", log);
	jsonw_str(w, "policies", a->name);
	jsonw_str(w, "against", b->name);
	verdicts = json_verdicts(a, b, question, w);
	jsonw_array(w, "differences");
	while (walk_next(&walk, &pair)) {
		const struct noted *any = pair.a ? pair.a : pair.b;

		differ++;
		jsonw_object(w, NULL);
		jsonw_u64(w, "position", any->position);
		json_time(w, any->wall);
		jsonw_str(w, "rule", outcome_name(any->what));
		jsonw_str(w, "product", any->product);
		json_side(w, "with_policies", pair.a);
		json_side(w, "with_against", pair.b);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_u64(w, "findings_with_policies", a->count);
	jsonw_u64(w, "findings_with_against", b->count);
	jsonw_u64(w, "differ", differ);
	jsonw_object_end(w);
	return differ + verdicts;
}
