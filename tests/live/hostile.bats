# SPDX-License-Identifier: GPL-3.0-or-later
# Names that a product may choose for itself, and users who may not run custodes.

load lib

setup() {
	world_open
}

teardown() {
	world_close
}

# Newlines, a line of JSON, escape sequences, invalid UTF-8, the direction of
# text, C1 controls, quotes: as bytes, and as they must be told.
NAME=$'evil\n{"event":{"action":"exec","kind":"alert"}}\e[2J\e]0;x\a\xff\xfe\xe2\x80\xae\xc2\x9b31m"\\\r\t\x7f'
TOLD='evil\x0a{"event":{"action":"exec","kind":"alert"}}\x1b[2J\x1b]0;x\x07\xff\xfe\xe2\x80\xae\xc2\x9b31m"\\x0d\x09\x7f'

# Nothing that steers a terminal, and no invalid UTF-8, in what people look at.
harmless() {
	python3 - "$@" <<-'END'
		import sys
		for path in sys.argv[1:]:
		    for line in open(path, "rb").read().split(b"\n"):
		        text = line.decode("utf-8")
		        bad = [c for c in text if ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u202e\u2028\u2029\ufeff"]
		        assert not bad, (path, bad, text)
	END
}

one_document_a_line() {
	expect "lines that are one JSON object" "$(jq -ce 'type == "object"' "$DIR/live.ndjson" | grep -c true)" \
		"$(wc -l <"$DIR/live.ndjson")"
}

@test "a hostile name, hostile arguments, a hostile directory: told, and harmless" {
	local path="/opt/kaspersky/kesl/bin/$NAME"
	install "$path"
	mkdir "$DIR/$NAME"
	sink_start "tcp,$HERE,7000"
	custodes_start
	begin bash -c 'cd "$1" && exec "$2" mark "$1/there" await "$1/go" connects "$4" 7000 1 exec /bin/true "$3"' - \
		"$DIR/$NAME" "$path" "$NAME" "$HERE"
	await "the product" test -e "$DIR/$NAME/there"
	await "the product in the events" found "$BEGUN"
	touch "$DIR/$NAME/go"
	ends_with 0
	custodes_stop
	sink_stop
	expect "exit code" "$CODE" 1
	expect "findings" "$(findings)" 1
	one_document_a_line
	harmless "$DIR/live.txt" "$DIR/live.ndjson" "$DIR/err" "$DIR/replay.err"
	expect "executable" "$(events 'select(.event.kind == "alert") | .process.executable' | jq -r .)" \
		"/opt/kaspersky/kesl/bin/$TOLD"
	expect "directory" "$(events 'select(.event.kind == "alert") | .process.working_directory' | jq -r .)" "$DIR/$TOLD"
	expect "last argument of the second exec" \
		"$(events "select($(action exec) and (.process.executable | endswith(\"true\"))) | .process.args[-1]" | jq -r .)" \
		"$TOLD"
	grep -qF "/opt/kaspersky/kesl/bin/$TOLD (pid " "$DIR/live.txt" || fail "not in the text: $(cat "$DIR/live.txt")"
	nothing_lost
}

@test "a name of 255 bytes in a directory of such names" {
	local long path
	long=$(printf 'x%.0s' {1..255})
	path=/opt/kaspersky/kesl/$long/$long/$long
	install "$path"
	custodes_start
	in_world "$path"
	custodes_stop
	expect "executable" "$(value 'select(.event.kind == "alert") | .process.executable')" "$path"
}

@test "a product 60 directories deep is recognised all the same" {
	local path
	path=/opt/kaspersky/kesl/$(printf 'd/%.0s' {1..60})kesl
	install "$path"
	sink_start "tcp,$HERE,7000"
	custodes_start
	begin "$path" mark "$DIR/there" await "$DIR/go" connects "$HERE" 7000 1
	await "the product" test -e "$DIR/there"
	sleep 1
	touch "$DIR/go"
	ends_with 0
	custodes_stop
	sink_stop
	expect "exit code" "$CODE" 1
	expect "connects" "$(count "$(action connect)")" 1
	expect "executable" "$(value 'select(.event.kind == "alert") | .process.executable')" "$path"
}

@test "arguments without end: cut, and the product is recognised" {
	install "$KESL"
	custodes_start
	# shellcheck disable=SC2046
	in_world "$KESL" exit 0 $(seq 20000)
	custodes_stop
	expect "exit code" "$CODE" 1
	one_document_a_line
	expect "arguments that were kept" \
		"$(value 'select(.event.kind == "alert") | .process.args[0:4] | join(" ")')" "$KESL exit 0 1"
	nothing_lost
}

@test "deleted while it runs: recognised and hashed" {
	local sum
	install "$KESL"
	sum=$(sha256sum <"/proc/$WORLD/root$KESL" | cut -d' ' -f1)
	begin "$KESL" mark "$DIR/there" await "$DIR/go"
	await "the product" test -e "$DIR/there"
	in_world rm "$KESL"
	custodes_start
	await "the product in the events" found "$BEGUN"
	touch "$DIR/go"
	ends_with 0
	custodes_stop
	expect "finding" "$(value 'select(.event.kind == "alert") | "\(.process.executable) \(.process.hash.sha256)"')" \
		"$KESL $sum"
}

@test "replaced while it runs: the hash is of what runs, not of what stands there now" {
	local sum
	install "$KESL"
	sum=$(sha256sum <"/proc/$WORLD/root$KESL" | cut -d' ' -f1)
	begin "$KESL" mark "$DIR/there" await "$DIR/go"
	await "the product" test -e "$DIR/there"
	in_world rm "$KESL"
	install "$KESL"
	custodes_start
	await "the product in the events" found "$BEGUN"
	touch "$DIR/go"
	ends_with 0
	custodes_stop
	expect "hash" "$(value 'select(.event.kind == "alert") | .process.hash.sha256')" "$sum"
}

@test "not root: exit code 4, and it is said" {
	mkdir "$DIR/nobody"
	cp "$CUSTODES" "$DIR/nobody/custodes"
	chown -R 65534:65534 "$DIR/nobody"
	local code=0
	setpriv --reuid=65534 --regid=65534 --clear-groups "$DIR/nobody/custodes" run --host uk-secret --no-location \
		--capture "$DIR/nobody/cap" --output "ecs:$DIR/nobody/live" 2>"$DIR/err" || code=$?
	expect "exit code" "$code" 4
	grep -q '^custodes: error: the sensor needs root to load and attach its programs' "$DIR/err" ||
		fail "it does not say so: $(said)"
	expect "READY" "$(grep -c READY "$DIR/err")" 0
}

# refused CODE WHAT-IT-SAYS OPTION...
refused() {
	local code=0 wanted=$1 words=$2
	shift 2
	timeout 60 "$CUSTODES" run --for 1 "$@" >/dev/null 2>"$DIR/err" || code=$?
	expect "exit code of run $*: $(said)" "$code" "$wanted"
	grep -qE "^custodes: error: .*$words" "$DIR/err" || fail "run $*: want: $words" "said: $(said)"
}

@test "bad usage and bad input: exit code 2, and what was wrong with what" {
	printf '{"kind": "host"}' >"$DIR/broken.json"
	: >"$DIR/file"
	refused 2 '--host is needed'
	refused 2 '--host no-such-host: neither a file nor a built-in profile' --host no-such-host
	refused 2 "$DIR/broken.json:1: .*id" --host "$DIR/broken.json"
	refused 2 "$DIR/nowhere" --host uk-secret --policies "$DIR/nowhere"
	refused 2 '--for 0: expected a number of seconds' --host uk-secret --for 0
	refused 2 '--output xml:-: expected FORMAT:TARGET' --host uk-secret --output xml:-
	refused 2 "$DIR/nowhere/live: No such file" --host uk-secret --output "ecs:$DIR/nowhere/live"
	refused 2 "$DIR/file" --host uk-secret --capture "$DIR/file"
	refused 2 'unexpected argument more' --host uk-secret more
	: >"$DIR/database"
	refused 2 "$DIR/database: not a location database" --host uk-secret --location "$DIR/database"
}
