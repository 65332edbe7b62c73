# SPDX-License-Identifier: GPL-3.0-or-later
# Witnesses vouch for the log while it is written. The witness is others': litewitness of torchwood.

load lib

setup() {
	tests/evidence/fetch-witness >"$BATS_TEST_TMPDIR/fetch" 2>&1 ||
		skip "litewitness cannot be fetched: $(tail -n 1 "$BATS_TEST_TMPDIR/fetch")"
	world_open
	PORT=$((20000 + RANDOM % 10000))
	witness_key one
	printf 'witness one %s http://127.0.0.1:%s/\nquorum one\n' "$(witness_vkey one)" "$PORT" >"$DIR/policy"
	witness_start one
}

teardown() {
	world_close
}

# witness_key NAME: an Ed25519 key as ssh has it, in an agent of its own.
witness_key() {
	ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$DIR/$1.ssh"
	ssh-agent -D -a "$DIR/$1.agent" >/dev/null 2>&1 3>&- &
	mine_to_end $!
	await "the agent of $1" env SSH_AUTH_SOCK="$DIR/$1.agent" ssh-add -q "$DIR/$1.ssh"
	base64 -d <<<"$(cut -d' ' -f2 "$DIR/$1.ssh.pub")" | tail -c 32 >"$DIR/$1.raw"
}

# witness_vkey NAME [KEYFILE]: c2sp.org/tlog-cosignature's, computed by hand.
witness_vkey() {
	local id
	id=$({ printf 'witness.example/%s\n\004' "$1"; cat "$DIR/${2:-$1}.raw"; } | sha256sum | cut -c1-8)
	printf 'witness.example/%s+%s+%s' "$1" "$id" "$({ printf '\004'; cat "$DIR/${2:-$1}.raw"; } | base64 -w 0)"
}

# witness_knows NAME DIR: it takes this log's checkpoints, under its key.
witness_knows() {
	local origin
	origin=$(sed -n 1p "$2/checkpoint")
	build/torchwood/usr/bin/witnessctl add-log -db "$DIR/$1.db" -origin "$origin" >/dev/null
	build/torchwood/usr/bin/witnessctl add-key -db "$DIR/$1.db" -origin "$origin" \
		-key "$("$CUSTODES" key show "$DIR/key" --log "$2" | head -n 1)" >/dev/null
}

listens() {
	[[ -n $(ss -Htln "sport = :$1") ]]
}

witness_start() {
	build/torchwood/usr/bin/litewitness -db "$DIR/$1.db" -name "witness.example/$1" -ssh-agent "$DIR/$1.agent" \
		-key "$(ssh-keygen -lf "$DIR/$1.ssh.pub" | cut -d' ' -f2)" -listen "127.0.0.1:$PORT" >"$DIR/$1.log" 2>&1 3>&- &
	WITNESS=$!
	mine_to_end "$WITNESS"
	await "the witness to listen" listens "$PORT"
}

witness_stop() {
	kill -TERM "$WITNESS"
	await "the witness's end" gone "$WITNESS"
}

# start NAME...: a run whose log these witnesses know once it has a name.
start() {
	local name
	custodes_start --heartbeat 1 --witness "$DIR/policy"
	for name in "$@"; do
		witness_knows "$name" "$DIR/cap"
	done
}

# The end of a run whose replay is not compared: a log of two has the findings of both.
halt() {
	kill -TERM "$SENSOR"
	custodes_await
}

# said_of HOW: what a witness answered, in a line or more of the output.
said_of() {
	grep -q "\"action\":\"witness\".*\"how\":\"$1\"" "$DIR/live.ndjson"
}

no_poster() {
	! pgrep --exact custodes-post
}

cosigned_by() {
	grep -q "\"witness\":\"witness.example/$1+.*\"how\":\"cosigned\"" "$DIR/live.ndjson"
}

cosignatures() {
	count "$(action witness) and .custodes.how == \"cosigned\""
}

# verify CODE [OPTION...]: what it says is in $DIR/verdict. Signs of life may be late on a machine that is busy
# otherwise: that doubt is not of this test.
verify() {
	local code=0
	"$CUSTODES" verify "${@:2}" --json >"$DIR/verdict" 2>&1 || code=$?
	[[ $code != 3 || $(jq 'all(.in_doubt[]; .check == "intervals")' "$DIR/verdict") != true ]] || code=0
	expect "exit code of verify ($(cat "$DIR/verdict"))" "$code" "$1"
}

