// SPDX-License-Identifier: GPL-3.0-or-later
#include "place.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <libloc/as.h>
#include <libloc/database.h>
#include <libloc/libloc.h>
#include <libloc/network.h>
#include <maxminddb.h>

#include "../util/clock.h"
#include "../util/file.h"
#include "../util/log.h"
#include "../util/memory.h"

static const char *const databases[] = {
	"/var/lib/location/database.db",
	"/usr/share/libloc-location/location.db",
};

static const char *const signing_keys[] = {
	"/var/lib/location/signing-key.pem",
	"/usr/share/libloc-location/signing-key.pem",
};

struct places {
	struct loc_ctx *context;
	struct loc_database *database;
	FILE *file;
	const char *path;
	bool verified;
	uint8_t sha256[DIGEST_SIZE];
	MMDB_s mmdb;
	bool has_mmdb;
	uint8_t mmdb_sha256[DIGEST_SIZE];
};

static void no_words(struct loc_ctx *context, int priority, const char *file, int line, const char *function,
		     const char *format, va_list args)
{
	(void)context, (void)priority, (void)file, (void)line, (void)function, (void)format, (void)args;
}

static int digest_file(FILE *file, uint8_t sum[DIGEST_SIZE])
{
	static uint8_t chunk[1 << 16];
	struct digest *digest;
	size_t got;

	if (fseek(file, 0, SEEK_SET))
		return -errno;
	digest = digest_begin();
	while ((got = fread(chunk, 1, sizeof(chunk), file)))
		digest_add(digest, chunk, got);
	digest_end(&digest, sum);
	return ferror(file) ? -EIO : 0;
}

static int verify(struct places *places)
{
	for (size_t i = 0; i < ARRAY_SIZE(signing_keys); i++) {
		_cleanup_fclose_ FILE *key = fopen(signing_keys[i], "re");

		if (!key)
			continue;
		if (loc_database_verify(places->database, key))
			return log_error(-EBADMSG, "%s: its signature does not fit %s", places->path,
					 signing_keys[i]);
		places->verified = true;
		return 0;
	}
	log_warning("%s: its signature was not checked: no signing key is installed (package location)",
		    places->path);
	return 0;
}

static FILE *open_default(const char **path)
{
	for (size_t i = 0; i < ARRAY_SIZE(databases); i++) {
		FILE *file = fopen(databases[i], "re");

		*path = databases[i];
		if (file)
			return file;
	}
	return NULL;
}

static int open_libloc(struct places *places, const char *named)
{
	int r;

	places->path = named;
	places->file = named ? fopen(named, "re") : open_default(&places->path);
	if (!places->file && named)
		return log_error(-errno, "%s", named);
	if (!places->file) {
		log_warning("no location database: addresses have no place (package libloc-database)");
		return 0;
	}
	r = -loc_new(&places->context);
	if (r)
		return log_error(-ENOMEM, "libloc");
	loc_set_log_fn(places->context, no_words);
	if (loc_database_new(places->context, &places->database, places->file))
		return log_error(-EBADMSG, "%s: not a location database", places->path);
	r = verify(places);
	return r ? r : digest_file(places->file, places->sha256);
}

static int open_mmdb(struct places *places, const char *path)
{
	_cleanup_fclose_ FILE *file = NULL;
	int status;

	if (!path)
		return 0;
	status = MMDB_open(path, MMDB_MODE_MMAP, &places->mmdb);
	if (status != MMDB_SUCCESS)
		return log_error(-EBADMSG, "%s: %s", path, MMDB_strerror(status));
	places->has_mmdb = true;
	file = fopen(path, "re");
	return file ? digest_file(file, places->mmdb_sha256) : log_error(-errno, "%s", path);
}

int places_open(struct places **places, const struct places_options *options)
{
	struct places *p = need(calloc(1, sizeof(*p)));
	int r;

	*places = NULL;
	r = options->none ? 0 : open_libloc(p, options->libloc);
	if (!r)
		r = open_mmdb(p, options->mmdb);
	if (r)
		places_close(&p);
	*places = p;
	return r;
}

