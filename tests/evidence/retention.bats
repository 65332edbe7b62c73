#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# What is old goes, what is under a hold stays, a time can be cut out: all of it verifies, and what is left is
# judged as it was.

setup_file() {
	. tests/evidence/lib.bash
	export DIR=$BATS_FILE_TMPDIR
	"$PWD/build/asan/tests/evidence/make-days" "$DIR/cap" "$DIR/key" tests/replay/families/drip/attack/capture 6
	page_scripts "$DIR"
	pem "$DIR/key" >"$DIR/key.pem"
	"$CUSTODES" -q replay "$DIR/cap" --output "ecs:$DIR/whole" || [[ $? == 1 ]]
	[[ $(grep -c '"kind":"alert"' "$DIR/whole") == 12 ]]
	LAST=$("$CUSTODES" capture list "$DIR/cap" --json | jq -r '.runs[-1].from' | cut -c1-10)
	export LAST
}

setup() {
	. tests/evidence/lib.bash
	log=$BATS_TEST_TMPDIR/log
	cp -r "$DIR/cap" "$log"
}

sound() {
	ours 0 verify "$1" --key "$DIR/key.pem"
	says "${@:2}"
	ours 0 verify "$1" --key "$DIR/key.pem" --deep
}

# day N: so many days before the last one of the log, as --from and --to have it.
day() {
	date -u -d "$LAST $1 days ago" +%Y-%m-%d
}

# as_before CAPTURE FINDINGS: judged anew, each document stood in the whole log's, letter for letter.
as_before() {
	ours 1 -q replay "$1" --output "ecs:$said.ndjson"
	[[ $(grep -c '"kind":"alert"' "$said.ndjson") == "$2" ]] || { grep -c '"kind":"alert"' "$said.ndjson"; return 1; }
	! grep -v '"action":"\(prune\|hold\)"' "$said.ndjson" | grep -vxFf "$DIR/whole"
}

bundles() {
	(cd "$1/tile/entries" && find . -maxdepth 1 -name '???' | sort | xargs | tr -d ./)
}

@test "one day of several: what left in it, by the profile that was in force, and the blind rate" {
	ours 1 ledger "$log" --from "$(day 2)T00:00:00Z" --to "$(day 1)T00:00:00Z" --json
	jq -e --arg day "$(day 2)" '.profile == "scenario" and .lost == 0 and (.to | startswith($day)) and
		(.rows | map(.sent) == [98304] and all(.borne == 32768 and .blind_per_day == 8640))' "$said"
}

@test "by age: verifies, says so, and the rest is judged as before, with the same ids" {
	ours 0 capture prune "$log" --older-than 60h --key "$DIR/key" --dry-run
	says "would go: 768 entries" "(age), entries 0 to 767"
	diff -r "$DIR/cap" "$log"
	ours 0 capture prune "$log" --older-than 60h --key "$DIR/key"
	says "pruned: 768 entries"
	[[ $(bundles "$log") == "003 004 005 006 007 008" ]]
	sound "$log" "the 1666 entries that are there are those of the checkpoint" "entries 0 to 767 were pruned, as the log itself says"
	as_before "$log" 8
	ours 0 capture list "$log"
	says "pruned: entries 0 to 767"
	ours 0 capture list "$log" --json
	jq -e '.absent == [{"from": 0, "to": 768}] and (.cut | not)' "$said"
	ours 1 -q replay "$log" --output "ecs:$said.ndjson"
	jq -e 'select(.event.action == "prune").custodes.retention | .why == "age" and .limit == 216000 and .entries == 768 and .held == 0' "$said.ndjson"
	# Nothing is left to do; then more, later.
	cp -r "$log" "$log.once"
	ours 0 capture prune "$log" --older-than 60h --key "$DIR/key"
	diff -r "$log.once" "$log"
	ours 0 capture prune "$log" --older-than 30h --key "$DIR/key"
	says "pruned:"
	sound "$log" "were pruned, as the log itself says"
	as_before "$log" 4
}

