# SPDX-License-Identifier: GPL-3.0-or-later
# What goes to the site's own resolver: questions that are read explain their bytes, over UDP
# and TCP, by glibc's resolver; what else goes there, nothing does.

load lib

SPL=/opt/sophos-spl/plugins/av/sbin/getent

setup_file() {
	world_open
	mkdir -p "/proc/$WORLD/root${SPL%/*}" "$DIR/secret" "$DIR/policies"
	local program
	for program in getent bash; do
		cp "$(command -v $program)" "/proc/$WORLD/root${SPL%/*}/$program"
		head -c 16 /dev/urandom >>"/proc/$WORLD/root${SPL%/*}/$program"
	done
	printf 'nameserver 10.77.0.1\noptions timeout:5 edns0\n' >"$DIR/resolv.conf"
	printf 'hosts: dns\n' >"$DIR/nsswitch.conf"
	in_world mount --bind "$DIR/resolv.conf" "$(realpath /etc/resolv.conf)"
	in_world mount --bind "$DIR/nsswitch.conf" /etc/nsswitch.conf
	head -c 200000 /dev/urandom >"$DIR/secret/plan"
	jq --arg at "$DIR/secret" '.id = "questions" | .labels = [{label: "SECRET", paths: [$at]}] |
		.limits = [{labels: ["SECRET"], bytes: 1000, bytes_per_second: 0}]' policies/hosts/uk-secret.json >"$DIR/host.json"
	jq -n '{kind: "overlay", id: "test", title: "The resolver", networks: [
		{prefix: "10.77.0.0/16", role: "resolver", controlling_jurisdiction: "GB"}]}' >"$DIR/policies/overlay.json"
	export HOST=$DIR/host.json
	begin "$PWD/tests/live/programs/resolver.py" "$DIR/resolver" 10.77.0.1
	await "the name server" test -e "$DIR/resolver"
	custodes_start --policies "$DIR/policies"
	# One start of the product, which has read what is classified: it asks, and it sends something else.
	in_world "${SPL%/*}/bash" -c '
		cat "$1/secret/plan" >/dev/null
		for i in $(seq 20); do "$2" ahostsv4 update.vendor.example; done
		"$2" ahostsv4 long.vendor.example
		sleep 4
		: >"$1/asked"
		head -c 3000 /dev/zero >/dev/udp/10.77.0.1/853
		sleep 4
		for i in $(seq 10 60); do "$2" ahostsv4 "$i-$3.vendor.example"; done
	' bash "$DIR" "$SPL" "$(printf 'x%.0s' {1..40})" >/dev/null 2>&1 || true
	sleep 1.5
	custodes_stop
	"$CUSTODES" ledger "$DIR/cap" --json >"$DIR/statement.json" || true
}

teardown_file() {
	world_close
}

@test "what nobody has read is found, and nothing else of what went there" {
	expect "unexplained, and more than that sent" "$(jq -c '[.rows[] | select(.label == "SECRET" and .way == "network") | .unexplained, (.sent > 5000)]' \
		"$DIR/statement.json")" "[3000,true]"
	# With what glibc asks the kernel over netlink, 20 bytes a time: a socket that leads to no address.
	expect "the finding" "$(value 'select(.event.action == "unexplained-bytes") | .custodes.ledger | "\(.way) \(.unexplained - 3000 - 21 * 20)"')" "network 0"
}

@test "the names that were asked for are found by what they hold" {
	expect "the finding" "$(value 'select(.event.action == "name-information") | .custodes.ledger.label')" SECRET
	grep -q 'has asked for names below vendor.example that hold 10[0-9][0-9] bytes' "$DIR/ours.ndjson"
}
