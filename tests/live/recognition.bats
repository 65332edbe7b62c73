# SPDX-License-Identifier: GPL-3.0-or-later
# Who is recognised, and what the measures of the host say about it.

load lib

setup() {
	world_open
	install "$KESL"
	install "$DRWEB"
	install /opt/kaspersky/klnagent64/sbin/klnagent
}

teardown() {
	world_close
}

# Stays until its hash has been taken: the facts of a process come while it runs.
run_until_seen() {
	local path=$1
	begin "$path" await "$DIR/go"
	PRODUCT=$BEGUN
	await "the exec of $path in the events" grep -qF "\"executable\":\"$path\"" "$DIR/live.ndjson"
	touch "$DIR/go"
	ends_with 0
	rm "$DIR/go"
}

hash_of() {
	sha256sum <"/proc/$WORLD/root$1" | cut -d' ' -f1
}

ruling() {
	events "select(.event.action == \"product-measure\" and .custodes.product.id == \"$1\")
		| .custodes.measures[] | select(.id == \"$2\") | [.verdict, .force, .in_force]"
}

@test "on a host up to SECRET in the UK, two Russia-based products are prohibited by the letter of 2017" {
	custodes_start
	run_until_seen "$KESL"
	KESL_PID=$PRODUCT
	run_until_seen "$DRWEB"
	custodes_stop
	expect "exit code" "$CODE" 1
	expect "findings" "$(findings)" 2
	expect "verdicts" "$(value 'select(.event.kind == "alert") | "\(.custodes.product.id)=\(.custodes.verdict)"')" \
		"drweb=prohibited kaspersky-kesl=prohibited"
	expect "ruling on KESL" "$(ruling kaspersky-kesl uk-ncsc-2017)" '["prohibited","guidance",true]'
	expect "ruling on Dr.Web" "$(ruling drweb uk-ncsc-2017)" '["prohibited","guidance",true]'
	expect "hash of KESL" \
		"$(value 'select(.event.action == "product-measure" and .custodes.product.id == "kaspersky-kesl")
			| .process.hash.sha256')" "$(hash_of "$KESL")"
	expect "hash of Dr.Web" \
		"$(value 'select(.event.action == "exec" and .custodes.product.id == "drweb") | .process.hash.sha256')" \
		"$(hash_of "$DRWEB")"
	expect "the process of the finding" \
		"$(value 'select(.event.action == "product-measure" and .custodes.product.id == "kaspersky-kesl")
			| "\(.process.pid) \(.process.parent.pid) \(.process.executable) \(.custodes.product.evidence)"')" \
		"$KESL_PID $BASHPID $KESL path"
	expect "headlines of the text" "$(grep -c '^20.*  prohibited  product-measure  ' "$DIR/live.txt")" 2
	nothing_lost
}

@test "on a host of the Rijksoverheid KESL is to be phased out by nl-2018, Dr.Web is out of scope" {
	HOST=nl-rijksoverheid
	custodes_start
	run_until_seen "$KESL"
	run_until_seen "$DRWEB"
	run_until_seen /opt/kaspersky/klnagent64/sbin/klnagent
	custodes_stop
	expect "exit code" "$CODE" 1
	expect "findings" "$(findings)" 1
	expect "finding" "$(value 'select(.event.kind == "alert") | "\(.custodes.product.id) \(.custodes.verdict)"')" \
		"kaspersky-kesl phase-out"
	expect "ruling" "$(ruling kaspersky-kesl nl-2018)" '["phase-out","decision",true]'
	expect "what ran" "$(value "select($(action exec)) | \"\(.custodes.product.id)=\(.custodes.product.verdict)\"")" \
		"drweb=out-of-scope kaspersky-kesl=phase-out kaspersky-klnagent=out-of-scope"
	nothing_lost
}

@test "Kaspersky's management agent is no antivirus: nothing to find on a host of the Rijksoverheid" {
	HOST=nl-rijksoverheid
	custodes_start
	run_until_seen /opt/kaspersky/klnagent64/sbin/klnagent
	custodes_stop
	clean
	expect "execs" "$(count "$(action exec)")" 1
}

@test "no measure binds a company: exit code 0, and all of it is still told" {
	HOST=company
	custodes_start
	run_until_seen "$KESL"
	run_until_seen "$DRWEB"
	custodes_stop
	clean
	expect "what ran" "$(value "select($(action exec)) | .custodes.product.id")" "drweb kaspersky-kesl"
	expect "size of the text" "$(stat -c %s "$DIR/live.txt")" 0
}

