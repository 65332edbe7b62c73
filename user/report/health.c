// SPDX-License-Identifier: GPL-3.0-or-later
#include "health.h"

#include <errno.h>
#include <string.h>

#include "../util/clock.h"
#include "../util/jsonw.h"
#include "../util/style.h"
#include "../util/text.h"

static const char *result_text(const struct health *health, size_t hook)
{
	int result = health->probe.results[hook];

	if (result == -ENOENT && hooks[hook].traits & LEADS)
		return "not needed here";
	return !result ? "works" : result == -ECANCELED ? "not wanted" : strerror(-result);
}

bool health_can_run(const struct health *health)
{
	if (!health->probed)
		return false;
	for (int i = 0; i < FEATURES; i++)
		if (features[i].required && health->probe.ways[i] < 0)
			return false;
	return true;
}

static const char *lost(const struct health *health, enum feature feature)
{
	return health->probed ? probe_lost(&health->probe, feature) : "";
}

/* ---- text ---- */

static void text_programs(const struct health *health, int feature, bool colour, struct buf *to)
{
	for (size_t i = 0; i < hook_count; i++) {
		bool used = probe_uses(&health->probe, i), works = !health->probe.results[i];

		if ((int)hooks[i].feature != feature)
			continue;
		buf_str(to, "    ");
		style_put(to, colour, STYLE_PLAIN, hooks[i].program, 25);
		style_put(to, colour, STYLE_DIM, hooks[i].target, 24);
		style_put(to, colour, STYLE_PLAIN, used ? "in use" : hooks[i].way ? "stands by" : "", 12);
		style_put(to, colour,
			  works			  ? STYLE_GOOD :
			  hooks[i].traits & LEADS ? STYLE_DIM :
						    STYLE_WARN,
			  result_text(health, i), 0);
		buf_byte(to, '\n');
	}
}

static void text_feature(const struct health *health, int feature, bool colour, struct buf *to)
{
	const char *loses = lost(health, (enum feature)feature);

	buf_str(to, "  ");
	style_put(to, colour, STYLE_BOLD, features[feature].name, 0);
	buf_printf(to, ": %s\n", features[feature].sees);
	text_programs(health, feature, colour, to);
	if (*loses) {
		buf_str(to, "    ");
		style_put(to, colour, STYLE_WARN, "lost: ", 0);
		buf_printf(to, "%s\n", loses);
	}
}

static void text_places(const struct places_state *places, bool colour, struct buf *to)
{
	_cleanup_(buf_free) struct buf day = {};

	buf_str(to, "\n  ");
	style_put(to, colour, STYLE_BOLD, "places", 0);
	if (places->state == PLACES_NONE) {
		buf_str(to, ": no location database; addresses have no place\n");
		return;
	}
	day_format(&day, day_of(places->created * (int64_t)NSEC_PER_SEC));
	text_printf(to, ": %s, by %s of %s, signature %s", places->path, places->vendor, day.data,
		    places->state == PLACES_VERIFIED ? "verified" : "not checked (no signing key installed)");
	buf_byte(to, '\n');
	if (!places->mmdb_path)
		return;
	text_printf(to, "    %s (%s)", places->mmdb_path, places->mmdb_type);
	buf_byte(to, '\n');
}

void health_text(const struct health *health, bool colour, struct buf *to)
{
	buf_printf(to, "Linux %s %s\n\n", health->kernel.release, health->kernel.machine);
	for (int i = 0; health->probed && i < FEATURES; i++)
		text_feature(health, i, colour, to);
	text_places(&health->places, colour, to);
	buf_byte(to, '\n');
	if (health_can_run(health))
		style_put(to, colour, STYLE_GOOD, "The sensor can run here.", 0);
	else
		style_put(to, colour, STYLE_BAD, "The sensor cannot run here.", 0);
	buf_str(to, "\nCost to what is not watched: a load for each connect, end of a stream and call on\n"
		    "an internet socket, a look-up for each exec. Once a product is there, each system\n"
		    "call of the host passes file_call, which ends at once for what is not watched: some\n"
		    "tens of nanoseconds. make bench measures it.\n");
}

/* ---- JSON ---- */

static void json_programs(const struct health *health, int feature, struct jsonw *w)
{
	jsonw_array(w, "programs");
	for (size_t i = 0; i < hook_count; i++) {
		if ((int)hooks[i].feature != feature)
			continue;
		jsonw_object(w, NULL);
		jsonw_str(w, "program", hooks[i].program);
		jsonw_str(w, "target", hooks[i].target);
		jsonw_u64(w, "way", hooks[i].way);
		jsonw_str(w, "result", result_text(health, i));
		jsonw_bool(w, "in_use", probe_uses(&health->probe, i));
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void json_places(const struct places_state *places, struct jsonw *w)
{
	jsonw_object(w, "places");
	jsonw_str_or_null(w, "database", places->path);
	if (places->state != PLACES_NONE) {
		_cleanup_(buf_free) struct buf day = {};

		day_format(&day, day_of(places->created * (int64_t)NSEC_PER_SEC));
		jsonw_str(w, "vendor", places->vendor);
		jsonw_str(w, "created", day.data);
		jsonw_bool(w, "verified", places->state == PLACES_VERIFIED);
		jsonw_hex(w, "sha256", places->sha256, DIGEST_SIZE);
	}
	jsonw_str_or_null(w, "mmdb", places->mmdb_path);
	jsonw_object_end(w);
}

void health_json(const struct health *health, struct buf *to)
{
	struct jsonw w = {.to = to, .pretty = true};

	jsonw_object(&w, NULL);
	jsonw_str(&w, "kernel", health->kernel.release);
	jsonw_str(&w, "machine", health->kernel.machine);
	jsonw_bool(&w, "can_run", health_can_run(health));
	jsonw_str(&w, "error", health->error ? strerror(-health->error) : NULL);
	jsonw_array(&w, "features");
	for (int i = 0; health->probed && i < FEATURES; i++) {
		jsonw_object(&w, NULL);
		jsonw_str(&w, "name", features[i].name);
		jsonw_str(&w, "sees", features[i].sees);
		jsonw_bool(&w, "required", features[i].required);
		jsonw_i64(&w, "way", health->probe.ways[i]);
		jsonw_str(&w, "lost", lost(health, (enum feature)i));
		json_programs(health, i, &w);
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
	json_places(&health->places, &w);
	jsonw_object_end(&w);
	buf_byte(to, '\n');
}
