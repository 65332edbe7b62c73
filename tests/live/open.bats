# SPDX-License-Identifier: GPL-3.0-or-later
# A connection that never closes is counted while it is open, and one that was
# there before custodes is counted from then on.

load lib

setup() {
	world_open
	install "$KESL"
}

teardown() {
	world_close
}

# The last account of what goes to a port: bytes sent and received.
last_of() {
	jq -r --slurp --argjson port "$1" 'map(select(.destination.port == $port)) | last
		| "\(.source.bytes) \(.destination.bytes)"' "${2:-$DIR/live.ndjson}"
}

last_is() {
	[[ $(last_of "$1") == "$2" ]]
}

# stages FILE...: lets the product go on, and waits until it says that it did.
go_on() {
	touch "$DIR/go.$1"
	await "stage $1 of the product" test -e "$DIR/done.$1"
}

@test "a stream that stays open is told while it is, within seconds and to the byte" {
	sink_start "tcp,$HERE,7000,answer=300"
	custodes_start
	begin "$KESL" tcp "$HERE" 7000 send 5000 100 receive 300 mark "$DIR/done.1" await "$DIR/go.2" \
		send 7000 100 flush mark "$DIR/done.2" await "$DIR/go.3" send 3000 100 flush mark "$DIR/done.3" \
		await "$DIR/never"
	go_on 1
	PATIENCE=10 await "the first 5000 bytes in the events" last_is 7000 "5000 300"
	go_on 2
	PATIENCE=10 await "12000 bytes in the events" last_is 7000 "12000 300"
	kill -0 "$BEGUN"
	go_on 3
	custodes_stop # at once: no tick has told the last 3000
	kill -0 "$BEGUN"
	expect "last account" "$(last_of 7000)" "15000 300"
	expect "disconnects" "$(count "$(action disconnect)")" 0
	expect "exit code" "$CODE" 1
	nothing_lost
}

@test "a stream over IPv6 that only receives is told while it is open" {
	sink_start "tcp,$HERE6,7000,answer=123456"
	custodes_start
	begin "$KESL" tcp "$HERE6" 7000 receive 123456 mark "$DIR/done.1" await "$DIR/never"
	go_on 1
	PATIENCE=10 await "what it received, in the events" last_is 7000 "0 123456"
	custodes_stop
	expect "last account" "$(last_of 7000)" "0 123456"
}

@test "a datagram socket that stays open is told while it is, each destination" {
	sink_start "udp,$HERE,7000,answer=64" "udp,10.77.0.2,7001"
	custodes_start
	begin "$KESL" udp-free 4 to "$HERE" 7000 send 5000 500 receive 640 to 10.77.0.2 7001 send 700 100 \
		mark "$DIR/done.1" await "$DIR/go.2" send 300 100 mark "$DIR/done.2" await "$DIR/never"
	go_on 1
	PATIENCE=10 await "the first 5000 bytes in the events" grep -q '"bytes":5000.*"port":7000' "$DIR/live.ndjson"
	PATIENCE=10 await "the other 700 too" grep -q '"bytes":700.*"port":7001' "$DIR/live.ndjson"
	go_on 2
	custodes_stop
	expect "last account of the first" "$(last_of 7000 | cut -d' ' -f1)" 5000
	expect "last account of the second" "$(last_of 7001 | cut -d' ' -f1)" 1000
	expect "disconnects" "$(count "$(action disconnect)")" 0
}

@test "what an open datagram socket receives late is told too" {
	sink_start "udp,$HERE,7000,answer=1000,late"
	custodes_start
	begin "$KESL" udp "$HERE" 7000 send 500 100 mark "$DIR/done.1" receive 5000 mark "$DIR/done.2" await "$DIR/never"
	go_on 1
	await "what it sent, in the events" last_is 7000 "500 0"
	kill -USR1 "$SINK"
	go_on 2
	custodes_stop
	expect "last account" "$(last_of 7000)" "500 5000"
}

