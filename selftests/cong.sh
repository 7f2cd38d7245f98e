#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Congestion controllers: which there are, how one is chosen, and one in a module
# of its own, Documentation/examples/xtcp-cong-example: loaded, chosen by sysctl and
# by socket option, held by who uses it, unloaded.
#
# XTCP_CONG_EXAMPLE names that module's file.

# shellcheck disable=SC2317 # check() calls the functions by name
set -u
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

ko=${XTCP_CONG_EXAMPLE:-${XTCP_BUILD:+$XTCP_BUILD/example/xtcp_cong_example.ko}}
ns=xt-cong-$$
sysctls=/proc/sys/net/xtcp

inside() { ip netns exec "$ns" "$@"; }

loaded() { [ -d /sys/module/xtcp_cong_example ]; }
unload() { rmmod xtcp_cong_example 2>/dev/null; }
# who closes holds it until the last segment has been sent
unloads_soon() { until_true 60 unload; }

tidy()
{
	ip netns del "$ns" 2>/dev/null
	! loaded || unloads_soon
}

available() { inside cat "$sysctls/available_congestion_control"; }
lists() { available | grep -qw "$1"; }
is_default() { [ "$(inside cat "$sysctls/congestion_control")" = "$1" ]; }
# write NAME TEXT
write() { echo "$2" | inside tee "$sysctls/$1" >"$work/written"; }
make_default() { write congestion_control "$1"; }

built_in()
{
	local name
	for name in cubic reno bbr dctcp; do
		lists "$name" || { available; return 1; }
	done
	is_default cubic
}

cannot_be_written() { ! write available_congestion_control reno; }
unknown_is_refused() { ! make_default nosuch && is_default cubic; }

loads()
{
	! lists background && insmod "$ko" && lists background && is_default cubic
}

transfer()
{
	local server status
	next_port
	inside "$xfer" listen 127.0.0.1 "$port" 1000000 >"$work/server" &
	server=$!
	until_true 60 grep -q listening "$work/server" || return 1
	inside "$xfer" connect 127.0.0.1 "$port" 1000000
	status=$?
	wait "$server" && [ "$status" = 0 ]
}

by_sysctl()
{
	make_default background && is_default background && transfer
}

namespace_holds_it() { ! unload && loaded; }

back_to_cubic() { make_default cubic && is_default cubic; }

# Both ends: the accepted socket inherits the listener's.
by_socket_option()
{
	XFER_CONGESTION=background transfer
}

# xfer itself in the background, not a shell that waits for it: it is to be killed
connection_holds_it()
{
	local server client status=0
	next_port
	XFER_CONGESTION=$1 ip netns exec "$ns" "$xfer" hold-listen 127.0.0.1 "$port" >"$work/server" &
	server=$!
	until_true 60 grep -q listening "$work/server" || return 1
	XFER_CONGESTION=$2 ip netns exec "$ns" "$xfer" hold-connect 127.0.0.1 "$port" >"$work/client" &
	client=$!
	until_true 60 grep -q held "$work/client" || status=1
	! unload || status=1
	loaded || status=1
	kill -9 "$server" "$client"
	wait "$server" "$client"
	return "$status"
}

is_gone()
{
	! loaded && ! lists background && ! make_default background &&
		! XFER_CONGESTION=background inside "$xfer" connect 127.0.0.1 1
}

over_tcp && skip_all "XTCP's own"
begin
ip netns add "$ns" && inside ip link set lo up || exit 1

check built_in__listed_and_cubic_is_default built_in
check available__read_only cannot_be_written
check unknown__refused unknown_is_refused
if [ -e "$ko" ]; then
	check module__loads_and_is_listed loads
	check module__chosen_by_sysctl by_sysctl
	check module__held_by_namespace namespace_holds_it
	check module__another_default back_to_cubic
	check module__chosen_by_socket_option by_socket_option
	check module__held_by_listener_and_child connection_holds_it background cubic
	check module__held_by_client connection_holds_it cubic background
	check module__unloads unloads_soon
	check module__gone is_gone
	check module__loads_again loads
	check module__unloads_with_namespace by_sysctl
	ip netns del "$ns"
	check module__unloads_again unloads_soon
else
	skip module "set XTCP_CONG_EXAMPLE to the example's file"
fi
finish
