# SPDX-License-Identifier: GPL-3.0-or-later
# A permitted product may still talk to somebody whom a measure speaks about.
# The addresses are those of this world's loopback, whatever they are elsewhere.

load lib

SPL=/opt/sophos-spl/plugins/av/sbin/soapd

setup() {
	world_open
	install "$SPL"
	mkdir "$DIR/policies"
	cat >"$DIR/policies/overlay.json" <<-'END'
		{
		  "kind": "overlay",
		  "id": "test",
		  "title": "What this test knows of its addresses",
		  "networks": [
		    {"prefix": "10.77.9.0/24", "role": "network", "controlling_jurisdiction": "RU"},
		    {"prefix": "10.77.0.0/16", "role": "network", "controlling_jurisdiction": "GB"}
		  ]
		}
	END
}

teardown() {
	world_close
}

finding() {
	events "select(.event.action == \"$1\") | [.custodes.product.id, .custodes.verdict, .destination.ip,
		.destination.port, .custodes.destination.controlling_jurisdiction, .custodes.destination.basis,
		.source.bytes] | join(\" \")" | tr -d '"'
}

@test "a permitted product connects to what the site knows to be under Russian control" {
	sink_start "tcp,10.77.9.9,7000" "tcp,$HERE,7001"
	custodes_start --policies "$DIR/policies"
	in_world "$SPL" tcp "$HERE" 7001 send 100000 1000 shutdown eof close connects 10.77.9.9 7000 3
	custodes_stop
	sink_stop
	expect "exit code" "$CODE" 1
	expect "findings" "$(findings)" 1
	expect "finding" "$(finding destination-measure)" "sophos-spl prohibited 10.77.9.9 7000 RU overlay 0"
	expect "measure" "$(events 'select(.event.kind == "alert") | .custodes.measures[] | select(.id == "uk-ncsc-2017")
		| [.verdict, .force, .in_force]')" '["prohibited","guidance",true]'
	nothing_lost
}

# Of each finding of bytes the mark that it passed. The first byte is one, which passes
# with others at once unless a tick comes before the connection has ended.
marks() {
	finding destination-bytes | awk '{for (mark = 16384; mark * 4 <= $7; ) mark *= 4; if ($7 >= mark) print mark}'
}

@test "bytes are told as their sum passes a mark: 16, 64, 256 KiB" {
	sink_start "tcp,10.77.9.9,7000"
	custodes_start --policies "$DIR/policies"
	for _ in $(seq 20); do
		in_world "$SPL" tcp 10.77.9.9 7000 send 20000 1000 shutdown eof
	done
	custodes_stop
	sink_stop
	expect "bytes that the peer received" "$(sink_total 7000 received)" 400000
	# Every run of the program is a lineage of its own, and so is its sum.
	expect "findings of connects" "$(finding destination-measure | sort | uniq -c | xargs)" \
		"20 sophos-spl prohibited 10.77.9.9 7000 RU overlay 0"
	expect "who sent, and where to" "$(finding destination-bytes | cut -d' ' -f1-6 | sort -u)" \
		"sophos-spl prohibited 10.77.9.9 7000 RU overlay"
	expect "the marks that they passed" "$(marks | uniq -c | xargs)" "20 16384"
	rm -r "$DIR/cap" "$DIR/live.ndjson" "$DIR/live.txt"
	sink_start "tcp,10.77.9.9,7000"
	custodes_start --policies "$DIR/policies"
	in_world "$SPL" repeat 20 tcp 10.77.9.9 7000 send 20000 1000 shutdown eof close
	custodes_stop
	sink_stop
	expect "findings of connects, in one lineage" "$(finding destination-measure)" \
		"sophos-spl prohibited 10.77.9.9 7000 RU overlay 0"
	expect "the marks that one lineage passed" "$(marks | paste -sd' ')" "16384 65536 262144"
}

@test "datagrams count alike" {
	sink_start "udp,10.77.9.9,7000"
	custodes_start --policies "$DIR/policies"
	in_world "$SPL" udp-free 4 to 10.77.9.9 7000 send 20000 1000
	custodes_stop
	sink_stop
	# The first datagram is told together with its bytes.
	expect "findings" "$(finding destination-measure)" "sophos-spl prohibited 10.77.9.9 7000 RU overlay 1000"
	expect "the marks that it passed" "$(marks | paste -sd' ')" 16384
	expect "connections and bytes" "$(totals_to 7000)" "1 20000 0"
}

@test "the location database: where a server is said to be is told, and that it proves nothing" {
	[[ -e /var/lib/location/database.db || -e /usr/share/libloc-location/location.db ]] ||
		skip "no location database is installed (libloc-database)"
	local asn
	# Asked of the database's own tool: the answer is another for another database.
	asn=$(location lookup 94.100.180.1 | grep -oE 'AS[0-9]+' | tr -d AS)
	in_world ip address add 94.100.180.1/32 dev lo
	sink_start "tcp,94.100.180.1,7000"
	LOCATION=1
	custodes_start
	in_world "$SPL" connects 94.100.180.1 7000 1
	custodes_stop
	sink_stop
	expect "findings" "$(findings)" 1
	expect "finding" "$(events 'select(.event.kind == "alert") | [.event.action, .custodes.verdict,
		.custodes.destination.server_location, .custodes.destination.controlling_jurisdiction // "not known",
		.custodes.destination.basis, .destination.as.number] | join(", ")')" \
		"\"destination-measure, unknown, RU, not known, libloc, $asn\""
}
