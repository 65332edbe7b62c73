# SPDX-License-Identifier: GPL-3.0-or-later
# A flood cannot hide a leak: what is watched by the hundred thousand a second may
# cost detail, which is counted, but no byte. LOAD=60 for a minute of it.

load lib

SECONDS_OF_LOAD=${LOAD:-10}
FILES=60000

# The accounts of whatever a condition fits: bytes read, and objects.
read_of() {
	jq -r --slurp "[.[] | select(.event.action == \"access\" and .custodes.access.last and ($1))]
		| \"\(map(.custodes.access.read) | add // 0) \(length)\"" "$DIR/slim.ndjson"
}

setup_file() {
	world_open
	mkdir "$DIR/labelled" "$DIR/many"
	head -c $((SECONDS_OF_LOAD * 20000)) /dev/urandom >"$DIR/labelled/file"
	(cd "$DIR/many" && for ((i = 0; i < FILES; i++)); do echo 0123456789abcdef >"$i"; done)
	install "$KESL" ../bypass/flood
	sink_start "tcp,$HERE,8000"
	jq --arg at "$DIR/labelled" '.id = "load" | .labels = [{label: "SECRET", paths: [$at]}]' \
		policies/hosts/uk-secret.json >"$DIR/host.json"
	HOST=$DIR/host.json custodes_start
	in_world "$KESL" "$DIR/labelled/file" $HERE 8000 "$DIR/many" $FILES 4 "$SECONDS_OF_LOAD" >"$DIR/opened"
	sleep 2
	kill -TERM "$SENSOR"
	custodes_await
	replay_alike
	sink_stop
	grep -E '"action":"(access|disconnect|loss)"' "$DIR/live.ndjson" |
		jq -c '{event: {action: .event.action}, file: {type: .file.type, inode: .file.inode}, source, destination: {port: .destination.port},
			custodes: {access: .custodes.access, loss: .custodes.loss}}' >"$DIR/slim.ndjson"
}

teardown_file() {
	world_close
}

@test "the leak's bytes are exact, read and sent" {
	local size inode
	size=$(stat -c %s "$DIR/labelled/file")
	inode=$(stat -c %i "$DIR/labelled/file")
	echo "# $(($(<"$DIR/opened") * 10 / SECONDS_OF_LOAD)) watched calls a second for $SECONDS_OF_LOAD s" >&3
	expect "at the receiver" "$(sink_total 8000 received)" "$size"
	expect "read" "$(read_of ".file.inode == \"$inode\"" | cut -d' ' -f1)" "$size"
	expect "sent" "$(jq -r 'select(.event.action == "disconnect" and .destination.port == 8000) | .source.bytes' "$DIR/slim.ndjson")" "$size"
}

@test "the flood's bytes are all told, if not of which file each" {
	local flooded bytes
	flooded=$(($(<"$DIR/opened") * 8 * 17))
	bytes=$(read_of "true" | cut -d' ' -f1)
	bytes=$((bytes - $(stat -c %s "$DIR/labelled/file")))
	echo "# $bytes bytes told, of $flooded" >&3
	# Never less; a read that meets the end of an account may be told twice, and the loader reads too.
	((bytes >= flooded && bytes < flooded + 100000)) || fail "told $bytes of $flooded"
}

@test "what was lost is counted" {
	jq -r 'select(.event.action == "loss") | "# lost: \(.custodes.loss.count) \(.custodes.loss.causes)"' "$DIR/slim.ndjson" | sort | tail -n 5 >&3
	local others full
	others=$(jq -c 'select(.file.type == "others")' "$DIR/slim.ndjson" | wc -l)
	full=$(jq -c 'select(.event.action == "loss" and (.custodes.loss.causes | test("access table full")))' "$DIR/slim.ndjson" | wc -l)
	# Bytes without an object, if and only if it was said that there was no room for objects.
	expect "whether objects were left out" "$((others > 0))" "$((full > 0))"
}
