#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The stranger's way, by the scripts that stand in docs/VERIFY.md; custodes verify comes to the same.

setup_file() {
	. tests/evidence/lib.bash
	export DIR=$BATS_FILE_TMPDIR
	local log=$PWD/build/asan/tests/evidence/make-log
	page_scripts "$DIR"
	"$log" "$DIR/cap" "$DIR/key" 100
	cp "$DIR/cap/checkpoint" "$DIR/older"
	cp -r "$DIR/cap" "$DIR/old"
	"$log" "$DIR/cap" "$DIR/key" 170
	"$log" "$DIR/old" "$DIR/key" 9 # a fork: the same key, another future
	pem "$DIR/key" >"$DIR/key.pem"
	"$CUSTODES" key new "$DIR/other"
	pem "$DIR/other" >"$DIR/other.pem"
}

setup() {
	. tests/evidence/lib.bash
}

# refused WORDS COMMAND...: it says so, and does not succeed.
refused() {
	local said code=0
	said=$("${@:2}" 2>&1) || code=$?
	[[ $code -ne 0 ]] || { echo "was taken: ${*:2}"; return 1; }
	[[ $said == *"$1"* ]] || { echo "expected \"$1\", found: $said"; return 1; }
}

@test "a capture: signature, root, heartbeats and a kept checkpoint, by the page's script" {
	stranger verify.sh "$DIR/cap" "$DIR/key.pem" "$DIR/older" >"$BATS_TEST_TMPDIR/out"
	grep -q ': 270 entries, as signed; 44 heartbeats, 0 cosigned checkpoints$' "$BATS_TEST_TMPDIR/out"
	grep -q 'which has 100 entries$' "$BATS_TEST_TMPDIR/out"
	[[ $(tail -n 1 "$BATS_TEST_TMPDIR/out") == verified ]]
	ours 0 verify "$DIR/cap" --key "$DIR/key.pem" --since "$DIR/older"
	ours 0 verify "$DIR/cap" --key "$("$CUSTODES" key show "$DIR/key" --log "$DIR/cap" | head -n 1)" --json
	jq -e '.sound and .entries == 270 and .doubts == 0 and (.in_doubt | length) == 0' "$said"
}

@test "another key, a fork, a log rolled back: not by the script, not by custodes" {
	refused "the checkpoint's signature" stranger verify.sh "$DIR/old" "$DIR/other.pem"
	refused "rolled back: there were 270 entries" stranger verify.sh "$DIR/old" "$DIR/key.pem" "$DIR/cap/checkpoint"
	refused "forked" stranger verify.sh "$DIR/cap" "$DIR/key.pem" "$DIR/old/checkpoint"
	ours 3 verify "$DIR/cap" --key "$DIR/other.pem"
	ours 3 verify "$DIR/old" --key "$DIR/key.pem" --since "$DIR/cap/checkpoint"
	grep -q 'rolled back' "$said"
	ours 3 verify "$DIR/cap" --key "$DIR/key.pem" --since "$DIR/old/checkpoint"
	grep -q 'forked' "$said"
	ours 0 verify "$DIR/old" --key "$DIR/key.pem" # nothing in it speaks against it, and that limit is said
	grep -q 'nothing was cut off at the end' "$said"
}

@test "a damaged copy: one bit of an entry, of the checkpoint, of its signature" {
	local bad=$BATS_TEST_TMPDIR/bad
	cp -r "$DIR/old" "$bad"
	printf '\377' | dd of="$bad/tile/entries/000.p/109" bs=1 seek=5000 conv=notrunc status=none
	refused "NOT VERIFIED" stranger verify.sh "$bad" "$DIR/key.pem"
	ours 3 verify "$bad" --key "$DIR/key.pem"
	cp "$DIR/old/tile/entries/000.p/109" "$bad/tile/entries/000.p/109"
	sed -i '2s/109/108/' "$bad/checkpoint"
	refused "the checkpoint's signature" stranger verify.sh "$bad" "$DIR/key.pem"
	ours 3 verify "$bad" --key "$DIR/key.pem"
}

