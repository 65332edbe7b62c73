# SPDX-License-Identifier: GPL-3.0-or-later
# What is old goes while custodes runs: by age, by size, but for what is held, and though it is killed meanwhile.

load lib

setup() {
	world_open
	# Six days of a log, the last of them today, as `run` would have written them.
	build/asan/tests/evidence/make-days "$DIR/cap" "$DIR/key" tests/replay/families/drip/attack/capture 6
	"$CUSTODES" key show "$DIR/key" | sed -n '/BEGIN/,$p' >"$DIR/key.pem"
	"$CUSTODES" -q replay "$DIR/cap" --output "ecs:$DIR/whole" || [[ $? == 1 ]]
	install "$KESL"
}

teardown() {
	world_close
}

# day N: so many days ago, as --from and --to have it.
day() {
	date -u -d "$1 days ago" +%Y-%m-%d
}

bundles() {
	(cd "$DIR/cap/tile/entries" && find . -maxdepth 1 -name '???' | sort | xargs | tr -d ./)
}

bytes() {
	cat "$DIR"/cap/tile/entries/??? | wc -c
}

gone_are() {
	[[ " $(bundles) " != *" $1 "* ]]
}

pruned() {
	grep -q ': pruned: ' "$DIR/err"
}

# stop: what replay_alike compares is not this run's alone.
stop() {
	kill -TERM "$SENSOR"
	custodes_await
}

# sound PART...: verified, also its snapshots, and that is said.
sound() {
	local part
	"$CUSTODES" verify "$DIR/cap" --key "$DIR/key.pem" --deep >"$DIR/verified" 2>&1 || fail "verify: $? $(<"$DIR/verified")"
	for part in "$@"; do
		tr -s ' \n' ' ' <"$DIR/verified" | grep -qF -- "$part" || fail "expected \"$part\"" "$(<"$DIR/verified")"
	done
}

# as_before: what is left is judged as it was, and as the run told it.
as_before() {
	"$CUSTODES" -q replay "$DIR/cap" --output "ecs:$DIR/again" || [[ $? == 1 ]]
	[[ -s $DIR/again ]]
	grep -vxFf "$DIR/whole" "$DIR/again" | grep -vxFf "$DIR/live.ndjson" >"$DIR/others" || true
	[[ ! -s $DIR/others ]] || fail "neither the days before nor the run told it:" "$(head -n 3 "$DIR/others" | cut -c1-300)"
}

@test "by age: the first days go, the log says so, the run goes on and finds" {
	custodes_start --retain 60h
	await "the first bundles to go" gone_are 002
	in_world "$KESL"
	await "its finding" grep -q '"id":"kaspersky-kesl"' "$DIR/live.ndjson"
	stop
	expect "exit code" "$CODE" 1
	expect "what is left" "$(bundles | cut -d' ' -f1)" 003
	pruned || fail "nothing said: $(said)"
	sound "entries 0 to 767 were pruned, as the log itself says"
	as_before
	expect "told to the outputs" "$(jq -r 'select(.event.action == "prune").custodes.retention | "\(.why) \(.limit) \(.entries)"' "$DIR/live.ndjson")" "age 216000 768"
}

@test "by size: the oldest goes, until the rest is no more" {
	local all
	all=$(bytes)
	custodes_start --retain-size $((all / 2))
	await "the first bundles to go" gone_are 002
	stop
	(($(bytes) < all * 2 / 3)) || fail "$(bytes) of $all bytes are left"
	sound "were pruned, as the log itself says"
	as_before
	expect "why" "$(jq -r 'select(.event.action == "prune").custodes.retention.why' "$DIR/live.ndjson")" size
}

@test "a hold that is set before stays; released while it runs, it goes" {
	local id
	id=$("$CUSTODES" hold "$DIR/cap" --from "$(day 5)" --to "$(day 4)" --reason "case 17")
	custodes_start --retain 100s
	await "the first pruning" pruned
	grep -q "for the hold $id entries" "$DIR/err"
	sleep 1
	bundles >"$DIR/held"
	[[ $(wc -w <"$DIR/held") -ge 2 ]] || fail "left: $(<"$DIR/held")"
	"$CUSTODES" hold "$DIR/cap" --release "$id" --reason "case 17 is closed"
	await "what was held to go" gone_are "$(cut -d' ' -f2 "$DIR/held")"
	stop
	sound "were pruned, as the log itself says"
	expect "told" "$(jq -r 'select(.event.action == "hold").custodes.how' "$DIR/live.ndjson" | xargs)" "set released"
}

@test "while a hold is being set nothing goes, and recording goes on" {
	# shellcheck disable=SC2016
	begin flock "$DIR/cap/tile" sh -c 'until [ -e "$1" ]; do sleep 0.1; done' - "$DIR/set"
	custodes_start --retain 60h
	in_world "$KESL"
	await "its finding" grep -q '"id":"kaspersky-kesl"' "$DIR/live.ndjson"
	sleep 3 # it looks each second
	expect "what is left by then" "$(bundles | cut -d' ' -f1)" 000
	touch "$DIR/set"
	await "the first bundles to go" gone_are 002
	stop
	sound "entries 0 to 767 were pruned, as the log itself says"
}

# killed_at WHAT COMMAND...: a run on the whole log, killed once that is so; what it leaves verifies.
killed_at() {
	rm -rf "$DIR/cap"
	cp -r "$DIR/whole.cap" "$DIR/cap"
	custodes_begin --retain 60h
	await "$@"
	kill -KILL "$SENSOR"
	await "its end" gone "$SENSOR"
	wait "$SENSOR" || expect "exit code of the killed" "$?" 137
	SENSOR=
	LEFT="$LEFT, $1: $(bundles | wc -w)"
	"$CUSTODES" verify "$DIR/cap" --key "$DIR/key.pem" >"$DIR/verified" 2>&1 || fail "killed at $1: $(<"$DIR/verified")"
}

# ready_for SECONDS
ready_for() {
	ready_or_gone && sleep "$1"
}

@test "killed at any instant of it: the log verifies, and the next run ends what was begun" {
	local tenths=0
	LEFT=
	mv "$DIR/cap" "$DIR/whole.cap"
	killed_at "begun" sleep 0.3
	killed_at "said" pruned
	killed_at "removing" gone_are 002
	# And from when it is ready until it is done with it.
	until killed_at "ready for $tenths/10 s" ready_for "$((tenths / 10)).$((tenths % 10))" && gone_are 002; do
		((++tenths < 100)) || fail "not pruned within 10 s"
		((tenths += tenths / 3))
	done
	echo "# whole bundles that were left$LEFT" >&3
	custodes_start --retain 60h
	await "the first bundles to go" gone_are 002
	stop
	expect "what is left" "$(bundles | cut -d' ' -f1)" 003
	sound "entries 0 to 767 were pruned, as the log itself says"
}
