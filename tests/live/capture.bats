# SPDX-License-Identifier: GPL-3.0-or-later
# The record: continued, killed, tampered with, refused a disk. What was told is
# what is kept, and what is not kept is told as such.

load lib

setup() {
	world_open
	install "$KESL"
	install "$DRWEB"
}

teardown() {
	world_close
}

@test "two runs on one capture: a replay tells both, one after the other" {
	sink_start "tcp,$HERE,7000"
	custodes_start
	in_world "$KESL" connects "$HERE" 7000 3
	custodes_stop
	cp "$DIR/live.ndjson" "$DIR/first.ndjson"
	custodes_start
	in_world "$DRWEB" connects "$HERE" 7000 2
	custodes_stop # the outputs are appended to, and the replay is compared with both
	sink_stop
	expect "exit code" "$CODE" 1
	cmp -n "$(stat -c %s "$DIR/first.ndjson")" "$DIR/first.ndjson" "$DIR/r.ndjson"
	expect "runs" "$(count "$(action start)") $(count "$(action stop)")" "2 2"
	expect "findings" "$(value 'select(.event.kind == "alert") | .custodes.product.id')" "drweb kaspersky-kesl"
	expect "connects" "$(count "$(action connect)")" 5
	expect "logs" "$(jq -r .custodes.log.origin "$DIR/live.ndjson" | sort -u | wc -l)" 1
	expect "ids that were given twice" "$(jq -r .event.id "$DIR/live.ndjson" | sort | uniq -d | wc -l)" 0
	expect "positions in order" "$(jq .event.sequence "$DIR/live.ndjson")" "$(jq .event.sequence "$DIR/live.ndjson" | sort -n)"
	expect "runs by name" "$(jq -r .agent.ephemeral_id "$DIR/live.ndjson" | sort -u | wc -l)" 2
}

@test "a run with nothing to find after one with a finding: the replay still finds it" {
	custodes_start
	in_world "$KESL"
	custodes_stop
	expect "exit code of the first" "$CODE" 1
	custodes_start
	kill -TERM "$SENSOR"
	custodes_await
	expect "exit code of the second" "$CODE" 0
	CODE=1
	replay_alike
}

many_told() {
	(($(wc -l <"$DIR/live.ndjson") > 2000))
}

@test "killed in the middle: what was told is kept, and the capture goes on" {
	sink_start "tcp,$HERE,7000"
	custodes_start
	begin "$KESL" repeat 100000 connects "$HERE" 7000 5 pause 2
	local product=$BEGUN
	await "2000 events" many_told
	kill -KILL "$SENSOR"
	await "its end" gone "$SENSOR"
	wait "$SENSOR" || expect "exit code of the killed" "$?" 137
	SENSOR=
	# What the watchdog says of that is in no record.
	await "the watchdog" grep -q 'NOT RECORDED' "$DIR/live.txt"
	sleep 0.2
	grep -v '"recorded":false' "$DIR/live.ndjson" >"$DIR/killed.ndjson"
	awk 'BEGIN {RS = ""; ORS = "\n\n"} !/NOT RECORDED/' "$DIR/live.txt" >"$DIR/killed.txt"
	rm "$DIR/live.ndjson" "$DIR/live.txt"
	replays_what_was_told
	# It is opened again while the product still runs.
	custodes_start
	await "the product, once more" found "$product"
	kill -KILL "$product"
	wait "$product" || true
	kill -TERM "$SENSOR"
	custodes_await
	expect "exit code of the second" "$CODE" 1
	replays_what_was_told
	local size
	size=$(stat -c %s "$DIR/live.ndjson")
	tail -c "$size" "$DIR/r.ndjson" | cmp - "$DIR/live.ndjson" || fail "the second run is not the end of the replay"
}

# The text too; the last line of a killed writer may be cut short.
replays_what_was_told() {
	local code=0
	"$CUSTODES" replay "$DIR/cap" --output "ecs:$DIR/r.ndjson" --output "text:$DIR/r.txt" 2>"$DIR/replay.err" || code=$?
	expect "exit code of the replay ($(tail -n 1 "$DIR/replay.err"))" "$code" 1
	cmp -n "$(stat -c %s "$DIR/killed.ndjson")" "$DIR/killed.ndjson" "$DIR/r.ndjson" || fail "an event was told and not kept"
	cmp -n "$(stat -c %s "$DIR/killed.txt")" "$DIR/killed.txt" "$DIR/r.txt" || fail "a finding was told and not kept"
}

