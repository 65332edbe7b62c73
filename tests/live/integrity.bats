# SPDX-License-Identifier: GPL-3.0-or-later
# Who watches the watcher: what is done to custodes itself is told within a second,
# by the second process where the first cannot.

load lib

setup() {
	world_open
}

teardown() {
	world_close
}

monitor() {
	grep -c "\"action\":\"monitor-integrity\".*\"how\":\"$1\"" "$DIR/live.ndjson"
}

told() {
	(($(monitor "$1") > 0))
}

# within SECONDS WHAT: a finding of this kind is there by then.
within() {
	local from=$EPOCHREALTIME
	await "the finding \"$2\"" told "$2"
	echo "# \"$2\" after $(bc <<<"$EPOCHREALTIME - $from") s" >&2
}

watchdog() {
	local pid
	for pid in $(pgrep -P "$SENSOR"); do
		[[ $(<"/proc/$pid/comm") == custodes-watch ]] && echo "$pid"
	done
}

recorded() {
	jq -r "select(.event.action == \"monitor-integrity\" and .custodes.how == \"$1\") | .custodes.log.recorded" \
		"$DIR/live.ndjson" | sort -u | paste -sd' '
}

@test "stopped: told by the watchdog while it lasts, and recorded when it is over" {
	custodes_start
	kill -STOP "$SENSOR"
	within 2 stopped
	expect "recorded" "$(recorded stopped)" false
	sleep 1
	kill -CONT "$SENSOR"
	await "the record" grep -q '"action":"monitor-integrity".*"how":"stopped".*"recorded":true' "$DIR/live.ndjson"
	grep '"recorded":true' "$DIR/live.ndjson" | grep -q 'custodes did not run for [0-9.]* s' || fail "not said for how long"
}

@test "killed: told by the watchdog, which then ends" {
	custodes_start
	local dog
	dog=$(watchdog)
	kill -KILL "$SENSOR"
	await "its end" gone "$SENSOR"
	SENSOR=
	within 2 killed
	await "the watchdog's end" gone "$dog"
	grep -q 'was killed: nothing is watched any more' "$DIR/live.txt" || fail "$(<"$DIR/live.txt")"
}

@test "the watchdog is killed: told, and there is another" {
	custodes_start
	local dog
	dog=$(watchdog)
	kill -KILL "$dog"
	within 2 watchdog
	[[ -n $(watchdog) && $(watchdog) != "$dog" ]] || fail "no other watchdog"
	custodes_stop
}

@test "an orderly end is no finding" {
	custodes_start
	custodes_stop
	expect "findings about the monitor" "$(grep -c '"monitor-integrity"' "$DIR/live.ndjson")" 0
}

@test "traced" {
	custodes_start
	python3 - "$SENSOR" <<-'P' &
		import ctypes, sys, time
		libc = ctypes.CDLL(None, use_errno=True)
		if libc.ptrace(0x4206, int(sys.argv[1]), 0, 0):  # PTRACE_SEIZE
		    sys.exit(1)
		time.sleep(3)
	P
	local tracer=$!
	within 2 traced
	wait "$tracer"
	grep -q "is traced by another process (pid $tracer)" "$DIR/live.txt" || fail "$(<"$DIR/live.txt")"
	custodes_stop
}

@test "a program is detached from outside" {
	bpftool version >/dev/null 2>&1 || skip "bpftool is not installed, or not for this kernel"
	custodes_start
	local link
	link=$(bpftool -j link | jq -r --argjson program \
		"$(bpftool -j prog | jq '[.[] | select(.name == "socket_connect4") | .id] | max')" \
		'.[] | select(.prog_id == $program) | .id')
	[[ -n $link ]] || skip "bpftool shows no link"
	bpftool link detach id "$link"
	within 2 detached
	grep -q 'no longer attached: socket_connect4' "$DIR/live.txt" || fail "$(<"$DIR/live.txt")"
	custodes_stop
}

map_called() {
	bpftool -j map | jq --arg name "$1" '[.[] | select(.name == $name) | .id] | max'
}

