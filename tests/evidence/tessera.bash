# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash

# theirs LOG KEY SAID: whether Tessera's fsck ($FSCK) takes it; 2: it gave no answer. Its exit status says nothing in
# some versions, so its words do, which are left in the file SAID.
theirs() {
	timeout 60 "$FSCK" --ui=false -N=64 --storage_url="file://$1/" --public_key="$2" >"$3" 2>&1 || true
	if grep -q "Successfully fsck'd log" "$3"; then
		! grep -q "fsck failed" "$3"
		return
	fi
	# Refused in so many words, and not merely without an answer. Of a bundle with fewer entries than
	# there should be, as after some changed lengths, 1.0.4 says so by a panic.
	grep -qE "fsck failed|^panic: runtime error: index out of range" "$3" || { cut -c1-300 "$3"; return 2; }
	return 1
}
