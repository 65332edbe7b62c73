# SPDX-License-Identifier: GPL-3.0-or-later
# Ways to hide: each program of tests/live/bypass moves the bytes of one labelled
# file to a receiver, by a way of its own. All run once, under one custodes, as a
# product; then each test says what was seen of it: every byte, an upper bound
# that is called one, or nothing. With COVERAGE=FILE what was seen is kept there.

load lib

# way NAME [ARG...]: what the product does; how it went is kept for its test. PID
# and SAID among the arguments: of its peer, if it has one.
way() {
	local name=$1 code=0 size number words
	shift
	number=$(wc -l <"$DIR/ways")
	size=$((100000 + 7 * number))
	head -c "$size" /dev/urandom >"$DIR/labelled/$name"
	chmod 644 "$DIR/labelled/$name"
	echo "$name $((8000 + number)) $size $(stat -c '%i' "$DIR/labelled/$name")" >>"$DIR/ways"
	install "$KESL-$name" "../bypass/$name"
	[[ -z ${PEER:-} ]] || peer_start "$name"
	words=("$@")
	[[ -z ${PEER:-} ]] || words=("${words[@]//PID/$(<"$DIR/peer-pid.$name")}")
	[[ -z ${PEER:-} ]] || words=("${words[@]//SAID/$(<"$DIR/peer.$name")}")
	timeout 30 nsenter --target "$WORLD" --mount --net -- "$KESL-$name" "$DIR/labelled/$name" $HERE \
		$((8000 + number)) "${words[@]}" 2>"$DIR/said.$name" || code=$?
	echo "$code" >"$DIR/code.$name"
	[[ -z ${PEER:-} ]] || peer_end "$name"
	rm -f "/proc/$WORLD/root$KESL-$name"
}

# A stranger at the other end: PEER is what it does.
peer_start() {
	local port size
	read -r _ port size _ < <(grep "^$1 " "$DIR/ways")
	local words
	read -ra words <<<"${PEER//BYTES/$size}"
	begin "$DIR/strangers/peer" "$DIR/peer.$1" $HERE "$port" "${words[@]}" 2>"$DIR/peer-said.$1"
	echo "$BEGUN" >"$DIR/peer-pid.$1"
	await "the peer of $1" test -e "$DIR/peer.$1"
}

peer_end() {
	local pid
	pid=$(<"$DIR/peer-pid.$1")
	if [[ $PEER =~ ^(hold|give|memory) ]]; then
		kill -KILL "$pid"
	else
		await "the peer of $1 to have sent" gone "$pid"
	fi
	wait "$pid" 2>/dev/null || true
}

reads() {
	way read-plain
	way read-offsets
	way read-vector
	way read-direct
	way read-mapped
	way read-sendfile
	way read-splice
	way read-copied
	way read-batch
	way read-int80
	way read-handle "$DIR"
	way read-link "$DIR/elsewhere"
	way read-renamed "$DIR/renamed"
	way read-bound "$DIR/bound"
	way read-overlay "$DIR/overlay"
	way read-chroot
	way read-fanotify
	way uring-read
	way uring-vector
	way uring-polled
	way uring-open
	way uring-splice
	way uring-splice-registered
	way other-icmp
	way other-packet
	way other-netlink
	way other-vsock
	way other-pair
	way run-memfd
	way run-deleted "$DIR/deleted"
	way run-innocent
	way run-script "$DIR/script"
	way fork-away
	way fork-sibling
	way fork-namespaces
	way fork-vfork
}

with_peers() {
	PEER="give $DIR/labelled/read-passed $DIR/passed" way read-passed "$DIR/passed"
	PEER="hold $DIR/labelled/read-taken" way read-taken PID SAID
	PEER="hold $DIR/labelled/read-proc-fd" way read-proc-fd PID SAID
	PEER="hold $DIR/labelled/read-proc-root" way read-proc-root PID
	PEER="memory $DIR/labelled/read-memory" way read-memory PID SAID
	PEER="memory $DIR/labelled/read-proc-mem" way read-proc-mem PID SAID
	PEER="fifo $DIR/fifo" way give-fifo "$DIR/fifo"
	PEER="stream $DIR/stream" way give-stream "$DIR/stream"
	PEER="datagram $DIR/datagram" way give-datagram "$DIR/datagram"
	PEER="descriptor $DIR/descriptor" way give-descriptor "$DIR/descriptor"
	PEER="file $DIR/staged BYTES" way give-file "$DIR/staged"
	PEER="shared /dev/shm/custodes-test-$$ BYTES" way give-shared "/dev/shm/custodes-test-$$"
	PEER="starts $DIR/written $DIR/labelled/run-written" way run-written "$DIR/written"
	PEER="starts $DIR/written-script $DIR/labelled/run-written-script" way run-written-script "$DIR/written-script"
	PEER="loads $DIR/code $DIR/labelled/load-written" way load-written "$DIR/code"
	PEER="sysv $$ BYTES" way give-sysv "$$"
	PEER="wait BYTES" way give-memory PID SAID
	PEER="wait BYTES" way give-proc-mem PID SAID
	PEER="wait BYTES" way give-ptrace PID SAID
}

