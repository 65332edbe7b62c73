# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2034
# A token for the tests of keys in tokens: SoftHSM's, by pkcs11-provider. Real ones, but for the hardware.

# What cannot be loaded beside a sanitizer: the provider opens drivers with RTLD_DEEPBIND. So it is the release build.
RELEASE=$PWD/build/release/custodes

# token_open DIR: a token "custodes" with an Ed25519 key "log" and a P-256 key "p256", its PIN in DIR/pin; 1 and why, on
# stdout, if it cannot be had.
token_open() {
	local dir=$1 driver provider
	driver=$(find /usr/lib -name libsofthsm2.so 2>/dev/null | head -n 1)
	[[ -n $driver ]] || { echo "softhsm2 is not installed: tools/bootstrap"; return 1; }
	command -v pkcs11-tool >/dev/null || { echo "opensc is not installed: tools/bootstrap"; return 1; }
	provider=$(tests/evidence/fetch-provider 2>"$dir/fetch") ||
		{ echo "pkcs11-provider cannot be had: $(tail -n 1 "$dir/fetch")"; return 1; }
	mkdir "$dir/tokens"
	printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$dir/tokens" >"$dir/softhsm.conf"
	export SOFTHSM2_CONF=$dir/softhsm.conf
	softhsm2-util --init-token --free --label custodes --pin 1234 --so-pin 5678 >/dev/null
	pkcs11-tool --module "$driver" --login --pin 1234 --token-label custodes --keypairgen --key-type EC:edwards25519 \
		--label log --id 01 >/dev/null 2>&1
	pkcs11-tool --module "$driver" --login --pin 1234 --token-label custodes --keypairgen --key-type EC:prime256v1 \
		--label p256 --id 02 >/dev/null 2>&1
	(umask 077; printf 1234 >"$dir/pin"; printf 9999 >"$dir/wrong")
	cat >"$dir/openssl.cnf" <<-EOF
		openssl_conf = init
		[init]
		providers = known
		[known]
		default = own
		pkcs11 = token
		[own]
		activate = 1
		[token]
		module = $provider
		pkcs11-module-path = $driver
		activate = 1
	EOF
	export OPENSSL_CONF=$dir/openssl.cnf
	URI="pkcs11:token=custodes;object=log?pin-source=file:$dir/pin"
}
