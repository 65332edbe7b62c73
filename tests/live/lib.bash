# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# What every live test needs: a world of its own (network and mounts, gone when
# its one process ends), products in it, custodes over it, and the questions put
# to what custodes said. Nothing here is simulated: the kernel, the sockets and
# the sensor are the real ones.

# shellcheck disable=SC2034
KESL=/opt/kaspersky/kesl/libexec/kesl
DRWEB=/opt/drweb.com/bin/drweb-configd
HERE=10.77.0.1
HERE6=fd77::1
# Seconds. The machine may be slow, and is sometimes paused.
PATIENCE=${PATIENCE:-60}

fail() {
	printf '%s\n' "$@" >&2
	return 1
}

# expect WHAT GOT WANTED
expect() {
	[[ $2 == "$3" ]] || fail "$1: got  $2" "$1: want $3"
}

# await WHAT COMMAND...: polls until the command succeeds. Who waits for custodes
# to say something does not wait for one that is gone.
await() {
	local what=$1 until=$((SECONDS + PATIENCE)) ended
	shift
	while true; do
		ended=
		[[ -z ${SENSOR:-} ]] || ! gone "$SENSOR" || ended=1
		"$@" >/dev/null 2>&1 && return 0
		[[ -z $ended ]] || fail "custodes is gone; waited for $what" "$(said)" || return 1
		((SECONDS < until)) || fail "waited $PATIENCE s for $what" || return 1
		sleep 0.05
	done
}

# Nothing is left to do: half a second has cost custodes no more than a clock tick.
settled() {
	local before
	before=$(cpu_ticks)
	sleep 0.5
	(($(cpu_ticks) - before <= 1))
}

cpu_ticks() {
	awk '{sub(/.*\) /, ""); print $12 + $13}' "/proc/$SENSOR/stat"
}

