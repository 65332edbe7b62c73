#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Captures of several hosts in one folder: each as it was, all of them judged and told as each is alone.

# Hosts whose records overlap in time, and whose own outcomes stand in the order of their clocks.
HOSTS=(connect-lost findings-merge fork-lost loss-in-the-window product-and-destination)
# Of these one tells late what was early.
LATE=(late-identity clock-step)

setup_file() {
	. tests/evidence/lib.bash
	export DIR=$BATS_FILE_TMPDIR
	local host programs=$PWD/build/asan/tests/evidence
	"$CUSTODES" -q key new "$DIR/key"
	pem "$DIR/key" >"$DIR/key.pem"
	for host in "${HOSTS[@]}" "${LATE[@]}"; do
		sed "s/\"host_name\": \"[^\"]*\"/\"host_name\": \"$host\"/" "tests/replay/$host/events.ndjson" >"$DIR/list"
		"$programs/from-list" "$DIR/list" "$DIR/$host" "$DIR/key"
	done
	"$programs/make-log" "$DIR/large" "$DIR/key" 300
	cp -r "$DIR/large" "$DIR/larger"
	cp -r "$DIR/large" "$DIR/fork"
	"$programs/make-log" "$DIR/larger" "$DIR/key" 20
	"$programs/make-log" "$DIR/fork" "$DIR/key" 9
}

# ends CODE COMMAND...: what it says is kept in "said".
ends() {
	local code=0
	"${@:2}" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/said" || code=$?
	[[ $code -eq $1 ]] || { echo "expected $1, found $code: ${*:2}"; cat "$BATS_TEST_TMPDIR"/{out,said}; return 1; }
}

merge() {
	"$CUSTODES" -q capture merge "${@:2}" -o "$1"
}

# refused CODE WORDS CAPTURE...: no merge, and nothing is left of it.
refused() {
	local to=$BATS_TEST_TMPDIR/none
	ends "$1" merge "$to" "${@:3}"
	grep -q "$2" "$BATS_TEST_TMPDIR/said" || { cat "$BATS_TEST_TMPDIR/said"; return 1; }
	[[ ! -e $to && ! -e $to.new ]]
}

# every file of the copy is the original's
same_files() {
	local file
	while read -r file; do
		cmp "$1/$file" "$2/$file"
	done < <(cd "$2" && find . -type f)
	[[ $(cd "$1" && find . -type f | wc -l) -eq $(cd "$2" && find . -type f | wc -l) ]]
}

# told OUTPUT RECORD OPTION...: what replay tells of it, in both formats.
told() {
	local code=0
	"$CUSTODES" -q replay "$2" --host uk-secret --output "ecs:$1.ndjson" --output "text:$1.txt" "${@:3}" || code=$?
	[[ $code -eq 1 ]]
}

@test "each log is as it was, in a directory of its own, and the list says what there is" {
	local to=$BATS_TEST_TMPDIR/m host
	merge "$to/" "${HOSTS[@]/#/$DIR/}" "$DIR/large"
	[[ $(jq -r '.logs[].host' "$to/merge.json" | grep -vx null | sort | paste -sd' ') == "$(printf '%s\n' "${HOSTS[@]}" | sort | paste -sd' ')" ]]
	for host in "${HOSTS[@]}"; do
		same_files "$DIR/$host" "$to/$host-$(sed -n '1s,^custodes/\(.\{8\}\).*,\1,p' "$DIR/$host/checkpoint")"
	done
	same_files "$DIR/large" "$to"/host-*
	[[ -z $(find "$to" -type d ! -perm 700 -o -type f ! -perm 600) ]]
	"$CUSTODES" verify "$DIR/connect-lost" --json | jq -c '[.origin, .entries, .root, .events]' >"$BATS_TEST_TMPDIR/alone"
	jq -c '.logs[] | select(.host == "connect-lost") | [.origin, .entries, .root, .events]' "$to/merge.json" | cmp - "$BATS_TEST_TMPDIR/alone"
	[[ $(jq '.logs[] | select(.host == "loss-in-the-window") | .lost' "$to/merge.json") -eq 42 ]]
	ends 0 "$CUSTODES" verify "$to"/connect-lost-* --key "$DIR/key.pem"
}

