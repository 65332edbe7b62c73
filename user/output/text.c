// SPDX-License-Identifier: GPL-3.0-or-later
/* Findings for a person: what, who, where to, on whose word, and where it stands. */
#include <string.h>

#include "../util/clock.h"
#include "../util/style.h"
#include "../util/text.h"
#include "address.h"
#include "output.h"

static void put(struct buf *to, const char *text)
{
	text_plain(to, text, strlen(text));
}

static void label(struct buf *to, const char *name, bool colour)
{
	buf_str(to, "  ");
	style_put(to, colour, STYLE_DIM, name, 12);
}

static void headline(const struct outcome *outcome, bool colour, struct buf *to)
{
	_cleanup_(buf_free) struct buf time = {};

	time_format(&time, outcome->wall);
	buf_bytes(to, time.data, 19);
	buf_str(to, "Z  ");
	style_put(to, colour, outcome->severity >= 73 ? STYLE_BAD : STYLE_WARN,
		  outcome->verdict ? outcome->verdict : "finding", 0);
	buf_printf(to, "  %s", outcome_name(outcome->what));
	if (outcome->product)
		text_printf(to, "  %s", outcome->product->id);
	buf_str(to, "\n  ");
	style_put(to, colour, STYLE_BOLD, outcome->message ? outcome->message : "", 0);
	buf_byte(to, '\n');
}

static void process_line(const char *name, const struct outcome_process *process, bool colour, struct buf *to)
{
	if (!process)
		return;
	label(to, name, colour);
	put(to, process->executable ? process->executable : process->name ? process->name : "?");
	if (process->started_as)
		buf_str(to, ", started as "), put(to, process->started_as);
	buf_printf(to, " (pid %u", process->tgid);
	if (process->user)
		buf_str(to, ", user "), put(to, process->user);
	if (process->unit)
		buf_str(to, ", unit "), put(to, process->unit);
	if (process->container)
		buf_str(to, ", container "), text_plain(to, process->container, 12);
	buf_str(to, ")\n");
}

static void identity_line(const struct outcome *outcome, bool colour, struct buf *to)
{
	const struct outcome_process *process = outcome->process;

	if (!outcome->product)
		return;
	label(to, "identity", colour);
	buf_printf(to, "by %s", outcome->product->evidence);
	if (process && process->package) {
		buf_str(to, "; package ");
		put(to, process->package);
		if (process->package_version)
			buf_byte(to, ' '), put(to, process->package_version);
	}
	if (process && process->sha256)
		buf_printf(to, "; sha256 %.16s…", process->sha256);
	buf_byte(to, '\n');
}

static const char *transport(uint16_t proto)
{
	const char *name = transport_name(proto);

	return name ? name : "other";
}

static void destination_lines(const struct outcome_destination *destination, bool colour, struct buf *to)
{
	char address[INET6_ADDRSTRLEN];
	const struct {
		const char *name, *value;
	} facts[] = {
		{"controlling jurisdiction", destination->controlling_jurisdiction},
		{"service operator", destination->service_operator},
		{"hosting operator", destination->hosting_operator},
		{"AS registration", destination->as_registration},
		{"server location", destination->server_location},
	};

	label(to, "destination", colour);
	if (destination->remote.family)
		buf_printf(to, destination->remote.family == 6 ? "[%s]:%u %s" : "%s:%u %s",
			   address_text(&destination->remote, address), ntohs(destination->remote.port),
			   transport(destination->proto));
	else
		buf_printf(to, "no address, %s", transport(destination->proto));
	if (destination->domain)
		text_printf(to, " (%s, by %s)", destination->domain,
			    strcmp(destination->domain_by, "tls") ? "DNS" : "TLS");
	buf_printf(to, ", sent %llu, received %llu%s\n", (unsigned long long)destination->sent,
		   (unsigned long long)destination->received,
		   destination->upper_bound ? " bytes at most (the socket was not opened under watch)" :
					      " bytes");
	label(to, "", colour);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		buf_printf(to, "%s%s: ", i ? "; " : "", facts[i].name);
		put(to, facts[i].value ? facts[i].value : "not known");
	}
	buf_printf(to, " (by %s)\n", destination->basis);
}

