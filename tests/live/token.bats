# SPDX-License-Identifier: GPL-3.0-or-later
# A key in a token signs what is recorded, though privileges are gone by then. The token is SoftHSM's.

load lib

setup() {
	. tests/evidence/token.bash
	world_open
	# Not in a subshell: it sets what the driver needs.
	token_open "$DIR" >"$DIR/why" || skip "no token: $(<"$DIR/why")"
	CUSTODES=$RELEASE
	install "$KESL"
}

teardown() {
	world_close
}

# sealed N: the checkpoint speaks for more entries than that.
sealed() {
	(($(sed -n 2p "$DIR/cap/checkpoint") > $1))
}

@test "from a key file to a token: both runs are recorded, sealed and verified by the first key" {
	"$CUSTODES" -q key new "$DIR/key"
	"$CUSTODES" key show "$DIR/key" | sed -n '/BEGIN/,$p' >"$DIR/key.pem"
	custodes_start
	custodes_stop
	"$CUSTODES" key change "$DIR/key" --token "$URI"
	custodes_start
	# Signed by a process that has root's capabilities no more.
	expect "capabilities that stay" "$(awk '/^CapEff/ {print $2}' "/proc/$SENSOR/status")" \
		"$(kernel_before 5 19 && echo 0000008000080004 || echo 0000000000080004)"
	local before
	before=$(sed -n 2p "$DIR/cap/checkpoint")
	in_world "$KESL"
	await "another seal" sealed "$before"
	custodes_stop
	expect "exit code" "$CODE" 1
	# The build with sanitizers reads it, where no token is.
	env -u OPENSSL_CONF build/asan/custodes verify "$DIR/cap" --key "$DIR/key.pem" >"$DIR/verified"
	grep -q "one that it vouches for in the record" <(tr -s ' \n' ' ' <"$DIR/verified")
	! grep -raq "pin-source" "$DIR/cap"
}

@test "a token that cannot be opened: nothing begins, and nothing is made" {
	rm -rf "$DIR/cap"
	printf 'pkcs11:token=custodes;object=log?pin-source=file:%s/wrong\n' "$DIR" >"$DIR/key"
	chmod 600 "$DIR/key"
	custodes_begin </dev/null
	custodes_await
	expect "exit code" "$CODE" 2
	said | grep -q "the token is there, and the PIN was refused"
	[[ ! -e $DIR/cap ]]
}
