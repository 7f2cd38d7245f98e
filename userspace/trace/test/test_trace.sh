#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Tests of the tracepoints, as TAP: what happened is told, with its reasons. Without
# tracefs they are skipped.

here=$(cd "$(dirname "$0")" && pwd)
if [ -z "$TRACE_TEST_INSIDE" ]; then
	TRACE_TEST_INSIDE=1 exec unshare -n --mount "$0" "$@"
fi
mount -t sysfs none /sys
mount -t tracefs none /sys/kernel/tracing 2>/dev/null
mount -t debugfs none /sys/kernel/debug 2>/dev/null
tmp=$(mktemp -d) || exit 1
tracing=/sys/kernel/tracing
tracer=''
port='' cut='' bytes=''
# shellcheck disable=SC2317 # by the trap
tidy() {
	[ -z "$tracer" ] || rmdir "$tracer"
	rm -rf "$tmp"
}
trap tidy EXIT
n=0
failed=0

# ok STATUS NAME: the status of the step just done decides
ok() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		tail -n 30 "$tmp"/* | sed 's/^/# /'
		failed=$((failed + 1))
	fi
}

skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

told() { grep -qE -- "$2" "$tmp/$1"; }

work() {
	"$here/workload.py" >"$tmp/work" 2>&1 || return
	for word in $(<"$tmp/work"); do
		declare -g "${word%%=*}=${word#*=}"
	done
}

echo "TAP version 13"
ip link set lo mtu 1500 up
# one packet in twenty is lost: of some hundred, chance cannot spare them all
tc qdisc add dev lo root netem delay 1ms loss 5% limit 10000
ethtool -K lo gso off gro off tso off >"$tmp/ethtool" 2>&1
ip link set lo gso_max_segs 1

if [ ! -d $tracing/events/xtcp ]; then
	skip "tracepoints" "the kernel has no tracefs"
else
	# an instance of its own: nobody else's events, nobody else's buffer
	tracer=$tracing/instances/xtcp-test-$$
	mkdir "$tracer" && echo 20000 >"$tracer/buffer_size_kb"
	echo 1 >"$tracer/events/xtcp/enable"
	work
	status=$?
	echo 0 >"$tracer/events/xtcp/enable"
	cat "$tracer/trace" >"$tmp/trace"
	[ $status = 0 ] && [ "$bytes" = 300000 ]
	ok $? "traced connections work"
	told trace "xtcp_connect: 127.0.0.1:$port > 127.0.0.1:7000" &&
		told trace "xtcp_accept: 127.0.0.1:7000 > 127.0.0.1:$port" &&
		told trace "xtcp_state: 127.0.0.1:$port > 127.0.0.1:7000 SYN_SENT -> ESTABLISHED"
	ok $? "tracepoints: opening"
	told trace "xtcp_loss: 127.0.0.1:$port > 127.0.0.1:7000 seq=[0-9]+ len=[0-9]+ age_us=" &&
		told trace "xtcp_retransmit: 127.0.0.1:$port > .* times=[0-9]+ .*reason=(recovery|timeout|probe)"
	ok $? "tracepoints: losses and retransmissions"
	told trace "xtcp_segment: out 127.0.0.1:$port > " &&
		told trace "xtcp_segment: in 127.0.0.1:$port > " && told trace "xtcp_cong: $port > 7000"
	ok $? "tracepoints: segments and windows"
	told trace 'xtcp_drop: 127.0.0.1:9 < 127.0.0.1:[0-9]+ flags=SYN .*reason=InNoSocket' &&
		told trace 'xtcp_reset: .*state=SYN_SENT reason=InRsts'
	ok $? "tracepoints: drops"
	told trace "xtcp_reset: 127.0.0.1:$cut > 127.0.0.1:7000 state=ESTABLISHED reason=AbortOnLinger"
	ok $? "tracepoints: resets"
fi

echo "1..$n"
exit $((failed > 0))
