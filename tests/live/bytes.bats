# SPDX-License-Identifier: GPL-3.0-or-later
# Bytes, exact to the byte, against what the peer counted: whatever the call that
# sent them, and however the connection ended. All scenarios run once, under one
# custodes; each has a port of its own, by which the tests tell them apart.

load lib

# The switch came with 6.6: before it whoever has io_uring may use it.
uring_allowed() {
	[[ ! -e /proc/sys/kernel/io_uring_disabled || $(</proc/sys/kernel/io_uring_disabled) == 0 ]]
}

# scenario PORT ACT...: what the product does; how it went is kept for its test.
scenario() {
	local port=$1 code=0
	shift
	timeout 60 nsenter --target "$WORLD" --mount --net -- "$KESL" "$@" 2>"$DIR/said.$port" || code=$?
	echo "$code" >"$DIR/code.$port"
}

streams() {
	scenario 7001 tcp $HERE 7001 send 1234567 65536 shutdown eof
	scenario 7002 tcp $HERE 7002 send 100000 4096 eof close
	scenario 7003 tcp $HERE 7003 send 50000 1000 close
	scenario 7004 tcp $HERE 7004 send 30000 1000 flush reset
	scenario 7005 tcp $HERE 7005 send 20000 1000 broken
	scenario 7006 tcp $HERE 7006 send 77777 777 exit 0
	scenario 7007 tcp $HERE 7007 send 66666 666 flush die 9
	scenario 7008 tcp $HERE 7008 send 1000 100 children 1 send 2000 100
	scenario 7009 tcp $HERE 7009 send 1000 100 daemon mark "$DIR/heir" send 5000 100 receive 400
	scenario 7010 tcp $HERE 7010 sendmsg 100001 3333 shutdown eof
	scenario 7011 tcp $HERE 7011 sendmmsg 100002 3334 shutdown eof
	scenario 7012 tcp $HERE 7012 sendfile 1000003 50000 shutdown eof
	scenario 7013 tcp $HERE 7013 splice 1000004 50000 shutdown eof
	scenario 7014 tcp $HERE 7014 allow-zerocopy zerocopy 1000005 50000 shutdown eof
	scenario 7018 fast-open $HERE 7018 900 send 100 100 shutdown eof
	in_world nstat -asz TcpExtTCPFastOpenPassive | awk 'NR == 2 {print $2}' >"$DIR/fast-open"
	scenario 7019 refused $HERE 7019
	scenario 7020 tcp $HERE 7020 receive 5000000 shutdown eof
	scenario 7021 tcp $HERE 7021 send 10 10 readable 20000 close
	scenario 7022 children 10 tcp $HERE 7022 send 1000 100 shutdown eof
	scenario 7023 tcp $HERE 7023 sendfile 4800000000 1000000000 shutdown eof
	scenario 7025 tcp $HERE 7025 whence send 10 10 shutdown eof >"$DIR/whence.7025"
	scenario 7103 tcp $HERE6 7103 whence send 10 10 shutdown eof >"$DIR/whence.7103"
	scenario 7024 tcp $HERE 7024 shutdown eof
	[[ ! -e /proc/sys/net/mptcp ]] || scenario 7027 mptcp $HERE 7027 send 1000 100 shutdown eof
	scenario 7028 elsewhere 198.51.100.1 $HERE 7028 send 1000 100 shutdown eof
	scenario 7029 tcp $HERE 7029 send 40000 1000 flush disconnect turn $HERE 7030 send 500 100 shutdown eof
	scenario 7031 tcp $HERE 7031 send 3000 1000 flush disconnect close
	scenario 7101 tcp $HERE6 7101 send 234567 4096 shutdown eof
	scenario 7102 tcp ::ffff:$HERE 7102 send 34567 4096 shutdown eof
}

# Segments get lost, and are sent again: that is nobody's data twice.
lossy() {
	in_world tc qdisc add dev lo root netem loss 5% 2>/dev/null || return 0
	touch "$DIR/lossy"
	scenario 7026 tcp $HERE 7026 send 2000000 65536 shutdown eof
	in_world tc qdisc del dev lo root
}