# The hook on calls comes with the first product that runs: what that one reads
# before it is there, is told as lost. Here it is there before the first way begins.
warm_up() {
	install "$KESL"
	in_world "$KESL"
	await "the first product" grep -q '"action":"exec"' "$DIR/live.ndjson"
	sleep 1
}

setup_file() {
	world_open
	mkdir "$DIR/labelled"
	: >"$DIR/ways"
	stranger peer ../bypass/peer
	# shellcheck disable=SC2046
	sink_start $(for ((port = 8000; port < 8060; port++)); do printf 'tcp,%s,%s ' $HERE $port; done)
	jq --arg at "$DIR/labelled" '.id = "bypass" | .labels = [{label: "SECRET", paths: [$at]}]' \
		policies/hosts/uk-secret.json >"$DIR/host.json"
	HOST=$DIR/host.json custodes_start ${WITHOUT:+--without "$WITHOUT"}
	warm_up
	reads
	with_peers
	await "the connections to end" quiet
	sleep 1.5
	custodes_stop
	sink_stop
}

teardown_file() {
	rm -f "/dev/shm/custodes-test-$$"
	world_close
}

# went NAME: it did what it was to do. 77: this kernel has not what the way needs.
went() {
	local code
	read -r _ PORT SIZE INODE < <(grep "^$1 " "$DIR/ways")
	code=$(<"$DIR/code.$1")
	[[ $code != 77 ]] || verdict "$1" absent
	[[ $code != 77 ]] || skip "this kernel or filesystem has no such way"
	((code == 0)) || fail "$1 ended with $code: $(<"$DIR/said.$1")"
}

# ran NAME: and the receiver has every byte.
ran() {
	went "$1"
	expect "bytes at the receiver" "$(sink_total "$PORT" received)" "$SIZE"
}

# The accounts of an object, one line: read, written, mapped, whether at most, whether shared.
accounts() {
	jq -r --slurp "[.[] | select(.event.action == \"access\" and .custodes.product.id == \"kaspersky-kesl\" and .custodes.access.last and ($1))]
		| \"\(map(.custodes.access.read) | add // 0) \(map(.custodes.access.written) | add // 0) \(map(.custodes.access.mapped) | max // 0) \(any(.custodes.access.upper_bound)) \(any(.custodes.access.shared))\"" \
		"$DIR/ours.ndjson"
}

# verdict WAY WORD: what the test comes to, if all else in it holds too.
verdict() {
	VERDICT="$1	$2"
}

teardown() {
	[[ -z ${COVERAGE:-} || -z ${BATS_TEST_COMPLETED:-}${BATS_TEST_SKIPPED:-} || -z ${VERDICT:-} ]] ||
		printf '%s\t%s\n' "$(uname -r)" "$VERDICT" >>"$COVERAGE"
}

# On another device another file has its number.
labelled() {
	echo ".file.inode == \"$INODE\" and .file.device == \"$(findmnt -no MAJ:MIN -T "$DIR" | tr -d ' ')\""
}

# file_read NAME exact|most: what was read of the labelled file.
file_read() {
	local read written mapped most shared
	ran "$1"
	read -r read written mapped most shared < <(accounts "$(labelled)")
	bounded "$1" "$2" "$read" "$mapped" "$most"
	# Before 5.17 a new file is labelled by its name, which it may have no longer.
	[[ $1 =~ ^read-(link|renamed|bound)$ ]] && kernel_before 5 17 && return
	expect "its label" "$(value "select($(labelled)) | .custodes.access.label")" SECRET
}

# bounded NAME exact|most BYTES MAPPED WHETHER-AT-MOST
bounded() {
	if [[ $2 == exact ]]; then
		expect "bytes of $1" "$3" "$SIZE"
		expect "an upper bound" "$5" false
	else
		(($3 + $4 >= SIZE)) || fail "$3 bytes, mapped $4 of $SIZE: not an upper bound"
		expect "an upper bound" "$5" true
	fi
	verdict "$1" "$2"
}

# gave NAME exact|most OBJECT: what was written there, and what was read for it.
gave() {
	local read written mapped most shared
	file_read "$1" "${4:-exact}"
	read -r read written mapped most shared < <(accounts "$3")
	bounded "$1" "$2" "$written" "$mapped" "$most"
	SHARED=$shared
}

