#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Super-segments: many segments in one skb, through veth as they are, and cut
# apart where a queue or a device takes single ones.  Random data both ways at
# once, compared at both ends.

# shellcheck disable=SC2317 # check() calls the functions by name
set -u
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=link.sh
. "$(dirname "$0")/link.sh"

r=xt-r-$$

tidy_all()
{
	ip netns del "$r" 2>/dev/null
	tidy
}

# counter NAMESPACE NAME
counter()
{
	ip netns exec "$1" cat /proc/net/xtcp_stat | awk -v name="$2" '
		$1 == "Xtcp:" && !at {
			for (i = 2; i <= NF; i++)
				if ($i == name)
					at = i
			next
		}
		$1 == "Xtcp:" { print $at }'
}

supers() { counter "$a" OutSuperSegs; }

# A link whose ends take super-segments.
wide_link()
{
	link 1500 && ip -n "$a" link set xt0 gso_max_segs 65535 &&
		ip -n "$b" link set xt0 gso_max_segs 65535
}

carried_whole() # ADDRESS
{
	wide_link && transfer "$1" $((4 * mb)) || return
	echo "super-segments: $(supers), segments: $(counter "$a" OutSegs)"
	[ "$(supers)" -gt 0 ] &&
		[ "$(counter "$a" OutSegs)" -gt $((2 * $(supers))) ] &&
		[ "$(counter "$a" OutSegs)" = "$(counter "$b" InSegs)" ]
}

# What a device does not want it does not get.  Software devices name the type
# among their own features, beside generic segmentation.
device_limit() # ADDRESS
{
	link 1500 && transfer "$1" "$mb" && [ "$(supers)" = 0 ]
}

switched_off() # ADDRESS
{
	wide_link && ip netns exec "$a" ethtool -K xt0 gso off \
		tx-sctp-segmentation off &&
		transfer "$1" "$mb" && [ "$(supers)" = 0 ]
}

# tbf cuts what is longer than its bucket: the checksum is still to be done.
# With the device's checksums off, it is done for each piece by software.
cut_by_queue() # ADDRESS on|off
{
	wide_link && ip netns exec "$a" ethtool -K xt0 tx "$2" || return
	ip netns exec "$a" tc qdisc add dev xt0 root tbf rate 400mbit \
		burst 3000 limit 1000000 || return
	transfer "$1" $((2 * mb)) || return
	echo "super-segments: $(supers)"
	[ "$(supers)" -gt 0 ] && [ "$(counter "$b" InCsumErrors)" = 0 ]
}

# Whole super-segments lost, held back and doubled; and bits flipped, for which
# netem cuts them.
mistreated() # ADDRESS NETEM...
{
	local address=$1
	shift
	wide_link && netem "$@" limit 10000 &&
		transfer "$address" $((2 * mb)) && [ "$(supers)" -gt 0 ]
}

# Offloads come and go under a living connection.
switched_in_flow() # ADDRESS
{
	local switch transferring
	wide_link && netem delay 5ms rate 20mbit limit 10000 || return
	transfer "$1" $((4 * mb)) &
	transferring=$!
	for switch in 'tx off' 'gso off' 'tx on sg off' 'gso on sg on'; do
		sleep 0.3
		# shellcheck disable=SC2086 # two words or four
		ip netns exec "$a" ethtool -K xt0 $switch
	done
	wait "$transferring"
}

# merging NAMESPACE: it merges what comes out of a, which sends single segments
merging()
{
	ip -n "$a" link set xt0 gso_max_segs 1 &&
		ip netns exec "$a" ethtool -K xt0 tso off &&
		ip netns exec "$1" ethtool -K xt0 gro on
}

merged() { counter "$b" InSuperSegs; }

# Single segments, which the other end puts together again as they come in.
merged_on_receipt() # ADDRESS on|off
{
	link 1500 && merging "$b" && ip netns exec "$a" ethtool -K xt0 tx "$2" &&
		transfer "$1" "$mb" || return
	echo "super-segments: $(merged), segments: $(counter "$b" InSegs)"
	[ "$(supers)" = 0 ] && [ "$(merged)" -gt 0 ] &&
		[ "$(counter "$a" OutSegs)" = "$(counter "$b" InSegs)" ] &&
		[ "$(counter "$b" InCsumErrors)" = 0 ]
}