io_uring() {
	scenario 7015 tcp $HERE 7015 uring-open uring 100006 10000 shutdown eof
	scenario 7016 tcp $HERE 7016 uring-polled uring 100007 10000 shutdown eof
	scenario 7017 uring-open uring-connect $HERE 7017 uring 100008 10000 shutdown eof
	scenario 7213 udp $HERE 7213 uring-open uring 10000 500 receive 1280
}

datagrams() {
	scenario 7201 udp $HERE 7201 send 10000 500 receive 1280
	scenario 7202 udp-free 4 to $HERE 7202 send 10000 500 receive 1280
	scenario 7203 udp $HERE6 7203 send 10000 500 receive 1280
	scenario 7204 udp-free 6 to $HERE6 7204 send 10000 500 receive 1280
	scenario 7205 udp ::ffff:$HERE 7205 send 10000 500 receive 1280
	scenario 7206 udp-free 6 to ::ffff:$HERE 7206 send 10000 500 receive 1280
	scenario 7207 udp-free 4 to 10.77.0.1 7207 send 1000 100 to 10.77.0.2 7207 send 2000 100 \
		to 10.77.0.3 7207 send 3000 100 to $HERE 7208 send 500 50
	scenario 7209 udp-free 4 to $HERE 7209 sendmmsg 10000 500
	scenario 7210 udp-free 6 to $HERE6 7210 sendmsg 10000 500
	scenario 7211 udp $HERE 7211 sendfile 10000 500
	scenario 7212 udp $HERE 7212 splice 10000 500
	scenario 7214 udp $HERE 7214 cork 1 send 1000 100 cork 0
	scenario 7215 udp $HERE 7215 segment 1000 send 50000 10000
	scenario 7216 udp $HERE 7216 send 600000 60000
	scenario 7217 udp $HERE 7217 empty
	scenario 7218 udp $HERE 7218 send 100 100 to $HERE 7219 send 200 100
	scenario 7220 udp $HERE 7220 send 1000 100 children 1 send 2000 100
	scenario 7224 udp-free 4 to $HERE 7224 threads 8 repeat 200 send 100 100
	scenario 7225 udp-free 4 spread 10.77.1.0 7225 2000 50
	scenario 7226 udp $HERE 7226 turn $HERE 7227
	scenario 7228 udp $HERE 7228 send 100 100 turn $HERE 7229 send 200 100
	scenario 7221 udp $HERE 7221 send 100 100
	scenario 7222 udp-free 4 to 10.77.0.1 7222 send 1000 100 receive 640 to 10.77.0.2 7223 send 2000 100 receive 1280
}

# served PORT CLIENT... -- ACT...: the product listens, a stranger comes to it.
served() {
	local port=$1 client=() product
	shift
	while [[ $1 != -- ]]; do
		client+=("$1")
		shift
	done
	shift
	begin "$KESL" "$@" 2>"$DIR/said.$port"
	product=$BEGUN
	await "the product to listen" test -e "$DIR/listens.$port"
	in_world "$DIR/strangers/client" "${client[@]}"
	local code=0
	wait "$product" || code=$?
	echo "$code" >"$DIR/code.$port"
}

servers() {
	stranger client
	served 7301 from 17301 tcp $HERE 7301 send 300 100 eof -- \
		listen $HERE 7301 mark "$DIR/listens.7301" accept send 4000 1000 receive 300 shutdown eof
	served 7302 from 17302 tcp $HERE6 7302 send 300 100 eof -- \
		listen $HERE6 7302 mark "$DIR/listens.7302" accept send 4000 1000 receive 300 shutdown eof
	served 7303 from 17303 tcp $HERE 7303 send 300 100 eof -- \
		listen $HERE 7303 mark "$DIR/listens.7303" accept children 1 send 4000 1000 receive 300 shutdown eof
	served 7304 from 17304 tcp $HERE 7304 send 300 100 shutdown eof -- \
		listen $HERE 7304 mark "$DIR/listens.7304" accept eof close
	served 7305 from 17305 tcp $HERE 7305 eof -- \
		listen $HERE 7305 mark "$DIR/listens.7305" accept send 4000 1000 close
	# A dual-stack server: an IPv4 client of an IPv6 socket.
	served 7306 from 17306 tcp $HERE 7306 send 300 100 eof -- \
		listen :: 7306 mark "$DIR/listens.7306" accept send 4000 1000 receive 300 shutdown eof
}

