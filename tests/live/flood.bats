# SPDX-License-Identifier: GPL-3.0-or-later
# Nothing is missed: not the first act of a program that nobody knew, and not
# one of ten thousand.

load lib

setup() {
	world_open
	install "$KESL"
}

teardown() {
	world_close
}

rss_kib() {
	awk '/^VmRSS:/ {print $2}' "/proc/$SENSOR/status"
}

@test "10,000 short connections, the first of them main's first act: every one is told, and its end" {
	local other
	other=$(stranger other)
	sink_start "tcp,$HERE,7000" "tcp,$HERE,7001"
	custodes_start
	begin "$other" connects "$HERE" 7001 1000
	local stranger_pid=$BEGUN
	begin "$KESL" connects "$HERE" 7000 10000
	wait "$BEGUN" "$stranger_pid"
	await "the last connection's end" quiet
	custodes_stop
	sink_stop
	slim
	expect "connections that the peer saw" "$(sink_total 7000 connections)" 10000
	expect "connections of the stranger that the peer saw" "$(sink_total 7001 connections)" 1000
	expect "connects" "$(count "$(action connect)")" 10000
	expect "flows that were begun" "$(value "select($(action connect)) | .custodes.destination.flow" | wc -w)" 10000
	expect "flows that were ended" "$(value "select($(action disconnect)) | .custodes.destination.flow" | wc -w)" 10000
	expect "disconnects" "$(count "$(action disconnect)")" 10000
	expect "pids that connected" "$(value "select($(action connect)) | .process.pid")" "$BEGUN"
	expect "lineages" "$(value 'select(.custodes.lineage) | .custodes.lineage.id' | wc -w)" 1
	expect "totals" "$(totals_to 7000)" "10000 0 0"
	# The stranger's, looked for in all that was said: not only in our lineages.
	expect "events of the stranger" "$(grep -cE "\"port\":7001|\"pid\":${stranger_pid}[,}]" "$DIR/live.ndjson")" 0
	nothing_lost
}

@test "first seen in this very moment: 30 new programs, each connects once and ends" {
	sink_start "tcp,$HERE,7000"
	for i in $(seq 30); do
		install "/opt/kaspersky/kesl/bin/new-$i"
	done
	custodes_start
	for i in $(seq 30); do
		in_world "/opt/kaspersky/kesl/bin/new-$i" connects "$HERE" 7000 1
	done
	custodes_stop
	sink_stop
	expect "connections that the peer saw" "$(sink_total 7000 connections)" 30
	expect "connects" "$(count "$(action connect)")" 30
	expect "what connected" "$(value "select($(action connect)) | .process.executable" | wc -w)" 30
	expect "execs" "$(count "$(action exec)")" 30
	expect "exits" "$(count "$(action exit)")" 30
	nothing_lost
}

@test "a datagram as the first act after exec: it is not missed, nor the ones that follow" {
	sink_start "udp,$HERE,7000" "udp,$HERE6,7001"
	custodes_start
	in_world "$KESL" udp-free 4 to "$HERE" 7000 send 333 333
	in_world "$KESL" udp "$HERE6" 7001 send 5000 500
	custodes_stop
	sink_stop
	expect "bytes that the peer received" "$(sink_total 7000 received) $(sink_total 7001 received)" "333 5000"
	expect "totals of the first" "$(totals_to 7000)" "1 333 0"
	expect "totals of the second" "$(totals_to 7001)" "1 5000 0"
	expect "connects" "$(count "$(action connect)")" 2
	nothing_lost
}

# So many end in one second that a custodes that falls behind ticks before it has read what the tick
# before has told. The ring may be short then: of detail, not of the account.
@test "8,000 datagram sockets, one datagram each: each is told once, however late it is read" {
	sink_start "udp,$HERE,7000"
	custodes_start
	in_world "$KESL" children 4 repeat 2000 udp-free 4 to "$HERE" 7000 send 10 10 close
	custodes_stop
	sink_stop
	expect "datagrams that the peer saw" "$(sink_total 7000 connections)" 8000
	expect "totals" "$(totals_to 7000)" "8000 80000 0"
}

# As a person runs it: what is measured is no test build.
memory_stays_under() {
	local idle limit=$1
	shift
	CUSTODES=${BATS_TEST_DIRNAME}/../../custodes
	[[ -x $CUSTODES ]] || skip "the release build is not there: make"
	sink_start "tcp,$HERE,7000"
	custodes_start "$@"
	await "what was there already to be judged" settled
	idle=$(rss_kib)
	((idle < limit)) || fail "VmRSS when idle: $idle KiB, not under $limit"
	in_world "$KESL" connects "$HERE" 7000 10000
	await "all of it in the events" all_told
	(($(rss_kib) < limit)) || fail "VmRSS after 10,000 connections: $(rss_kib) KiB, not under $limit (idle: $idle)"
	custodes_stop
	sink_stop
	expect "connects" "$(grep -c '"action":"connect"' "$DIR/ours.ndjson")" 10000
}

all_told() {
	(($(grep -c '"action":"disconnect"' "$DIR/live.ndjson") >= 10000))
}

@test "memory without the location database: under 16 MiB, idle and after 10,000 connections" {
	memory_stays_under 16384
}

@test "memory with the location database: under 64 MiB, idle and after 10,000 connections" {
	[[ -e /var/lib/location/database.db || -e /usr/share/libloc-location/location.db ]] ||
		skip "no location database is installed (libloc-database)"
	LOCATION=1
	memory_stays_under 65536
}