verdict_says() {
	grep -q "$1" "$DIR/verdict" || fail "not said: $1" "$(cat "$DIR/verdict")"
}

# openssl_takes NOTE VKEY: the witness's line under it is over its text and the time that it states.
openssl_takes() {
	local name=${2%%+*}
	{ printf '302a300506032b6570032100' | xxd -r -p; cut -d+ -f3- <<<"$2" | base64 -d | tail -c 32; } >"$DIR/witness.der"
	sed -n "s|^— $name ||p" "$1" | head -n 1 | base64 -d >"$DIR/line"
	{ printf 'cosignature/v1\ntime %d\n' "0x$(xxd -p -s 4 -l 8 "$DIR/line")"; sed '/^$/,$d' "$1"; } >"$DIR/message"
	tail -c 64 "$DIR/line" >"$DIR/signature"
	openssl pkeyutl -verify -pubin -keyform DER -inkey "$DIR/witness.der" -rawin -in "$DIR/message" -sigfile "$DIR/signature"
}

@test "a witness vouches at each sign of life: recorded, told, verified, by openssl too; it falls silent, and that is told" {
	custodes_start --heartbeat 1 --witness "$DIR/policy"
	await "the refusal of a log that it does not know" said_of refused
	witness_knows one "$DIR/cap"
	await "a cosignature" said_of cosigned
	sleep 2.5
	witness_stop
	await "its silence to be told" said_of unreachable
	sleep 2.5
	custodes_stop
	(($(cosignatures) >= 2)) || fail "expected at least 2 cosignatures, found $(cosignatures)"
	expect "key in the record" "$(value "select($(action witness)) | .custodes.evidence.witness")" "$(witness_vkey one)"
	# The last sign of life tells how old its last word is; the first, before it knew the log, of none.
	expect "first age" "$(jq -r "select($(action heartbeat)) | .custodes.evidence.cosigned_age" "$DIR/ours.ndjson" | head -n 1)" null
	(($(jq -r "select($(action heartbeat)) | .custodes.evidence.cosigned_age" "$DIR/ours.ndjson" | tail -n 1) >= 2)) || fail "no age"
	grep -q '"message":"witness witness.example/one did not answer: .*; in this run it last vouched for [0-9]' "$DIR/live.ndjson"

	jq -r "select($(action witness) and .custodes.how == \"cosigned\") | .custodes.evidence.checkpoint[]" "$DIR/ours.ndjson" |
		tail -n 6 >"$DIR/note"
	openssl_takes "$DIR/note" "$(witness_vkey one)"
	sed -i '2s/$/0/' "$DIR/note"
	! openssl_takes "$DIR/note" "$(witness_vkey one)" || fail "a changed note was taken"

	verify 0 "$DIR/cap" --witness "$DIR/policy"
	verdict_says 'enough witnesses have vouched for the first [0-9]* of the [0-9]* entries, by 20[0-9T:-]*Z'
	verdict_says 'not enough witnesses have vouched for them'
	jq -e '.cosigned.entries > 0 and .cosigned.entries < .entries' "$DIR/verdict" >/dev/null
	verify 0 "$DIR/cap"
	verdict_says 'nobody says who these are (--witness)'
	# Another witness has not, and who has that name with another key has not either.
	witness_key two
	printf 'witness two %s\nquorum two\n' "$(witness_vkey two)" >"$DIR/others"
	verify 3 "$DIR/cap" --witness "$DIR/others"
	verdict_says 'not enough of the policy.s witnesses have ever vouched for it'
	printf 'witness one %s\nquorum one\n' "$(witness_vkey one two)" >"$DIR/others"
	verify 3 "$DIR/cap" --witness "$DIR/others"

	"$CUSTODES" -q prove "$DIR/cap" 0 -o "$DIR/proof"
	verify 0 "$DIR/proof" --witness "$DIR/policy"
	verdict_says 'enough witnesses have vouched for the first'
	verify 3 "$DIR/proof" --witness "$DIR/others"
}