static void ledger_lines(const struct outcome_ledger *ledger, bool colour, struct buf *to)
{
	_cleanup_(buf_free) struct buf since = {};

	time_format(&since, ledger->since);
	label(to, "ledger", colour);
	buf_printf(to, "since %.19sZ read %llu bytes of ", since.data, (unsigned long long)ledger->read);
	put(to, ledger->label);
	if (ledger->unseen)
		buf_str(to, ", and more that was not seen");
	else
		buf_printf(to, ", can hold %llu", (unsigned long long)ledger->capacity);
	buf_printf(to, "; sent %llu by way of %s", (unsigned long long)ledger->sent, ledger->way);
	if (ledger->jurisdiction)
		text_printf(to, " to %s", ledger->jurisdiction);
	buf_byte(to, '\n');
	label(to, "", colour);
	buf_printf(to,
		   "left at most: %llu bytes; not explained: %llu; borne: %llu, and %llu.%03llu a second\n",
		   (unsigned long long)ledger->bound, (unsigned long long)ledger->unexplained,
		   (unsigned long long)ledger->limit, (unsigned long long)ledger->millibytes / 1000,
		   (unsigned long long)ledger->millibytes % 1000);
}

static void ruling_lines(const struct outcome *outcome, bool colour, struct buf *to)
{
	for (size_t i = 0; i < outcome->ruling_count; i++) {
		const struct outcome_ruling *ruling = &outcome->rulings[i];

		if (!ruling->in_force)
			continue;
		label(to, i ? "" : "measure", colour);
		text_printf(to, "%s: %s (%s)", ruling->id, ruling->verdict, ruling->force);
		if (ruling->quote) {
			buf_str(to, ": “");
			put(to, ruling->quote);
			buf_str(to, "” — ");
			put(to, ruling->source);
		} else {
			buf_str(to, "; no document held, see ");
			put(to, ruling->source);
		}
		buf_byte(to, '\n');
	}
}

static void log_line_(const struct outcome *outcome, const struct outcome_log *log, bool colour,
		      struct buf *to)
{
	char id[33];

	outcome_id(outcome, log, id);
	label(to, "evidence", colour);
	text_printf(to, "%s, event %llu of log %s%s", id, (unsigned long long)outcome->position, log->origin,
		    log->recorded ? "" : " (NOT RECORDED)");
	if (outcome->incident)
		buf_printf(to, "; incident %.12s…, finding %llu", outcome->incident,
			   (unsigned long long)outcome->incident_number);
	if (outcome->host->policy)
		text_printf(to, "; policy %.12s…", outcome->host->policy);
	if (outcome->lost)
		buf_printf(to, "; %llu lost in its window (%s)", (unsigned long long)outcome->lost,
			   outcome->lost_causes ? outcome->lost_causes : "cause unknown");
	else
		buf_str(to, "; nothing lost in its window");
	buf_byte(to, '\n');
}

static void render(const struct outcome *outcome, const struct outcome_log *log, bool colour, struct buf *to)
{
	headline(outcome, colour, to);
	process_line("process", outcome->process, colour, to);
	if (outcome->parent && outcome->parent->executable)
		process_line("parent", outcome->parent, colour, to);
	identity_line(outcome, colour, to);
	if (outcome->destination)
		destination_lines(outcome->destination, colour, to);
	if (outcome->ledger)
		ledger_lines(outcome->ledger, colour, to);
	ruling_lines(outcome, colour, to);
	log_line_(outcome, log, colour, to);
	buf_byte(to, '\n');
}

const struct output_format format_text = {.name = "text", .render = render};
