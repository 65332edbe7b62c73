# SPDX-License-Identifier: GPL-3.0-or-later
# What makes a capture evidence: its key, and a sign of life where nothing else happens.

load lib

setup() {
	world_open
}

teardown() {
	world_close
}

# openssl_verifies FILE: the first signature under a note, with nothing of ours but the public half.
openssl_verifies() {
	"$CUSTODES" key show "$DIR/key" | sed -n '/BEGIN/,$p' >"$DIR/public.pem"
	sed '/^$/,$d' "$1" >"$DIR/text"
	sed '1,/^$/d' "$1" | head -n 1 | cut -d' ' -f3 | base64 -d | tail -c 64 >"$DIR/signature"
	openssl pkeyutl -verify -pubin -inkey "$DIR/public.pem" -rawin -in "$DIR/text" -sigfile "$DIR/signature"
}

# heartbeats COUNT: so many have been told, or more.
heartbeats() {
	(($(grep -c '"action":"heartbeat"' "$DIR/live.ndjson") >= $1))
}

@test "an idle capture gives signs of life, sealed and signed; openssl takes the signature" {
	custodes_start --heartbeat 1
	await "three heartbeats" heartbeats 3
	custodes_stop
	local key
	openssl_verifies "$DIR/cap/checkpoint"
	jq -rs 'map(select(.event.action == "heartbeat"))[-1].custodes.evidence.checkpoint[]' "$DIR/ours.ndjson" >"$DIR/last"
	openssl_verifies "$DIR/last"
	sed -i 's/^custodes/Custodes/' "$DIR/last"
	! openssl_verifies "$DIR/last" || fail "a changed note was taken"
	key=$("$CUSTODES" key show "$DIR/key" --log "$DIR/cap" | head -n 1)
	expect "key in the record" "$(value 'select(.event.action == "key") | .custodes.evidence.key')" "$key"
	expect "key in the heartbeat" "$(jq -r 'select(.event.action == "heartbeat") | .custodes.evidence.key' "$DIR/ours.ndjson" | sort -u)" "$key"
}

@test "a key that was changed: the old one vouches for the new one, in the record" {
	custodes_start
	custodes_stop
	"$CUSTODES" key change "$DIR/key"
	custodes_start
	custodes_stop
	expect "runs with a certificate" "$(jq -c 'select(.event.action == "key") | .custodes.evidence.certificate != null' "$DIR/ours.ndjson" | xargs)" "false true"
	expect "keys" "$(jq -r 'select(.event.action == "key") | .custodes.evidence.key' "$DIR/ours.ndjson" | sort -u | wc -l)" 2
	[[ $(stat -c %a "$DIR"/key "$DIR"/key.*.old | xargs) == "600 600" ]]
}

@test "a key that others may read, is none, or is not there: refused, exit code 2" {
	local code
	printf 'x' >"$DIR/none"
	chmod 600 "$DIR/none"
	"$CUSTODES" key new "$DIR/open"
	chmod 644 "$DIR/open"
	for key in none open nowhere; do
		code=0
		"$CUSTODES" run --host uk-secret --no-location --for 1 --capture "$DIR/other" --key "$DIR/$key" 2>"$DIR/err.$key" || code=$?
		expect "exit code with $key" "$code" 2
		grep -q "^custodes: error: $DIR/$key: " "$DIR/err.$key" || fail "$(<"$DIR/err.$key")"
		[[ ! -e $DIR/other ]]
	done
}

@test "others' code takes the capture: golang.org/x/mod/sumdb; and refuses one that was changed" {
	local key at
	GO111MODULE=off GOPROXY=off GOCACHE=$DIR/go GOPATH=/usr/share/gocode go build -o "$DIR/sumdb" tests/evidence/sumdb.go
	custodes_start --heartbeat 1
	sleep 2.5
	custodes_stop
	key=$("$CUSTODES" key show "$DIR/key" --log "$DIR/cap" | head -n 1)
	expect "sound" "$("$DIR/sumdb" "$DIR/cap" "$key" | cut -d, -f1)" "sound: $(sed -n 2p "$DIR/cap/checkpoint") entries"
	at=$(echo "$DIR"/cap/tile/entries/000.p/*)
	printf '\xff' | dd of="$at" bs=1 seek=$(($(stat -c %s "$at") - 9)) conv=notrunc status=none
	! "$DIR/sumdb" "$DIR/cap" "$key" >"$DIR/refused" || fail "a changed entry was taken"
	grep -q "^not sound: " "$DIR/refused"
}
