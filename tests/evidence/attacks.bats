#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# docs/ATTACKS.md says what a run of tests/evidence/attacks sees. Of the bits, lengths and entries each 97th is tried
# here; `make attacks` tries all.

# without COLUMN PAGE: a table's column left out.
without() {
	awk -F'|' -v OFS='|' -v column="$1" '/^\|/ { $column = "" } { print }' "$2"
}

@test "what can be done to a capture is found, and the page says how" {
	[[ -x build/release/tests/evidence/attacks ]] || { echo "not built: make test-programs"; return 1; }
	tests/evidence/attacks --every 97 --to "$BATS_TEST_TMPDIR/page" >"$BATS_TEST_TMPDIR/said" 2>&1 ||
		{ cat "$BATS_TEST_TMPDIR/said"; return 1; }
	sed 's/^/# /' "$BATS_TEST_TMPDIR/said" >&3
	local seen=$BATS_TEST_TMPDIR/page page=docs/ATTACKS.md
	if [[ ! -x build/tessera/fsck ]]; then # said above
		without 6 "$seen" >"$BATS_TEST_TMPDIR/seen"
		without 6 "$page" >"$BATS_TEST_TMPDIR/told"
		seen=$BATS_TEST_TMPDIR/seen page=$BATS_TEST_TMPDIR/told
	fi
	diff "$page" "$seen" >"$BATS_TEST_TMPDIR/diff" && return
	# Other versions of zstd pack the same entries into other numbers of bytes.
	diff <(without 3 "$page") <(without 3 "$seen") || return 1
	zstd --version | grep -qv 'v1\.5\.4' || { cat "$BATS_TEST_TMPDIR/diff"; return 1; }
	skip "the counts are those of zstd 1.5.4; all else is as the page says"
}
