#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# A folder each: events (or a capture), arguments, the findings expected, and why.
# To write what is found now as what is expected: REPLAY_ACCEPT=1 tests/run replay,
# and then read the difference as if a stranger had made it.

replay_case() {
	local dir=tests/replay/$1 record code=0
	record=$dir/events.ndjson
	[[ -e $record ]] || record=$dir/capture
	# shellcheck disable=SC2046
	"$CUSTODES" -q replay "$record" $(cat "$dir/args") --output "text:$BATS_TEST_TMPDIR/found.txt" \
		--output "ecs:$BATS_TEST_TMPDIR/found.ndjson" || code=$?
	# Which documents it was is not the case's business: they change with every correction.
	sed -i 's/; policy [0-9a-f]*…/; policy …/' "$BATS_TEST_TMPDIR/found.txt"
	[[ -z ${REPLAY_ACCEPT:-} ]] || cp "$BATS_TEST_TMPDIR/found.txt" "$dir/expected.txt"
	diff -u "$dir/expected.txt" "$BATS_TEST_TMPDIR/found.txt"
	# Exit status by what was found; every line of the other output is JSON.
	[[ $code -eq $([[ -s $dir/expected.txt ]] && echo 1 || echo 0) ]]
	jq -es 'map(.custodes.log.position) | . == sort' "$BATS_TEST_TMPDIR/found.ndjson" >/dev/null
	[[ $(jq -s 'map(select(.event.kind == "alert")) | length' "$BATS_TEST_TMPDIR/found.ndjson") -eq \
		$(grep -c '^  evidence ' "$dir/expected.txt") ]]
	[[ -s $dir/WHY ]]
	[[ ! -e $dir/statement.txt ]] || statement_case "$dir"
}

# What the ledger states of it, where the case is about that.
statement_case() {
	local code=0
	# shellcheck disable=SC2046
	"$CUSTODES" -q ledger "$1/events.ndjson" $(cat "$1/args") >"$BATS_TEST_TMPDIR/statement.txt" || code=$?
	[[ -z ${REPLAY_ACCEPT:-} ]] || cp "$BATS_TEST_TMPDIR/statement.txt" "$1/statement.txt"
	diff -u "$1/statement.txt" "$BATS_TEST_TMPDIR/statement.txt"
	[[ $code -eq 1 ]]
	explained "$1"
}

# Each finding of the ledger is explained, by events that stand in the record.
explained() {
	local id count=0
	while read -r id; do
		# shellcheck disable=SC2046
		"$CUSTODES" -q explain "$id" "$1/events.ndjson" $(cat "$1/args") >"$BATS_TEST_TMPDIR/explained.txt"
		grep -A2 "^What happened$" "$BATS_TEST_TMPDIR/explained.txt" | grep -q "  event [0-9]"
		grep -q "^What is not known$" "$BATS_TEST_TMPDIR/explained.txt"
		count=$((count + 1))
	done < <(jq -r 'select(.custodes.ledger) | .event.id' "$BATS_TEST_TMPDIR/found.ndjson")
	((count > 0))
}

@test "a helper that another has written" {
	replay_case a-helper-that-another-has-written
}

@test "a network filesystem" {
	replay_case a-network-filesystem
	[[ $(jq -r 'select(.event.action == "access") | .custodes.access | "\(.filesystem) \(.leaves_host)"' \
		"$BATS_TEST_TMPDIR/found.ndjson" | paste -sd,) == "ext null,nfs true,0xdeadbeef null" ]]
}

@test "a process taken hold of" {
	replay_case a-process-taken-hold-of
}

@test "a steering file that was renamed" {
	replay_case a-steering-file-that-was-renamed
}

@test "as of" {
	replay_case as-of
}

@test "before its date" {
	replay_case before-its-date
}

@test "benign is let go" {
	replay_case benign-is-let-go
}

@test "child of a provisional parent" {
	replay_case child-of-a-provisional-parent
}

@test "clock step" {
	replay_case clock-step
}

@test "datagrams by destination" {
	replay_case datagrams-by-destination
}

@test "dutch letter names one product" {
	replay_case dutch-letter-names-one-product
}

@test "findings merge" {
	replay_case findings-merge
}

@test "hostile names" {
	replay_case hostile-names
}

@test "late identity" {
	replay_case late-identity
}

@test "lineage is inherited" {
	replay_case lineage-is-inherited
}

@test "loss in the window" {
	replay_case loss-in-the-window
}