@test "a product that ran before is recognised at the start, and its open connection counted" {
	sink_start "tcp,$HERE,7000,answer=300" "udp,$HERE,7001"
	begin "$KESL" tcp "$HERE" 7000 send 1000 100 receive 300 mark "$DIR/done.1" await "$DIR/go.2" \
		send 2000 100 mark "$DIR/done.2" await "$DIR/go.3" shutdown eof close \
		udp "$HERE" 7001 send 50 50
	go_on 1
	custodes_start
	await "the product in the events" found "$BEGUN"
	go_on 2
	await "its traffic in the events" last_is 7000 "3000 300"
	touch "$DIR/go.3"
	ends_with 0
	custodes_stop
	sink_stop
	expect "exit code" "$CODE" 1
	expect "finding" "$(value 'select(.event.action == "product-measure")
		| "\(.process.pid) \(.process.parent.pid) \(.process.executable) \(.custodes.verdict)"')" \
		"$BEGUN $BASHPID $KESL prohibited"
	expect "hash" "$(value 'select(.event.action == "product-measure") | .process.hash.sha256')" \
		"$(sha256sum <"/proc/$WORLD/root$KESL" | cut -d' ' -f1)"
	expect "arguments" "$(value 'select(.event.action == "product-measure") | .process.args[1:4] | join(" ")')" \
		"tcp $HERE 7000"
	expect "bytes that the peer received" "$(sink_total 7000 received)" 3000
	expect "totals" "$(totals_to 7000)" "1 3000 300"
	expect "upper bound" "$(value "select($(action disconnect) and .destination.port == 7000)
		| .custodes.destination.upper_bound")" true
	expect "totals of what it began later" "$(totals_to 7001)" "1 50 0"
	nothing_lost
}

@test "a datagram socket that was open before is counted from the start of the watch" {
	sink_start "udp,$HERE,7000"
	begin "$KESL" udp "$HERE" 7000 send 1000 100 mark "$DIR/done.1" await "$DIR/go.2" send 2000 100
	go_on 1
	custodes_start
	await "the product in the events" found "$BEGUN"
	touch "$DIR/go.2"
	ends_with 0
	custodes_stop
	sink_stop
	expect "bytes that the peer received" "$(sink_total 7000 received)" 3000
	expect "totals" "$(totals_to 7000)" "1 2000 0"
}

@test "the children of a product that ran before, and the helper of one, are the product's" {
	local helper
	helper=$(stranger helper)
	sink_start "tcp,$HERE,7000" "tcp,$HERE,7001"
	begin "$KESL" children 3 mark "$DIR/done.1" await "$DIR/go.1" connects "$HERE" 7000 2
	local family=$BEGUN
	begin "$KESL" run "$helper" mark "$DIR/done.2" await "$DIR/go.1" connects "$HERE" 7001 2
	await "the helper" test -e "$DIR/done.2"
	await "the children" test -e "$DIR/done.1"
	custodes_start
	await "the product in the events" found "$family"
	await "the helper in the events" grep -qF "\"executable\":\"$helper\"" "$DIR/live.ndjson"
	touch "$DIR/go.1"
	wait "$family" "$BEGUN"
	custodes_stop
	sink_stop
	expect "connects of the children" "$(count "$(action connect) and .destination.port == 7000")" 6
	expect "connects of the helper" "$(count "$(action connect) and .destination.port == 7001")" 2
	expect "products" "$(value 'select(.custodes.product) | .custodes.product.id')" kaspersky-kesl
	nothing_lost
}

@test "a file that was mapped before, its descriptor closed, counts whole" {
	kernel_before 5 12 && skip "this kernel does not tell what is mapped (task_vma, 5.12)"
	head -c 50000 /dev/urandom >"$DIR/mapped"
	begin "$KESL" map "$DIR/mapped" mark "$DIR/done.1" await "$DIR/go.2"
	go_on 1
	custodes_start
	await "the product in the events" found "$BEGUN"
	touch "$DIR/go.2"
	ends_with 0
	sleep 1.2
	custodes_stop
	expect "mapped, upper bound, from before" "$(value "select($(action access) and .file.path == \"$DIR/mapped\" and .custodes.access.last)
		| .custodes.access | \"\(.mapped) \(.upper_bound) \(.existing)\"")" "50000 true true"
	nothing_lost
}