void places_close(struct places **places)
{
	struct places *p = *places;

	if (!p)
		return;
	if (p->database)
		loc_database_unref(p->database);
	if (p->context)
		loc_unref(p->context);
	if (p->file)
		fclose(p->file);
	if (p->has_mmdb)
		MMDB_close(&p->mmdb);
	free(p);
	*places = NULL;
}

static void ask_libloc(struct places *places, const struct in6_addr *address, struct draft *draft,
		       struct ev_place *event)
{
	struct loc_network *network = NULL;
	struct loc_as *as = NULL;
	const char *country;

	if (!places->database || loc_database_lookup(places->database, address, &network) || !network)
		return;
	event->head.flags |= PLACE_KNOWN;
	if (loc_network_has_flag(network, LOC_NETWORK_FLAG_ANYCAST))
		event->head.flags |= PLACE_ANYCAST;
	country = loc_network_get_country_code(network);
	if (country && strlen(country) == 2)
		memcpy(event->country, country, 2);
	event->asn = loc_network_get_asn(network);
	if (event->asn && !loc_database_get_as(places->database, &as, event->asn) && as) {
		draft_text(draft, &event->as_name, loc_as_get_name(as));
		loc_as_unref(as);
	}
	draft_text(draft, &event->network, loc_network_str(network));
	loc_network_unref(network);
}

static void ask_mmdb(struct places *places, const struct in6_addr *address, struct ev_place *event)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = *address};
	struct sockaddr_in four = {.sin_family = AF_INET};
	bool mapped = IN6_IS_ADDR_V4MAPPED(address);
	MMDB_lookup_result_s result;
	MMDB_entry_data_s data;
	int error;

	if (!places->has_mmdb)
		return;
	memcpy(&four.sin_addr, address->s6_addr + 12, 4);
	result = MMDB_lookup_sockaddr(&places->mmdb,
				      mapped ? (const struct sockaddr *)&four : (const struct sockaddr *)&six,
				      &error);
	if (error != MMDB_SUCCESS || !result.found_entry)
		return;
	event->head.flags |= PLACE_KNOWN;
	if (MMDB_get_value(&result.entry, &data, "country", "iso_code", NULL) == MMDB_SUCCESS &&
	    data.has_data && data.type == MMDB_DATA_TYPE_UTF8_STRING && data.data_size == 2)
		memcpy(event->server_country, data.utf8_string, 2);
}

const struct ev_head *places_observe(struct places *places, const struct ev_addr *address,
				     struct draft *draft)
{
	struct ev_place *event = DRAFT(draft, PLACE, place, clock_boot());
	struct in6_addr six = {};

	event->address = *address;
	event->address.port = 0;
	memcpy(event->database, places->sha256, sizeof(event->database));
	memcpy(event->mmdb, places->mmdb_sha256, sizeof(event->mmdb));
	if (address->family == 4) {
		six.s6_addr[10] = six.s6_addr[11] = 0xff;
		memcpy(six.s6_addr + 12, address->addr, 4);
	} else {
		memcpy(six.s6_addr, address->addr, 16);
	}
	ask_libloc(places, &six, draft, event);
	ask_mmdb(places, &six, event);
	return draft_end(draft);
}

void places_state(const struct places *places, struct places_state *state)
{
	*state = (struct places_state){.state = PLACES_NONE};
	if (places->database) {
		state->path = places->path;
		state->vendor = loc_database_get_vendor(places->database);
		state->created = loc_database_created_at(places->database);
		state->state = places->verified ? PLACES_VERIFIED : PLACES_UNVERIFIED;
		memcpy(state->sha256, places->sha256, sizeof(state->sha256));
	}
	if (places->has_mmdb) {
		state->mmdb_path = places->mmdb.filename;
		state->mmdb_type = places->mmdb.metadata.database_type;
	}
}