setup_file() {
	world_open
	install "$KESL"
	# shellcheck disable=SC2046
	sink_start $(
		printf 'tcp,%s,%s ' $HERE 7003 $HERE 7006 $HERE 7007 $HERE 7008 $HERE 7010 $HERE 7011 $HERE 7012 \
			$HERE 7013 $HERE 7014 $HERE 7015 $HERE 7016 $HERE 7017 $HERE 7023 $HERE 7024 \
			$HERE 7025 $HERE6 7103 $HERE 7026 $HERE 7027 $HERE 7028 $HERE 7029 $HERE 7030 $HERE 7031
		printf 'tcp,%s,%s,answer=%s ' $HERE 7001 54321 $HERE 7009 400 $HERE 7018 10 $HERE 7020 5000000 \
			$HERE 7021 20000 $HERE 7022 77 $HERE6 7101 4321 $HERE 7102 321
		printf 'udp,%s,%s ' $HERE 7207 10.77.0.2 7207 10.77.0.3 7207 $HERE 7208 $HERE 7209 $HERE6 7210 \
			$HERE 7211 $HERE 7212 $HERE 7214 $HERE 7215 $HERE 7216 $HERE 7217 $HERE 7218 $HERE 7219 \
			$HERE 7220 $HERE 7224 0.0.0.0 7225 $HERE 7226 $HERE 7227 $HERE 7228 $HERE 7229
		printf 'udp,%s,%s,answer=64 ' $HERE 7201 $HERE 7202 $HERE6 7203 $HERE6 7204 $HERE 7205 $HERE 7206 \
			$HERE 7213 $HERE 7222 10.77.0.2 7223
	) tcp,$HERE,7002,answer=2000,close=100000 tcp,$HERE,7004,answer=100 tcp,$HERE,7005,close=20000,reset
	custodes_start
	streams
	! uring_allowed || io_uring
	datagrams
	servers
	lossy
	await "the heir" test -e "$DIR/heir"
	await "the heir's end" gone "$(<"$DIR/heir")"
	await "the last connection's end" quiet
	custodes_stop
	sink_stop
	slim
	tabulate
}

teardown_file() {
	world_close
}

# What was counted of each port, in one pass for all tests: by custodes in "told"
# (connections, sent, received; connects; upper bounds), by the peer in "counted".
tabulate() {
	jq -r --slurp 'map(select(.destination.port)) | group_by(.destination.port)[]
		| map(select(.event.action == "disconnect")) as $ends
		| "\(.[0].destination.port) \($ends | length) \($ends | map(.source.bytes) | add // 0) \(
			$ends | map(.destination.bytes) | add // 0) \(
			map(select(.event.action == "connect")) | length) \(
			map(select(.custodes.destination.upper_bound)) | length)"' "$DIR/ours.ndjson" >"$DIR/told"
	jq -r '"\(.port) \(.received) \(.sent)"' "$DIR/sink.json" >"$DIR/counted"
}

# of_port FILE PORT: what stands there, without the port.
of_port() {
	local port rest
	while read -r port rest; do
		[[ $port != "$2" ]] || echo "$rest"
	done <"$DIR/$1"
}

# exact PORT CONNECTIONS SENT RECEIVED: so it was meant, so the peer counted (its
# two counts are the other way round), and so custodes has told it.
exact() {
	expect "what the stand-in said" "$(<"$DIR/said.$1")" ""
	expect "exit code of the stand-in" "$(<"$DIR/code.$1")" "${5:-0}"
	expect "what the peer counted" "$(of_port counted "$1")" "$3 $4"
	told "$@"
}

