# SPDX-License-Identifier: GPL-3.0-or-later
# Files by which other programs are steered: whoever writes one acts through these.

load lib

setup() {
	world_open
	install "$KESL"
	in_world mount -t tmpfs none /etc/profile.d
	in_world mount -t tmpfs none /etc/systemd
}

teardown() {
	world_close
}

# The product writes, twice, what steers shells and systemd, its own unit, and a file of its own.
writes() {
	begin "$KESL" run /bin/sh -c "while ! test -e $DIR/known; do sleep 0.1; done
		for _ in 1 2; do
			for file in /etc/profile.d/proxy.sh /etc/systemd/kesl.service /etc/systemd/other.service /opt/kaspersky/kesl/some; do
				echo : >>\$file
			done
			sleep 0.5
		done
		cat /etc/hosts >/dev/null"
	await "the exec of the product in the events" grep -qF "\"executable\":\"$KESL\"" "$DIR/live.ndjson"
	touch "$DIR/known"
	in_world sh -c 'echo : >/etc/profile.d/of-nobody.sh'
	ends_with 0
	sleep 1
}

steered() {
	value "select($(action steering-file)) | \"\(.file.path) \(.custodes.product.id) \(.event.severity)\""
}

@test "a product that writes files by which others are steered is found, once for each" {
	custodes_start
	writes
	custodes_stop
	expect "exit code" "$CODE" 1
	expect "files" "$(steered)" "/etc/profile.d/proxy.sh kaspersky-kesl 47 /etc/systemd/other.service kaspersky-kesl 47"
	nothing_lost
}

@test "on a host without a classification it is told as events alone" {
	HOST=company
	custodes_start
	writes
	custodes_stop
	clean
	expect "accounts of the file" "$(value "select($(action access) and .file.path == \"/etc/profile.d/proxy.sh\")
		| .custodes.product.id")" kaspersky-kesl
}