@test "by size: the oldest goes until the rest is no more" {
	local all
	all=$(cat "$log"/tile/entries/??? | wc -c)
	ours 0 capture prune "$log" --keep-size $((all / 2)) --key "$DIR/key"
	says "(size)"
	(($(cat "$log"/tile/entries/??? | wc -c) < all * 2 / 3))
	sound "$log" "were pruned, as the log itself says"
	as_before "$log" 6
	ours 0 capture prune "$log" --keep-size 50G --key "$DIR/key"
	[[ ! -s $said ]] || grep -vq pruned: "$said"
}

@test "a hold: what it names stays, from the snapshot before it, and can be judged; until it is released" {
	local id
	ours 0 hold "$log" --from "$(day 5)" --to "$(day 4)" --reason "case 17: what was sent on that day"
	id=$(head -n 1 "$said") # that the log begins on that day only is said behind it
	[[ $(stat -c %a "$log/holds") == 600 ]]
	ours 0 hold "$log" --list
	says "$id" "stands" "case 17"
	ours 0 capture prune "$log" --older-than 30h --key "$DIR/key"
	says "for the hold $id entries" "stay"
	sound "$log" "were pruned, as the log itself says"
	as_before "$log" 6
	jq -e 'select(.event.action == "prune").custodes.retention | .held > 0 and .hold == "'"$id"'"' "$said.ndjson"
	# Without its line it stands: the log knows it.
	mv "$log/holds" "$said.holds"
	ours 0 capture prune "$log" --older-than 30h --key "$DIR/key"
	says "nothing went: no entries; for the hold $id entries"
	as_before "$log" 6
	mv "$said.holds" "$log/holds"
	ours 2 hold "$log" --release 00000000 --reason x
	ours 2 hold "$log" --release "$id"
	ours 0 hold "$log" --release "$id" --reason "case 17 is closed"
	ours 0 hold "$log" --list
	says "released"
	ours 0 capture prune "$log" --older-than 30h --key "$DIR/key"
	sound "$log" "were pruned, as the log itself says"
	as_before "$log" 4
	[[ $(jq -r 'select(.event.action == "hold").custodes | .how + ": " + .retention.reason' "$said.ndjson" | xargs) == \
		"set: case 17: what was sent on that day released: case 17 is closed" ]]
	# A file that cannot be read prunes nothing.
	echo "hold all" >>"$log/holds"
	cp -r "$log" "$log.before"
	ours 2 capture prune "$log" --older-than 10h --key "$DIR/key"
	says "nothing is pruned"
	diff -r "$log.before" "$log"
}

# span FROM TO: as the warnings of hold have it.
span() {
	echo "$log: $1T00:00:00Z to $2T00:00:00Z"
}