at() {
	echo ".file.path == \"$DIR/$1\""
}

# The memory of the peer of a way.
memory_of() {
	echo ".file.path == \"process:[$(<"$DIR/peer-pid.$1")]\""
}

# sent NAME: the lineage's own connection carried the bytes.
sent() {
	expect "connections and bytes" "$(totals_to "$PORT")" "1 $SIZE 0"
}

@test "read(2)" {
	file_read read-plain exact
	sent
}

@test "pread64(2), backwards" {
	file_read read-offsets exact
	sent
}

@test "readv(2), preadv(2), preadv2(2)" {
	file_read read-vector exact
	sent
}

@test "O_DIRECT" {
	file_read read-direct exact
}

@test "mmap(2): an upper bound" {
	file_read read-mapped most
}

@test "sendfile(2)" {
	file_read read-sendfile exact
	sent
}

@test "splice(2)" {
	file_read read-splice exact
	sent
}

@test "copy_file_range(2)" {
	file_read read-copied exact
	sent
}

@test "io_submit(2): an upper bound" {
	file_read read-batch most
}

@test "the calls of 32-bit programs" {
	file_read read-int80 exact
	sent
}

@test "open_by_handle_at(2)" {
	file_read read-handle exact
}

@test "a hard link elsewhere" {
	file_read read-link exact
}

@test "renamed before it is read" {
	file_read read-renamed exact
}

@test "a bind mount elsewhere" {
	file_read read-bound exact
}

@test "an overlay of the directory" {
	file_read read-overlay exact
}

@test "from within a chroot" {
	file_read read-chroot exact
}

@test "a descriptor that fanotify handed out" {
	file_read read-fanotify exact
}

# Before 6.0 a completion does not say whose it is: the whole file counts, when it is asked for.
setup() {
	URING=exact
	! kernel_before 6 0 || URING=most
}

@test "io_uring: read" {
	file_read uring-read "$URING"
}

@test "io_uring: by a worker, from a registered file" {
	file_read uring-vector "$URING"
}

@test "io_uring: polled, into a registered buffer" {
	file_read uring-polled "$URING"
}

@test "io_uring: opened without a descriptor" {
	file_read uring-open "$URING"
}

@test "io_uring: splice" {
	if kernel_before 6 0; then
		blind uring-splice "spliced by io_uring"
	else
		file_read uring-splice exact
	fi
}

@test "io_uring: splice from a registered file: the bytes in the pipe, and that some were not told" {
	! kernel_before 6 0 || blind uring-splice-registered "spliced by io_uring"
	! kernel_before 6 0 || return 0
	ran uring-splice-registered
	(($(value 'select(.event.action == "loss" and (.custodes.loss.causes | test("spliced by io_uring"))) | .custodes.loss.count') >= 2)) ||
		fail "no loss was told"
	sent
	verdict uring-splice-registered blind
}

@test "a descriptor that another process passed" {
	file_read read-passed exact
	sent
}

@test "a descriptor taken with pidfd_getfd(2)" {
	file_read read-taken exact
}

@test "through /proc/PID/fd" {
	file_read read-proc-fd exact
}

@test "through /proc/PID/root" {
	file_read read-proc-root exact
}

# took NAME OBJECT: what was read there.
took() {
	local read written mapped most shared
	ran "$1"
	read -r read written mapped most shared < <(accounts "$2")
	bounded "$1" exact "$read" "$mapped" "$most"
}

# blind NAME CAUSE: the bytes are told nowhere on this kernel; that some were missed is.
blind() {
	went "$1"
	(($(count "$(action loss) and (.custodes.loss.causes | test(\"$2\"))") > 0)) || fail "no loss was told"
	verdict "$1" blind
}

# Before 6.2 only a trampoline can tell whose memory a call is about.
nameless_memory() {
	kernel_before 6 2 && jq -e '.features[] | select(.name == "memory") | .way < 0' <("$CUSTODES" doctor --json) >/dev/null
}

@test "process_vm_readv(2)" {
	! nameless_memory || blind read-memory "memory of another process"
	! nameless_memory || return 0
	took read-memory "$(memory_of read-memory)"
}

@test "/proc/PID/mem" {
	took read-proc-mem ".file.path == \"/proc/$(<"$DIR/peer-pid.read-proc-mem")/mem\""
}

@test "a FIFO to another process" {
	gave give-fifo exact "$(at fifo)"
}

@test "a unix stream to another process" {
	gave give-stream exact "$(at stream)"
	expect "who is at its other end" \
		"$(value "select(.file.path == \"$DIR/stream\") | .custodes.access.peer")" "$(<"$DIR/peer-pid.give-stream")"
}