@test "proofs of single events: by the page's script, by custodes, and none of a damaged one" {
	local proof=$BATS_TEST_TMPDIR/one.tlog-proof
	for position in 0 300 585; do
		"$CUSTODES" -q prove "$DIR/cap" "$position" -o "$proof"
		[[ $(stranger proof.sh "$proof" "$DIR/key.pem" | tail -n 1) == verified ]]
		ours 0 verify "$proof" --key "$DIR/key.pem"
		refused "the signature" stranger proof.sh "$proof" "$DIR/other.pem"
		ours 3 verify "$proof" --key "$DIR/other.pem"
		sed '/^index/{n;s/^./\n&/;s/\n\([A-Y]\)/Z/;s/\n\([^A-Y]\)/A/}' "$proof" >"$proof.bad"
		if cmp -s "$proof" "$proof.bad"; then return 1; fi
		refused "it does not lead to the checkpoint's root" stranger proof.sh "$proof.bad" "$DIR/key.pem"
		ours 3 verify "$proof.bad" --key "$DIR/key.pem"
	done
	"$CUSTODES" -q prove "$DIR/cap" 0 300 301 585 -o "$proof"
	ours 0 verify "$proof" --key "$DIR/key.pem"
	[[ $(stranger proof.sh "$proof" "$DIR/key.pem" | grep -c ': entry [0-9]* of 270$') -eq $(grep -c '^index ' "$proof") ]]
	refused "the capture has fewer events" "$CUSTODES" prove "$DIR/cap" 999999 -o "$proof"
	refused "no proof" stranger proof.sh "$DIR/key.pem" "$DIR/key.pem"
}

@test "a proof shows the run that its events are of; alone, if that is wanted" {
	local proof=$BATS_TEST_TMPDIR/one.tlog-proof
	"$CUSTODES" -q prove "$DIR/cap" 585 -o "$proof"
	[[ $(sed -n 's/^index //p' "$proof" | paste -sd,) == 100,269 ]] # the second run begins in entry 100
	"$CUSTODES" -q prove "$DIR/cap" 585 --bare -o "$proof"
	[[ $(sed -n 's/^index //p' "$proof" | paste -sd,) == 269 ]]
	ours 0 verify "$proof" --key "$DIR/key.pem"
	[[ $(stranger proof.sh "$proof" "$DIR/key.pem" | tail -n 1) == verified ]]
}

@test "a key that was changed: a proof leads from the old one to the one that signs" {
	local log=$PWD/build/asan/tests/evidence/make-log own=$BATS_TEST_TMPDIR/own proof=$BATS_TEST_TMPDIR/one.tlog-proof pem
	"$CUSTODES" -q key new "$own"
	pem "$own" >"$own.1.pem"
	"$log" "$BATS_TEST_TMPDIR/cap" "$own" 20
	for pem in 2 3; do
		"$CUSTODES" -q key change "$own"
		pem "$own" >"$own.$pem.pem"
		"$log" "$BATS_TEST_TMPDIR/cap" "$own" 20
		"$log" "$BATS_TEST_TMPDIR/cap" "$own" 20 # says the same of its key: once is enough
	done
	# Of the first run, when nobody knew of the later keys; the entries with their certificates go with it.
	"$CUSTODES" -q prove "$BATS_TEST_TMPDIR/cap" 5 -o "$proof"
	[[ $(sed -n 's/^index //p' "$proof" | paste -sd,) == 0,1,20,60 ]]
	for pem in 1 2 3; do
		ours 0 verify "$proof" --key "$own.$pem.pem"
		[[ $(stranger proof.sh "$proof" "$own.$pem.pem" | tail -n 1) == verified ]]
	done
	ours 3 verify "$proof" --key "$DIR/other.pem"
	refused "the signature" stranger proof.sh "$proof" "$DIR/other.pem"
	# The whole: from the first key on; and by the last, which says nothing of those before it.
	stranger verify.sh "$BATS_TEST_TMPDIR/cap" "$own.1.pem" >"$said"
	says "perhaps by one that it vouches for" "100 entries, as signed; 15 heartbeats" " verified "
	if grep "other keys'" "$said"; then return 1; fi
	stranger verify.sh "$BATS_TEST_TMPDIR/cap" "$own.3.pem" >"$said"
	says "100 entries, as signed; 15 heartbeats" "9 of them are other keys'" " verified "
	ours 0 verify "$BATS_TEST_TMPDIR/cap" --key "$own.3.pem"
	says "runs before it were signed by other keys"
	refused "the checkpoint's signature" stranger verify.sh "$BATS_TEST_TMPDIR/cap" "$DIR/other.pem"
	# Without them the old key says nothing.
	"$CUSTODES" -q prove "$BATS_TEST_TMPDIR/cap" 5 --bare -o "$proof"
	ours 3 verify "$proof" --key "$own.1.pem"
	refused "the signature" stranger proof.sh "$proof" "$own.1.pem"
	ours 0 verify "$proof" --key "$own.3.pem"
}

