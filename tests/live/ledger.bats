# SPDX-License-Identifier: GPL-3.0-or-later
# The ledger on real products: what it states of what they read and sent, by label and
# by who controls where it went; and what a restart of custodes must not forget.

load lib

SPL=/opt/sophos-spl/plugins/av/sbin/soapd

setup() {
	world_open
	install "$SPL" ../bypass/read-plain
	install "$KESL"
	mkdir "$DIR/secret" "$DIR/plain" "$DIR/policies"
	head -c 200000 /dev/urandom >"$DIR/secret/plan"
	head -c 200000 /dev/urandom >"$DIR/plain/plan"
	jq --arg at "$DIR/secret" '.id = "ledger" | .labels = [{label: "SECRET", paths: [$at]}]' \
		policies/hosts/uk-secret.json >"$DIR/host.json"
	jq -n '{kind: "overlay", id: "test", title: "Whose these addresses are", networks: [
		{prefix: "10.77.9.0/24", role: "network", controlling_jurisdiction: "RU"},
		{prefix: "10.77.0.0/16", role: "network", controlling_jurisdiction: "GB"}]}' >"$DIR/policies/overlay.json"
	export HOST=$DIR/host.json
}

teardown() {
	world_close
}

# row LABEL JURISDICTION MEMBER...: of the statement's rows about the network.
row() {
	jq -c --arg name "$1" --arg jurisdiction "$2" \
		"[.rows[] | select(.way == \"network\" and .label == (if \$name == \"\" then null else \$name end)
			and .controlling_jurisdiction == \$jurisdiction) | .$3, .$4]" "$DIR/statement.json"
}

state() {
	local code=0
	"$CUSTODES" ledger "$DIR/cap" --json "$@" >"$DIR/statement.json" || code=$?
	expect "exit code of the ledger" "$code" "${WANTED:-1}"
}

@test "what was read of a label, and sent: stated to the byte, and found; its twin is not" {
	sink_start "tcp,10.77.9.9,7000" "tcp,$HERE,7001"
	custodes_start --policies "$DIR/policies"
	in_world "$SPL" "$DIR/secret/plan" 10.77.9.9 7000
	in_world "$SPL" "$DIR/plain/plan" $HERE 7001
	await "the connections to end" quiet
	sleep 1.5
	custodes_stop
	sink_stop
	expect "at the receivers" "$(sink_total 7000 received) $(sink_total 7001 received)" "200000 200000"
	state
	expect "to RU: bound, sent" "$(row SECRET RU bound sent)" "[200000,200000]"
	expect "to GB, by who has read nothing classified" "$(row "" GB bound sent)" "[0,200000]"
	expect "findings" "$(value 'select(.custodes.ledger) | "\(.event.action) \(.custodes.ledger.controlling_jurisdiction) \(.custodes.ledger.bound >= 65536)"' |
		tr ' ' '\n' | sort -u | xargs)" "RU leak-bound true unexplained-bytes"
	expect "positions that it rests on" "$(jq -s '[.[] | select(.custodes.ledger) | .custodes.ledger.positions | length > 0 and length <= 10] | all' \
		"$DIR/ours.ndjson")" true
	nothing_lost
}

@test "an interval: only what was sent in it, whatever was read before" {
	local before after
	sink_start "tcp,$HERE,7001"
	custodes_start --policies "$DIR/policies"
	before=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	in_world "$SPL" "$DIR/secret/plan" $HERE 7001
	sleep 2
	after=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	sleep 1
	custodes_stop
	sink_stop
	state --from "$before"
	expect "within" "$(row SECRET GB bound sent)" "[200000,200000]"
	WANTED=0 state --from "$after"
	expect "after it" "$(row SECRET GB bound capacity)" "[0,200000]"
	WANTED=0 state --to "$before"
}

# Until then a signal ends it as it ends any program.
catches_term() {
	((0x$(awk '/^SigCgt/ {print $2}' "/proc/$1/status") >> 14 & 1))
}

# The product goes on while custodes does not: it still holds what it has read.
@test "a restart of custodes forgets nothing that a process holds" {
	sink_start "tcp,$HERE,7001"
	custodes_start --policies "$DIR/policies"
	begin "$KESL" read "$DIR/secret/plan" mark "$DIR/has-read" await "$DIR/go-on" tcp $HERE 7001 send 90000 1000 shutdown eof
	await "the product to have read" test -e "$DIR/has-read"
	sleep 1.5
	custodes_stop
	custodes_start --policies "$DIR/policies"
	touch "$DIR/go-on"
	ends_with 0
	sleep 1.5
	custodes_stop
	sink_stop
	state
	expect "bound, sent" "$(row SECRET GB bound sent)" "[90000,90000]"
	expect "found" "$(value 'select(.event.action == "unexplained-bytes") | .custodes.ledger.label')" SECRET
}