@test "of three witnesses two are enough: one has never answered" {
	local policy=$DIR/three
	witness_key two
	witness_key three
	{
		grep -v quorum "$DIR/policy"
		printf 'witness two %s http://127.0.0.1:%s\n' "$(witness_vkey two)" $((PORT + 1))
		printf 'witness three %s http://127.0.0.1:%s\n' "$(witness_vkey three)" $((PORT + 2))
		printf 'group all-of-them 2 one two three\nquorum all-of-them\n'
	} >"$policy"
	PORT=$((PORT + 1)) witness_start two
	mv "$policy" "$DIR/policy"
	start one two
	await "the first" cosigned_by one
	await "the second" cosigned_by two
	sleep 2.2
	custodes_stop
	(($(count "$(action heartbeat) and .custodes.evidence.cosigned_age != null") >= 1)) || fail "no sign of life tells of a quorum"
	verify 0 "$DIR/cap" --witness "$DIR/policy"
	verdict_says 'enough witnesses have vouched'
	sed -i 's/all-of-them 2/all-of-them all/' "$DIR/policy"
	verify 3 "$DIR/cap" --witness "$DIR/policy"
	# The proof bears both lines.
	"$CUSTODES" prove "$DIR/cap" 0 -o "$DIR/proof" 2>"$DIR/err"
	grep -q '; 2 cosignatures$' "$DIR/err"
}

@test "a log that was rolled back: the witness knows more, then other entries; each is a finding" {
	local had now
	custodes_start
	halt
	witness_knows one "$DIR/cap"
	cp -r "$DIR/cap" "$DIR/older"
	custodes_start --heartbeat 1 --witness "$DIR/policy"
	await "a cosignature" said_of cosigned
	sleep 4
	halt
	had=$(sed -n 2p "$DIR/cap/checkpoint")
	jq -rs "map(select($(action witness) and .custodes.how == \"cosigned\"))[-1].custodes.evidence.checkpoint[]" "$DIR/live.ndjson" >"$DIR/note"

	rm -rf "$DIR/cap" "$DIR"/live.*
	mv "$DIR/older" "$DIR/cap"
	now=$(sed -n 2p "$DIR/cap/checkpoint")
	((now < had - 3)) || fail "nothing was rolled back: $now of $had"
	custodes_begin --heartbeat 1 --witness "$DIR/policy"
	await "the roll-back to be told" said_of rolled-back
	await "the fork to be told" said_of forked
	halt
	grep -q "witness witness.example/one has vouched for [0-9]* entries, and there are [0-9]*: the log was rolled back" "$DIR/err"
	expect "findings" "$(jq -r "select($(action monitor-integrity)) | .custodes.how | select(. == \"forked\" or . == \"rolled-back\")" "$DIR/live.ndjson" |
		sort | uniq -c | xargs)" \
		"1 forked 1 rolled-back"
	# Nothing in the log alone speaks against it; the witness's word that was delivered does, and there is no other.
	verify 0 "$DIR/cap"
	verify 3 "$DIR/cap" --witness "$DIR/policy"
	verdict_says 'not enough of the policy.s witnesses have ever vouched for it'
	verify 3 "$DIR/cap" --since "$DIR/note"
	verdict_says 'the log was forked'
}

@test "a witness that holds another key than the policy says: its word is refused, and that is a finding" {
	witness_key two
	printf 'witness one %s http://127.0.0.1:%s/\nquorum one\n' "$(witness_vkey one two)" "$PORT" >"$DIR/policy"
	start one
	await "the refusal" said_of wrong
	sleep 1.5
	custodes_stop
	expect "cosignatures" "$(cosignatures)" 0
	expect "findings" "$(count "$(action monitor-integrity) and .custodes.how == \"wrong\"")" 1
	verify 3 "$DIR/cap" --witness "$DIR/policy"
}

@test "who talks to witnesses is nobody, without a privilege, and may be killed: custodes goes on, and says so" {
	local pid
	start one
	await "a cosignature" said_of cosigned
	pid=$(pgrep --parent "$SENSOR" --exact custodes-post)
	expect "its user" "$(awk '$1 == "Uid:" {print $2, $3, $4, $5}' "/proc/$pid/status")" "65534 65534 65534 65534"
	expect "its groups" "$(awk '$1 == "Groups:" {print $2}' "/proc/$pid/status")" ""
	expect "its capabilities" "$(awk '$1 ~ /Cap(Eff|Prm|Inh|Amb)/ {print $2}' "/proc/$pid/status" | sort -u)" 0000000000000000
	expect "its descriptors" "$(readlink /proc/"$pid"/fd/* | grep -c socket)" 1
	kill -KILL "$pid"
	await "its end to be told" said_of unreachable
	custodes_stop
	grep -q 'the process that talks to witnesses is gone' "$DIR/err"
	await "nothing of it to be left" no_poster
}