told() {
	expect "what custodes counted; connects, and upper bounds" "$(of_port told "$1")" "$2 $3 $4 $2 0"
}

needs_uring() {
	uring_allowed || skip "io_uring is disabled on this host"
}

kind_of() {
	value "select($(action disconnect) and .destination.port == $1)
		| \"\(.network.transport) \(.network.type) \(.destination.ip)\""
}

@test "the run as a whole: findings, nothing lost, one product" {
	nothing_lost
	expect "products" "$(value 'select(.custodes.product) | .custodes.product.id')" kaspersky-kesl
}

@test "no two events bear the same id" {
	expect "ids that were given twice" "$(jq -r '"\(.event.id) \(.event.action)"' "$DIR/live.ndjson" | sort | uniq -d |
		cut -d' ' -f2 | sort | uniq -c)" ""
}

@test "TCP: write, both directions, the client ends first" {
	exact 7001 1 1234567 54321
	expect "kind" "$(kind_of 7001)" "tcp ipv4 $HERE"
}

@test "TCP: the peer closes first" {
	exact 7002 1 100000 2000
}

@test "TCP: the client closes first, and does not wait" {
	exact 7003 1 50000 0
}

@test "TCP: the client resets" {
	exact 7004 1 30000 100
}

@test "TCP: the peer resets" {
	exact 7005 1 20000 0
}

@test "TCP: the process ends without closing" {
	exact 7006 1 77777 0
}

@test "TCP: the process is killed" {
	exact 7007 1 66666 0 137
}

@test "TCP: a child sends on the inherited socket" {
	exact 7008 1 3000 0
}

@test "TCP: a daemon goes on with the socket of a process that has ended" {
	exact 7009 1 6000 400
}

@test "TCP: sendmsg" {
	exact 7010 1 100001 0
}

@test "TCP: sendmmsg" {
	exact 7011 1 100002 0
}

@test "TCP: sendfile" {
	exact 7012 1 1000003 0
}

@test "TCP: splice" {
	exact 7013 1 1000004 0
}

@test "TCP: zero copy" {
	exact 7014 1 1000005 0
}

@test "TCP: io_uring" {
	needs_uring
	exact 7015 1 100006 0
}

@test "TCP: io_uring, polled by a thread of the kernel" {
	needs_uring
	exact 7016 1 100007 0
}

@test "TCP: io_uring, the connect too" {
	needs_uring
	exact 7017 1 100008 0
}

@test "TCP: Fast Open, data with the SYN" {
	expect "connections that began so" "$(<"$DIR/fast-open")" 1
	exact 7018 1 1000 10
}

@test "TCP: refused" {
	expect "exit code of the stand-in" "$(<"$DIR/code.7019")" 0
	told 7019 1 0 0
}

@test "TCP: no way to the first peer, the same socket to the second" {
	exact 7028 2 1000 0
	expect "each by its end" "$(value "select($(action disconnect) and .destination.port == 7028)
		| \"\(.destination.ip)=\(.source.bytes)\"")" "$HERE=1000 198.51.100.1=0"
}

@test "TCP: disconnected, which clears the kernel's counters, and connected anew" {
	exact 7029 1 40000 0
	cp "$DIR/code.7029" "$DIR/code.7030"
	cp "$DIR/said.7029" "$DIR/said.7030"
	exact 7030 1 500 0
}

@test "TCP: disconnected, and closed" {
	exact 7031 1 3000 0
}

@test "TCP: a large answer" {
	exact 7020 1 0 5000000
}

@test "TCP: closed with an answer unread" {
	exact 7021 1 10 20000
}

@test "TCP: ten at a time" {
	exact 7022 10 10000 770
	expect "bytes of each" "$(value "select($(action disconnect) and .destination.port == 7022)
		| \"\(.source.bytes)/\(.destination.bytes)\"")" "1000/77"
}