@test "a restart that begins at a snapshot forgets as little; a killed run too; a replay says that each is right" {
	local code=0
	sink_start "tcp,$HERE,7001"
	custodes_start --policies "$DIR/policies" --snapshot 1
	begin "$KESL" read "$DIR/secret/plan" mark "$DIR/has-read" await "$DIR/go-on" tcp $HERE 7001 send 90000 1000 shutdown eof
	await "the product to have read" test -e "$DIR/has-read"
	sleep 2.5
	kill -KILL "$SENSOR"
	await "its end" gone "$SENSOR"
	wait "$SENSOR" || expect "exit code of the killed" "$?" 137
	SENSOR=
	custodes_start --policies "$DIR/policies"
	touch "$DIR/go-on"
	ends_with 0
	sleep 1.5
	kill -TERM "$SENSOR"
	custodes_await
	sink_stop
	said | grep -q "recalled from event [1-9]" || fail "it began at no snapshot: $(said)"
	state
	expect "bound, sent" "$(row SECRET GB bound sent)" "[90000,90000]"
	"$CUSTODES" -q replay "$DIR/cap" --output "ecs:$DIR/again.ndjson" || code=$?
	expect "exit code of the replay" "$code" 1
	expect "found again" "$(jq -r 'select(.event.action == "unexplained-bytes") | .event.id' "$DIR/again.ndjson")" \
		"$(jq -r 'select(.event.action == "unexplained-bytes") | .event.id' "$DIR/live.ndjson")"
}

@test "a stop before all is recalled loses nothing, and the next run recalls the same" {
	local delay size
	sink_start "tcp,$HERE,7001"
	custodes_start --policies "$DIR/policies" --snapshot 1
	begin "$KESL" read "$DIR/secret/plan" mark "$DIR/has-read" await "$DIR/go-on" tcp $HERE 7001 send 90000 1000 shutdown eof
	await "the product to have read" test -e "$DIR/has-read"
	sleep 2.5
	custodes_stop
	size=$(sed -n 2p "$DIR/cap/checkpoint")
	for delay in 0 0.02 0.05 0.1 0.15 0.2 0.3; do
		custodes_begin --policies "$DIR/policies"
		await "its signals to be its own" catches_term "$SENSOR"
		sleep "$delay"
		kill -TERM "$SENSOR"
		custodes_await
		! said | grep -q error || fail "after $delay s: $(said)"
		"$CUSTODES" -q verify "$DIR/cap" >"$DIR/verified" || fail "after $delay s: $(cat "$DIR/verified")"
		(($(sed -n 2p "$DIR/cap/checkpoint") >= size))
	done
	custodes_start --policies "$DIR/policies"
	touch "$DIR/go-on"
	ends_with 0
	sleep 1.5
	kill -TERM "$SENSOR"
	custodes_await
	sink_stop
	state
	expect "bound, sent" "$(row SECRET GB bound sent)" "[90000,90000]"
}

# A product writes a file, and custodes is killed before it looks whether that stays.
@test "a file that custodes was killed before it looked at is found by the next run" {
	{ cat /bin/bash && head -c 16 /dev/urandom; } >"/proc/$WORLD/root$SPL"
	mkdir "$DIR/elsewhere"
	base64 "$DIR/secret/plan" >"$DIR/secret/text"
	custodes_start
	in_world "$SPL" -c 'text=$(<"$1"); printf %s "$text" >"$2/part"; mv "$2/part" "$2/report"' - "$DIR/secret/text" "$DIR/elsewhere"
	sleep 2.5
	kill -KILL "$SENSOR"
	await "its end" gone "$SENSOR"
	wait "$SENSOR" || expect "exit code of the killed" "$?" 137
	SENSOR=
	! grep -q '"action":"unexplained-bytes"' "$DIR/live.ndjson" || fail "it was found before: the test is none"
	custodes_start
	kill -TERM "$SENSOR"
	custodes_await
	expect "found" "$(jq -r 'select(.custodes.ledger) | "\(.event.action) \(.custodes.ledger.way) \(.custodes.ledger.bound)"' \
		"$DIR/live.ndjson")" \
		"unexplained-bytes file $(($(stat -c %s "$DIR/elsewhere/report")))"
}