# vkey_of KEYFILE: its public half as that of a witness, by hand.
vkey_of() {
	local raw=$BATS_TEST_TMPDIR/raw id
	pem "$1" | openssl pkey -pubin -outform DER | tail -c 32 >"$raw"
	id=$({ printf 'witness.example/w\n\004'; cat "$raw"; } | sha256sum | cut -c1-8)
	printf 'witness.example/w+%s+%s' "$id" "$({ printf '\004'; cat "$raw"; } | base64 -w 0)"
}

@test "a cosignature: by the page's script, by custodes, and none of another key or a changed note" {
	local log=$PWD/build/asan/tests/evidence/make-log cap=$BATS_TEST_TMPDIR/cap empty=$BATS_TEST_TMPDIR/empty vkey
	"$CUSTODES" key new "$BATS_TEST_TMPDIR/witness"
	vkey=$(vkey_of "$BATS_TEST_TMPDIR/witness")
	"$log" "$cap" "$DIR/key" 20 "$BATS_TEST_TMPDIR/witness"
	"$log" "$cap" "$DIR/key" 7
	stranger verify.sh "$cap" "$DIR/key.pem" >"$BATS_TEST_TMPDIR/out"
	grep -q ': 28 entries, as signed; 4 heartbeats, 1 cosigned checkpoints$' "$BATS_TEST_TMPDIR/out"
	[[ $(stranger cosigned.sh cosigned.1 "$vkey" | xargs) == "witness.example/w: 19 entries, by 2026-11-23T01:29:53Z verified" ]]
	refused "no cosignature of this key" stranger cosigned.sh cosigned.1 "$(vkey_of "$DIR/other")"
	sed -i '2s/19/18/' "$empty/cosigned.1"
	refused "the cosignature" stranger cosigned.sh cosigned.1 "$vkey"

	printf 'witness w %s\nquorum w\n' "$vkey" >"$BATS_TEST_TMPDIR/policy"
	ours 0 verify "$cap" --key "$DIR/key.pem" --witness "$BATS_TEST_TMPDIR/policy" --json
	jq -e '.cosigned == {entries: 19, by: "2026-11-23T01:29:53.000000000Z"}' "$said"
	ours 3 verify "$DIR/old" --key "$DIR/key.pem" --witness "$BATS_TEST_TMPDIR/policy"
	# A proof bears the cosigned checkpoint where that covers its entry, and else the last one.
	"$CUSTODES" -q prove "$cap" 3 -o "$BATS_TEST_TMPDIR/proof"
	[[ $(stranger proof.sh "$BATS_TEST_TMPDIR/proof" "$DIR/key.pem" | tail -n 1) == verified ]]
	sed '1,/^$/d' "$BATS_TEST_TMPDIR/proof" >"$BATS_TEST_TMPDIR/note"
	[[ $(stranger cosigned.sh "$BATS_TEST_TMPDIR/note" "$vkey" | tail -n 1) == verified ]]
	ours 0 verify "$BATS_TEST_TMPDIR/proof" --witness "$BATS_TEST_TMPDIR/policy"
	"$CUSTODES" -q prove "$cap" 55 -o "$BATS_TEST_TMPDIR/proof"
	ours 0 verify "$BATS_TEST_TMPDIR/proof"
	ours 3 verify "$BATS_TEST_TMPDIR/proof" --witness "$BATS_TEST_TMPDIR/policy"
	# A policy may name logs, too: then no other key is needed, and it holds for no other log.
	printf 'log %s\n' "$("$CUSTODES" key show "$DIR/key" --log "$cap" | head -n 1)" >>"$BATS_TEST_TMPDIR/policy"
	ours 0 verify "$cap" --witness "$BATS_TEST_TMPDIR/policy"
	grep -q 'signed by the key that you gave' "$said"
	ours 3 verify "$DIR/cap" --witness "$BATS_TEST_TMPDIR/policy"
	grep -q 'the policy is for other logs' "$said"
}

# lacks WORDS COMMAND...: exit code 2, and no word about the evidence.
lacks() {
	local code=0
	"${@:2}" >"$said" 2>&1 || code=$?
	says "$1"
	[[ $code -eq 2 ]] && ! grep "VERIFIED" "$said"
}

