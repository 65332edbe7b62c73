# SPDX-License-Identifier: GPL-3.0-or-later
# An apt of its own, under a directory, for another release or architecture: nothing
# is installed here, and the host's sources are only asked where a mirror is.

# apt_open DIR ARCH SUITE: sets `apt`, its options.
apt_open() {
	local dir=$1 arch=$2 suite=$3 mirror security
	mirror=$(apt-get indextargets --format '$(REPO_URI) $(SUITE)' | grep -v security | awk 'NR == 1 {print $1}')
	security=$(apt-get indextargets --format '$(REPO_URI) $(SUITE)' | awk '/security/ {print $1; exit}')
	[[ $suite != *-security ]] || mirror=${security:-$mirror}
	[[ -n $mirror ]] || { echo "$0: apt knows no mirror" >&2; exit 1; }

	mkdir -p "$dir"/{lists/partial,cache/archives/partial}
	# The signatures of other releases' archives are checked by the keys that this one ships.
	echo "deb $mirror $suite main" >"$dir/sources.list"
	: >"$dir/status"
	apt=(-qq -o "Dir::Etc::sourcelist=$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null
		-o Dir::Etc::preferencesparts=/dev/null -o "Dir::State::lists=$dir/lists" -o "Dir::Cache=$dir/cache"
		-o "Dir::State::status=$dir/status" -o "APT::Architecture=$arch" -o "APT::Architectures=$arch"
		-o APT::Sandbox::User=root)
	apt-get "${apt[@]}" update
}