# Processes that a test began and that its teardown has to end.
mine_to_end() {
	echo "$1" >>"$DIR/pids"
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

# ---- the world ----

world_open() {
	((EUID == 0)) || skip "needs root"
	DIR=$(mktemp -d)
	chmod 755 "$DIR"
	[[ -e /opt/kaspersky ]] && touch "$DIR/kaspersky-was-here"
	unshare --mount --net --propagation private bash -c '
		set -e
		mount -t tmpfs -o mode=755 none /opt
		ip link set lo up
		for address in 10.77.0.1 10.77.0.2 10.77.0.3 10.77.9.9; do
			ip address add $address/16 dev lo
		done
		for address in fd77::1 fd77::2 fd77::3; do
			ip address add $address/64 dev lo nodad
		done
		echo 519 >/proc/sys/net/ipv4/tcp_fastopen
		echo 20000 65535 >/proc/sys/net/ipv4/ip_local_port_range
		: >"$1/world"
		exec sleep infinity' - "$DIR" 3>&- &
	WORLD=$!
	disown
	mine_to_end "$WORLD"
	export DIR WORLD
	await "the world" test -e "$DIR/world"
	NETNS=$(stat -L -c %i "/proc/$WORLD/ns/net")
	export NETNS
}

# What custodes said on stderr; of a sanitizer's words, what and where.
said() {
	grep -E '^custodes: |ERROR: |runtime error|^    #[0-9] ' "$DIR/err" | head -n 12 || true
}

# The numbers of all that runs in the world: children outlive who began them.
inhabitants() {
	[[ -z ${NETNS:-} ]] || stat -L -c '%i %n' /proc/[0-9]*/ns/net 2>/dev/null |
		awk -F'[ /]' -v ours="$NETNS" '$1 == ours {print $4}'
}

# Ends what was begun; says so if anything is left behind.
world_close() {
	local pid
	[[ -n ${DIR:-} && -d $DIR ]] || return 0
	if [[ -e $DIR/pids ]]; then
		while read -r pid; do
			kill -KILL "$pid" 2>/dev/null || true
			wait "$pid" 2>/dev/null || true
		done < <(inhabitants; tac "$DIR/pids")
	fi
	if [[ -n ${BATS_TEST_NAME:-} && -z ${BATS_TEST_COMPLETED:-} && -e $DIR/err ]]; then
		grep '^custodes: ' "$DIR/err" | tail -n 20 >&2 || true
	fi
	# For whoever looks for the reason: KEEP=/some/directory tests/run live
	[[ -z ${KEEP:-} ]] || cp -r "$DIR" "$KEEP/"
	[[ -e $DIR/kaspersky-was-here || ! -e /opt/kaspersky ]] || fail "/opt/kaspersky was left on the host"
	rm -rf "$DIR"
}

in_world() {
	nsenter --target "$WORLD" --mount --net -- "$@"
}

# begin COMMAND...: in the background; BEGUN is the number of the program itself.
begin() {
	nsenter --target "$WORLD" --mount --net -- "$@" 3>&- &
	BEGUN=$!
	mine_to_end "$BEGUN"
}

# ends_with CODE: waits for what was begun last.
ends_with() {
	local code=0
	wait "$BEGUN" || code=$?
	expect "exit code of the program" "$code" "$1"
}

# install PATH [PROGRAM]: puts a program there in the world, with a tail of its
# own: a new file that nobody has ever hashed.
install() {
	local to=/proc/$WORLD/root$1
	mkdir -p "${to%/*}"
	cp "$PROGRAMS/${2:-standin}" "$to"
	head -c 16 /dev/urandom >>"$to"
	chmod 755 "$to"
}

# Where nothing of the catalogue is: a program that is nobody's business.
stranger() {
	mkdir -p "$DIR/strangers"
	cp "$PROGRAMS/${2:-standin}" "$DIR/strangers/$1"
	head -c 16 /dev/urandom >>"$DIR/strangers/$1"
	chmod 755 "$DIR/strangers/$1"
	echo "$DIR/strangers/$1"
}

# sink_start SPEC...: the peer of all stand-ins, unwatched.
sink_start() {
	rm -f "$DIR/sink.ready"
	begin "$PROGRAMS/sink" "$DIR/sink.ready" "$@" >"$DIR/sink.json" 2>"$DIR/sink.err"
	SINK=$BEGUN
	await "the sink" test -e "$DIR/sink.ready"
}

sink_stop() {
	kill -TERM "$SINK"
	await "the sink's end" gone "$SINK"
	wait "$SINK" || fail "sink: $(cat "$DIR/sink.err")"
}

# sink_total PORT FIELD
sink_total() {
	jq -r --argjson port "$1" "select(.port == \$port) | .$2" "$DIR/sink.json"
}

# Every connection of this world has ended, or waits for nothing but time.
quiet() {
	[[ -z $(in_world ss -Htn state connected exclude time-wait) ]]
}

# ---- custodes ----

# custodes_begin [OPTION...]: begins a run without waiting for it. The location
# database takes seconds to verify, so only who needs it has it: LOCATION=1.
custodes_begin() {
	local location=(--no-location)
	[[ -z ${LOCATION:-} ]] || location=()
	: >"$DIR/err" # a run before said READY there
	[[ -e $DIR/key ]] || "$CUSTODES" key new "$DIR/key"
	"$CUSTODES" run --host "${HOST:-uk-secret}" --capture "$DIR/cap" --key "$DIR/key" --output "ecs:$DIR/live.ndjson" \
		--output "text:$DIR/live.txt" "${location[@]}" "$@" 2>"$DIR/err" 3>&- &
	SENSOR=$!
	mine_to_end "$SENSOR"
}

ready_or_gone() {
	grep -qx READY "$DIR/err" || gone "$SENSOR"
}

custodes_start() {
	custodes_begin "$@"
	await "custodes to be READY" ready_or_gone
	grep -qx READY "$DIR/err" || fail "custodes did not start: $(cat "$DIR/err")"
}

# Only kernels after 6.18 take the CPU from a program.
kernel_preempts() {
	local major minor
	IFS=.- read -r major minor _ < <(uname -r)
	((major > 6 || (major == 6 && minor > 18)))
}

# A custodes that has the mounts of the world; its network stays the host's.
custodes_inside() {
	printf '#!/bin/sh\nexec nsenter --target %s --mount -- %s "$@"\n' "$WORLD" "$CUSTODES" >"$DIR/inside"
	chmod 755 "$DIR/inside"
	echo "$DIR/inside"
}

# The finding about a process, for await: others may be found on this machine too.
found() {
	grep -qE "\"action\":\"product-measure\".*\"pid\":$1," "$DIR/live.ndjson"
}

# custodes_await: waits for the end; its exit code is in CODE.
custodes_await() {
	await "custodes to end" gone "$SENSOR"
	CODE=0
	wait "$SENSOR" || CODE=$?
	SENSOR=
	((CODE != 99)) || fail "a sanitizer spoke: $(said)"
	((CODE < 128)) || fail "custodes died of signal $((CODE - 128)): $(said)"
}

# custodes_stop [SIGNAL]: ends it, and proves that a replay finds the same.
custodes_stop() {
	kill -s "${1:-TERM}" "$SENSOR" 2>/dev/null || true # who is gone already is found out next
	custodes_await
	only_ours
	[[ ! -d $DIR/cap ]] || replay_alike
}

# alike FILE FILE: byte for byte; of what differs the first lines are shown.
alike() {
	cmp "$1" "$2" || {
		diff -a "$1" "$2" | head -n 4
		false
	}
}

# Byte for byte, and with the same exit code.
replay_alike() {
	local code=0
	"$CUSTODES" replay "$DIR/cap" --output "ecs:$DIR/r.ndjson" --output "text:$DIR/r.txt" \
		2>"$DIR/replay.err" || code=$?
	expect "exit code of the replay ($(tail -n 3 "$DIR/replay.err"))" "$code" "$CODE"
	alike "$DIR/r.ndjson" "$DIR/live.ndjson" || fail "the replay's events are others: $(said)"
	alike "$DIR/r.txt" "$DIR/live.txt" || fail "the replay's findings are others: $(said)"
}

# The sensor sees the whole machine: what others do on it meanwhile is not of
# this test. Ours are the lineages that have run something in this world. By
# grep: there may be tens of thousands of lines.
only_ours() {
	{
		echo '"lineage":{"id":"none"'
		grep -E "\"network_namespace\":${NETNS:-0}[,}]" "$DIR/live.ndjson" | grep -o '"lineage":{"id":"[0-9a-f]*"' | sort -u
	} >"$DIR/lineages"
	grep -F -f "$DIR/lineages" "$DIR/live.ndjson" >"$DIR/ours.ndjson" || true
	grep -vF '"lineage":{"id":"' "$DIR/live.ndjson" >>"$DIR/ours.ndjson" || true
}

# Keeps of each event only what is counted, where there are very many.
slim() {
	jq -c '{event: {action: .event.action, kind: .event.kind}, process: {pid: .process.pid},
		source, destination: (.destination | del(.geo, .as)), network,
		custodes: {destination: (.custodes.destination | {flow, upper_bound}), lineage: .custodes.lineage,
			loss: .custodes.loss, product: .custodes.product}}' "$DIR/ours.ndjson" >"$DIR/slim.ndjson"
	mv "$DIR/slim.ndjson" "$DIR/ours.ndjson"
}