@test "TCP: more than 32 bits hold" {
	exact 7023 1 4800000000 0
}

@test "TCP: not one byte" {
	exact 7024 1 0 0
}

@test "TCP: one segment in twenty is lost" {
	[[ -e $DIR/lossy ]] || skip "this kernel cannot lose packets at will (netem)"
	exact 7026 1 2000000 0
}

@test "TCP over many paths (MPTCP)" {
	[[ -e /proc/sys/net/mptcp ]] || skip "this kernel has no MPTCP"
	exact 7027 1 1000 0
}

@test "TCP over IPv6" {
	exact 7101 1 234567 4321
	expect "kind" "$(kind_of 7101)" "tcp ipv6 $HERE6"
}

@test "TCP from an IPv6 socket to an IPv4 peer" {
	exact 7102 1 34567 321
	expect "kind" "$(kind_of 7102)" "tcp ipv4 $HERE"
}

@test "UDP connected, IPv4" {
	exact 7201 1 10000 1280
	expect "kind" "$(kind_of 7201)" "udp ipv4 $HERE"
}

@test "UDP unconnected, IPv4" {
	exact 7202 1 10000 1280
	expect "kind" "$(kind_of 7202)" "udp ipv4 $HERE"
}

@test "UDP connected, IPv6" {
	exact 7203 1 10000 1280
	expect "kind" "$(kind_of 7203)" "udp ipv6 $HERE6"
}

@test "UDP unconnected, IPv6" {
	exact 7204 1 10000 1280
	expect "kind" "$(kind_of 7204)" "udp ipv6 $HERE6"
}

@test "UDP connected, an IPv6 socket to an IPv4 peer" {
	exact 7205 1 10000 1280
	expect "kind" "$(kind_of 7205)" "udp ipv4 $HERE"
}

@test "UDP unconnected, an IPv6 socket to an IPv4 peer" {
	exact 7206 1 10000 1280
	expect "kind" "$(kind_of 7206)" "udp ipv4 $HERE"
}

@test "UDP: several destinations of one socket" {
	expect "exit code of the stand-in" "$(<"$DIR/code.7207")" 0
	expect "what the peers counted" "$(sink_total 7207 received | paste -sd' ')" "1000 2000 3000"
	expect "what custodes counted" \
		"$(value "select($(action disconnect) and .destination.port == 7207)
			| \"\(.destination.ip)=\(.source.bytes)\"")" \
		"10.77.0.1=1000 10.77.0.2=2000 10.77.0.3=3000"
	expect "the other port" "$(totals_to 7208)" "1 500 0"
	expect "sockets" "$(value "select($(action disconnect) and (.destination.port == 7207 or .destination.port == 7208))
		| .custodes.destination.flow" | wc -w)" 1
}

@test "UDP: two destinations answer one socket: no byte is told twice" {
	expect "what the peers sent" "$(sink_total 7222 sent) $(sink_total 7223 sent)" "640 1280"
	expect "sent to the first" "$(totals_to 7222 | cut -d' ' -f1,2)" "1 1000"
	expect "sent to the second" "$(totals_to 7223 | cut -d' ' -f1,2)" "1 2000"
	expect "received, by all disconnects of the socket" \
		"$(events "select($(action disconnect) and (.destination.port == 7222 or .destination.port == 7223))
			| .destination.bytes" | paste -sd+ | bc)" 1920
}

@test "UDP: sendmmsg" {
	exact 7209 1 10000 0
}

@test "UDP: sendmsg, IPv6" {
	exact 7210 1 10000 0
}

@test "UDP: sendfile" {
	exact 7211 1 10000 0
}

@test "UDP: splice" {
	exact 7212 1 10000 0
}

@test "UDP: io_uring" {
	needs_uring
	exact 7213 1 10000 1280
}

@test "UDP: corked, one datagram of many writes" {
	exact 7214 1 1000 0
}

@test "UDP: segmented by the kernel" {
	exact 7215 1 50000 0
}

@test "UDP: datagrams of 60,000 bytes" {
	exact 7216 1 600000 0
}

