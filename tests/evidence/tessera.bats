#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Tessera's fsck, which others have written for logs of this layout, comes to the same as custodes verify.

setup_file() {
	export DIR=$BATS_FILE_TMPDIR FSCK=$PWD/build/tessera/fsck
	# Minutes, the first time; `tests/evidence/tessera` looks for a newer one.
	[[ -x $FSCK ]] || timeout 1200 tests/evidence/tessera >"$DIR/fetch" 2>&1 || return 0 # setup() says it
	"$CUSTODES" -q key new "$DIR/key"
	"$CUSTODES" -q key new "$DIR/other"
	build/asan/tests/evidence/make-log "$DIR/cap" "$DIR/key" 600
	"$CUSTODES" key show "$DIR/key" --log "$DIR/cap" | head -n 1 >"$DIR/key.vkey"
	"$CUSTODES" key show "$DIR/other" --log "$DIR/cap" | head -n 1 >"$DIR/other.vkey"
}

setup() {
	. tests/evidence/lib.bash
	. tests/evidence/tessera.bash
	[[ -x $FSCK ]] || skip "tessera cannot be had: $(tail -n 1 "$DIR/fetch")"
}

# both CODE LOG [KEY]: ours ends with it, and theirs agrees.
both() {
	local key=${3:-$DIR/key.vkey} code=0 their=0
	"$CUSTODES" verify "$2" --key "$key" >"$BATS_TEST_TMPDIR/ours" 2>&1 || code=$?
	theirs "$2" "$key" "$BATS_TEST_TMPDIR/theirs" || their=$?
	echo "verify: $code, fsck: $their"
	[[ $code -eq $1 && $their -eq $((code ? 1 : 0)) ]] || { cat "$BATS_TEST_TMPDIR/ours"; cut -c1-300 "$BATS_TEST_TMPDIR/theirs"; return 1; }
}

fresh() {
	BAD=$BATS_TEST_TMPDIR/bad
	rm -rf "$BAD"
	cp -r "$DIR/cap" "$BAD"
}

@test "a sound log: both take it; of another key, both do not" {
	both 0 "$DIR/cap"
	grep -q "log with size 600" "$BATS_TEST_TMPDIR/theirs"
	both 3 "$DIR/cap" "$DIR/other.vkey"
}

@test "a bit of a bundle, whole or not, in an entry or a length" {
	local file
	for file in 000 001 002.p/88; do
		fresh && flip "$BAD/tile/entries/$file" 5000 && both 3 "$BAD"
		fresh && flip "$BAD/tile/entries/$file" 1 && both 3 "$BAD"
	done
}

@test "a bit of a tile, at each level; tiles and bundles swapped" {
	local file
	for file in 0/000 0/002.p/88 1/000.p/2; do
		fresh && flip "$BAD/tile/$file" 40 && both 3 "$BAD"
	done
	fresh && cp "$DIR/cap/tile/0/000" "$BAD/tile/0/001" && cp "$DIR/cap/tile/0/001" "$BAD/tile/0/000" && both 3 "$BAD"
	fresh && cp "$DIR/cap/tile/entries/000" "$BAD/tile/entries/001" &&
		cp "$DIR/cap/tile/entries/001" "$BAD/tile/entries/000" && both 3 "$BAD"
}

@test "a checkpoint that is cut short, or says another size or root" {
	fresh && head -c 60 "$DIR/cap/checkpoint" >"$BAD/checkpoint" && both 3 "$BAD"
	fresh && sed -i '/^$/,$d' "$BAD/checkpoint" && both 3 "$BAD"
	fresh && sed -i '2s/.*/599/' "$BAD/checkpoint" && both 3 "$BAD"
	fresh && sed -i '3s/^./\n&/;3s/\n\([A-Y]\)/Z/;3s/\n\([^A-Y]\)/A/' "$BAD/checkpoint" && both 3 "$BAD"
}

@test "a log out of a merge is the same log" {
	"$CUSTODES" -q capture merge "$DIR/cap" tests/replay/families/bulk/attack/capture -o "$BATS_TEST_TMPDIR/m"
	both 0 "$(echo "$BATS_TEST_TMPDIR"/m/host-*)"
}
