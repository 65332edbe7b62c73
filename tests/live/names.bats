# SPDX-License-Identifier: GPL-3.0-or-later
# What destinations are called: by the DNS answers that a product received, by the
# server name that it sent. Real clients: glibc's resolver, and OpenSSL.

load lib

setup_file() {
	world_open
	local program
	for program in getent openssl; do
		mkdir -p "/proc/$WORLD/root${KESL%/*}"
		cp "$(command -v $program)" "/proc/$WORLD/root${KESL%/*}/$program"
		head -c 16 /dev/urandom >>"/proc/$WORLD/root${KESL%/*}/$program"
	done
	printf 'nameserver 10.77.0.1\noptions timeout:5\n' >"$DIR/resolv.conf"
	printf 'hosts: dns\n' >"$DIR/nsswitch.conf"
	in_world mount --bind "$DIR/resolv.conf" "$(realpath /etc/resolv.conf)"
	in_world mount --bind "$DIR/nsswitch.conf" /etc/nsswitch.conf
	openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=test -keyout "$DIR/tls.key" -out "$DIR/cert" 2>/dev/null
	begin "$PWD/tests/live/programs/resolver.py" "$DIR/resolver" 10.77.0.1
	begin openssl s_server -accept 8443 -key "$DIR/tls.key" -cert "$DIR/cert" -quiet -naccept 2
	await "the name server" test -e "$DIR/resolver"
	custodes_start
	in_world "${KESL%/*}/getent" ahosts update.vendor.example >"$DIR/addresses"
	in_world "${KESL%/*}/getent" ahostsv4 long.vendor.example >"$DIR/long"
	in_world "${KESL%/*}/getent" ahostsv4 nowhere.example || true
	client -noservername
	client -servername telemetry.vendor.example
	sleep 1.5
	custodes_stop
}

client() {
	in_world "${KESL%/*}/openssl" s_client -connect update.vendor.example:8443 "$@" -4 </dev/null >"$DIR/client.$1" 2>&1 || true
}

teardown_file() {
	world_close
}

# about NAME FIELD: of the DNS events about it.
about() {
	value "select($(action dns)) | select(.dns.question.name == \"$1\") | $2"
}

@test "the questions, of both kinds" {
	grep -q 10.77.0.2 "$DIR/addresses"
	expect "questions" "$(about update.vendor.example 'select(.dns.type == "query") | .dns.question.type')" "A AAAA"
}

@test "the answers: addresses, and where the chain of names ends" {
	expect "addresses" "$(about update.vendor.example '.dns.resolved_ip[]?')" "10.77.0.2 fd77::2"
	expect "the end of the chain" "$(about update.vendor.example 'select(.dns.type == "answer") | .custodes.canonical_name')" edge.cdn.example
	expect "the server" "$(about update.vendor.example '.destination.ip')" 10.77.0.1
}

@test "over TCP, where an answer was too long" {
	grep -q 10.77.0.2 "$DIR/long"
	expect "transports" "$(about long.vendor.example .network.transport)" "tcp udp"
	expect "addresses" "$(about long.vendor.example '.dns.resolved_ip[]?')" 10.77.0.2
}

@test "a name that does not exist" {
	expect "code" "$(about nowhere.example 'select(.dns.type == "answer") | .dns.response_code')" NXDOMAIN
}

@test "a connection without a server name is called by the answer" {
	grep -q 'Server certificate' "$DIR/client.-noservername" || fail "$(cat "$DIR/client.-noservername")"
	expect "domain" "$(value "select($(action connect)) | select(.destination.port == 8443) | \"\(.destination.domain) \(.custodes.destination.domain_by)\"")" \
		"update.vendor.example dns"
}

@test "a connection with one is called by that" {
	grep -q 'Server certificate' "$DIR/client.-servername" || fail "$(cat "$DIR/client.-servername")"
	expect "domains" "$(value "select($(action disconnect)) | select(.destination.port == 8443) | \"\(.destination.domain)/\(.custodes.destination.domain_by)\"")" \
		"telemetry.vendor.example/tls update.vendor.example/dns"
	expect "server name" "$(value "select($(action disconnect)) | select(.destination.port == 8443) | .tls.client.server_name // empty")" \
		telemetry.vendor.example
}
