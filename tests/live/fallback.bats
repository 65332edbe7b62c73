# SPDX-License-Identifier: GPL-3.0-or-later
# Where a kernel refuses a program of the sensor, another stands in, and what is
# lost by that is said. --without makes this kernel such a kernel.

load lib

setup() {
	world_open
	install "$KESL"
}

teardown() {
	world_close
}

# sent_exactly PORT FLOWS BYTES
sent_exactly() {
	expect "bytes that the peer received on $1" "$(sink_total "$1" received | paste -sd+ | bc)" "$3"
	expect "totals to $1" "$(totals_to "$1" | cut -d' ' -f1,2)" "$2 $3"
}

@test "datagrams counted packet by packet: what is sent stays exact" {
	# Small packets, so that large datagrams travel in fragments.
	in_world ip link set lo mtu 1500
	# shellcheck disable=SC2046
	sink_start $(printf 'udp,%s,%s,answer=64 ' $HERE 7000 $HERE 7001 $HERE6 7002 $HERE6 7003 $HERE 7004 $HERE 7005) \
		$(printf 'udp,%s,%s ' $HERE 7006 10.77.0.2 7006 10.77.0.3 7006 $HERE 7007 $HERE 7008 $HERE6 7009 \
		$HERE 7010 $HERE 7011 $HERE 7012 $HERE 7013)
	custodes_start --without datagram_sent
	in_world "$KESL" udp $HERE 7000 send 10000 500 receive 1280
	in_world "$KESL" udp-free 4 to $HERE 7001 send 10000 500 receive 1280
	in_world "$KESL" udp $HERE6 7002 send 10000 500 receive 1280
	in_world "$KESL" udp-free 6 to $HERE6 7003 send 10000 500 receive 1280
	in_world "$KESL" udp ::ffff:$HERE 7004 send 10000 500 receive 1280
	in_world "$KESL" udp-free 6 to ::ffff:$HERE 7005 send 10000 500 receive 1280
	in_world "$KESL" udp-free 4 to 10.77.0.1 7006 send 1000 100 to 10.77.0.2 7006 send 2000 100 \
		to 10.77.0.3 7006 send 3000 100
	in_world "$KESL" udp-free 4 to $HERE 7007 sendmmsg 10000 500
	in_world "$KESL" udp $HERE 7008 send 600000 60000
	in_world "$KESL" udp $HERE6 7009 send 600000 60000
	in_world "$KESL" udp $HERE 7010 segment 1000 send 50000 10000
	in_world "$KESL" udp $HERE 7011 cork 1 send 1000 100 cork 0
	in_world "$KESL" udp $HERE 7012 send 1000 100 children 1 send 2000 100
	in_world "$KESL" udp-free 4 to $HERE 7013 threads 8 repeat 200 send 100 100
	custodes_stop
	sink_stop
	slim
	for port in 7000 7001 7002 7003 7004 7005; do
		sent_exactly $port 1 10000
		expect "totals to $port" "$(totals_to $port)" "1 10000 1280"
	done
	sent_exactly 7006 3 6000
	expect "by destination" "$(value "select($(action disconnect) and .destination.port == 7006)
		| \"\(.destination.ip)=\(.source.bytes)\"")" "10.77.0.1=1000 10.77.0.2=2000 10.77.0.3=3000"
	sent_exactly 7007 1 10000
	sent_exactly 7008 1 600000
	sent_exactly 7009 1 600000
	sent_exactly 7010 1 50000
	sent_exactly 7011 1 1000
	sent_exactly 7012 1 3000
	sent_exactly 7013 1 160000
	nothing_lost
}

@test "datagrams counted packet by packet: streams stay as they were" {
	sink_start "tcp,$HERE,7000,answer=54321" "tcp,$HERE,7001" "tcp,$HERE,7002"
	custodes_start --without datagram_sent
	in_world "$KESL" tcp $HERE 7000 send 1234567 65536 shutdown eof
	in_world "$KESL" tcp $HERE 7001 send 40000 1000 flush disconnect turn $HERE 7002 send 500 100 shutdown eof
	custodes_stop
	sink_stop
	expect "totals" "$(totals_to 7000)" "1 1234567 54321"
	expect "totals before the disconnect" "$(totals_to 7001)" "1 40000 0"
	expect "totals after it" "$(totals_to 7002)" "1 500 0"
}