@test "capture list: the runs of all, as each alone has them" {
	local to=$BATS_TEST_TMPDIR/m
	merge "$to" "${HOSTS[@]/#/$DIR/}"
	"$CUSTODES" capture list "$to" --json | jq -c '.runs[] | del(.log)' | sort >"$BATS_TEST_TMPDIR/all"
	for host in "${HOSTS[@]}"; do
		"$CUSTODES" capture list "$DIR/$host" --json | jq -c '.runs[]'
	done | sort | diff - "$BATS_TEST_TMPDIR/all"
	[[ $("$CUSTODES" capture list "$to" --json | jq -r '.runs[].log' | sort -u | wc -l) -eq ${#HOSTS[@]} ]]
	[[ $("$CUSTODES" capture list "$to" | wc -l) -eq $((${#HOSTS[@]} + 1)) ]]
}

@test "replay: one stream of all hosts, by the clock; each line as it is alone" {
	local to=$BATS_TEST_TMPDIR/m host all=$BATS_TEST_TMPDIR/all each=$BATS_TEST_TMPDIR/each
	merge "$to" "${HOSTS[@]/#/$DIR/}"
	told "$all" "$to"
	for host in "$to"/*/; do
		told "$each" "$host"
		# In the order of its own clock, or the sort below would not be the merge.
		jq -r '."@timestamp"' "$each.ndjson" | sort -c
		cat "$each.ndjson" >>"$each.ecs"
		cat "$each.txt" >>"$each.text"
	done
	paste -d' ' <(jq -r '."@timestamp"' "$each.ecs") "$each.ecs" | LC_ALL=C sort -s -k1,1 | cut -d' ' -f2- >"$each.sorted"
	cmp "$all.ndjson" "$each.sorted"
	diff <(sort "$each.text") <(sort "$all.txt")
	# A stream of all, not one behind the other.
	[[ $(jq -r '.custodes.log.origin' "$all.ndjson" | uniq | wc -l) -gt 20 ]]
	# However they were given.
	merge "$to.2" "$DIR/product-and-destination" "$DIR/fork-lost" "$DIR/findings-merge" "$DIR/connect-lost" "$DIR/loss-in-the-window"
	told "$each" "$to.2"
	cmp "$all.ndjson" "$each.ndjson"
	cmp "$all.txt" "$each.txt"
}

@test "replay: what one host told late stays in its own order" {
	local to=$BATS_TEST_TMPDIR/m log all=$BATS_TEST_TMPDIR/all each=$BATS_TEST_TMPDIR/each
	merge "$to" "${LATE[@]/#/$DIR/}" "$DIR/fork-lost"
	told "$all" "$to"
	for log in "$to"/*/; do
		told "$each" "$log"
		jq -c --arg origin "$(head -n 1 "$log/checkpoint")" 'select(.custodes.log.origin == $origin)' "$all.ndjson" |
			cmp - <(jq -c . "$each.ndjson")
	done
}

@test "replay and ledger: each host by its own recorded policies and profile" {
	local to=$BATS_TEST_TMPDIR/m families=tests/replay/families play
	local plays=("$families"/{bulk,names,under-scan}/attack/capture "$families/telemetry/benign/capture")
	merge "$to" "${plays[@]}"
	ends 1 "$CUSTODES" -q replay "$to"
	sort "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/all"
	for play in "${plays[@]}"; do
		"$CUSTODES" -q replay "$play" || [[ $? -eq 1 ]]
	done | sort | diff - "$BATS_TEST_TMPDIR/all"
	[[ -s $BATS_TEST_TMPDIR/all ]]
	ends 1 "$CUSTODES" -q ledger "$to" --json
	jq -cS '.logs[] | del(.log)' "$BATS_TEST_TMPDIR/out" | sort >"$BATS_TEST_TMPDIR/all"
	for play in "${plays[@]}"; do
		"$CUSTODES" -q ledger "$play" --json | jq -cS .
	done | sort | diff - "$BATS_TEST_TMPDIR/all"
	ends 1 "$CUSTODES" -q ledger "$to"
	[[ $(grep -c '^Leak bound of ' "$BATS_TEST_TMPDIR/out") -eq 4 ]]
}

@test "verify: each log, one verdict; any doubt is one of the whole" {
	local to=$BATS_TEST_TMPDIR/m bad=$BATS_TEST_TMPDIR/bad log
	merge "$to" "${HOSTS[@]/#/$DIR/}" "$DIR/large"
	ends 0 "$CUSTODES" verify "$to" --key "$DIR/key.pem" --json
	jq -e '.sound and .doubts == 0 and (.logs | length) == 6 and all(.logs[]; .sound)' "$BATS_TEST_TMPDIR/out"
	# A bit of one.
	cp -r "$to" "$bad"
	log=$(echo "$bad"/host-*)
	printf '\377' | dd of="$log/tile/entries/000" bs=1 seek=5000 conv=notrunc status=none
	ends 3 "$CUSTODES" verify "$bad" --key "$DIR/key.pem" --json
	jq -e '(.sound | not) and ([.logs[] | select(.sound | not) | .directory[:5]] == ["host-"])' "$BATS_TEST_TMPDIR/out"
	ends 3 "$CUSTODES" replay "$bad"
	ends 3 "$CUSTODES" capture list "$bad"
	# One is gone; one is more; one is another than was listed.
	rm -r "$log"
	ends 3 "$CUSTODES" verify "$bad" --key "$DIR/key.pem"
	cp -r "$to"/host-* "$bad"
	ends 0 "$CUSTODES" verify "$bad" --key "$DIR/key.pem"
	cp -r "$DIR/fork" "$bad/stranger"
	ends 3 "$CUSTODES" verify "$bad" --key "$DIR/key.pem"
	grep -q 'stranger is here, and not in merge.json' "$BATS_TEST_TMPDIR/out"
	rm -r "$bad/stranger" "$log"
	cp -r "$DIR/larger" "$log"
	ends 3 "$CUSTODES" verify "$bad" --key "$DIR/key.pem"
	grep -q 'is not the log that merge.json lists' "$BATS_TEST_TMPDIR/out"
}

@test "verify: keys and kept checkpoints, each for its log" {
	local to=$BATS_TEST_TMPDIR/m own all
	merge "$to" "$DIR/fork-lost" "$DIR/large"
	own=$("$CUSTODES" key show "$DIR/key" --log "$DIR/large" | head -n 1)
	all=$("$CUSTODES" key show "$DIR/key" --log "$DIR/fork-lost" | head -n 1)
	ends 0 "$CUSTODES" verify "$to" --key "$own" --key "$all" --since "$DIR/large/checkpoint" --since "$DIR/fork-lost/checkpoint"
	grep -q 'its first 300 entries are those of the checkpoint kept elsewhere' "$BATS_TEST_TMPDIR/out"
	ends 3 "$CUSTODES" verify "$to" --key "$own" # fork-lost is not signed by a key for it
	grep -q 'the key is for the log custodes/' "$BATS_TEST_TMPDIR/out"
	ends 3 "$CUSTODES" verify "$to" --since "$DIR/larger/checkpoint"
	grep -q 'rolled back' "$BATS_TEST_TMPDIR/out"
	ends 3 "$CUSTODES" verify "$to" --since "$DIR/connect-lost/checkpoint"
	grep -q 'of which a checkpoint was kept elsewhere' "$BATS_TEST_TMPDIR/out"
	ends 2 "$CUSTODES" verify "$to" --since "$DIR/large/checkpoint" --since "$DIR/larger/checkpoint"
}

@test "one log at two sizes: the larger, if it begins with the smaller; two forks are refused" {
	local to=$BATS_TEST_TMPDIR/m
	merge "$to.1" "$DIR/large" "$DIR/larger" "$DIR/fork-lost"
	merge "$to.2" "$DIR/larger" "$DIR/large"
	[[ $(jq -c '[.logs[].entries] | sort | last' "$to.1/merge.json") -eq 320 && $(jq '.logs | length' "$to.1/merge.json") -eq 2 ]]
	same_files "$DIR/larger" "$to.2"/host-*
	refused 3 'two forks of one log' "$DIR/larger" "$DIR/fork"
	refused 3 'two forks of one log' "$DIR/fork-lost" "$DIR/fork" "$DIR/larger" "$DIR/large"
	# A folder is taken apart, and goes with others.
	merge "$to.3" "$to.2" "$to.1" "$DIR/connect-lost"
	[[ $(jq '.logs | length' "$to.3/merge.json") -eq 3 ]]
	ends 0 "$CUSTODES" verify "$to.3" --key "$DIR/key.pem"
}

@test "a capture that is being written: one checkpoint of it, and what that covers" {
	local to=$BATS_TEST_TMPDIR/m program=$PWD/build/asan/tests/evidence/make-log writer number=0
	cp -r "$DIR/large" "$BATS_TEST_TMPDIR/live"
	"$program" "$BATS_TEST_TMPDIR/live" "$DIR/key" 1500 &
	writer=$!
	while kill -0 $writer 2>/dev/null; do
		merge "$to.$number" "$BATS_TEST_TMPDIR/live" "$DIR/fork-lost"
		"$CUSTODES" verify "$to.$number" --key "$DIR/key.pem" >/dev/null
		number=$((number + 1))
	done
	wait $writer
	echo "$number merges"
	((number > 1))
	[[ $(jq -s '[.[].logs[].entries] | unique | length' "$to".*/merge.json) -gt 2 ]]
	# The bundle that goes on has more than the checkpoint says.
	cp -r "$DIR/large" "$BATS_TEST_TMPDIR/tail"
	printf 'not yet sealed' >>"$BATS_TEST_TMPDIR/tail/tile/entries/001.p/44"
	merge "$to" "$BATS_TEST_TMPDIR/tail"
	same_files "$DIR/large" "$to"/host-*
}

@test "whoever owns a capture cannot lead the merge elsewhere" {
	local bad=$BATS_TEST_TMPDIR/bad to=$BATS_TEST_TMPDIR/m
	fresh() { rm -rf "$bad" && cp -r "$DIR/large" "$bad"; }
	fresh && mv "$bad/tile/entries" "$BATS_TEST_TMPDIR/elsewhere" && ln -s "$BATS_TEST_TMPDIR/elsewhere" "$bad/tile/entries"
	refused 2 "tile/entries/001.p/44: " "$DIR/fork-lost" "$bad"
	fresh && mv "$bad/tile/0/000" "$bad/secret" && ln -s ../../secret "$bad/tile/0/000"
	refused 2 "tile/0/000: " "$bad"
	fresh && rm "$bad/tile/entries/000" && mkfifo "$bad/tile/entries/000"
	refused 2 "tile/entries/000: " "$bad"
	fresh && ln -sf /etc/passwd "$bad/checkpoint"
	refused 2 "checkpoint: " "$bad"
	fresh && rm "$bad/tile/0/000"
	refused 3 "tile/0/000: " "$bad"
	fresh && sed -i '2s/.*/100000000000000000/' "$bad/checkpoint"
	refused 3 "$bad/tile/" "$bad"
	fresh && head -c 20000000 /dev/zero >"$bad/tile/entries/000"
	refused 3 "tile/entries/000: " "$bad"
	fresh && sed -i '1s/.*/two words/' "$bad/checkpoint"
	refused 2 "origin is not printable" "$bad"
	# What a host calls itself is a name here, and no path.
	sed 's,"host_name": "[^"]*","host_name": "../../etc/;x",' tests/replay/fork-lost/events.ndjson >"$BATS_TEST_TMPDIR/list"
	build/asan/tests/evidence/from-list "$BATS_TEST_TMPDIR/list" "$BATS_TEST_TMPDIR/named" "$DIR/key"
	merge "$to" "$BATS_TEST_TMPDIR/named"
	[[ $(echo "$to"/*/) == "$to/_._.._etc__x-"????????/ ]]
	# Nor is what the list calls a directory.
	jq '.logs[0].directory = "../m"' "$to/merge.json" >"$BATS_TEST_TMPDIR/list" && cp "$BATS_TEST_TMPDIR/list" "$to/merge.json"
	ends 2 "$CUSTODES" verify "$to"
	grep -q 'expected a name in this folder' "$BATS_TEST_TMPDIR/said"
}

@test "what is no capture, what is there already: exit code 2, and nothing is touched" {
	local to=$BATS_TEST_TMPDIR/m
	refused 2 "not a capture" "$BATS_TEST_TMPDIR"
	refused 2 "No such file" "$DIR/large" "$DIR/nowhere"
	mkdir "$to" && ends 2 merge "$to" "$DIR/large"
	[[ -z $(ls "$to") && ! -e $to.new ]]
	mkdir "$to.2.new" && ends 2 merge "$to.2" "$DIR/large"
	[[ -d $to.2.new && ! -e $to.2 ]]
	ends 2 "$CUSTODES" capture merge "$DIR/large"
	ends 2 "$CUSTODES" capture merge -o "$to.3"
	ends 2 "$CUSTODES" capture
}

@test "stopped on the way: nothing is left" {
	local to=$BATS_TEST_TMPDIR/m large=$BATS_TEST_TMPDIR/large merge code
	cp -r "$DIR/large" "$large"
	build/asan/tests/evidence/make-log "$large" "$DIR/key" 4000
	"$CUSTODES" -q capture merge "$large" "${HOSTS[@]/#/$DIR/}" -o "$to" 2>"$BATS_TEST_TMPDIR/said" &
	merge=$!
	until [[ -d $to.new || -d $to ]]; do sleep 0.01; done
	kill -TERM $merge
	code=0
	wait $merge || code=$?
	[[ $code -eq 2 ]]
	grep -q 'nothing is left of the merge' "$BATS_TEST_TMPDIR/said"
	[[ ! -e $to && ! -e $to.new ]]
}

@test "explain, diff and prove: each finding in its log, as in that log alone" {
	local to=$BATS_TEST_TMPDIR/m out=$BATS_TEST_TMPDIR/out families=tests/replay/families play id some=
	local plays=("$families"/{bulk,names,under-scan}/attack/capture "$families/telemetry/benign/capture")
	merge "$to" "${plays[@]}"
	"$CUSTODES" -q diff "$to" --policies recorded --against builtin --as-of 2020-01-01 --json >"$BATS_TEST_TMPDIR/diff" || [[ $? == 1 ]]
	"$CUSTODES" -q diff "$to" --policies recorded --against builtin --as-of 2020-01-01 >"$BATS_TEST_TMPDIR/diff.txt" || [[ $? == 1 ]]
	for play in "${plays[@]}"; do
		id=$(sed -n 1p "$play/checkpoint")
		"$CUSTODES" -q diff "$play" --policies recorded --against builtin --as-of 2020-01-01 --json >"$BATS_TEST_TMPDIR/alone" || [[ $? == 1 ]]
		diff <(jq -S --arg log "$id" '.logs[] | select(.log == $log) | del(.log)' "$BATS_TEST_TMPDIR/diff") <(jq -S . "$BATS_TEST_TMPDIR/alone")
		grep -qx "$id" "$BATS_TEST_TMPDIR/diff.txt"

		"$CUSTODES" -q replay "$play" --output "ecs:$BATS_TEST_TMPDIR/told" || [[ $? == 1 ]]
		id=$(jq -r 'select(.event.kind == "alert").event.id' "$BATS_TEST_TMPDIR/told" | head -n 1)
		[[ -n $id ]] || continue
		some=$id
		ends 0 "$CUSTODES" explain "$id" "$play"
		mv "$out" "$out.alone"
		ends 0 "$CUSTODES" explain "$id" "$to"
		cmp "$out" "$out.alone"
		"$CUSTODES" -q prove "$play" --finding "$id" -o "$BATS_TEST_TMPDIR/alone"
		ends 0 "$CUSTODES" -q prove "$to" --finding "$id" -o "$BATS_TEST_TMPDIR/merged"
		cmp "$BATS_TEST_TMPDIR/alone" "$BATS_TEST_TMPDIR/merged"
		ends 0 "$CUSTODES" verify "$BATS_TEST_TMPDIR/merged"
	done
	[[ -n $some ]]
	# What is in no log, and what is in one of them only by its number.
	ends 2 "$CUSTODES" explain 00000000 "$to"
	grep -q "no finding of $to has this id" "$BATS_TEST_TMPDIR/said"
	ends 2 "$CUSTODES" prove "$to" --finding 00000000 -o "$BATS_TEST_TMPDIR/none"
	ends 2 "$CUSTODES" prove "$to" 3 -o "$BATS_TEST_TMPDIR/none"
	grep -q "positions are those of one log" "$BATS_TEST_TMPDIR/said"
	[[ ! -e $BATS_TEST_TMPDIR/none ]]
}
