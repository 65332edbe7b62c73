#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The families of tests/scenarios as they were recorded when they were played: what was found
# live is found again, by every later version. A folder for each family, and in it one for
# each play: a capture, and the rules that spoke. Made by tests/scenarios/run --record DIR.

FAMILIES=tests/replay/families

# Which rules speak in the capture of this play.
rules() {
	local code=0
	rm -f "$BATS_TEST_TMPDIR/found.ndjson"
	"$CUSTODES" -q replay "$1/capture" --output "ecs:$BATS_TEST_TMPDIR/found.ndjson" || code=$?
	((code < 2)) || echo "replay ended with $code"
	jq -r 'select(.event.kind == "alert") | .event.action' "$BATS_TEST_TMPDIR/found.ndjson" | sort -u
}

of_the_ledger() {
	grep -qxE 'unexplained-bytes|leak-bound|name-information|size-echo|lookups|selectivity' "$1"
}

# plays KIND: all of this kind say what they said live; how many there are.
plays() {
	local play
	COUNT=0
	for play in "$FAMILIES"/*/"$1"; do
		rules "$play" >"$BATS_TEST_TMPDIR/rules"
		[[ -z ${REPLAY_ACCEPT:-} ]] || cp "$BATS_TEST_TMPDIR/rules" "$play/expected"
		diff -u "$play/expected" "$BATS_TEST_TMPDIR/rules"
		COUNT=$((COUNT + 1))
	done
	((COUNT > 0))
}

@test "every attack is found again" {
	local play
	plays attack
	for play in "$FAMILIES"/*/attack; do
		of_the_ledger "$play/expected"
	done
}

@test "every twin is let go again" {
	local play
	plays twin
	for play in "$FAMILIES"/*/twin; do
		! of_the_ledger "$play/expected" || return 1
	done
}

@test "every benign family is let go again" {
	local play
	plays benign
	for play in "$FAMILIES"/*/benign; do
		[[ ! -s $play/expected ]]
	done
}

@test "every rule of the engine is known to the benchmark, as one about what leaves, about measures, or about conduct" {
	local known
	known=$(PYTHONDONTWRITEBYTECODE=1 python3 -c 'import sys; sys.path.insert(0, "tests/scenarios")
import rules; print("\n".join(sorted(rules.RULES + rules.OF_MEASURES + rules.OF_CONDUCT)))')
	diff -u <(sed -n '/^ *\/\{0,1\}\* Rules\{0,1\} /{s/.*Rules\{0,1\} \([^:]*\):.*/\1/;s/ and /\n/;p}' user/engine/detect/*.c | sort) <(echo "$known")
}

@test "each rule that can be set off is needed: without it a list of events is lost, and no other changes" {
	PYTHONDONTWRITEBYTECODE=1 python3 - "$CUSTODES" <<-'END'
		import sys
		sys.path.insert(0, "tests/scenarios")
		import ablation
		for rule, speaks, lost in ablation.table(sys.argv[1], "."):
		    print(rule, speaks, lost)
		    assert lost, rule
	END
}

@test "of each recording nothing is in doubt but that events were taken out" {
	local play code
	for play in "$FAMILIES"/*/*; do
		code=0
		"$CUSTODES" -q verify "$play/capture" --json >"$BATS_TEST_TMPDIR/verdict" || code=$?
		((code == 0 || code == 3))
		jq -e '.entries > 0 and .events > 0 and
			all(.in_doubt[]; .check == "sequences" and (.text | test("events are missing in their sequences")))' \
			"$BATS_TEST_TMPDIR/verdict" || { echo "$play"; return 1; }
	done
}

@test "every family is recorded, as a whole and small" {
	local family name
	for family in tests/scenarios/families/*.py; do
		name=$(basename "$family" .py)
		if grep -q '^KIND = "attack"' "$family"; then
			[[ -d $FAMILIES/$name/attack && -d $FAMILIES/$name/twin ]]
		else
			[[ -d $FAMILIES/$name/benign ]]
		fi
	done
	(($(find "$FAMILIES" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }') < 3 << 20))
	[[ -z $(find "$FAMILIES" -type f -size +150k) ]]
}
