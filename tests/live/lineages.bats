# SPDX-License-Identifier: GPL-3.0-or-later
# Whatever a product becomes, what it does is its own.

load lib

setup() {
	world_open
	install "$KESL"
	sink_start "tcp,$HERE,7000"
	custodes_start
}

teardown() {
	world_close
}

# One lineage, of one product, did all of it: nothing else was told in this world.
one_lineage() {
	expect "lineages" "$(value 'select(.custodes.lineage) | .custodes.lineage.id' | wc -w)" 1
	expect "products" "$(value 'select(.custodes.product) | .custodes.product.id')" kaspersky-kesl
	nothing_lost
}

# exits_of PID: parent and exit code.
exit_of() {
	value "select($(action exit) and .process.pid == $1) | \"\(.process.parent.pid) \(.process.exit_code)\""
}

# Ends both, and compares what the peer saw with what was told.
finish() {
	custodes_stop
	sink_stop
	expect "exit code" "$CODE" 1
	expect "connections that the peer saw" "$(sink_total 7000 connections)" "$1"
	expect "connects" "$(count "$(action connect)")" "$1"
	expect "disconnects" "$(count "$(action disconnect)")" "$1"
	expect "flows" "$(value "select($(action connect)) | .custodes.destination.flow" | wc -w)" "$1"
}

@test "a daemon: two forks and a session away, it is the same product" {
	begin "$KESL" daemon connects "$HERE" 7000 5 mark "$DIR/daemon" exit 7
	ends_with 0
	await "the daemon" test -e "$DIR/daemon"
	await "its end" gone "$(<"$DIR/daemon")"
	finish 5
	one_lineage
	expect "exits" "$(count "$(action exit)")" 3
	expect "pids that connected" "$(value "select($(action connect)) | .process.pid")" "$(<"$DIR/daemon")"
	local between
	between=$(value "select($(action exit) and .process.pid == $(<"$DIR/daemon")) | .process.parent.pid")
	expect "exit of the daemon" "$(exit_of "$(<"$DIR/daemon")")" "$between 7"
	expect "exit of the one between" "$(exit_of "$between")" "$BEGUN 0"
	expect "exit of the first" "$(exit_of "$BEGUN")" "$BASHPID 0"
}

@test "a child for every task: 20 children, each connects and ends with a code of its own" {
	begin "$KESL" children 20 connects "$HERE" 7000 1 exit index
	ends_with 0
	finish 20
	one_lineage
	expect "exits" "$(count "$(action exit)")" 21
	expect "pids that connected" "$(value "select($(action connect)) | .process.pid" | wc -w)" 20
	expect "connecting pids are the ending ones" "$(value "select($(action connect)) | .process.pid")" \
		"$(value "select($(action exit) and .process.pid != $BEGUN) | .process.pid")"
	expect "parents of the children" \
		"$(value "select($(action exit) and .process.pid != $BEGUN) | .process.parent.pid")" "$BEGUN"
	expect "exit codes of the children" \
		"$(value "select($(action exit) and .process.pid != $BEGUN) | .process.exit_code" | tr ' ' '\n' | sort -n | paste -sd' ')" \
		"$(seq -s' ' 20)"
	expect "exit of the parent" "$(exit_of "$BEGUN")" "$BASHPID 0"
}

@test "children of children" {
	begin "$KESL" children 4 children 5 connects "$HERE" 7000 2
	ends_with 0
	finish 40
	one_lineage
	expect "exits" "$(count "$(action exit)")" 25
	expect "pids that connected" "$(value "select($(action connect)) | .process.pid" | wc -w)" 20
}

@test "a helper that has nothing to do with the product acts for it" {
	local helper
	helper=$(stranger helper)
	begin "$KESL" mark "$DIR/there" await "$DIR/go" run "$helper" connects "$HERE" 7000 3 exit 5
	await "the product's exec" grep -qF "\"executable\":\"$KESL\"" "$DIR/live.ndjson"
	touch "$DIR/go"
	ends_with 5
	finish 3
	one_lineage
	expect "what connected" "$(value "select($(action connect)) | .process.executable")" "$helper"
	expect "exec of the helper" \
		"$(value "select($(action exec) and .process.executable == \"$helper\")
			| \"\(.process.parent.pid) \(.process.parent.executable) \(.custodes.product.id)\"")" \
		"$BEGUN $KESL kaspersky-kesl"
	expect "exit codes" "$(value "select($(action exit)) | .process.exit_code")" 5
	expect "exits" "$(count "$(action exit)")" 2
}

@test "a helper known to be benign is the product's all the same" {
	local helper
	helper=$(stranger helper)
	in_world "$helper" connects "$HERE" 7000 1
	begin "$KESL" mark "$DIR/there" await "$DIR/go" run "$helper" connects "$HERE" 7000 3
	await "the product's exec" grep -qF "\"executable\":\"$KESL\"" "$DIR/live.ndjson"
	in_world "$helper" connects "$HERE" 7000 1
	touch "$DIR/go"
	ends_with 0
	in_world "$helper" connects "$HERE" 7000 1
	custodes_stop
	sink_stop
	one_lineage
	expect "connections that the peer saw" "$(sink_total 7000 connections)" 6
	expect "connects" "$(count "$(action connect)")" 3
}

@test "a product that was never seen before runs an unknown helper at once" {
	local helper
	helper=$(stranger helper)
	begin "$KESL" run "$helper" connects "$HERE" 7000 3 exit 5
	ends_with 5
	finish 3
	expect "execs" "$(count "$(action exec)")" 2
	expect "exits" "$(count "$(action exit)")" 2
	expect "what connected" "$(value "select($(action connect)) | .process.executable")" "$helper"
	one_lineage
}

