#!/bin/bash
# The demo, inside the VM, as root: every step shows what it does and says when it
# went wrong.  lab/demo calls it; DEMO_COLOR=yes makes it colourful.
set -u

here=$(dirname "$0")
examples=$XTCP/userspace/examples
tracing=/sys/kernel/tracing
tmp=$(mktemp -d)
pids=''
# shellcheck disable=SC2317 # the trap calls it
cleanup()
{
	local p
	for p in $pids; do
		kill "$p" 2>/dev/null
	done
	rm -rf "$tmp"
}
trap cleanup EXIT

bold='' dim='' green='' red='' blue='' plain=''
if [ "${DEMO_COLOR:-no}" = yes ]; then
	bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' blue=$'\e[1;36m' plain=$'\e[0m'
fi

section() { printf '\n%s== %s ==%s\n\n' "$blue" "$*" "$plain"; }
note() { printf '%s%s%s\n' "$dim" "$*" "$plain"; }
good() { printf '%s  ok: %s%s\n' "$green" "$*" "$plain"; }

die()
{
	printf '%s  FAILED: %s%s\n' "$red" "$*" "$plain"
	exit 1
}

# show COMMAND...: print it as a shell would see it, then run it, for 100 s at most
show()
{
	printf '%s$ %s%s\n' "$bold" "$*" "$plain"
	timeout 100 "$@"
}

# shown FILE LABEL: the output of a program, each line labelled
shown() { sed "s/^/  $2 | /" "$1"; }

# wait_for TEXT FILE: until a program started in the background has said it
wait_for()
{
	local end=$((SECONDS + 20))
	while [ $SECONDS -lt $end ]; do
		grep -q "$1" "$2" && return
		sleep 0.1
	done
	cat "$2"
	die "no \"$1\" after 20 s"
}

# background LOG COMMAND...: start it, leave its process number in $last
background()
{
	local log=$1
	shift
	timeout 120 "$@" >"$log" 2>&1 &
	last=$!
	pids="$pids $last"
}

module()
{
	section "The module, loaded into Linux $(uname -r)"
	rmmod xtcp || die 'rmmod xtcp'
	show insmod "$XTCP_BUILD/xtcp.ko" || die 'insmod'
	dmesg | grep 'xtcp: ' | tail -n 1 | grep . || die 'the module says nothing in dmesg'
	lsmod | awk '$1 == "xtcp" { printf "xtcp: %d kB in the kernel\n", $2 / 1024 }'
	[ -d /sys/module/xtcp ] || die 'the module is not there'
	good "AF_XTCP is family $(cat /sys/module/xtcp/parameters/family) here"
}

# With the kernel's tracepoints on: what trace() shows afterwards.
echo_over_xtcp()
{
	section 'An echo server and client in Python, over AF_XTCP'
	note 'How the two programs open their sockets; everything else in them is as for TCP:'
	sed -n 's/^ *\(fd = _socket.*\)/  \1/p; s/^ *return \(_socket.*fileno=fd)\)/  sock = \1/p' \
		"$examples/xtcp.py"
	echo

	background "$tmp/server" python3 "$examples/echo_server.py" 127.0.0.1 7000
	wait_for listening "$tmp/server"
	echo global >$tracing/trace_clock
	: >$tracing/trace
	echo 1 >$tracing/events/xtcp/enable || die 'no tracepoints'
	timeout 60 python3 "$examples/echo_client.py" 127.0.0.1 7000 'Hello, XTCP' >"$tmp/client" 2>&1
	status=$?
	wait_for left "$tmp/server"
	sleep 0.5	# the last segments are still on their way
	echo 0 >$tracing/events/xtcp/enable
	cat $tracing/trace >"$tmp/trace"
	kill "$last"

	shown "$tmp/server" server
	shown "$tmp/client" client
	[ $status = 0 ] || die 'the client failed'
	grep -q '^reply: Hello, XTCP$' "$tmp/client" || die 'not the reply that was expected'
	good 'the echo came back'
}

trace()
{
	section 'The same connection, segment by segment'
	note "From the module's tracepoints; sequence numbers count from each side's SYN."
	awk -v bold="$bold" -v dim="$dim" -v plain="$plain" \
		-f "$here/demo-trace.awk" "$tmp/trace" ||
		{ cat "$tmp/trace"; die 'the trace shows no whole connection'; }
	good 'three segments to open; each direction closed by its own FIN'
}

namespaces()
{
	ip netns add east && ip netns add west &&
		ip link add east0 netns east type veth peer name west0 netns west &&
		ip -n east addr add 10.7.0.1/24 dev east0 &&
		ip -n west addr add 10.7.0.2/24 dev west0 || return
	# no super-segments: else one loss takes away 64 kB
	ip -n east link set east0 gso_max_segs 1 up && ip -n west link set west0 gso_max_segs 1 up &&
		tc -n east qdisc add dev east0 root netem limit 10000 delay 2ms loss 1%
}

file_with_loss()
{
	local sum begin
	section '100 MB through two network namespaces, one segment in a hundred lost'
	namespaces || die 'cannot make the namespaces'
	mkdir "$tmp/received"
	head -c 100000000 /dev/urandom >"$tmp/data"
	sum=$(sha256sum <"$tmp/data")

	background "$tmp/server" ip netns exec west \
		python3 "$examples/file_receive.py" "$tmp/received" 10.7.0.2 7000
	wait_for listening "$tmp/server"
	begin=$(date +%s.%N)
	show ip netns exec east python3 "$examples/file_send.py" "$tmp/data" 10.7.0.2 7000 ||
		{ shown "$tmp/server" receiver; die 'the transfer'; }
	wait "$last" || die 'the receiver'
	shown "$tmp/server" receiver
	awk -v begin="$begin" -v end="$(date +%s.%N)" \
		'BEGIN { printf "  %.1f s\n", end - begin }'
	tc -n east -s qdisc show dev east0 |
		sed -n 's/^.*(dropped \([0-9]*\),.*/  netem dropped \1 segments on the way/p'
	ip netns exec east awk -f "$here/demo-counters.awk" -v only='RetransSegs FastRetransmits RtoTimeouts' \
		/proc/net/xtcp_stat
	[ "$(sha256sum <"$tmp/received/data")" = "$sum" ] || die 'the checksums differ'
	good "sha256 is the same on both sides: ${sum%% *}"
	ip netns del east
	ip netns del west
}

# iperf LABEL [xtcp-run]: one run over loopback, its result in one line
iperf()
{
	local label=$1
	shift
	background "$tmp/server" "$@" iperf3 -s -1 -p 5201 --forceflush
	wait_for listening "$tmp/server"
	if ! timeout 60 "$@" iperf3 -c 127.0.0.1 -p 5201 -t 2 -f m >"$tmp/client" 2>&1; then
		cat "$tmp/client"
		die "iperf3 over $label"
	fi
	wait "$last"
	sed -n "s/^.*sec *\([0-9.]* [MG]Bytes\) *\([0-9.]* Mbits.sec\).*receiver/  $label  \2, \1/p" \
		"$tmp/client" | grep . || die "no result of iperf3 over $label"
}

unmodified_program()
{
	local segments=0 before
	section 'iperf3, unmodified, over XTCP and over TCP'
	note '$ xtcp-run iperf3 -s &   xtcp-run iperf3 -c 127.0.0.1   (loopback, 2 s each, in turn)'
	for _ in 1 2; do
		before=$(counter OutSegs)
		iperf XTCP xtcp-run
		segments=$((segments + $(counter OutSegs) - before))
		iperf 'TCP ' env
	done
	[ $segments -gt 100 ] || die 'it did not go over XTCP'
	good "$segments XTCP segments were sent for it"
	note 'The machine is emulated unless KVM works here: only the ratio means anything.'
}

counter() { awk -f "$here/demo-counters.awk" -v value="$1" /proc/net/xtcp_stat; }

counters()
{
	section 'The counters: /proc/net/xtcp_stat, those that are not 0'
	awk -f "$here/demo-counters.awk" /proc/net/xtcp_stat | grep . || die 'no counters'
}

module
echo_over_xtcp
trace
file_with_loss
unmodified_program
counters
printf '\n%sThat was XTCP.%s  More: README.md, Documentation/, userspace/examples/\n' "$bold" "$plain"