@test "a forged verdict: told, and taken out" {
	bpftool version >/dev/null 2>&1 || skip "bpftool is not installed, or not for this kernel"
	install "$KESL"
	custodes_start
	local map key
	map=$(map_called exes)
	key=$(printf 'ff %.0s' {1..32})
	# shellcheck disable=SC2086
	bpftool map update id "$map" key hex $key value hex 01 00 00 00
	within 2 changed
	# shellcheck disable=SC2086
	! bpftool map lookup id "$map" key hex $key >/dev/null 2>&1 || fail "it is still there"
	custodes_stop
}

# As if custodes had let every lineage go.
let_all_go() {
	local id key
	id=$(map_called lineages)
	for key in $(bpftool -j map dump id "$id" | jq -r '.[].key | map(.[2:]) | join(",")'); do
		# shellcheck disable=SC2086
		bpftool map delete id "$id" key hex ${key//,/ } || true # others end by themselves
	done
}

@test "a product's lineage is let go in our name: told, and it is watched again" {
	bpftool version >/dev/null 2>&1 || skip "bpftool is not installed, or not for this kernel"
	sink_start "tcp,$HERE,7000"
	install "$KESL"
	custodes_start
	begin "$KESL" tcp "$HERE" 7000 send 1000 10 mark "$DIR/sent" await "$DIR/go" send 1000 10
	await "the finding" found "$BEGUN"
	await "the product" test -e "$DIR/sent"
	let_all_go
	within 2 changed
	touch "$DIR/go"
	ends_with 0
	custodes_stop
	expect "last account" "$(events 'select(.destination.port == 7000) | .source.bytes' | tail -n 1)" 2000
	grep -q 'written to by somebody else: lineages' "$DIR/live.txt" || fail "$(<"$DIR/live.txt")"
}

@test "the lineage of a product at work is let go in our name: told" {
	bpftool version >/dev/null 2>&1 || skip "bpftool is not installed, or not for this kernel"
	sink_start "tcp,$HERE,7000"
	install "$KESL"
	custodes_start
	begin "$KESL" tcp "$HERE" 7000 send 2000000000 100
	await "the finding" found "$BEGUN"
	let_all_go
	within 2 changed
	kill "$BEGUN"
	custodes_stop
	grep -q 'written to by somebody else: lineages' "$DIR/live.txt" || fail "$(<"$DIR/live.txt")"
}

@test "what programs alone keep takes no writes from anybody" {
	bpftool version >/dev/null 2>&1 || skip "bpftool is not installed, or not for this kernel"
	local table
	custodes_start
	for table in tasks lineage_tasks socks ended destinations pending accesses others scanners task_filter sock_filter \
		recent losses sequences marks spares_acted authored aims orphans; do
		expect "$table is frozen" "$(bpftool -j map show id "$(map_called "$table")" | jq .frozen)" 1
	done
	# shellcheck disable=SC2046
	! bpftool map update id "$(map_called recent)" key hex 00 00 00 00 value hex $(printf '00 %.0s' {1..40}) \
		2>/dev/null || fail "it can be written"
	custodes_stop
}

@test "the version of the verdicts is set back: told" {
	bpftool version >/dev/null 2>&1 || skip "bpftool is not installed, or not for this kernel"
	install "$KESL"
	custodes_start
	bpftool map update id "$(map_called exes_version)" key hex 00 00 00 00 value hex 00 00 00 00 00 00 00 00
	within 2 changed
	custodes_stop
}

@test "a second custodes: both say so" {
	custodes_start
	local other
	"$CUSTODES" run --host uk-secret --no-location --for 3 --output "ecs:$DIR/other.ndjson" 2>"$DIR/other.err" 3>&- &
	other=$!
	mine_to_end "$other"
	within 2 second
	wait "$other" || true
	grep -q '"action":"monitor-integrity".*"how":"second"' "$DIR/other.ndjson" || fail "the second is silent"
	grep -q "another custodes runs on this host (pid $SENSOR)" "$DIR/other.ndjson" || fail "it does not say who"
	custodes_stop
}

@test "on a host without a classification it is an event, no finding" {
	HOST=company custodes_start
	kill -STOP "$SENSOR"
	sleep 2
	kill -CONT "$SENSOR"
	await "the event" grep -q '"action":"monitor"' "$DIR/live.ndjson"
	custodes_stop
	expect "findings about the monitor" "$(grep -c '"monitor-integrity"' "$DIR/live.ndjson")" 0
}
