// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../capture/checkpoint.h"
#include "../capture/key.h"
#include "../capture/token.h"
#include "../util/file.h"
#include "../util/log.h"
#include "cmd.h"

static const char help[] =
	"Usage: custodes key show [FILE|URI] [--log DIR]\n"
	"       custodes key new FILE [--token URI]\n"
	"       custodes key change [FILE] [--token URI]\n"
	"       custodes key certify [FILE] --by FILE|URI\n"
	"\n"
	"The key that signs what is recorded. Whoever is to check a capture needs its\n"
	"public half from you, by another way than the capture's own.\n"
	"\n"
	"  show     its public half, as a verifier key (c2sp.org/signed-note) and in PEM\n"
	"  new      makes a key in a file that is not there yet\n"
	"  change   puts a new key in its place: the old one vouches for it, and is kept\n"
	"           beside it as FILE.<key ID>.old\n"
	"  certify  another key vouches for this one, such as an operator's\n"
	"\n"
	"  --log DIR    the verifier key under the name of this log\n"
	"  --by KEY     the key that vouches\n"
	"  --token URI  not a new key, but one that is in a token: the file names it\n"
	"  -h, --help\n"
	"\n"
	"FILE is /var/lib/custodes/key if none is named. A certificate stands beside it as\n"
	"FILE.certificate; the next run records it. A URI, such as pkcs11:..., may stand in\n"
	"FILE: see KEYS IN TOKENS in custodes(8).\n"
	"\n"
	"Exit status: 0 done, 2 bad usage or input.\n";

enum {
	OPT_LOG = 256,
	OPT_BY,
	OPT_TOKEN,
};

static const struct option options[] = {
	{"log", required_argument, NULL, OPT_LOG},
	{"by", required_argument, NULL, OPT_BY},
	{"token", required_argument, NULL, OPT_TOKEN},
	{"help", no_argument, NULL, 'h'},
	{},
};

struct arguments {
	const char *source;
	const char *log, *by, *token;
};

static int open_key(struct key **key, const char *source)
{
	int r = key_open(key, source);

	return r == -ENOENT ? log_error(r, "%s", source) : r;
}

static int log_name(const char *path, char name[NOTE_NAME_MAX])
{
	_cleanup_(buf_free) struct buf file = {}, note = {};
	struct checkpoint checkpoint;
	int r;

	buf_printf(&file, "%s/checkpoint", path);
	r = file_read_at(AT_FDCWD, file.data, &note, 65536);
	if (r)
		return log_error(r, "%s", file.data);
	if (checkpoint_read(&checkpoint, note.data ? note.data : "", note.size))
		return log_error(0, "%s: not a checkpoint", file.data);
	snprintf(name, NOTE_NAME_MAX, "%s", checkpoint.origin);
	return 0;
}

static int show(const struct arguments *arguments)
{
	_cleanup_(key_close) struct key *key = NULL;
	_cleanup_(buf_free) struct buf text = {};
	char name[NOTE_NAME_MAX] = KEY_NAME;
	struct verifier verifier;
	int r = open_key(&key, arguments->source);

	if (!r && arguments->log)
		r = log_name(arguments->log, name);
	if (!r)
		r = verifier_make(&verifier, name, NOTE_ED25519, key_public(key));
	if (r)
		return r;
	verifier_format(&verifier, &text);
	puts(text.data);
	buf_clear(&text);
	key_pem(key, &text);
	fputs(text.data, stdout);
	return 0;
}

/** A URI has no place beside it for another file. */
static int needs_file(const struct arguments *arguments)
{
	return token_uri(arguments->source) ?
		       usage_error("key", "expected a file; one that names a URI: key new FILE --token URI") :
		       0;
}

static int make_at(struct key **key, const char *path, const char *token)
{
	return token ? key_adopt(key, path, token) : key_create(key, path);
}

static int make(const struct arguments *arguments)
{
	_cleanup_(key_close) struct key *key = NULL;
	int r = needs_file(arguments);

	return r ? r : make_at(&key, arguments->source, arguments->token);
}

static int write_certificate(const char *file, const struct key *by, const uint8_t public[ED25519_KEY])
{
	_cleanup_(buf_free) struct buf note = {}, path = {};
	int r = key_certify(by, public, &note);

	buf_printf(&path, "%s.certificate", file);
	if (!r)
		r = file_replace_at(AT_FDCWD, path.data, note.data, note.size);
	return r ? log_error(r, "%s", path.data) : 0;
}

static int certify(const struct arguments *arguments)
{
	_cleanup_(key_close) struct key *key = NULL, *by = NULL;
	int r;

	if (!arguments->by)
		return usage_error("key", "certify: --by is needed");
	r = needs_file(arguments);
	if (!r)
		r = open_key(&key, arguments->source);
	if (!r)
		r = open_key(&by, arguments->by);
	return r ? r : write_certificate(arguments->source, by, key_public(key));
}

/** The new key is whole before it takes the place of the old one, which is kept. */
static int change(const struct arguments *arguments)
{
	_cleanup_(key_close) struct key *old = NULL, *new = NULL;
	_cleanup_(buf_free) struct buf beside = {}, kept = {};
	struct verifier verifier;
	int r = needs_file(arguments);

	if (!r)
		r = open_key(&old, arguments->source);
	if (r)
		return r;
	verifier_make(&verifier, KEY_NAME, NOTE_ED25519, key_public(old));
	buf_printf(&beside, "%s.new", arguments->source);
	buf_printf(&kept, "%s.", arguments->source);
	buf_hex(&kept, verifier.id, sizeof(verifier.id));
	buf_str(&kept, ".old");
	r = make_at(&new, beside.data, arguments->token);
	if (!r)
		r = write_certificate(arguments->source, old, key_public(new));
	if (!r && link(arguments->source, kept.data))
		r = log_error(-errno, "%s", kept.data);
	if (!r && rename(beside.data, arguments->source))
		r = log_error(-errno, "%s", arguments->source);
	return r;
}

static const struct verb {
	const char *name;
	int (*run)(const struct arguments *arguments);
} verbs[] = {
	{"show", show},
	{"new", make},
	{"change", change},
	{"certify", certify},
};

int cmd_key(int argc, char **argv)
{
	struct arguments arguments = {.source = KEY_FILE};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h')
			return usage_help(help);
		if (option == OPT_LOG)
			arguments.log = optarg;
		else if (option == OPT_BY)
			arguments.by = optarg;
		else if (option == OPT_TOKEN)
			arguments.token = optarg;
		else
			return usage_error("key", "unknown or incomplete option");
	}
	if (optind == argc || optind + 2 < argc)
		return usage_error("key", "expected show, new, change or certify, and at most one key");
	if (optind + 1 < argc)
		arguments.source = argv[optind + 1];
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(argv[optind], verbs[i].name))
			return verbs[i].run(&arguments) ? EXIT_USAGE : EXIT_CLEAN;
	return usage_error("key", "%s: expected show, new, change or certify", argv[optind]);
}