# What came in disorder, twice, or with flipped bits must not be merged.
merged_mistreated() # ADDRESS NETEM...
{
	local address=$1
	shift
	link 1500 && merging "$b" && netem "$@" limit 10000 &&
		transfer "$address" "$mb"
}

merging_switched_in_flow() # ADDRESS
{
	local switch transferring
	link 1500 && merging "$b" && netem delay 5ms rate 20mbit limit 10000 || return
	transfer "$1" $((4 * mb)) &
	transferring=$!
	for switch in off on off on; do
		sleep 0.3
		ip netns exec "$b" ethtool -K xt0 gro "$switch"
	done
	wait "$transferring"
}

# The router merges what it gets; b gets it whole, or cut and summed again.
merged_by_router() # ADDRESS whole|cut
{
	router && merging "$r" || return
	if [ "$2" = cut ]; then
		ip -n "$r" link set xt1 gso_max_segs 1 &&
			ip netns exec "$r" ethtool -K xt1 tx off gso off || return
	fi
	transfer "$1" "$mb" || return
	echo "super-segments: $(merged), segments: $(counter "$b" InSegs)"
	[ "$(counter "$b" InCsumErrors)" = 0 ] || return
	if [ "$2" = whole ]; then
		[ "$(merged)" -gt 0 ]
	else
		[ "$(merged)" = 0 ]
	fi
}

# a - r - b, and the way to b is narrower: r tells, and a's segments shrink.
router()
{
	wide_link || return
	ip netns del "$r" 2>/dev/null
	ip netns add "$r" && ip -n "$b" link set xt0 netns "$r" || return
	ip -n "$r" -batch - <<-EOF || return
		link set lo up
		link set xt0 gso_max_segs 65535 up
		addr add 192.0.2.2/24 dev xt0
		addr add 2001:db8::2/64 dev xt0 nodad
		link add xt1 type veth peer name xt1 netns $b
		link set xt1 mtu 1300 up
		addr add 198.51.100.1/24 dev xt1
		addr add 2001:db8:1::1/64 dev xt1 nodad
	EOF
	ip -n "$a" -batch - <<-EOF || return
		route add default via 192.0.2.2
		route add default via 2001:db8::2
	EOF
	ip -n "$b" -batch - <<-EOF || return
		link set xt1 mtu 1500 up
		addr add 198.51.100.2/24 dev xt1
		addr add 2001:db8:1::2/64 dev xt1 nodad
		route add default via 198.51.100.1
		route add default via 2001:db8:1::1
	EOF
	ip netns exec "$r" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	until_true 20 carrier "$a"
}

through_router() # ADDRESS
{
	router && transfer "$1" $((2 * mb)) || return
	echo "super-segments: $(supers), PmtuReduced: $(counter "$a" PmtuReduced)"
	[ "$(supers)" -gt 0 ] && [ "$(counter "$a" PmtuReduced)" -gt 0 ]
}

# both NAME COMMAND [PARAMETERS behind ADDRESS]
both()
{
	local name=$1
	shift
	in_both "$name" 192.0.2.2 2001:db8::2 "$@"
}

# likewise, behind the router
behind()
{
	local name=$1
	shift
	in_both "$name" 198.51.100.2 2001:db8:1::2 "$@"
}

begin
over_tcp && skip_all "XTCP's counters are asked"
link 1500 || skip_all "no network namespaces or veth"
both carried_whole carried_whole
both device_limit device_limit
if ip netns exec "$a" ethtool -k xt0 >/dev/null 2>&1; then
	both switched_off switched_off
	both switched_in_flow switched_in_flow
	both cut_by_queue cut_by_queue on
	both cut_by_queue_and_summed cut_by_queue off
	both merged_on_receipt merged_on_receipt on
	both merged_and_summed merged_on_receipt off
	both merged_in_disorder merged_mistreated delay 2ms 1ms loss 1% \
		duplicate 2%
	both merged_corrupted merged_mistreated delay 2ms corrupt 1%
	both merging_switched_in_flow merging_switched_in_flow
	behind merged_by_router merged_by_router whole
	behind merged_by_router_and_cut merged_by_router cut
else
	skip switched_off "no ethtool"
fi
both lost mistreated delay 2ms loss 2%
both reordered mistreated delay 2ms reorder 75% 25% gap 5
both duplicated mistreated delay 2ms duplicate 5%
both corrupted mistreated delay 2ms corrupt 1%
behind through_router through_router
tidy_all
finish