# A seal links the last bundle to its new name, writes the checkpoint and takes
# the old name away. Who is killed before the checkpoint leaves this behind.
@test "killed between a bundle's new name and its checkpoint: what was told is still kept" {
	custodes_start
	in_world "$KESL"
	custodes_stop
	local bundle width
	bundle=$(find "$DIR/cap/tile/entries" -path '*.p/*' -type f)
	expect "partial bundles" "$(wc -l <<<"$bundle")" 1
	width=${bundle##*/}
	ln "$bundle" "${bundle%/*}/$((width + 1))"
	replay_alike
}

@test "one capture has one writer: a second custodes is refused, exit code 2" {
	custodes_start
	local code=0
	timeout 60 "$CUSTODES" run --host uk-secret --no-location --capture "$DIR/cap" --key "$DIR/key" --for 1 \
		>/dev/null 2>"$DIR/second.err" || code=$?
	expect "exit code of the second" "$code" 2
	grep -q '^custodes: error: .*another custodes writes to it' "$DIR/second.err" ||
		fail "it does not say so: $(<"$DIR/second.err")"
	custodes_stop
	clean
}

@test "a capture that was changed by one bit: not continued, not replayed, exit code 3" {
	custodes_start
	in_world "$KESL"
	custodes_stop
	local bundle code=0
	bundle=$(find "$DIR/cap" -type f -printf '%s %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-)
	python3 - "$bundle" <<-'END'
		import sys
		with open(sys.argv[1], "r+b") as file:
		    data = file.read()
		    file.seek(len(data) // 2)
		    file.write(bytes([data[len(data) // 2] ^ 1]))
	END
	"$CUSTODES" replay "$DIR/cap" >/dev/null 2>"$DIR/replay.err" || code=$?
	expect "exit code of the replay ($(<"$DIR/replay.err"))" "$code" 3
	custodes_begin
	custodes_await
	expect "exit code of the run ($(said))" "$CODE" 3
	expect "READY" "$(grep -c READY "$DIR/err")" 0
}

@test "without --capture: all is told, and that nothing is recorded" {
	sink_start "tcp,$HERE,7000"
	"$CUSTODES" run --host uk-secret --no-location --output "ecs:$DIR/live.ndjson" --output "text:$DIR/live.txt" \
		2>"$DIR/err" 3>&- &
	SENSOR=$!
	mine_to_end "$SENSOR"
	await "custodes to be READY" ready_or_gone
	in_world "$KESL" connects "$HERE" 7000 3
	custodes_stop
	sink_stop
	expect "exit code" "$CODE" 1
	expect "connects" "$(count "$(action connect)")" 3
	expect "recorded" "$(jq -r .custodes.log.recorded "$DIR/live.ndjson" | sort -u)" false
	expect "findings that say so" "$(grep -c 'NOT RECORDED' "$DIR/live.txt")" \
		"$(grep -cF '"kind":"alert"' "$DIR/live.ndjson")"
}

# On a disk of this size in the world, where custodes runs with the world's mounts.
disk_of() {
	mkdir "$DIR/cap"
	in_world mount -t tmpfs -o "size=$1,mode=700" none "$DIR/cap"
	CUSTODES=$(custodes_inside)
}

disk_is_full() {
	grep -q 'recording has stopped' "$DIR/err"
}

# One round after the other is told before the next: what is meant is a full disk,
# not a full ring.
fill_the_disk() {
	for _ in {1..40}; do
		disk_is_full && return
		begin "$KESL" connects "$HERE" 7000 1000
		ends_with 0
		await "the end of $BEGUN in the events" grep -qE "\"action\":\"exit\".*\"pid\":$BEGUN," "$DIR/live.ndjson"
	done
	fail "the disk is not full yet: $(in_world df "$DIR/cap")"
}

@test "a full disk: said once, found, and what follows goes on unrecorded" {
	disk_of 128k
	sink_start "tcp,$HERE,7000"
	custodes_start
	fill_the_disk
	in_world "$DRWEB" connects "$HERE" 7000 3
	await "a finding after it" grep -q '"id":"drweb"' "$DIR/live.ndjson"
	kill -TERM "$SENSOR"
	custodes_await
	only_ours
	expect "exit code" "$CODE" 1
	expect "errors" "$(grep -c '^custodes: error: .*recording has stopped' "$DIR/err")" 1
	expect "errors that were said twice" "$(grep '^custodes: error: ' "$DIR/err" | sort | uniq -d)" ""
	expect "findings of it" "$(count '.event.action == "capture-failed"')" 1
	expect "is it recorded" "$(value 'select(.event.action == "capture-failed") | .custodes.log.recorded')" false
	expect "are the findings after it" \
		"$(value 'select(.event.kind == "alert" and .custodes.product.id == "drweb") | .custodes.log.recorded')" false
	expect "connects after it" "$(count "$(action connect) and .custodes.product.id == \"drweb\"")" 3
	expect "ids that were given twice" "$(jq -r .event.id "$DIR/live.ndjson" | sort | uniq -d | wc -l)" 0
	# What was told as recorded is in the record, byte for byte, and nothing else is.
	local code=0
	"$CUSTODES" replay "$DIR/cap" --output "ecs:$DIR/r.ndjson" --output "text:$DIR/r.txt" 2>"$DIR/replay.err" || code=$?
	expect "exit code of the replay ($(tail -n 1 "$DIR/replay.err"))" "$code" 1
	grep -F '"recorded":true' "$DIR/live.ndjson" >"$DIR/recorded.ndjson"
	cmp "$DIR/recorded.ndjson" "$DIR/r.ndjson" || fail "told as recorded and kept are not the same"
	nothing_lost
}

@test "a full disk that has room again: the capture is continued by the next run" {
	disk_of 128k
	sink_start "tcp,$HERE,7000"
	custodes_start
	fill_the_disk
	kill -TERM "$SENSOR"
	custodes_await
	in_world mount -o remount,size=4m "$DIR/cap"
	grep -F '"recorded":true' "$DIR/live.ndjson" >"$DIR/recorded.ndjson"
	rm "$DIR/live.ndjson" "$DIR/live.txt"
	custodes_start
	in_world "$DRWEB"
	kill -TERM "$SENSOR"
	custodes_await
	expect "exit code" "$CODE" 1
	cat "$DIR/live.ndjson" >>"$DIR/recorded.ndjson"
	"$CUSTODES" replay "$DIR/cap" --output "ecs:$DIR/r.ndjson" 2>"$DIR/replay.err" || expect "exit code of the replay" "$?" 1
	cmp "$DIR/recorded.ndjson" "$DIR/r.ndjson" || fail "told as recorded and kept are not the same"
}