@test "a product is known by its directory, whatever its name there" {
	install /opt/drweb.com/lib/no-such-name
	custodes_start
	run_until_seen /opt/drweb.com/lib/no-such-name
	custodes_stop
	expect "exit code" "$CODE" 1
	expect "evidence" "$(value 'select(.event.kind == "alert") | .custodes.product.evidence')" "path-prefix"
}

@test "custodes that sees the product's file itself, on a disk, knows it before it runs" {
	sink_start "tcp,$HERE,7000"
	# A directory of the disk instead of the world's tmpfs, and custodes in the
	# world's mounts: it looks for the catalogue's paths when it starts.
	mkdir "$DIR/disk"
	in_world cp -r /opt/kaspersky/. "$DIR/disk"
	in_world mount --bind "$DIR/disk" /opt/kaspersky
	CUSTODES=$(custodes_inside)
	custodes_start
	in_world "$KESL" connects "$HERE" 7000 3
	custodes_stop
	sink_stop
	expect "exit code" "$CODE" 1
	expect "findings" "$(findings)" 1
	expect "connects" "$(count "$(action connect)")" 3
	expect "totals" "$(totals_to 7000)" "3 0 0"
	nothing_lost
}

# A benign verdict is remembered of a file under one name: it is no way round the catalogue.
@test "first run under another name, then under its own: it is found all the same" {
	sink_start "tcp,$HERE,7000"
	custodes_start
	install "$KESL"
	in_world ln "$KESL" /opt/alias
	in_world /opt/alias connects "$HERE" 7000 1
	in_world mkdir -p /opt/other
	in_world mount --bind "${KESL%/*}" /opt/other
	in_world "/opt/other/${KESL##*/}" connects "$HERE" 7000 1
	in_world "$KESL" connects "$HERE" 7000 3
	custodes_stop
	sink_stop
	expect "connections that the peer saw" "$(sink_total 7000 connections)" 5
	expect "findings" "$(value 'select(.event.kind == "alert") | .custodes.product.id')" kaspersky-kesl
	expect "connects at its own path" \
		"$(events "select($(action connect) and .process.executable == \"$KESL\") | 1" | wc -l)" 3
}

# An on-access scanner sees every file before it is opened: it is one, whatever it is called.
scanner_found() {
	expect "product, evidence, verdict" "$(value "select(.event.action == \"product-measure\" and .process.pid == $BEGUN)
		| \"\(.custodes.product.id) \(.custodes.product.evidence) \(.custodes.verdict)\"")" "unknown-scanner interface unknown"
	expect "its connects" "$(count "$(action connect) and .process.pid == $BEGUN")" 2
}

@test "an unknown on-access scanner that ran before is found by its fanotify group" {
	local scanner
	scanner=$(stranger scanner)
	sink_start "tcp,$HERE,7000"
	begin "$scanner" scanner mark "$DIR/done.1" await "$DIR/go.2" connects "$HERE" 7000 2
	await "what ran before" test -e "$DIR/done.1"
	custodes_start
	await "the scanner in the events" found "$BEGUN"
	touch "$DIR/go.2"
	ends_with 0
	custodes_stop
	sink_stop
	scanner_found
}

@test "an unknown on-access scanner that begins later is found within seconds" {
	local scanner
	scanner=$(stranger scanner)
	sink_start "tcp,$HERE,7000"
	custodes_start
	begin "$scanner" scanner await "$DIR/go.2" connects "$HERE" 7000 2
	await "the scanner in the events" found "$BEGUN"
	touch "$DIR/go.2"
	ends_with 0
	custodes_stop
	sink_stop
	scanner_found
}

@test "who is merely told of what others open is no scanner" {
	local watcher
	watcher=$(stranger watcher)
	begin "$watcher" notified mark "$DIR/done.1" await "$DIR/go.2"
	await "what ran before" test -e "$DIR/done.1"
	custodes_start
	sleep 1
	touch "$DIR/go.2"
	ends_with 0
	custodes_stop
	expect "findings" "$(count '.event.kind == "alert"')" 0
}

@test "a program that a product has written is that product's, also when the product has ended" {
	local peer file=$DIR/some
	echo something >"$file"
	install "$KESL" ../bypass/run-written
	peer=$(stranger peer ../bypass/peer)
	sink_start "tcp,$HERE,7000"
	custodes_start
	begin "$KESL" "$file" "$HERE" 7000 "$DIR/written"
	await "the finding" found "$BEGUN"
	in_world "$peer" "$DIR/ready" "$HERE" 7000 starts "$DIR/written" "$file"
	ends_with 0
	sleep 1
	in_world "$DIR/written" "$file" "$HERE" 7000 "$DIR/written" again
	kill -HUP "$SENSOR"
	sleep 0.5
	in_world "$DIR/written" "$file" "$HERE" 7000 "$DIR/written" again
	custodes_stop
	expect "execs of what it wrote" "$(events "select($(action exec) and .process.executable == \"$DIR/written\")
		| .custodes.product | \"\(.id) \(.evidence)\"" | sort | uniq -c | xargs)" "3 kaspersky-kesl lineage"
	nothing_lost
}