# ---- what it said ----

# events FILTER: those of this world, one a line; a jq filter.
events() {
	jq -c "$1" "$DIR/ours.ndjson"
}

# count FILTER: how many events a jq condition fits.
count() {
	jq -c "select($1) | 1" "$DIR/ours.ndjson" | wc -l
}

# value FILTER: the distinct values, on one line.
value() {
	jq -r "$1" "$DIR/ours.ndjson" | sort -u | paste -sd' '
}

action() {
	echo ".event.action == \"$1\""
}

findings() {
	count '.event.kind == "alert"'
}

# Nothing was found in this world, and the exit code says so: 0, unless somebody
# else on this machine was found meanwhile.
clean() {
	expect "findings" "$(findings)" 0
	if grep -qF '"kind":"alert"' "$DIR/live.ndjson"; then
		echo "# findings of others on this machine: $(grep -cF '"kind":"alert"' "$DIR/live.ndjson")" >&2
		expect "exit code" "$CODE" 1
	else
		expect "exit code" "$CODE" 0
	fi
}

# totals_to PORT: connections, then bytes sent and received, by the last account
# of each flow and peer there.
totals_to() {
	jq -r --slurp --argjson port "$1" '
		[.[] | select(.event.action == "disconnect" and .destination.port == $port)]
		| "\(length) \(map(.source.bytes) | add // 0) \(map(.destination.bytes) | add // 0)"' \
		"$DIR/ours.ndjson"
}

# What the first product does before the hook on calls is attached is lost by design,
# on a host where none is installed; that it is told has a test of its own.
nothing_lost() {
	local late="calls of the first product, before they were looked at"
	expect "losses" "$(value "select(.event.action == \"loss\" and .custodes.loss.causes != \"$late\") | \"\(.custodes.loss.count) (\(.custodes.loss.causes))\"")" ""
	expect "findings with loss in their window" \
		"$(count ".event.kind == \"alert\" and .custodes.loss.count > 0 and .custodes.loss.causes != \"$late\"")" 0
}

# kernel_before MAJOR MINOR
kernel_before() {
	local major minor rest
	IFS=. read -r major minor rest < <(uname -r)
	((major < $1 || (major == $1 && ${minor%%[!0-9]*} < $2)))
}