@test "what is lost without datagram_sent is said, by run and by doctor" {
	custodes_start --without datagram_sent
	custodes_stop
	grep -q '^custodes: warning: datagrams: .*streams that were accepted, inherited or passed are seen once a call uses them' "$DIR/err" ||
		fail "run does not say what is lost: $(said)"
	"$CUSTODES" doctor --without datagram_sent --json >"$DIR/doctor.json"
	expect "way of the datagrams" "$(jq '.features[] | select(.name == "datagrams") | .way' "$DIR/doctor.json")" 1
	jq -e '.features[] | select(.name == "datagrams") | .lost | contains("once a call uses them")' "$DIR/doctor.json" >/dev/null ||
		fail "doctor does not say what is lost: $(cat "$DIR/doctor.json")"
	expect "programs not in use" "$(jq -r '.features[] | select(.name == "datagrams") | .programs[]
		| select(.way == 0 and .in_use) | .program' "$DIR/doctor.json" | wc -l)" 0
	expect "can it run" "$(jq .can_run "$DIR/doctor.json")" true
}

@test "where nothing leads, the spares do the work, and what that loses is said" {
	local warned read
	sink_start "tcp,$HERE,7000"
	custodes_start --without file_call_perf
	in_world "$KESL" exit 0 # the first one's calls may be over before they are looked at
	await "a product to be met" grep -q '"action":"exit"' "$DIR/live.ndjson"
	in_world "$KESL" tcp $HERE 7000 sendfile 100000 5000 shutdown eof
	custodes_stop
	sink_stop
	expect "totals" "$(totals_to 7000)" "1 100000 0"
	warned=$(grep -c '^custodes: warning: files: this kernel may take the CPU from a program' "$DIR/err" || true)
	expect "warned" "$warned" "$(kernel_preempts && echo 1 || echo 0)"
	read=$(jq -s 'map(select(.event.action == "access" and .custodes.access.last)
		| .custodes.access.read | select(. == 5000)) | add // 0' "$DIR/ours.ndjson")
	((read == 100000)) || (kernel_preempts && grep -q '"action":"loss"' "$DIR/live.ndjson") ||
		fail "$read of 100000 bytes read are told, and no loss"
}

@test "the record itself keeps what the sensor was: the START event names the way and the loss" {
	custodes_start --without datagram_sent
	custodes_stop
	# The capture is blocks of zstd: found by their magic, read without custodes.
	python3 - "$DIR/cap" >"$DIR/raw" <<-'END'
		import os, subprocess, sys
		for top, _, names in sorted(os.walk(sys.argv[1])):
		    for name in sorted(names):
		        data = open(os.path.join(top, name), "rb").read()
		        at = data.find(b"\x28\xb5\x2f\xfd")
		        while at >= 0:
		            run = subprocess.run(["zstd", "-dcq"], input=data[at:], capture_output=True)
		            sys.stdout.buffer.write(run.stdout)
		            at = data.find(b"\x28\xb5\x2f\xfd", at + 4)
	END
	grep -aoE '\{"processes".*"datagrams":\{"way":1,"lost":"[^"]+"' "$DIR/raw" >"$DIR/hooks" ||
		fail "no START event says so: $(grep -aoE '\{"processes".{0,400}' "$DIR/raw" | head -n 1)"
	grep -q 'once a call uses them' "$DIR/hooks"
}

@test "without what sees processes nothing can run: exit code 4, and the program is named" {
	custodes_begin --without process_exec
	custodes_await
	expect "exit code" "$CODE" 4
	grep -q '^custodes: error: .*process_exec' "$DIR/err" || fail "the program is not named: $(said)"
	expect "READY" "$(grep -c READY "$DIR/err")" 0
}

@test "without what sees connects nothing can run either" {
	custodes_begin --without socket_connect6
	custodes_await
	expect "exit code" "$CODE" 4
	grep -q '^custodes: error: .*socket_connect6' "$DIR/err" || fail "the program is not named: $(said)"
}

@test "without ticks nothing can run: what stays open would be told never" {
	local program
	for program in tick_socks tick_destinations; do
		custodes_begin --without "$program"
		custodes_await
		expect "exit code" "$CODE" 4
		grep -q "^custodes: error: .*$program" "$DIR/err" || fail "the program is not named: $(said)"
	done
}

@test "without process_existing a product is not seen until its next exec" {
	sink_start "tcp,$HERE,7000"
	begin "$KESL" mark "$DIR/done.1" await "$DIR/go" connects "$HERE" 7000 2 exec "$KESL" connects "$HERE" 7000 3
	await "the product" test -e "$DIR/done.1"
	custodes_start --without process_existing
	touch "$DIR/go"
	ends_with 0
	custodes_stop
	sink_stop
	expect "connections that the peer saw" "$(sink_total 7000 connections)" 5
	expect "connects" "$(count "$(action connect)")" 3
	grep -q '^custodes: warning: existing: products that ran before' "$DIR/err" || fail "run does not say so: $(said)"
}

@test "a program that does not exist cannot be left out" {
	custodes_begin --without no_such_program --for 1
	custodes_await
	expect "exit code" "$CODE" 2
}