@test "nobody known in a target state" {
	replay_case nobody-known-in-a-target-state
}

@test "product and destination" {
	replay_case product-and-destination
}

@test "site overlay" {
	replay_case site-overlay
}

@test "sockets of other families" {
	replay_case sockets-of-other-families
}

@test "superseded binds the past" {
	replay_case superseded-binds-the-past
}

@test "ticks of an open connection" {
	replay_case ticks-of-an-open-connection
}

@test "vanished executable" {
	replay_case vanished-executable
}

@test "code of one who is not judged yet" {
	replay_case code-of-one-not-judged
}

@test "connect lost" {
	replay_case connect-lost
}

@test "fork lost" {
	replay_case fork-lost
}

@test "a product keeps its socket" {
	replay_case a-product-keeps-its-socket
}

@test "every folder is a test" {
	for dir in tests/replay/*/; do
		[[ $dir != */families/ ]] || continue # families.bats has them
		grep -q "replay_case $(basename "$dir")\$" tests/replay/replay.bats
	done
}

@test "ledger: a drip" {
	replay_case ledger-a-drip
}

@test "ledger: bytes that nothing explains" {
	replay_case ledger-bytes-that-nothing-explains
}

@test "ledger: declared channels" {
	replay_case ledger-declared-channels
}

@test "ledger: leak bound" {
	replay_case ledger-leak-bound
}

@test "ledger: leak bound below the blind rate" {
	replay_case ledger-leak-bound-below-the-blind-rate
}

@test "ledger: through others" {
	replay_case ledger-through-others
}

@test "ledger: a file that stays" {
	replay_case ledger-a-file-that-stays
}

@test "ledger: killed before it looked" {
	replay_case ledger-killed-before-it-looked
}

@test "ledger: within this host" {
	replay_case ledger-within-this-host
}

@test "a script as an argument" {
	replay_case a-script-as-an-argument
}

@test "a script of a product" {
	replay_case a-script-of-a-product
}

@test "files that steer others" {
	replay_case files-that-steer-others
}

@test "a script of one that has ended" {
	replay_case a-script-of-one-that-has-ended
}

@test "ledger: a descriptor given" {
	replay_case ledger-a-descriptor-given
}

@test "ledger: over a restart" {
	replay_case ledger-over-a-restart
}

@test "formulas of others, beside which docs/DETECTION.md puts ours" {
	python3 tests/scenarios/formulas
}

@test "ledger: names through the site's resolver" {
	replay_case ledger-names-through-the-sites-resolver
}

@test "ledger: first reads not seen" {
	replay_case ledger-first-reads-not-seen
}

@test "ledger: names that nobody read" {
	replay_case ledger-names-that-nobody-read
}

@test "ledger: names of files not read" {
	replay_case ledger-names-of-files-not-read
}

@test "names of files newly read" {
	replay_case names-of-files-newly-read
}

@test "ledger: a rule set off" {
	replay_case ledger-a-rule-set-off
}

@test "ledger: thresholds of the site" {
	replay_case ledger-thresholds-of-the-site
}

@test "ledger: size echo" {
	replay_case ledger-size-echo
}

@test "uploads of other sizes" {
	replay_case uploads-of-other-sizes
}

@test "ledger: lookups" {
	replay_case ledger-lookups
}

@test "lookups of many files" {
	replay_case lookups-of-many-files
}

@test "ledger: selectivity" {
	replay_case ledger-selectivity
}

@test "programs that nobody has installed" {
	replay_case programs-that-nobody-has-installed
}

@test "reading everything alike" {
	replay_case reading-everything-alike
}

@test "capture list: the runs of a record, how they ended, what was lost" {
	local out
	out=$("$CUSTODES" capture list tests/replay/ledger-over-a-restart/events.ndjson --json)
	[[ $(jq -c '[.runs[] | .run, .position, .events, .ended, .lost]' <<<"$out") == '["r",0,22,true,0,"s",22,21,true,0]' ]]
	out=$("$CUSTODES" capture list tests/replay/loss-in-the-window/events.ndjson --json)
	[[ $(jq -c '[.runs[] | .lost]' <<<"$out") == '[42]' ]]
	out=$("$CUSTODES" capture list tests/replay/families/bulk/attack/capture)
	[[ $(wc -l <<<"$out") -eq 2 && $out == *"in order"*scenario ]]
	run "$CUSTODES" capture list /nowhere
	[[ $status -eq 2 ]]
}