@test "a hold of what is not there says so, with the times" {
	local begins ends first
	first=$("$CUSTODES" capture list "$log" --json | jq -r '.runs[0].from' | cut -c1-19)Z
	ends=$("$CUSTODES" capture list "$log" --json | jq -r '.runs[-1].to' | cut -c1-19)Z
	# All of it is there: nothing is said but the id.
	ours 0 hold "$log" --from "$(day 4)" --to "$(day 3)" --reason x
	[[ $(<"$said") =~ ^[0-9a-f]{8}$ ]]
	# Before it began, all of it and some; and what is still to come.
	ours 0 hold "$log" --from "$(day 9)" --to "$(day 8)" --reason x
	says "$(span "$(day 9)" "$(day 8)") is not in the log, which begins only then"
	ours 0 hold "$log" --from "$(day 9)" --to "$(day 3)" --reason x
	says "$log: $(day 9)T00:00:00Z to $first is not in the log, which begins only then"
	[[ $(wc -l <"$said") == 2 ]]
	ours 0 hold "$log" --from "$(day 2)" --to "$(day -7)" --reason x
	says "$log: $ends to $(day -7)T00:00:00Z is behind the end of the log; what is still recorded of it will be held"
	[[ $(wc -l <"$said") == 2 ]]
	# What was pruned: between the last event before it and the first one behind.
	rm "$log/holds"
	ours 0 capture prune "$log" --older-than 60h --key "$DIR/key"
	ours 0 capture list "$log" --json
	begins=$(jq -r '[.runs[].from | select(.)][0]' "$said" | cut -c1-19)Z
	# What is left of the run before it has lost its START, and the clock with it.
	jq -e '.runs[0] | .from == null and .to == null and .events > 0' "$said"
	ours 0 hold "$log" --from "$(day 5)" --to "$(day 1)" --reason x
	says "$log: $(day 5)T00:00:00Z to $begins was pruned before this hold"
	[[ $(wc -l <"$said") == 2 ]]
	ours 0 hold "$log" --from "$(day 5)" --to "$(day 4)" --reason x
	says "$(span "$(day 5)" "$(day 4)") was pruned before this hold"
	# What the log says is pruned will go, though it be there still, as where pruning was cut off. By the START in
	# it the end of that run has its time again, which is in a bundle that stays.
	cp "$DIR/cap/tile/entries/001" "$log/tile/entries/001"
	ours 0 hold "$log" --from "$(day 5)" --to "$(day 3)" --reason x
	says "$log: $(day 5)T00:00:00Z to $(day 4)T" "was pruned before this hold"
	[[ $(wc -l <"$said") == 2 ]]
	rm "$log/tile/entries/001"
	# It is set all the same; of a damaged log nobody can say what is there.
	ours 0 hold "$log" --list
	[[ $(grep -c stands "$said") == 3 ]]
	rm "$log/tile/entries/005"
	ours 0 hold "$log" --from "$(day 1)" --to "$(day 0)" --reason x
	says "the hold stands; what is there of that time cannot be said"
	# Of a cut.
	ours 0 capture cut "$DIR/cap" --from "$(day 3)" --to "$(day 2)" -o "$BATS_TEST_TMPDIR/out"
	log=$BATS_TEST_TMPDIR/out
	ours 0 hold "$log" --from "$(day 9)" --to "$(day 8)" --reason x
	says "$(span "$(day 9)" "$(day 8)") is not in this cut"
}

@test "a hash of what was pruned is changed, or an entry goes that nothing speaks of: exit code 3" {
	local bad=$BATS_TEST_TMPDIR/bad
	ours 0 capture prune "$log" --older-than 60h --key "$DIR/key"
	cp -r "$log" "$bad"
	printf '\377' | dd of="$bad/tile/0/001" bs=1 seek=500 conv=notrunc status=none
	ours 3 verify "$bad" --key "$DIR/key.pem"
	ours 3 replay "$bad"
	rm -r "$bad" && cp -r "$log" "$bad"
	rm "$bad/tile/0/001"
	ours 3 verify "$bad" --key "$DIR/key.pem"
	rm -r "$bad" && cp -r "$log" "$bad"
	rm "$bad/tile/entries/005"
	ours 3 verify "$bad" --key "$DIR/key.pem"
	says "and nothing says that they need not be"
	ours 3 replay "$bad"
	# What was pruned is put back: the same, or something else.
	cp "$DIR/cap/tile/entries/005" "$bad/tile/entries/005"
	cp "$DIR/cap/tile/entries/001" "$bad/tile/entries/001"
	sound "$bad" "pruning was cut off"
	cp "$DIR/cap/tile/entries/002" "$bad/tile/entries/001"
	ours 3 verify "$bad" --key "$DIR/key.pem"
}

@test "a log in use, another's key, no limit: not pruned" {
	local other=$BATS_TEST_TMPDIR/other
	"$CUSTODES" key new "$other"
	ours 2 capture prune "$log" --older-than 60h --key "$other"
	says "not the key that has signed"
	ours 2 capture prune "$log" --key "$DIR/key"
	ours 2 capture prune "$log" --older-than 60 --key "$DIR/key"
	exec 9<"$log"
	flock 9
	ours 2 capture prune "$log" --older-than 60h --key "$DIR/key"
	says "another custodes writes to it"
	flock -u 9
	diff -r "$DIR/cap" "$log"
}