@test "what the stranger lacks is not held against the evidence" {
	local tools=$BATS_TEST_TMPDIR/tools tool vkey
	vkey=$(vkey_of "$DIR/other")
	"$CUSTODES" -q prove "$DIR/old" 3 -o "$BATS_TEST_TMPDIR/proof"
	"$CUSTODES" key show "$DIR/key" | head -n 1 >"$BATS_TEST_TMPDIR/line"
	lacks "no public key in PEM" stranger verify.sh "$DIR/old" "$DIR/nowhere"
	lacks "no public key in PEM" stranger verify.sh "$DIR/old" "$BATS_TEST_TMPDIR/line"
	lacks "no public key in PEM" stranger proof.sh "$BATS_TEST_TMPDIR/proof" "$BATS_TEST_TMPDIR/line"
	lacks "no capture" stranger verify.sh "$DIR" "$DIR/key.pem"
	lacks "CAPTURE and KEY.pem are needed" stranger verify.sh "$DIR/old"
	lacks "PROOF and KEY.pem are needed" stranger proof.sh "$BATS_TEST_TMPDIR/proof"
	lacks "NOTE and VKEY are needed" stranger cosigned.sh "$DIR/older"
	lacks "is not there" stranger proof.sh "$DIR/nowhere" "$DIR/key.pem"
	lacks "is not there" stranger cosigned.sh "$DIR/nowhere" "$vkey"
	lacks "not NAME+ID+BASE64" stranger cosigned.sh "$DIR/older" "a+b+?"
	lacks "not a key for Ed25519 cosignatures" stranger cosigned.sh "$DIR/older" "$(<"$BATS_TEST_TMPDIR/line")"
	for tool in zstd xxd openssl; do
		rm -rf "$tools" && mkdir "$tools" && ln -s /usr/bin/* "$tools/" && rm "$tools/$tool"
		PATH=$tools lacks "$tool is not installed" stranger verify.sh "$DIR/old" "$DIR/key.pem"
		PATH=$tools lacks "$tool is not installed" stranger proof.sh "$BATS_TEST_TMPDIR/proof" "$DIR/key.pem"
	done
}

@test "snapshots are held against the events with --deep only, and that is said" {
	local log=$PWD/build/asan/tests/evidence/make-log which
	for which in right wrong; do
		"$log" "$BATS_TEST_TMPDIR/$which" "$DIR/key" 9 "$which"
		ours 0 verify "$BATS_TEST_TMPDIR/$which" --key "$DIR/key.pem"
		grep -q '1 snapshots of the engine were not judged (--deep)' "$said"
	done
	ours 0 verify "$BATS_TEST_TMPDIR/right" --key "$DIR/key.pem" --deep
	grep -q '1 snapshots of the engine are what the events before them come to' "$said"
	ours 3 verify "$BATS_TEST_TMPDIR/wrong" --key "$DIR/key.pem" --deep
	grep -q 'its snapshot is not what the events' "$said"
}

@test "--hashes: signature and hashes are held, what the entries say is not, and that is said" {
	ours 0 verify "$DIR/cap" --key "$DIR/key.pem" --since "$DIR/older" --hashes
	grep -q 'its first [0-9]* entries are those of the checkpoint kept elsewhere' "$said"
	grep -q 'what stands in the entries: only their hashes were looked at' "$said"
	ours 3 verify "$DIR/cap" --key "$DIR/other.pem" --hashes
	local bundle=$BATS_TEST_TMPDIR/damaged/tile/entries/000
	cp -r "$DIR/cap" "$BATS_TEST_TMPDIR/damaged"
	printf '\x5a' | dd of="$bundle" bs=1 seek=700 conv=notrunc 2>/dev/null
	ours 3 verify "$BATS_TEST_TMPDIR/damaged" --key "$DIR/key.pem" --hashes
	ours 2 verify "$DIR/cap" --hashes --deep
}

@test "what is no capture, no proof, no key: exit code 2" {
	ours 2 verify "$DIR/nowhere"
	ours 2 verify "$DIR/key.pem"
	ours 2 verify "$DIR/cap" --key "$DIR/nowhere"
	ours 2 verify "$DIR/cap" --since "$DIR/nowhere"
	ours 2 verify "$DIR/cap" --witness "$DIR/nowhere"
	ours 2 verify "$DIR/cap" --witness "$DIR/key.pem"
	ours 2 verify
}