@test "a program that a product has written and run itself is that product's when another starts it" {
	local tool
	tool=$(stranger tool)
	custodes_start
	begin "$KESL" run /bin/sh -c "while ! test -e $DIR/known; do sleep 0.1; done
		cp $tool $DIR/made && $DIR/made mark $DIR/first && while ! test -e $DIR/go; do sleep 0.1; done"
	await "the finding" found "$BEGUN"
	touch "$DIR/known"
	await "its first run" test -e "$DIR/first"
	sleep 1 # it is hashed, and judged, meanwhile
	in_world "$DIR/made" mark "$DIR/second"
	touch "$DIR/go"
	ends_with 0
	custodes_stop
	expect "execs of what it made" "$(events "select($(action exec) and .process.executable == \"$DIR/made\")
		| .custodes.product.id" | sort | uniq -c | xargs)" "2 kaspersky-kesl"
	nothing_lost
}

# An interpreter that is nobody's, and has been judged.
interpreter() {
	SHELL_OF_NOBODY=$DIR/strangers/shell
	mkdir -p "$DIR/strangers"
	cp /bin/dash "$SHELL_OF_NOBODY"
	head -c 16 /dev/urandom >>"$SHELL_OF_NOBODY"
}

# judged [SHELL...]: the interpreter is, and these.
judged() {
	local program
	for _ in 1 2; do
		for program in "$SHELL_OF_NOBODY" "$@"; do
			in_world "$program" -c :
		done
		await "what ran to be judged" settled
	done
}

# script PATH: in the world; ends when it is told to.
script() {
	local to=/proc/$WORLD/root$1
	mkdir -p "${to%/*}"
	printf '#!%s\nuntil test -e %s/go; do sleep 0.1; done\n' "$SHELL_OF_NOBODY" "$DIR" >"$to"
	chmod 755 "$to"
}

# Of products' programs: how each was started, and how it was known.
started() {
	value "select($(action exec)) | \"\(.process.executable) \(.custodes.process.started_as) \(.custodes.product.evidence)\""
}

told() {
	[[ $(grep -cF -e "$2" "$DIR/live.ndjson") -ge $1 ]]
}

@test "a script is known by the name that it was started by; its interpreter is nobody's" {
	local agent=/opt/kaspersky/kesl/libexec/agent
	interpreter
	script "$agent"
	script "$DIR/strangers/report"
	custodes_start
	judged
	begin "$DIR/strangers/report"
	begin "$agent"
	await "the script in the events" told 1 "\"started_as\":\"$agent\""
	begin env -C /opt/kaspersky ./kesl/libexec/../libexec/agent
	await "the script by another name in the events" told 1 ./kesl/libexec/../libexec/agent
	touch "$DIR/go"
	ends_with 0
	custodes_stop
	expect "programs of products" "$(started | grep -oF "$SHELL_OF_NOBODY $agent path-prefix")" \
		"$SHELL_OF_NOBODY $agent path-prefix"
	nothing_lost
}

# As an interpreter is called, and nobody's.
dash_of_nobody() {
	interpreter
	mv "$SHELL_OF_NOBODY" "${SHELL_OF_NOBODY%/*}/dash"
	SHELL_OF_NOBODY=${SHELL_OF_NOBODY%/*}/dash
}

@test "a script that an interpreter is given as an argument, also by the first that runs; code and options are none" {
	local agent=/opt/kaspersky/kesl/libexec/agent options name
	dash_of_nobody
	script "$agent"
	touch "$DIR/go"
	custodes_start
	in_world "$SHELL_OF_NOBODY" "$agent"
	await "the first in the events" told 1 path-prefix
	judged
	in_world "$SHELL_OF_NOBODY" -e "$agent" --more
	in_world "$SHELL_OF_NOBODY" -e "$agent" --more
	await "those behind it in the events" told 3 '"action":"exec"'
	for options in -c -ec; do
		in_world "$SHELL_OF_NOBODY" $options "$agent-that-is-not-there" || true
		in_world "$SHELL_OF_NOBODY" $options : "$agent"
	done
	in_world "$SHELL_OF_NOBODY" -e /dev/null "$agent"
	in_world bash -c 'exec -a "$1" "$2" "$3"' - "$(printf '%300s' name)" "$SHELL_OF_NOBODY" "$agent"
	await "one behind a long name in the events" told 1 '"args":["      '
	cp /bin/bash "$DIR/strangers/bash"
	for name in one two; do
		in_world "$DIR/strangers/bash" --norc "$agent"
		await "one behind a long option in the events" told 1 '"--norc"'
		await "what ran to be judged" settled
	done
	for name in one two three; do
		echo : >"$DIR/$name"
		in_world "$SHELL_OF_NOBODY" "$DIR/$name"
	done
	sleep 1
	custodes_stop
	events "select($(action exec)) | \"\(.process.args | .[1:] | join(\" \"))\"" >"$DIR/execs"
	expect "execs of the product" "$(sort "$DIR/execs" | uniq -c | xargs)" "2 --norc $agent 2 -e $agent --more 2 $agent"
	nothing_lost
}

# write NAME...: what the product does with scripts that end at once.
scripts() {
	echo "for name in $*; do printf '#!%s\n:\n' $SHELL_OF_NOBODY >$DIR/\$name && chmod 755 $DIR/\$name; done"
}

# What is told of programs that were started by this name: whose, and how it was known.
started_as() {
	events "select($(action exec) and .custodes.process.started_as == \"$DIR/$1\")
		| .custodes.product | \"\(.id) \(.evidence)\"" | sort | uniq -c | xargs
}

@test "a script that a product has written is that product's, whoever runs it, also when the product has ended" {
	interpreter
	custodes_start
	judged
	bash -c "$(scripts rewritten)"
	for _ in 1 2 3; do
		in_world "$DIR/rewritten"
		sleep 0.5
	done
	begin "$KESL" run /bin/sh -c "while ! test -e $DIR/known; do sleep 0.1; done
		$(scripts rewritten new late) && : >$DIR/written && while ! test -e $DIR/go; do sleep 0.1; done"
	await "the finding" found "$BEGUN"
	touch "$DIR/known"
	await "the scripts" test -e "$DIR/written"
	in_world "$DIR/rewritten"
	in_world "$DIR/new"
	touch "$DIR/go"
	ends_with 0
	sleep 1
	for _ in 1 2; do
		in_world "$DIR/new"
		in_world "$DIR/late"
		sleep 0.5
	done
	rm "$DIR/late"
	bash -c "$(scripts late)"
	in_world "$DIR/late"
	sleep 0.5
	custodes_stop
	expect "a script that it wrote" "$(started_as new)" "3 kaspersky-kesl lineage"
	expect "one that was judged, and it wrote anew" "$(started_as rewritten)" "1 kaspersky-kesl lineage"
	expect "one that ran only when it had ended, and not what another put there" "$(started_as late)" \
		"2 kaspersky-kesl lineage"
	nothing_lost
}

@test "a script of a product that nobody had judged yet when it was written, and run" {
	local who
	interpreter
	custodes_start
	judged
	begin "$SHELL_OF_NOBODY" -c "until test -e $DIR/written; do :; done; $DIR/early"
	who=$BEGUN
	sleep 1
	begin "$KESL" run /bin/sh -c "$(scripts early) && : >$DIR/written && while ! test -e $DIR/go; do sleep 0.1; done"
	await "who runs it" gone "$who"
	touch "$DIR/go"
	ends_with 0
	sleep 1
	custodes_stop
	expect "the script" "$(started_as early)" "1 kaspersky-kesl lineage"
	nothing_lost
}

in_unit() {
	begin bash -c 'echo 0 >"$1/cgroup.procs" && shift && exec "$@"' - "$@"
}

@test "what a product's unit runs is the product's, an interpreter that is nobody's too" {
	local unit=$DIR/cgroup/custodes-$$/kesl.service other=$DIR/cgroup/custodes-$$/other.service
	mkdir "$DIR/cgroup"
	in_world mount -t cgroup2 none "$DIR/cgroup"
	in_world mkdir -p "$unit" "$other"
	interpreter
	custodes_start
	judged bash # who is looked at only when he has moved is of that unit, and what he runs then by descent
	in_unit "$other" "$SHELL_OF_NOBODY" -c :
	ends_with 0
	in_unit "$unit" "$SHELL_OF_NOBODY" -c "until test -e $DIR/go; do sleep 0.1; done"
	await "the unit's program in the events" told 1 '"evidence":"unit"'
	touch "$DIR/go"
	ends_with 0
	custodes_stop
	in_world rmdir "$unit" "$other" "${unit%/*}"
	expect "programs of products" "$(started | grep -oF "$SHELL_OF_NOBODY null unit")" "$SHELL_OF_NOBODY null unit"
	expect "products" "$(value 'select(.event.action == "product-measure") | .custodes.product.id')" kaspersky-kesl
	nothing_lost
}