@test "a cut verifies alone, and is judged as the whole" {
	local out=$BATS_TEST_TMPDIR/out id
	ours 0 capture cut "$log" --from "$(day 3)" --to "$(day 2)" -o "$out"
	says "entries" "of 2430"
	[[ $(bundles "$out" | wc -w) -lt 5 ]]
	cmp "$log/checkpoint" "$out/checkpoint"
	sound "$out" "this is a cut" "What is not in it is not shown" "are those of the checkpoint, in their order"
	as_before "$out" 2
	ours 0 capture list "$out"
	says "a cut; not in it: entries 0 to"
	id=$(jq -r 'select(.event.kind == "alert").event.id' "$said.ndjson" | head -n 1)
	ours 0 explain "$id" "$out"
	says "What happened" "$id"
	ours 0 prove "$out" --finding "$id" -o "$BATS_TEST_TMPDIR/proof"
	ours 0 verify "$BATS_TEST_TMPDIR/proof" --key "$DIR/key.pem"
	ours 1 ledger "$out"
	ours 2 prove "$out" 0 -o "$BATS_TEST_TMPDIR/proof"
	says "event 0 is not there"
	# A cut is no log to go on with, nor may it lack more than it says.
	ours 2 capture prune "$out" --older-than 60h --key "$DIR/key"
	says "not continued"
	ours 2 capture cut "$log" --from 2001-01-01 --to 2001-01-02 -o "$out.none"
	says "nothing of that time"
	ours 2 capture cut "$log" --from "$(day 3)" --to "$(day 2)" -o "$out"
	ours 2 replay "$out" --host uk-secret
	says "by its recorded policies only"
	rm "$out/tile/entries/$(bundles "$out" | cut -d' ' -f1)"
	ours 3 verify "$out"
	says "and nothing says that they need not be"
	sed -i 's/^[0-9]*-/1-/' "$out/cut"
	ours 3 verify "$out"
}

@test "a cut of what was pruned" {
	local out=$BATS_TEST_TMPDIR/out
	ours 0 capture prune "$log" --older-than 60h --key "$DIR/key"
	ours 0 capture cut "$log" --from "$(day 1)" --to "$(day 0)" -o "$out"
	sound "$out" "this is a cut"
	as_before "$out" 2
	tests/check/65-capture "$log" # a reader of its own, by docs/FORMAT.md
	tests/check/65-capture "$out"
	ours 2 capture cut "$log" --from "$(day 9)" --to "$(day 8)" -o "$out.none"
}

@test "merge takes what was pruned, and a cut, as they are" {
	local out=$BATS_TEST_TMPDIR/out each
	ours 0 capture cut "$log" --from "$(day 3)" --to "$(day 2)" -o "$out"
	ours 0 capture prune "$log" --older-than 60h --key "$DIR/key"
	for each in "$log" "$out"; do
		ours 0 capture merge "$each" -o "$each.folder"
		ours 0 verify "$each.folder" --key "$DIR/key.pem"
		[[ $(jq -r '.logs[0].from' "$each.folder/merge.json") != 1970* ]]
		ours 1 -q replay "$each" --output "ecs:$each.alone"
		ours 1 -q replay "$each.folder" --output "ecs:$each.among"
		cmp "$each.alone" "$each.among"
	done
	rm "$out/tile/entries/$(bundles "$out" | cut -d' ' -f1)" # which nothing says
	ours 3 capture merge "$out" -o "$out.again"
	[[ ! -e $out.again ]]
}

@test "the stranger's script, where only hashes are left" {
	local short=$BATS_TEST_TMPDIR/short out=$BATS_TEST_TMPDIR/out code=0
	"$PWD/build/asan/tests/evidence/make-log" "$short" "$DIR/key" 270
	ours 0 capture cut "$short" --from 1970-01-01 --to 1970-01-01T00:40Z -o "$out"
	stranger verify.sh "$out" "$DIR/key.pem" >"$said"
	says "entries 256 to 269: only their hashes are here" "verified, but for what stood in 14 entries"
	rm "$out/tile/entries/000"
	stranger verify.sh "$out" "$DIR/key.pem" >"$said"
	says "entries 0 to 255: only their hashes are here" "verified, but for what stood in 270 entries"
	printf '\377' | dd of="$out/tile/0/000" bs=1 seek=500 conv=notrunc status=none
	stranger verify.sh "$out" "$DIR/key.pem" >"$said" || code=$?
	[[ $code != 0 ]]
	says "NOT VERIFIED"
}

