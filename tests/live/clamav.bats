# SPDX-License-Identifier: GPL-3.0-or-later
# The real thing: ClamAV as the distribution packages it, with signatures of our
# own and a mirror on loopback. No network is asked.

load lib

setup() {
	command -v clamscan >/dev/null || skip "clamav is not installed"
	world_open
}

teardown() {
	world_close
}

# One signature, one file that it fits, one that it does not.
small_database() {
	mkdir -p "$DIR/db" "$DIR/files"
	printf 'harmless\n' >"$DIR/files/clean"
	printf 'what custodes looks for\n' >"$DIR/files/found"
	printf 'Custodes.Test:0:*:%s\n' "$(printf 'what custodes looks for' | od -An -tx1 | tr -d ' \n')" \
		>"$DIR/db/custodes.ndb"
}

@test "clamscan with a signature of our own: recognised by its package, permitted, nothing to find" {
	small_database
	custodes_start
	local code=0
	begin clamscan --database="$DIR/db" --no-summary "$DIR/files" >"$DIR/clamscan"
	wait "$BEGUN" || code=$?
	custodes_stop
	expect "exit code of clamscan" "$code" 1
	expect "what clamscan found" "$(grep -c 'Custodes.Test.* FOUND' "$DIR/clamscan")" 1
	clean
	expect "exec" "$(value "select($(action exec)) | [.process.pid, .process.executable, .custodes.product.id,
			.custodes.product.verdict, .custodes.product.evidence] | join(\" \")")" \
		"$BEGUN $(realpath "$(command -v clamscan)") clamav permitted package"
	expect "package" "$(value "select($(action exec))
			| \"\(.custodes.executable.package) \(.custodes.executable.package_version)\"")" \
		"$(dpkg-query -W -f '${Package} ${Version}' clamav)"
	expect "hash" "$(value "select($(action exec)) | .process.hash.sha256")" \
		"$(sha256sum "$(command -v clamscan)" | cut -d' ' -f1)"
	expect "exit code in the events" "$(value "select($(action exit)) | .process.exit_code")" 1
	expect "connects" "$(count "$(action connect)")" 0
	nothing_lost
}

# A server of HTTP/1.0: every request is a connection of its own, and is logged.
mirror_start() {
	mkdir -p "$DIR/mirror"
	begin python3 -m http.server 8080 --bind 127.0.0.1 --directory "$DIR/mirror" 2>"$DIR/mirror.log"
	await "the mirror" in_world bash -c 'exec 5<>/dev/tcp/127.0.0.1/8080'
}

@test "freshclam against a mirror on loopback: recognised, and every connection of it is told" {
	command -v freshclam >/dev/null || skip "freshclam is not installed"
	mirror_start
	mkdir "$DIR/fresh"
	cat >"$DIR/freshclam.conf" <<-END
		DatabaseDirectory $DIR/fresh
		DatabaseOwner root
		UpdateLogFile $DIR/freshclam.log
		PrivateMirror http://127.0.0.1:8080
		MaxAttempts 1
		ScriptedUpdates no
		TestDatabases no
	END
	custodes_start
	begin freshclam --config-file="$DIR/freshclam.conf" --stdout >"$DIR/freshclam.out" 2>&1
	wait "$BEGUN" || true # there is no database to be had
	custodes_stop
	local requests
	requests=$(grep -cE '"(GET|HEAD) ' "$DIR/mirror.log")
	((requests > 0)) || fail "freshclam asked for nothing: $(cat "$DIR/freshclam.out")"
	clean
	expect "exec" "$(value "select($(action exec) and .process.pid == $BEGUN)
			| [.custodes.product.id, .custodes.product.verdict, .custodes.product.evidence,
			.custodes.executable.package] | join(\" \")")" "clamav permitted package clamav-freshclam"
	expect "connects" "$(count "$(action connect) and .destination.port == 8080")" "$requests"
	expect "where to" "$(value "select($(action connect)) | \"\(.destination.ip) \(.custodes.destination.basis)\"")" \
		"127.0.0.1 this-host"
	expect "disconnects" "$(count "$(action disconnect) and .destination.port == 8080")" "$requests"
	(($(totals_to 8080 | cut -d' ' -f2) > 50 * requests)) || fail "too few bytes: $(totals_to 8080)"
	nothing_lost
}

# installed HOST VERDICT
installed() {
	local code=0
	"$CUSTODES" check --host "$1" --installed --json >"$DIR/check.json" || code=$?
	expect "exit code, $1" "$code" 0
	expect "verdict, $1" "$(jq -r '.products[] | select(.id == "clamav") | .verdict' "$DIR/check.json")" "$2"
	expect "packages and paths, $1" "$(jq -r '.products[] | select(.id == "clamav") | .found' "$DIR/check.json" |
		grep -oE 'package clamav,|path /usr/bin/clamscan' | paste -sd' ')" "package clamav, path /usr/bin/clamscan"
}

@test "check --installed finds ClamAV: permitted on a British host, not spoken of on others" {
	installed uk-secret permitted
	installed nl-rijksoverheid out-of-scope
	installed us-federal out-of-scope
}
