# SPDX-License-Identifier: GPL-3.0-or-later
# Signals: two that end it with everything told, and one that reads the policies
# again.

load lib

GUARD=/opt/test-maker/bin/guard

setup() {
	world_open
	install "$KESL"
	install "$GUARD"
	mkdir "$DIR/policies"
	# A directory of policies may not be empty: something that says nothing here.
	cat >"$DIR/policies/overlay.json" <<-'END'
		{
		  "kind": "overlay",
		  "id": "nowhere",
		  "title": "A network that is not ours",
		  "networks": [{"prefix": "192.0.2.0/24", "role": "network"}]
		}
	END
}

teardown() {
	world_close
}

# A maker that claims what runs as $GUARD.
vendor() {
	cat >"$DIR/policies/vendor.json" <<-END
		{
		  "kind": "vendor",
		  "id": "test-maker",
		  "name": "Test Maker",
		  "control": [{"country": "RU", "basis": "headquarters", "confidence": "high", "sources": ["this test"]}],
		  "products": [
		    {
		      "id": "test-guard",
		      "name": "Test Guard",
		      "class": "av",
		      "antivirus": ${1:-true},
		      "identify": {"paths": ["$GUARD"]},
		      "confidence": "high",
		      "sources": ["this test"]
		    }
		  ],
		  "sources": ["this test"]
		}
	END
}

said_so() {
	grep -qE "$1" "$DIR/err"
}

reload() {
	kill -HUP "$SENSOR"
	await "custodes to say: $1" said_so "$1"
}

# ends_by SIGNAL: with a connection open and bytes that no tick has told.
ends_by() {
	sink_start "tcp,$HERE,7000"
	custodes_start
	begin "$KESL" tcp "$HERE" 7000 send 5000 100 flush mark "$DIR/sent" await "$DIR/never"
	await "the product" test -e "$DIR/sent"
	custodes_stop "$1"
	expect "exit code" "$CODE" 1
	expect "last account" "$(events 'select(.destination.port == 7000) | .source.bytes' | tail -n 1)" 5000
	expect "last event" "$(tail -n 1 "$DIR/live.ndjson" | jq -r .event.action)" stop
	expect "findings" "$(findings)" 1
}

@test "SIGTERM ends it: everything is told, exit code 1" {
	ends_by TERM
}

@test "SIGINT ends it: everything is told, exit code 1" {
	ends_by INT
}

@test "SIGTERM and SIGINT with nothing found: exit code 0" {
	custodes_start
	custodes_stop TERM
	clean
	rm -r "$DIR/cap" "$DIR/live.ndjson"
	custodes_start
	custodes_stop INT
	clean
}

@test "--for ends it by itself" {
	custodes_start --for 1
	custodes_await
	only_ours
	replay_alike
	clean
	expect "last event" "$(tail -n 1 "$DIR/live.ndjson" | jq -r .event.action)" stop
}

@test "SIGHUP: a new vendor's file claims what runs, and it is found without a restart" {
	sink_start "tcp,$HERE,7000"
	custodes_start --policies "$DIR/policies"
	begin "$GUARD" mark "$DIR/there" await "$DIR/go" connects "$HERE" 7000 3
	await "the guard" test -e "$DIR/there"
	sleep 1.5 # it is judged benign meanwhile, and let go
	vendor
	reload 'policies reloaded'
	await "the finding" found "$BEGUN"
	touch "$DIR/go"
	ends_with 0
	custodes_stop
	sink_stop
	expect "exit code" "$CODE" 1
	expect "finding" "$(value 'select(.event.kind == "alert")
		| "\(.process.pid) \(.process.executable) \(.custodes.product.id) \(.custodes.verdict)"')" \
		"$BEGUN $GUARD test-guard prohibited"
	expect "connects" "$(count "$(action connect)")" 3
	expect "policies in force, one after the other" "$(count "$(action policy)")" 2
	expect "digests" "$(value "select($(action policy)) | .custodes.policy.digest" | wc -w)" 2
	nothing_lost
}

# guard_runs TIMES: on each CPU in turn, since each has its own memory of what is benign.
guard_runs() {
	local cpu time
	for ((time = 0; time < $1; time++)); do
		for ((cpu = 0; cpu < $(nproc); cpu++)); do
			begin taskset -c "$cpu" "$GUARD" mark "$DIR/ran"
			ends_with 0
		done
	done
}