@test "a cut fits every checkpoint that was kept of its log, before it, in it and behind it" {
	local long=$BATS_TEST_TMPDIR/long out=$BATS_TEST_TMPDIR/out kept
	for kept in 1 2 3; do
		"$PWD/build/asan/tests/evidence/make-log" "$long" "$DIR/key" 300
		cp "$long/checkpoint" "$BATS_TEST_TMPDIR/kept.$kept"
	done
	ours 0 capture cut "$long" --from 1970-01-01T00:48Z --to 1970-01-01T00:50Z -o "$out"
	[[ $(bundles "$out" | wc -w) -lt 4 && ! -e $out/tile/entries/002 ]]
	for kept in 1 2 3; do
		ours 0 verify "$out" --key "$DIR/key.pem" --since "$BATS_TEST_TMPDIR/kept.$kept"
		says "this is a cut" "its first $((kept * 300)) entries are those of the checkpoint kept elsewhere"
	done
	"$PWD/build/asan/tests/evidence/make-log" "$long" "$DIR/key" 5
	ours 3 verify "$out" --key "$DIR/key.pem" --since "$long/checkpoint"
	says "the log was rolled back"
}

@test "a damaged log that was pruned, or is a cut: what is damaged is named, and not what went" {
	ours 0 capture prune "$log" --older-than 60h --key "$DIR/key"
	ours 0 capture cut "$DIR/cap" --from "$(day 3)" --to "$(day 2)" -o "$log.cut"
	flip "$log/tile/entries/004" 5000
	ours 3 verify "$log" --key "$DIR/key.pem"
	says "entries 0 to 767 were pruned, as an entry says that is not damaged" "(tile/entries/004, from byte" \
		"that should be there are those of the checkpoint"
	[[ $(grep -c "tile/entries/00[0-35-9]" "$said") == 0 ]]
	# Something that was not pruned is gone as well.
	rm "$log/tile/entries/005"
	ours 3 verify "$log" --key "$DIR/key.pem"
	says "entries 1280 to 1535 (tile/entries/005): No such file" "(tile/entries/004, from byte"
	[[ $(grep -c "tile/entries/00[0-3]" "$said") == 0 ]]
	local bundle
	bundle=$(bundles "$log.cut" | cut -d' ' -f1)
	flip "$log.cut/tile/entries/$bundle" 5000
	ours 3 verify "$log.cut" --key "$DIR/key.pem"
	says "are not in this cut" "(tile/entries/$bundle, from byte"
	[[ $(grep -o 'tile/entries/' "$said" | wc -l) == 1 ]]
}

@test "a hold that is being set while pruning begins is waited for, and a hold waits for what is decided" {
	local id=0123abcd begun
	# Who writes the line has the lock, as custodes hold does, and takes two seconds over it.
	: >"$log.locked"
	flock "$log/tile" sh -c 'echo >"$1.locked"; sleep 2; printf "%s\n" "$2" >"$1/holds"; chmod 600 "$1/holds"' - "$log" \
		"hold $id $(date -u -d "$(day 5)" +%s)000000000 $(date -u -d "$(day 4)" +%s)000000000 1 0 case 18" 3>&- &
	until [[ -s $log.locked ]]; do sleep 0.05; done
	ours 0 capture prune "$log" --older-than 30h --key "$DIR/key"
	says "for the hold $id entries" "stay"
	wait
	flock "$log/tile" sh -c 'echo again >>"$1.locked"; sleep 2' - "$log" 3>&- &
	until [[ $(wc -l <"$log.locked") == 2 ]]; do sleep 0.05; done
	begun=${EPOCHREALTIME/./}
	ours 0 hold "$log" --release "$id" --reason "case 18 is closed"
	((${EPOCHREALTIME/./} - begun > 1000000))
	wait
	sound "$log" "were pruned, as the log itself says"
}
