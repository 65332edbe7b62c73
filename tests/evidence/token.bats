#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Keys in tokens: SoftHSM's by PKCS #11, and what a TPM says. tests/live/token.bats signs with one while it records.

setup_file() {
	. tests/evidence/token.bash
	export DIR=$BATS_FILE_TMPDIR RELEASE
	(token_open "$DIR") >"$DIR/why" || return 0 # setup() says it
	SOFTHSM2_CONF=$DIR/softhsm.conf OPENSSL_CONF=$DIR/openssl.cnf URI="pkcs11:token=custodes;object=log?pin-source=file:$DIR/pin"
	export SOFTHSM2_CONF OPENSSL_CONF URI
}

setup() {
	[[ -n ${URI:-} ]] || skip "no token: $(<"$DIR/why")"
	[[ -x $RELEASE ]] || { echo "$RELEASE is not there: make test-programs"; return 1; }
	. tests/evidence/lib.bash
	OURS=$RELEASE
	cd "$BATS_TEST_TMPDIR" || return 1
}

# make_log DIR KEY ENTRIES
make_log() {
	"${RELEASE%/*}/tests/evidence/make-log" "$@"
}

@test "a key in a token signs a log; openssl and the sanitized build take it, without a token" {
	ours 0 key show "$URI"
	says "custodes/key+" "BEGIN PUBLIC KEY"
	sed -n '/BEGIN/,$p' "$said" >key.pem
	make_log cap "$URI" 40
	make_log cap "$URI" 40
	env -u OPENSSL_CONF -u SOFTHSM2_CONF "$CUSTODES" verify cap --key key.pem >"$said"
	says "the 80 entries are those of the checkpoint" "the checkpoint is signed by the key that you gave"
	sed '/^$/,$d' cap/checkpoint >text
	sed '1,/^$/d' cap/checkpoint | cut -d' ' -f3 | base64 -d | tail -c 64 >signature
	env -u OPENSSL_CONF openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in text -sigfile signature
	# Nothing of the PIN or where it is stands in the record.
	! grep -raE "1234|pin-source" cap
}

@test "from a file to a token and back: the first key is enough to verify all" {
	ours 0 key new key
	pem key >first.pem
	make_log cap key 20
	ours 0 key change key --token "$URI"
	[[ $(stat -c %a key) == 600 && $(<key) == "$URI" && $(cat key.*.old) == *"PRIVATE KEY"* ]]
	[[ $(pem key) == "$(pem "$URI")" ]]
	make_log cap key 20
	ours 0 key change key
	[[ $(<key) == *"PRIVATE KEY"* ]]
	make_log cap key 20
	ours 0 verify cap --key first.pem
	says "the 60 entries are those of the checkpoint" "one that it vouches for in the record" "2 of them of a new one that a trusted key vouches for"
}

@test "a host's first key in a token, and an operator's that vouches for it" {
	ours 0 key new key --token "$URI"
	[[ $(stat -c %a key) == 600 ]]
	ours 0 key new operator
	ours 0 key certify key --by operator
	pem operator >operator.pem
	make_log cap key 20
	ours 0 verify cap --key operator.pem
	says "the checkpoint is signed by the key that you gave, or one that it vouches for in the record"
	# The other way round: the operator's is in the token.
	ours 0 key new host
	ours 0 key certify host --by "$URI"
	pem "$URI" >token.pem
	make_log cap2 host 20
	ours 0 verify cap2 --key token.pem
}

@test "what is wrong is said: token, key, kind, PIN, provider, place" {
	local at=pkcs11:token=custodes pin=pin-source=file:$DIR
	ours 2 key show "pkcs11:token=other;object=log?$pin/pin"
	says "pkcs11:token=other;object=log: no such token"
	ours 2 key show "$at;object=none?$pin/pin"
	says "the token is there, and no such private key in it"
	ours 2 key show "$at;object=log?$pin/wrong"
	says "the token is there, and the PIN was refused"
	ours 2 key show "$at;object=p256?$pin/pin"
	says "expected an Ed25519 key, found EC"
	ours 2 key show "$at?$pin/pin"
	says "2 private keys: name one by object= or id="
	ours 2 key show "$at;object=log"
	says "no such private key there, or the PIN was refused or is not known"
	ours 2 key show "$at;object=log?$pin/none"
	says "none, where the PIN should be: No such file"
	chmod 640 "$DIR/wrong"
	ours 2 key show "$at;object=log?$pin/%77rong"
	chmod 600 "$DIR/wrong"
	says "wrong: others than its owner may use it (mode 0640)"
	ours 2 key show "$at;object=log?pin-value=1234"
	says "a PIN in a URI is everybody's to read"
	[[ $(<"$said") != *1234* ]]
	OPENSSL_CONF=/dev/null ours 2 key show "$URI"
	says "no provider of OpenSSL opens it: openssl.cnf must name one"
	printf '%s\n' "$URI" >open
	chmod 644 open
	ours 2 key show open
	says "others than its owner may use it"
	pem_of=$(mktemp -p . key.XXXX)
	ours 2 key show "file:$PWD/$pem_of"
	says "a file is given by its path"
	ours 2 key new "$URI"
	ours 2 key change "$URI"
	ours 2 key certify "$URI" --by "$URI"
	says "expected a file"
	[[ -z $(find . -name 'pkcs11*') ]]
}

