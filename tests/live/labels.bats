# SPDX-License-Identifier: GPL-3.0-or-later
# Classification labels: who reads what is classified is told by the file, whatever
# has been done to its name.

load lib

setup_file() {
	world_open
	install "$KESL-read" ../bypass/read-plain
	mkdir -p "$DIR/secret/deep/er" "$DIR/plain" "$DIR/by-pattern/a/marked"
	local name
	for name in secret/file secret/deep/er/file secret/to-rename secret/to-link plain/file plain/attribute \
		plain/to-move-in by-pattern/a/marked/file canary; do
		echo content >"$DIR/$name"
	done
	# tmpfs has user attributes from Linux 6.6 on only.
	local attribute=user.classification
	setfattr -n $attribute -v TOP "$DIR/plain/attribute" || attribute=security.classification
	setfattr -n $attribute -v TOP "$DIR/plain/attribute"
	jq --arg at "$DIR" --arg attribute $attribute '.id = "labels" | .labels = [
		{label: "CANARY", canaries: ["\($at)/canary"]},
		{label: "SECRET", paths: ["\($at)/secret", "\($at)/by-pattern/*/marked"]},
		{label: "TOP SECRET", attribute: {name: $attribute, value: "TOP"}}]' \
		policies/hosts/uk-secret.json >"$DIR/host.json"
	# shellcheck disable=SC2046
	sink_start $(printf 'tcp,%s,8000 ' $HERE)
	HOST=$DIR/host.json custodes_start
	reads secret/file
	reads secret/deep/er/file
	reads plain/file
	reads plain/attribute
	reads by-pattern/a/marked/file
	reads canary
	mv "$DIR/secret/to-rename" "$DIR/plain/renamed"
	reads plain/renamed
	ln "$DIR/secret/to-link" "$DIR/plain/linked"
	reads plain/linked
	mv "$DIR/plain/to-move-in" "$DIR/secret/moved-in"
	mv "$DIR/secret/moved-in" "$DIR/plain/moved-through"
	reads plain/moved-through
	echo content >"$DIR/secret/new"
	reads secret/new
	mkdir -p "$DIR/secret/new-directory/below"
	await "the new directory to be followed" followed "$DIR/secret/new-directory/below"
	echo content >"$DIR/secret/new-directory/below/file"
	mv "$DIR/secret/new-directory/below/file" "$DIR/plain/from-new-directory"
	reads plain/from-new-directory
	# A label is given when the read is told: on a busy machine that may be later than the next rules.
	await "the reads to be told" grep -qF '"path":"'"$DIR"'/plain/from-new-directory"' "$DIR/live.ndjson"
	jq '.labels = [{label: "OTHER", paths: ["'"$DIR"'/plain"]}]' "$DIR/host.json" >"$DIR/host.new"
	mv "$DIR/host.new" "$DIR/host.json"
	kill -HUP "$SENSOR"
	await "the policies to be read again" grep -q "policies reloaded" "$DIR/err"
	cp "$DIR/plain/file" "$DIR/plain/after"
	reads plain/after
	sleep 1.5
	custodes_stop
	sink_stop
}

teardown_file() {
	world_close
}

reads() {
	in_world "$KESL-read" "$DIR/$1" $HERE 8000
}

# The kernel says which directories are: by inode, in hex.
followed() {
	grep -qE "^fanotify ino:$(printf %x "$(stat -c %i "$1")") " "/proc/$SENSOR"/fdinfo/*
}

# labelled PATH LABEL BY
labelled() {
	expect "$1" "$(value "select(.file.path == \"$DIR/$1\") | \"\(.custodes.access.label) \(.custodes.access.label_by)\"")" "$2 $3"
}

@test "a file in a classified directory, and deep in it" {
	labelled secret/file SECRET path
	labelled secret/deep/er/file SECRET path
}

@test "a pattern" {
	labelled by-pattern/a/marked/file SECRET path
}

@test "any other file has no label" {
	labelled plain/file null null
}

@test "an extended attribute" {
	labelled plain/attribute "TOP SECRET" attribute
}

@test "a canary" {
	labelled canary CANARY canary
}

@test "renamed out of the directory" {
	labelled plain/renamed SECRET path
}

@test "a hard link elsewhere" {
	labelled plain/linked SECRET path
}

@test "moved in and out again" {
	labelled plain/moved-through SECRET path
}

@test "a new file" {
	labelled secret/new SECRET path
}

@test "a new file in a new directory, moved out" {
	labelled plain/from-new-directory SECRET path
}

@test "other rules after SIGHUP" {
	labelled plain/after OTHER path
}
