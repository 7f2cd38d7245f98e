#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every kind of fault with every other, on paths of three kinds: random data both
# ways at once, over a link that treats both directions alike, compared at both
# ends.  What is asked is that each byte arrives, however long it takes.
#
# All of it with XTCP_TEST_LONG, for virtual time, unless XTCP_TEST_SCALE asks for
# less; else so much that each two values of two kinds meet, over either IP version.

# shellcheck disable=SC2317 # check() calls the functions by name
set -u
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=link.sh
. "$(dirname "$0")/link.sh"

kb=1024

# The window is what a lossy path makes of it: less data where it is small.
bytes_at() # LOSS
{
	case $1 in
	0) echo $((1024 * kb)) ;;
	0.1) echo $((512 * kb)) ;;
	1) echo $((256 * kb)) ;;
	5) echo $((96 * kb)) ;;
	20) echo $((24 * kb)) ;;
	esac
}

# netem's words for the names that a case is made of
words_for() # NAME
{
	case $1 in
	near) echo delay 1ms ;;
	far) echo delay 40ms ;;
	jitter) echo delay 20ms 10ms 25% ;;
	reorder) echo reorder 75% 25% gap 5 ;;
	duplicate) echo duplicate 5% ;;
	corrupt) echo corrupt 2% ;;
	none) ;;
	esac
}

# one ADDRESS LOSS PATH FAULT...: FAULT is reorder, duplicate, corrupt or none
one()
{
	local address=$1 loss=$2 words fault
	shift 2
	words=$(for fault; do words_for "$fault"; done)
	[ "$loss" = 0 ] || words="$words loss $loss%"
	# shellcheck disable=SC2086 # a list of words
	netem $words limit 10000 || return
	transfer "$address" "$(bytes_at "$loss")"
}

# over ipv4|ipv6 LOSS PATH FAULT...
over()
{
	local version=$1 address=192.0.2.2
	shift
	[ "$version" = ipv4 ] || address=2001:db8::2
	check "$version.loss_$(IFS=. && echo "$*")" one $address "$@"
}

full()
{
	local loss path reorder duplicate corrupt
	for loss in 0 0.1 1 5 20; do
		for path in near far jitter; do
			for reorder in none reorder; do
				for duplicate in none duplicate; do
					for corrupt in none corrupt; do
						set -- $loss $path $reorder \
							$duplicate $corrupt
						over ipv4 "$@"
						over ipv6 "$@"
					done
				done
			done
		done
	done
}

reduced()
{
	over ipv4 0 near none none corrupt
	over ipv6 0 far reorder duplicate none
	over ipv4 0 jitter none duplicate corrupt
	over ipv6 0.1 near reorder duplicate none
	over ipv4 0.1 far none none none
	over ipv6 0.1 jitter reorder none corrupt
	over ipv4 1 near none duplicate none
	over ipv6 1 far reorder none corrupt
	over ipv4 1 jitter none none none
	over ipv6 5 near reorder none corrupt
	over ipv4 5 far none duplicate corrupt
	over ipv6 5 jitter reorder duplicate none
	over ipv4 20 near none duplicate corrupt
	over ipv6 20 jitter reorder none none
}

begin
link 1500 || skip_all "no network namespaces or veth"
netem delay 1ms 2>/dev/null || skip_all "no netem"
# At 20 % three segments in a row are often lost: the end has to be repeated, too.
over_tcp || for ns in "$a" "$b"; do
	ip netns exec "$ns" sh -c 'echo 15 >/proc/sys/net/xtcp/orphan_retries'
done
if [ "${XTCP_TEST_LONG:-}" = 1 ] && [ "${XTCP_TEST_SCALE:-1}" = 1 ]; then
	full
else
	reduced
fi
# While there still is a link: orphans get rid of their FINs.
if over_tcp; then
	skip every_connection_ends "TCP is no module"
else
	check every_connection_ends \
		until_true 600 grep -qx 0 /sys/module/xtcp/refcnt
fi
tidy
finish