@test "a witness that takes the connection and says nothing holds nobody up" {
	witness_stop
	python3 - "$PORT" 3>&- <<-'EOF' &
		import socket, sys, time
		s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
		time.sleep(60)
	EOF
	mine_to_end $!
	await "the mute one to listen" listens "$PORT"
	custodes_start --heartbeat 1 --witness "$DIR/policy"
	await "its silence to be told" said_of unreachable
	custodes_stop
	(($(sed '/"how":"unreachable"/,$d' "$DIR/live.ndjson" | grep -c '"action":"heartbeat"') >= 3)) || fail "no signs of life meanwhile"
	expect "pauses" "$(count "$(action monitor) and .custodes.how == \"stopped\"")" 0
}

@test "a policy with a fault, without an address, or without a capture: refused, exit code 2" {
	local code
	printf 'witness one %s\nquorum one\n' "$(witness_vkey one)" >"$DIR/silent"
	printf 'witness one %s\nquorum two\n' "$(witness_vkey one)" >"$DIR/faulty"
	for policy in silent faulty nowhere; do
		code=0
		"$CUSTODES" run --host uk-secret --no-location --for 1 --capture "$DIR/other" --witness "$DIR/$policy" 2>"$DIR/err.$policy" || code=$?
		expect "exit code with $policy" "$code" 2
		grep -q "^custodes: error: $DIR/$policy: " "$DIR/err.$policy" || fail "$(<"$DIR/err.$policy")"
		[[ ! -e $DIR/other ]]
	done
	code=0
	"$CUSTODES" run --host uk-secret --no-location --for 1 --witness "$DIR/policy" 2>"$DIR/err" || code=$?
	expect "exit code without a capture" "$code" 2
}

@test "a certificate that nobody vouches for, an answer from elsewhere, one without end: none is taken" {
	openssl req -x509 -newkey ed25519 -nodes -keyout "$DIR/tls.key" -out "$DIR/tls.pem" -days 2 -subj /CN=127.0.0.1 \
		-addext subjectAltName=IP:127.0.0.1 2>/dev/null
	python3 - $((PORT + 1)) $((PORT + 2)) "$DIR" 3>&- <<-'EOF' &
		import http.server, ssl, sys, threading
		class Answer(http.server.BaseHTTPRequestHandler):
		    def do_POST(self):
		        self.send_response(302 if 'moved' in self.path else 200)
		        self.send_header('Location', f'http://127.0.0.1:{sys.argv[1]}/long/add-checkpoint')
		        self.end_headers()
		        self.wfile.write(b'x' * (1 if 'moved' in self.path else 1 << 20))
		    def log_message(self, *args):
		        open(sys.argv[3] + '/asked', 'a').write(self.path + '\n')
		plain, secret = (http.server.ThreadingHTTPServer(('127.0.0.1', int(port)), Answer) for port in sys.argv[1:3])
		context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		context.load_cert_chain(sys.argv[3] + '/tls.pem', sys.argv[3] + '/tls.key')
		secret.socket = context.wrap_socket(secret.socket, server_side=True)
		threading.Timer(120, sys.exit).start()
		threading.Thread(target=plain.serve_forever, daemon=True).start()
		secret.serve_forever()
	EOF
	mine_to_end $!
	await "the false witnesses" listens $((PORT + 2))
	for name in moved long secret; do
		witness_key "$name"
	done
	{
		printf 'witness moved %s http://127.0.0.1:%s/moved\n' "$(witness_vkey moved)" $((PORT + 1))
		printf 'witness long %s http://127.0.0.1:%s/long\n' "$(witness_vkey long)" $((PORT + 1))
		printf 'witness secret %s https://127.0.0.1:%s/secret\nquorum none\n' "$(witness_vkey secret)" $((PORT + 2))
	} >"$DIR/policy"
	start
	for name in moved long secret; do
		await "$name to be told" grep -q "^custodes: warning: witness witness.example/$name: " "$DIR/err"
	done
	halt
	grep -q 'witness.example/moved: it answered with HTTP status 302$' "$DIR/err"
	grep -q 'witness.example/long: its answer is longer than 16384 bytes$' "$DIR/err"
	grep -q 'witness.example/secret: .*certificate' "$DIR/err"
	! grep -q secret "$DIR/asked" || fail "a request was sent before the certificate was known"
	expect "cosignatures" "$(grep -c '"how":"cosigned"' "$DIR/live.ndjson")" 0
}