@test "UDP: a datagram of no bytes" {
	exact 7217 1 0 0
}

@test "UDP: a connected socket sends elsewhere" {
	expect "exit code of the stand-in" "$(<"$DIR/code.7218")" 0
	expect "what the peers counted" "$(sink_total 7218 received) $(sink_total 7219 received)" "100 200"
	told 7218 1 100 0
	told 7219 1 200 0
}

@test "UDP: a child sends on the inherited socket" {
	exact 7220 1 3000 0
}

@test "UDP: eight threads share one socket" {
	exact 7224 1 160000 0
}

@test "UDP: 2,000 destinations of one socket" {
	exact 7225 2000 100000 0
	expect "sockets" "$(value "select($(action disconnect) and .destination.port == 7225)
		| .custodes.destination.flow" | wc -w)" 1
	expect "addresses" "$(value "select($(action disconnect) and .destination.port == 7225)
		| .destination.ip" | wc -w)" 2000
}

@test "UDP: connected to one, then to another, and nothing is sent" {
	exact 7226 1 0 0
	told 7227 1 0 0
}

@test "UDP: connected to one, then to another, and both get something" {
	exact 7228 1 100 0
	expect "what the other peer counted" "$(sink_total 7229 received)" 200
	told 7229 1 200 0
}

@test "UDP: nobody listens there" {
	expect "exit code of the stand-in" "$(<"$DIR/code.7221")" 0
	told 7221 1 100 0
}

# Written anew from the specification (github.com/corelight/community-id-spec),
# so that two readings of it are compared.
community_id() {
	python3 -c '
import base64, hashlib, ipaddress, struct, sys
ends = sorted((ipaddress.ip_address(a).packed, int(p)) for a, p in (sys.argv[1:3], sys.argv[3:5]))
data = struct.pack("!H", 0) + ends[0][0] + ends[1][0] + struct.pack("!BBHH", 6, 0, ends[0][1], ends[1][1])
print("1:" + base64.b64encode(hashlib.sha1(data).digest()).decode())' "$@"
}

# endpoints ADDRESS PORT
endpoints() {
	type python3 >/dev/null || skip "no python3 here, for the second reading of the specification"
	local port
	port=$(<"$DIR/whence.$2")
	exact "$2" 1 10 0
	expect "both ends" "$(value "select($(action disconnect) and .destination.port == $2)
		| \"\(.source.ip) \(.source.port) \(.destination.ip)\"")" "$1 $port $1"
	expect "community id" "$(value "select($(action disconnect) and .destination.port == $2)
		| .network.community_id")" "$(community_id "$1" "$port" "$1" "$2")"
}

@test "both ends of a connection are told, and its community id, IPv4" {
	endpoints $HERE 7025
}

@test "both ends of a connection are told, and its community id, IPv6" {
	endpoints $HERE6 7103
}

# served_exactly PORT SENT RECEIVED: its client came from port 10000 + PORT.
served_exactly() {
	expect "what the stand-in said" "$(<"$DIR/said.$1")" ""
	expect "exit code of the stand-in" "$(<"$DIR/code.$1")" 0
	expect "what custodes counted" \
		"$(events "select($(action disconnect) and .destination.port == 1$1)
			| \"\(.source.bytes) \(.destination.bytes) \(.network.direction)\"")" "\"$2 $3 unknown\""
}

@test "a server: an accepted connection, both directions" {
	served_exactly 7301 4000 300
}

@test "a server over IPv6" {
	served_exactly 7302 4000 300
}

@test "a server: the parent accepts, a child serves" {
	served_exactly 7303 4000 300
}

@test "a server that only receives" {
	served_exactly 7304 0 300
}

@test "a server that only sends" {
	served_exactly 7305 4000 0
}

@test "a server of both families: an IPv4 client of an IPv6 socket" {
	served_exactly 7306 4000 300
	expect "type" "$(value "select($(action disconnect) and .destination.port == 17306) | .network.type")" ipv4
}
