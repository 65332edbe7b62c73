# SPDX-License-Identifier: GPL-3.0-or-later
# What a product does to others and to itself: files by which others are steered, sockets that nobody
# expects of it, programs that nobody has installed.

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

@test "a file that is renamed to one by which others are steered is found" {
	in_world mount -t tmpfs none /root
	custodes_start
	begin "$KESL" run /bin/sh -c "while ! test -e $DIR/known; do sleep 0.1; done
		echo : >/root/.new; mv /root/.new /root/.profile; echo : >/root/.other
		while ! test -e $DIR/seen; do sleep 0.1; done"
	await "the exec of the product in the events" grep -qF "\"executable\":\"$KESL\"" "$DIR/live.ndjson"
	touch "$DIR/known"
	await "the finding" grep -qF '"action":"steering-file"' "$DIR/live.ndjson"
	touch "$DIR/seen"
	ends_with 0
	custodes_stop
	expect "files" "$(steered)" "/root/.profile kaspersky-kesl 47"
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

# The product has a child do this, once it is known.
has_done() {
	begin "$KESL" mark "$DIR/there" await "$DIR/known" run "$@"
	await "the exec of the product in the events" grep -qF "\"executable\":\"$KESL\"" "$DIR/live.ndjson"
	touch "$DIR/known"
	ends_with 0
	sleep 1
}

@test "sockets that a product is not known to use are found, once for each family" {
	custodes_start
	has_done /usr/bin/python3 -c '
import socket
for family, kind, protocol in ((socket.AF_PACKET, socket.SOCK_DGRAM, 0), (socket.AF_INET, socket.SOCK_RAW, 253)):
    for _ in range(2):
        with socket.socket(family, kind, protocol) as sock:
            sock.sendto(b"x" * 100, ("lo", 0x88b5) if family == socket.AF_PACKET else ("127.0.0.1", 0))
with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as sock:
    sock.send(bytes(20))
one, other = socket.socketpair()
one.send(b"x")'
	custodes_stop
	expect "families" "$(value "select($(action socket-family)) | .custodes.access.family")" "inet packet"
	nothing_lost
}

@test "a program without a name, and one that the product has written, are found" {
	custodes_start
	has_done /bin/sh -c "mkdir -p /opt/kaspersky/kesl/new $DIR/elsewhere
		for directory in /opt/kaspersky/kesl/new $DIR/elsewhere; do
			cp /bin/true \$directory/tool
			\$directory/tool
			\$directory/tool
		done
		exec /usr/bin/python3 -c '
import os
fd = os.memfd_create(\"agent\")
with open(\"/bin/true\", \"rb\") as file:
    os.write(fd, file.read())
os.execv(f\"/proc/self/fd/{fd}\", [\"agent\"])'"
	custodes_stop
	expect "programs" "$(value "select($(action executable-identity)) | .process.executable")" \
		"/memfd:agent $DIR/elsewhere/tool"
	nothing_lost
}
