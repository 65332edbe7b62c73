# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What tests of evidence need: custodes asked, and what it says; the page's scripts, as a stranger runs them.

# What the program said last.
said=${BATS_TEST_TMPDIR:-}/said

# ours CODE COMMAND...: custodes, or $OURS, ends so; what it says goes to $said. Without a terminal: nobody is asked
# for anything.
ours() {
	local code=0
	setsid -w "${OURS:-$CUSTODES}" "${@:2}" >"$said" 2>&1 </dev/null || code=$?
	[[ $code -eq $1 ]] || { echo "expected $1, found $code: ${*:2}"; cat "$said"; return 1; }
}

# says PART...: each stands in what was said, however its lines are broken.
says() {
	local part
	for part in "$@"; do
		tr -s ' \n' ' ' <"$said" | grep -qF -- "$part" || { echo "expected \"$part\", found:"; cat "$said"; return 1; }
	done
}

# pem KEY: its public half.
pem() {
	"${OURS:-$CUSTODES}" key show "$1" | sed -n '/BEGIN/,$p'
}

# page_scripts DIR: those that stand in docs/VERIFY.md; each begins with its name.
page_scripts() {
	awk -v dir="$1" '/^```sh$/ { getline; file = dir "/" $2 } /^```$/ { file = "" } file { print > file }' docs/VERIFY.md
}

# stranger SCRIPT ARGUMENT...: one of them, in a directory where nothing else is; they are in $DIR.
stranger() {
	mkdir -p "$BATS_TEST_TMPDIR/empty"
	(cd "$BATS_TEST_TMPDIR/empty" && sh "$DIR/$1" "${@:2}")
}

# flip FILE BYTE: one bit of it.
flip() {
	printf %02x $(($(od -An -tu1 -j "$2" -N 1 "$1") ^ 1)) | xxd -r -p | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
