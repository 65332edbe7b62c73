# SPDX-License-Identifier: GPL-3.0-or-later
# Root is for loading and attaching; what stays after that is what the work needs.

load lib

setup() {
	world_open
	install "$KESL"
}

teardown() {
	world_close
}

status() {
	awk -v name="$1:" '$1 == name {print $2}' "/proc/$SENSOR/status"
}

# The capabilities that stay: to read other users' /proc/PID/exe, and to hash what
# it names. Kernels before 5.19 want CAP_BPF for their maps too.
wanted_capabilities() {
	local mask=$((1 << 19 | 1 << 2)) major minor
	IFS=. read -r major minor _ < <(uname -r)
	if ((major < 5 || (major == 5 && minor < 19))); then
		mask=$((mask | 1 << 39))
	fi
	printf '%016x' "$mask"
}

@test "once READY, two capabilities are left and none can come back" {
	custodes_start
	expect "effective" "$(status CapEff)" "$(wanted_capabilities)"
	expect "permitted" "$(status CapPrm)" "$(wanted_capabilities)"
	expect "inheritable" "$(status CapInh)" 0000000000000000
	expect "bounding" "$(status CapBnd)" 0000000000000000
	expect "ambient" "$(status CapAmb)" 0000000000000000
	expect "NoNewPrivs" "$(status NoNewPrivs)" 1
	local thread
	for thread in "/proc/$SENSOR"/task/*; do
		expect "effective, thread ${thread##*/}" "$(awk '$1 == "CapEff:" {print $2}' "$thread/status")" \
			"$(wanted_capabilities)"
	done
	custodes_stop
	clean
}

opener() {
	pgrep --parent "$SENSOR" --exact custodes-opener
}

no_opener() {
	[[ -z $(opener) ]]
}

# Where a product is there from the start it is used at once: that of tests/kernels/image, ten bytes, is put aside.
start_without_product() {
	planted=/usr/bin/clambc
	[[ -e $planted && $(stat -c %s $planted) == 10 ]] || planted=
	[[ -z $planted ]] || mv $planted "$DIR/planted"
	custodes_start
	[[ -z $planted ]] || mv "$DIR/planted" $planted
	pid=$(opener || true)
}

@test "who keeps a privilege for later keeps no other, and ends once it was used; killed before: told" {
	local pid planted
	start_without_product
	if [[ $planted ]] && kernel_preempts; then
		expect "its capabilities" "$(awk '$1 == "CapEff:" {print $2}' "/proc/$pid/status")" 0000004000200000
	elif ! kernel_preempts; then
		expect "who waits where nothing leads" "$pid" ""
	fi
	in_world "$KESL" exit 0
	await "the privilege to be gone" no_opener
	custodes_stop
	[[ $planted ]] && kernel_preempts || return 0
	start_without_product
	kill -KILL "$pid"
	in_world "$KESL" exit 0
	await "what cannot be attached to be told" grep -q '"reason":"a program of the sensor is no longer attached' "$DIR/live.ndjson"
	custodes_stop
}

@test "what it writes is for root alone, whatever the umask" {
	umask 000
	custodes_start
	in_world "$KESL" tcp "$HERE" 1 || true
	custodes_stop
	(($(find "$DIR/cap" -type f | wc -l) >= 3)) || fail "the capture has too few files: $(find "$DIR/cap")"
	expect "files that are not 0600" "$(find "$DIR/cap" -type f ! -perm 0600)" ""
	expect "directories that are not 0700" "$(find "$DIR/cap" -type d ! -perm 0700)" ""
	expect "outputs that are not 0600" "$(find "$DIR/live.ndjson" "$DIR/live.txt" ! -perm 0600)" ""
	expect "anything else in the capture" "$(find "$DIR/cap" ! -type f ! -type d)" ""
}

@test "a product of another user, in a directory that is closed to all others, is hashed all the same" {
	local sum
	sum=$(sha256sum <"/proc/$WORLD/root$KESL" | cut -d' ' -f1)
	in_world chown -R 65534:65534 /opt/kaspersky
	in_world chmod 0500 "$KESL"
	in_world chmod 0700 /opt/kaspersky
	custodes_start
	begin setpriv --reuid=65534 --regid=65534 --clear-groups "$KESL" await "$DIR/go"
	await "the product in the events" found "$BEGUN"
	touch "$DIR/go"
	ends_with 0
	custodes_stop
	expect "hash" "$(value 'select(.event.kind == "alert") | .process.hash.sha256')" "$sum"
	expect "user" "$(value 'select(.event.kind == "alert") | "\(.process.user.id) \(.process.user.name)"')" \
		"65534 nobody"
	nothing_lost
}