@test "threads: every connect is its process's" {
	begin "$KESL" threads 8 connects "$HERE" 7000 4
	ends_with 0
	finish 32
	one_lineage
	expect "pids that connected" "$(value "select($(action connect)) | .process.pid")" "$BEGUN"
	expect "exits" "$(count "$(action exit)")" 1
	expect "exit" "$(exit_of "$BEGUN")" "$BASHPID 0"
}

@test "the first thread ends, another goes on: the process is still there, and ends once" {
	begin "$KESL" successor pause 300 connects "$HERE" 7000 3 exit 6
	ends_with 6
	finish 3
	one_lineage
	expect "pids that connected" "$(value "select($(action connect)) | .process.pid")" "$BEGUN"
	expect "exits" "$(count "$(action exit)")" 1
	expect "exit" "$(exit_of "$BEGUN")" "$BASHPID 6"
}

@test "a thread that is not the first one execs: one process, two programs" {
	local innocent
	innocent=$(stranger innocent)
	begin "$KESL" mark "$DIR/there" await "$DIR/go" threads 1 connects "$HERE" 7000 2 \
		exec "$innocent" connects "$HERE" 7000 3 exit 4
	await "the product's exec" grep -qF "\"executable\":\"$KESL\"" "$DIR/live.ndjson"
	touch "$DIR/go"
	ends_with 4
	finish 5
	one_lineage
	expect "pids that connected" "$(value "select($(action connect)) | .process.pid")" "$BEGUN"
	expect "execs" "$(count "$(action exec)")" 2
	expect "exits" "$(count "$(action exit)")" 1
	expect "exit" "$(exit_of "$BEGUN")" "$BASHPID 4"
}

@test "an exec into something innocent does not wash it" {
	local innocent
	innocent=$(stranger innocent)
	begin "$KESL" connects "$HERE" 7000 2 exec "$innocent" connects "$HERE" 7000 3 exit 4
	ends_with 4
	finish 5
	expect "execs" "$(count "$(action exec)")" 2
	expect "pids" "$(value "select($(action exec)) | .process.pid")" "$BEGUN"
	expect "exit" "$(exit_of "$BEGUN")" "$BASHPID 4"
	expect "what ended" "$(value "select($(action exit)) | .process.executable")" "$innocent"
	one_lineage
}

@test "killed by a signal: the exit code says which" {
	begin "$KESL" connects "$HERE" 7000 1 die 9
	ends_with 137
	finish 1
	expect "exit" "$(exit_of "$BEGUN")" "$BASHPID 137"
}

@test "in a pid namespace of its own: the host's numbers are told" {
	begin unshare --pid --fork "$KESL" connects "$HERE" 7000 3 mark "$DIR/inner"
	ends_with 0
	expect "its number inside" "$(<"$DIR/inner")" 1
	finish 3
	one_lineage
	expect "parent" "$(value "select($(action exec)) | .process.parent.pid")" "$BEGUN"
	expect "connects by number 1" "$(count "$(action connect) and .process.pid == 1")" 0
	expect "connecting pids are the one of the exec" "$(value "select($(action connect)) | .process.pid")" \
		"$(value "select($(action exec)) | .process.pid")"
}

@test "two products and a stranger at the same time: each keeps its own" {
	local other
	other=$(stranger other)
	install "$DRWEB"
	begin "$KESL" children 10 connects "$HERE" 7000 2
	local kesl=$BEGUN
	begin "$DRWEB" children 10 connects "$HERE" 7000 3
	local drweb=$BEGUN
	begin "$other" children 10 connects "$HERE" 7000 4
	wait "$kesl" "$drweb" "$BEGUN"
	custodes_stop
	sink_stop
	expect "connections that the peer saw" "$(sink_total 7000 connections)" 90
	expect "connects of KESL" "$(count "$(action connect) and .custodes.product.id == \"kaspersky-kesl\"")" 20
	expect "connects of Dr.Web" "$(count "$(action connect) and .custodes.product.id == \"drweb\"")" 30
	expect "connects" "$(count "$(action connect)")" 50
	expect "lineages" "$(value 'select(.custodes.lineage) | .custodes.lineage.id' | wc -w)" 2
	nothing_lost
}

# A connection with 100 bytes already sent, handed to the product by the program
# that it grew out of; it sends 900 more.
handed_over_by() {
	begin "$1" tcp "$HERE" 7000 send 100 100 as 200 exec "$KESL" inherited 200 send 900 100 shutdown eof
	ends_with 0
	custodes_stop
	sink_stop
	expect "bytes that the peer received" "$(sink_total 7000 received)" 1000
	expect "totals" "$(totals_to 7000)" "1 1000 0"
	one_lineage
}

@test "a connection that a benign program began is handed over: an upper bound, and it is said" {
	local launcher
	launcher=$(stranger launcher)
	in_world "$launcher"
	sleep 2 # there is no word from custodes that it has been judged
	handed_over_by "$launcher"
	expect "upper bound" "$(value "select($(action disconnect)) | .custodes.destination.upper_bound")" true
}

@test "a connection that an unknown program began is handed over: not a byte of the product's is missed" {
	handed_over_by "$(stranger launcher)"
}

@test "every event bears the time at which it happened: exec, connect, exit in this order" {
	in_world "$KESL" connects "$HERE" 7000 1
	custodes_stop
	sink_stop
	local times
	times=$(jq -r --slurp '[.[] | select(.event.action == ("exec", "connect", "exit"))] | sort_by(.["@timestamp"])
		| map(.event.action) | join(" ")' "$DIR/ours.ndjson")
	expect "by time" "$times" "exec connect exit"
}