@test "a wrong PIN is tried once, so that no token locks itself" {
	PKCS11_PROVIDER_DEBUG=file:$PWD/debug ours 2 key show "pkcs11:token=custodes;object=log?pin-source=file:$DIR/wrong"
	[[ $(grep -c 'Calling C_Login$' debug) == 1 ]] || { grep C_Login debug; return 1; }
}

@test "a PIN in the provider's configuration; it is read from there" {
	sed "/^pkcs11-module-path/a pkcs11-module-token-pin = file:$DIR/pin" "$DIR/openssl.cnf" >openssl.cnf
	OPENSSL_CONF=$PWD/openssl.cnf ours 0 key show "pkcs11:token=custodes;object=log"
	[[ $(sed -n '/BEGIN/,$p' "$said") == "$(pem "$URI")" ]]
}

@test "a TPM: it has no Ed25519, and that is said; but it may seal a key file" {
	local tpm
	[[ -n $(command -v swtpm) && -n $(command -v tpm2_create) && -r $(dirname "$(find /usr/lib -name legacy.so | head -n 1)")/tpm2.so ]] ||
		skip "swtpm, tpm2-tools or tpm2-openssl is not installed: tools/bootstrap"
	mkdir state
	swtpm socket --tpm2 --tpmstate "dir=$PWD/state" --server "type=unixio,path=$PWD/t" --ctrl "type=unixio,path=$PWD/t.ctrl" \
		--flags startup-clear,not-need-init >swtpm.log 2>&1 3>&- &
	tpm=$!
	for _ in {1..100}; do [[ -S t && -S t.ctrl ]] && break; sleep 0.1; done
	export TPM2TOOLS_TCTI=swtpm:path=$PWD/t TPM2OPENSSL_TCTI=swtpm:path=$PWD/t
	{
		# There is no resource manager: what is loaded must go before the next command.
		tpm2_createprimary -C o -G ecc -c primary && tpm2_flushcontext -t
		tpm2_create -C primary -G ecc:ecdsa -u key.pub -r key.priv && tpm2_flushcontext -t
		tpm2_load -C primary -u key.pub -r key.priv -c key.ctx && tpm2_flushcontext -t
		tpm2_evictcontrol -C o -c key.ctx 0x81000001 && tpm2_flushcontext -t
	} >tpm.log 2>&1 || { cat tpm.log; kill "$tpm"; return 1; }
	sed -e 's/^pkcs11 = token/tpm2 = token/' -e '/^module\|^pkcs11-/d' "$DIR/openssl.cnf" >openssl.cnf
	OPENSSL_CONF=$PWD/openssl.cnf ours 2 key show handle:0x81000001
	says "handle:0x81000001: expected an Ed25519 key, found EC: signed notes know no other"
	OPENSSL_CONF=$PWD/openssl.cnf ours 2 key show handle:0x81000002
	says "handle:0x81000002: no private key there"
	ours 0 key new plain
	{
		tpm2_create -C primary -i plain -u seal.pub -r seal.priv && tpm2_flushcontext -t
		tpm2_load -C primary -u seal.pub -r seal.priv -c seal.ctx && tpm2_flushcontext -t
		(umask 077; tpm2_unseal -c seal.ctx >unsealed)
	} >tpm.log 2>&1 || { cat tpm.log; kill "$tpm"; return 1; }
	kill "$tpm"
	cmp plain unsealed
	make_log cap unsealed 5
	pem plain >plain.pem
	ours 0 verify cap --key plain.pem
}