@test "unix datagrams to another process" {
	gave give-datagram exact '.file.type == "socket" and (.process.executable | endswith("give-datagram"))'
}

@test "a descriptor given to another process: an upper bound" {
	local read written mapped most shared
	ran give-descriptor
	read -r read written mapped most shared < <(accounts "$(labelled)")
	bounded give-descriptor most "$read" "$mapped" "$most"
}

@test "a file for another process" {
	gave give-file exact "$(at staged)"
}

@test "memory that is shared with another process: an upper bound" {
	gave give-shared most '.file.path | test("/dev/shm/custodes-test")'
	expect "shared" "$SHARED" true
}

@test "a System V segment, attached by another process: an upper bound" {
	gave give-sysv most '.file.path | test("^/SYSV")'
	expect "shared" "$SHARED" true
}

# joined NAME: who was written to is of the lineage now, and what it sends is told.
joined() {
	expect "$1" "$(value "select($(action join)) | select(.process.pid == $(<"$DIR/peer-pid.$1")) | .custodes.how")" "$2"
	sent
	expect "the peer's program" \
		"$(value "select(.destination.port == $PORT) | .process.executable")" "$DIR/strangers/peer"
}

@test "process_vm_writev(2): the other process is followed" {
	local read written mapped most shared
	file_read give-memory exact
	! nameless_memory || blind give-memory "memory of another process"
	! nameless_memory || return 0
	SIZE=$((SIZE + 1))
	read -r read written mapped most shared < <(accounts "$(memory_of give-memory)")
	bounded give-memory exact "$written" "$mapped" "$most"
	SIZE=$((SIZE - 1))
	joined give-memory memory
}

@test "a program that it wrote, started by another process: that one is followed" {
	file_read run-written exact
	sent
	expect "the program" "$(value "select(.destination.port == $PORT) | .process.executable")" "$DIR/written"
}

@test "a script that it wrote, started by another process: that one is followed" {
	file_read run-written-script exact
	sent
	expect "the script" "$(value "select(.destination.port == $PORT) | .custodes.process.started_as // empty")" "$DIR/written-script"
}

@test "code that it wrote, loaded by another process: that one is followed" {
	file_read load-written exact
	joined load-written code
}

@test "/proc/PID/mem, written: the other process is followed" {
	file_read give-proc-mem exact
	joined give-proc-mem memory
}

@test "ptrace(2): the other process is followed" {
	file_read give-ptrace exact
	joined give-ptrace ptrace
}

# other NAME FAMILY: bytes by a socket that leads to no address.
other() {
	local read written mapped most shared
	went "$1"
	read -r read written mapped most shared < <(accounts ".custodes.access.family == \"$2\" and (.process.executable | endswith(\"$1\"))")
	((written >= SIZE)) || fail "written $written of $SIZE"
	verdict "$1" exact
}

@test "ICMP echo requests by a raw socket" {
	other other-icmp inet
}

@test "frames by a packet socket" {
	other other-packet packet
}

@test "netlink between processes" {
	other other-netlink netlink
}

@test "vsock" {
	other other-vsock vsock
}

@test "a socket pair to a child" {
	ran other-pair
	other other-pair unix
	sent
}

@test "exec of a memfd" {
	file_read run-memfd exact
	sent
}

@test "exec of a copy that is deleted" {
	file_read run-deleted exact
	sent
}

@test "becoming cat(1)" {
	ran run-innocent
	sent
	verdict run-innocent exact
}

@test "a script and its interpreter" {
	ran run-script
	sent
	verdict run-script exact
}

@test "forked twice, in a session of its own" {
	file_read fork-away exact
	sent
}

@test "a sibling: CLONE_PARENT" {
	file_read fork-sibling exact
	sent
}

@test "in namespaces of its own" {
	file_read fork-namespaces exact
	sent
}

@test "vfork(2) and exec" {
	ran fork-vfork
	sent
	verdict fork-vfork exact
}

# Whatever the way: the statement's bound is no less than what arrived. Of a descriptor
# that was passed only the reading is charged, as the statement itself says.
@test "the ledger: what has left by all ways is within its bound" {
	local bound arrived=0 name port size
	"$CUSTODES" ledger "$DIR/cap" --json >"$DIR/statement.json" || (($? == 1))
	bound=$(jq '[.rows[] | select(.product == "kaspersky-kesl" and .label == "SECRET") | .bound] | add' "$DIR/statement.json")
	while read -r name port size _; do
		[[ $name == give-descriptor ]] || ((arrived += $(sink_total "$port" received)))
	done <"$DIR/ways"
	echo "# arrived: $arrived, bound: $bound" >&3
	((arrived > 0 && bound >= arrived)) || fail "$(jq -c '.rows[]' "$DIR/statement.json")"
}