@test "SIGHUP: what ran again and again as nobody's is a product from its next exec on" {
	custodes_start --policies "$DIR/policies"
	guard_runs 1
	sleep 1.5 # it is judged benign meanwhile
	guard_runs 3
	vendor
	reload 'policies reloaded'
	guard_runs 3
	custodes_stop
	local told
	told=$(count "$(action exec) and .process.executable == \"$GUARD\"")
	((told <= 4 * $(nproc))) || fail "$told execs were told: it was never known as benign"
	expect "execs after, as a product's" "$(count "$(action exec) and .process.executable == \"$GUARD\"
		and .custodes.product.id == \"test-guard\"")" $((3 * $(nproc)))
	nothing_lost
}

@test "SIGHUP: what a vendor's file no longer claims is a product no more" {
	vendor
	sink_start "tcp,$HERE,7000" "tcp,$HERE,7001"
	custodes_start --policies "$DIR/policies"
	begin "$GUARD" connects "$HERE" 7000 1 mark "$DIR/there" await "$DIR/go" connects "$HERE" 7001 1
	await "the finding" found "$BEGUN"
	await "the guard" test -e "$DIR/there"
	rm "$DIR/policies/vendor.json"
	reload 'policies reloaded'
	touch "$DIR/go"
	ends_with 0
	custodes_stop
	sink_stop
	expect "exit code" "$CODE" 1
	expect "connections that the peer saw" "$(sink_total 7000 connections) $(sink_total 7001 connections)" "1 1"
	expect "connects before" "$(count "$(action connect) and .destination.port == 7000")" 1
	expect "connects after" "$(count "$(action connect) and .destination.port == 7001")" 0
}

# refused WHAT-IT-SAYS: the set on the disk is broken by now; the old one stands.
refused() {
	local digest
	reload 'the policies were not reloaded: the old ones stay in force'
	said_so "$1" || fail "want: $1" "said: $(said)"
	in_world "$KESL"
	in_world "$GUARD"
	custodes_stop
	expect "exit code" "$CODE" 1
	expect "findings" "$(value 'select(.event.kind == "alert") | .custodes.product.id')" kaspersky-kesl
	expect "policies in force" "$(count "$(action policy)")" 1
	digest=$(value "select($(action policy)) | .custodes.policy.digest")
	expect "policy of the finding" "$(value 'select(.event.kind == "alert") | .custodes.policy.digest')" "$digest"
}

@test "SIGHUP: a set with a wrong value is refused, with its file, line and pointer" {
	custodes_start --policies "$DIR/policies"
	vendor '"yes"'
	refused "^custodes: error: $DIR/policies/vendor\.json:11: /products/0/antivirus: "
}

@test "SIGHUP: a set that is not JSON is refused, with its file, line and column" {
	custodes_start --policies "$DIR/policies"
	vendor yes
	refused "^custodes: error: $DIR/policies/vendor\.json:11:20: not JSON"
}

@test "SIGHUP: a set that contradicts the catalogue is refused" {
	custodes_start --policies "$DIR/policies"
	vendor
	sed -i 's/"test-guard"/"kaspersky-kesl"/' "$DIR/policies/vendor.json"
	refused "^custodes: error: $DIR/policies/vendor\.json:.*kaspersky-kesl"
}

@test "SIGHUP: a directory that is gone is refused" {
	custodes_start --policies "$DIR/policies"
	rm -r "$DIR/policies"
	refused "^custodes: error: $DIR/policies: No such file"
}

@test "SIGHUP with nothing changed: said, and nothing new is in force" {
	custodes_start --policies "$DIR/policies"
	reload 'policies unchanged'
	custodes_stop
	expect "policies in force" "$(count "$(action policy)")" 1
	clean
}

@test "SIGHUP in the middle of 3,000 connections: not one is lost, not one is told twice" {
	sink_start "tcp,$HERE,7000"
	custodes_start --policies "$DIR/policies"
	begin "$KESL" connects "$HERE" 7000 3000
	vendor
	reload 'policies reloaded'
	ends_with 0
	custodes_stop
	sink_stop
	expect "connections that the peer saw" "$(sink_total 7000 connections)" 3000
	expect "connects" "$(count "$(action connect)")" 3000
	expect "disconnects" "$(count "$(action disconnect)")" 3000
	expect "exits" "$(count "$(action exit)")" 1
	nothing_lost
}