@test "a file that stays is found, whatever its name is by then; one that is deleted, or among the product's own, is not" {
	{ cat /bin/bash && head -c 16 /dev/urandom; } >"/proc/$WORLD/root$SPL"
	mkdir "$DIR/elsewhere"
	base64 "$DIR/secret/plan" >"$DIR/secret/text"
	cp "$DIR/secret/text" "$DIR/plain/text"
	custodes_start
	in_world "$SPL" -c 'text=$(<"$1"); printf %s "$text" >"$2/part"; mv "$2/part" "$2/report"' - "$DIR/secret/text" "$DIR/elsewhere"
	in_world "$SPL" -c 'text=$(<"$1"); printf %s "$text" >"$2/unpacked"; stat -c %i "$2/unpacked"; rm "$2/unpacked"' - \
		"$DIR/secret/text" "$DIR/elsewhere" >"$DIR/inode"
	# Some filesystems give its inode to a file that somebody else makes there next.
	for ((i = 0; i < 50; i++)); do
		cp "$DIR/plain/text" "$DIR/elsewhere/others"
		[[ $(stat -c %i "$DIR/elsewhere/others") != "$(<"$DIR/inode")" ]] || break
		mv "$DIR/elsewhere/others" "$DIR/elsewhere/others-$i"
	done
	in_world "$SPL" -c 'text=$(<"$1"); printf %s "$text" >"$2/kept"' - "$DIR/secret/text" "${SPL%/*}"
	in_world "$SPL" -c 'text=$(<"$1"); printf %s "$text" >"$2/plain"' - "$DIR/plain/text" "$DIR/elsewhere"
	sleep 1.5
	custodes_stop
	expect "found" "$(value 'select(.custodes.ledger) | "\(.event.action) \(.custodes.ledger.way) \(.custodes.ledger.bound)"')" \
		"unexplained-bytes file $(($(stat -c %s "$DIR/elsewhere/report")))"
	nothing_lost
}

# A custodes to whom no product of the catalogue is on this host.
custodes_bare() {
	jq -r '.products[].identify.paths[]?' policies/catalogue/*.json | while read -r path; do
		[[ ! -f $path ]] || echo "mount --bind /dev/null $(realpath "$path")"
	done | sort -u >"$DIR/hide"
	printf '#!/bin/sh\n. %s/hide\nexec "$@"\n' "$DIR" >"$DIR/hiding"
	printf '#!/bin/sh\nexec unshare --mount --propagation private %s/hiding %s "$@"\n' "$DIR" "$CUSTODES" >"$DIR/bare"
	chmod 755 "$DIR/bare" "$DIR/hiding"
	echo "$DIR/bare"
}

@test "the first product on a host that had none: what it read first was not seen, so it may hold anything, and is found" {
	sink_start "tcp,$HERE,7001"
	CUSTODES=$(custodes_bare) custodes_start
	in_world "$SPL" "$DIR/secret/plan" $HERE 7001
	await "the connections to end" quiet
	sleep 1.5
	in_world "$SPL" "$DIR/plain/plan" $HERE 7001
	await "the connections to end" quiet
	sleep 1.5
	custodes_stop
	sink_stop
	expect "told as lost" "$(value 'select(.event.action == "loss") | .custodes.loss.causes')" \
		"calls of the first product, before they were looked at"
	expect "found: of how many starts, unseen" "$(jq -s '[.[] | select(.event.action == "unexplained-bytes")] |
		[(map(.custodes.incident.id) | unique | length), (map(.custodes.ledger.unseen) | all)]' -c "$DIR/ours.ndjson")" "[1,true]"
}

all_sent() {
	"$CUSTODES" ledger --live --json >"$DIR/statement.json" || true
	[[ $(row SECRET GB bound sent) == "[200000,200000]" ]]
}

@test "ledger --live: the capture of the custodes that runs; when none does, that is said" {
	local code=0
	sink_start "tcp,$HERE,7001"
	custodes_start --policies "$DIR/policies"
	in_world "$SPL" "$DIR/secret/plan" $HERE 7001
	await "the whole of it to be stated" all_sent
	"$CUSTODES" ledger --live --json >"$DIR/statement.json" || code=$?
	expect "exit code" "$code" 1
	expect "to GB: bound, sent" "$(row SECRET GB bound sent)" "[200000,200000]"
	custodes_stop
	sink_stop
	code=0
	"$CUSTODES" ledger --live 2>"$DIR/refused" || code=$?
	expect "exit code with none" "$code" 2
	expect "what is said" "$(<"$DIR/refused")" "custodes: error: no custodes runs here that records in a capture: No such file or directory"
}
