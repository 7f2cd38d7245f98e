#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two namespaces and a link between them that loses, reorders, duplicates and
# corrupts; every byte of a transfer both ways is compared at both ends.  Then
# namespaces that go away under living connections.

# shellcheck disable=SC2317 # check() calls the functions by name
set -u
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=link.sh
. "$(dirname "$0")/link.sh"

# both NAME BYTES [NETEM PARAMETERS]
both()
{
	local name=$1 bytes=$2
	shift 2
	if [ $# -gt 0 ] && ! netem "$@" 2>/dev/null; then
		skip "$name" "no netem"
		return
	fi
	in_both "$name" 192.0.2.2 2001:db8::2 transfer "$bytes"
}

# What arrives in XTCP's own count of bad checksums is what netem corrupted.
corruption_is_counted()
{
	ip netns exec "$b" cat /proc/net/xtcp_stat | awk '
		$1 == "Xtcp:" && !n { n = split($0, name); next }
		$1 == "Xtcp:" {
			for (i = 2; i <= n; i++)
				if (name[i] == "InCsumErrors" && $i > 0)
					found = 1
		}
		END { exit !found }'
}

hold() # ADDRESS: a connection between the two, in the background
{
	next_port
	ip netns exec "$b" "$xfer" hold-listen "$1" "$port" >"$work/server" &
	server=$!
	until_true 60 grep -q listening "$work/server" || return 1
	ip netns exec "$a" "$xfer" hold-connect "$1" "$port" >"$work/client" &
	client=$!
	until_true 60 grep -q held "$work/client" &&
		until_true 60 grep -q held "$work/server"
}

# The namespace loses its name first, and then the last process in it.
deletion() # ADDRESS
{
	link && hold "$1" || return 1
	ip netns del "$b" && ip netns del "$a" || return 1
	kill -9 "$server" "$client"
	wait "$server" "$client"
	link && transfer "$1" "$mb"
}

# The peer's end vanishes with its interface; ours is killed later.
vanishing_peer() # ADDRESS
{
	link && hold "$1" || return 1
	ip -n "$b" link del xt0 || return 1
	kill -9 "$server"
	wait "$server"
	kill -9 "$client"
	wait "$client"
	tidy
	link && transfer "$1" "$mb"
}

# Closed connections leave TIME_WAIT records behind; they hold nothing up.
time_wait_is_purged()
{
	link && transfer 192.0.2.2 8 && transfer 2001:db8::2 8 || return 1
	tidy
	link
}

no_reference_is_left()
{
	until_true 60 grep -qx 0 /sys/module/xtcp/refcnt
}

begin
link || skip_all "no network namespaces or veth"

both clean $((64 * mb))
check ipv6.link_local transfer fe80::2%xt0 $((4 * mb))
both delay $((8 * mb)) delay 5ms
both loss $((4 * mb)) loss 1%
both heavy_loss $((mb / 2)) loss 5% delay 1ms
both reorder $((8 * mb)) delay 2ms reorder 75% gap 3
both duplicate $((8 * mb)) duplicate 10%
both corrupt $((2 * mb)) corrupt 5%
if over_tcp; then
	skip corruption_is_counted "XTCP's own counter"
elif netem corrupt 5% 2>/dev/null; then
	check corruption_is_counted corruption_is_counted
else
	skip corruption_is_counted "no netem"
fi
both everything $((2 * mb)) \
	delay 2ms 1ms loss 0.5% duplicate 2% corrupt 0.5% reorder 10% 50%

link 9000
both jumbo_frames $((16 * mb))
link 1280
both small_frames $((8 * mb))

for address in 192.0.2.2 2001:db8::2; do
	check "deletion_with_live_connections.$address" deletion $address
	check "vanishing_peer.$address" vanishing_peer $address
done
check time_wait_is_purged time_wait_is_purged
tidy
if over_tcp; then
	skip no_reference_is_left "TCP is no module"
else
	check no_reference_is_left no_reference_is_left
fi
finish
