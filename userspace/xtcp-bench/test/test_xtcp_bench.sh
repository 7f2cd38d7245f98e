#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Tests of xtcp-bench, as TAP, over TCP, and over XTCP where the module is loaded.
# Argument: the directory with the built programs.

bench=$1/xtcp-bench
tmp=$(mktemp -d) || exit 1
server=''
trap 'test -z "$server" || kill "$server"; rm -rf "$tmp"' EXIT
n=0
failed=0

# ok STATUS NAME: the status of the step just done decides
ok() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$tmp/out" "$tmp/err"
		failed=$((failed + 1))
	fi
}

skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# run STATUS ARGUMENT...: does it end with that status?
run() {
	expected=$1
	shift
	timeout 60 "$bench" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	got=$?
	[ "$got" -eq "$expected" ] || echo "status $got, not $expected" >>"$tmp/err"
	[ "$got" -eq "$expected" ]
}

# lines WORD CONDITION: how many lines of that word fulfil awk's CONDITION on v["name"]
lines() {
	awk -v "word=$1" '$1 == word {
		for (i = 2; i <= NF; i++) {
			split($i, a, "=")
			v[a[1]] = a[2]
		}
		n += ('"$2"')
	} END { print n + 0 }' "$tmp/out"
}

# In the lab's guests, where time may be virtual: it stands still without a delay.
[ -z "$LAB_KERNEL" ] || tc qdisc add dev lo root netem delay 1ms rate 50mbit

echo "TAP version 13"

run 0 --help && grep -q '^usage: xtcp-bench' "$tmp/out"
ok $? "help"
run 2
ok $? "no command"
run 2 bulk --to 127.0.0.1 --seconds soon
ok $? "not a number"
run 2 bulk --to 127.0.0.1 --flow udp
ok $? "unknown transport"
run 2 bulk
ok $? "no address"
run 2 cost --to 127.0.0.1
ok $? "cost without a test"
run 2 bulk --to 127.0.0.1 --flow sctp
ok $? "what only cost takes"
run 1 flows --to 127.0.0.1 --flow tcp --count 1 && [ "$(lines short 'v["error"] == 111')" = 1 ]
ok $? "nobody listens"
run 1 bulk --to 127.0.0.1 --flow tcp/none --seconds 1 && grep -q 'controller none' "$tmp/err"
ok $? "unknown controller"

# cost TEST UNITS ARGUMENT...: does it measure so many?
cost() {
	what=$1
	units=$2
	shift 2
	run 0 cost --to 127.0.0.1 --port 5301 --flow "$t" --warm 1 --test "$what" \
		--count "$units" "$@" &&
		[ "$(lines cost "v[\"per_unit_ns\"] > 0 && v[\"units\"] == $units")" = 1 ]
}

transports=tcp
if [ -d /sys/module/xtcp ]; then
	transports='tcp xtcp'
else
	skip "over XTCP" "module not loaded"
fi
for t in $transports; do
	"$bench" server --flow "$t" >"$tmp/server" 2>&1 &
	server=$!
	tries=100
	until grep -q listening "$tmp/server" || [ $tries = 0 ]; do
		sleep 0.1
		tries=$((tries - 1))
	done
	run 0 bulk --to 127.0.0.1 --flow "$t" --seconds 2 --interval 0.5 &&
		[ "$(lines interval 'v["acked"] >= 0')" -ge 3 ] &&
		[ "$(lines flow 'v["acked"] > 0 && v["sent"] >= v["acked"]')" = 1 ]
	ok $? "$t: bulk"
	run 0 bulk --to 127.0.0.1 --flow "$t/reno:3" --seconds 4 --stagger 0.5 &&
		[ "$(lines flow 'v["cc"] == "reno" && v["acked"] > 0')" = 3 ] &&
		[ "$(lines flow 'v["start"] == 0.5 * v["flow"]')" = 3 ]
	ok $? "$t: staggered flows with a controller"
	run 0 flows --to 127.0.0.1 --flow "$t" --bytes 30000 --count 4 --gap 0 &&
		[ "$(lines short 'v["ms"] > 0 && !v["error"] && v["bytes"] == 30000')" = 4 ]
	ok $? "$t: short flows"
	run 0 probe --to 127.0.0.1 --seconds 1 --interval 0.1 &&
		[ "$(lines probe 'v["rtt_us"] > 0')" = 10 ] &&
		[ "$(lines probes 'v["sent"] == 10 && v["received"] == 10')" = 1 ]
	ok $? "$t: probe"
	cost bulk 1 --bytes 16384 && cost sendfile 1 && cost rr 20 --bytes 10 &&
		cost flow 4 --bytes 3000
	ok $? "$t: cost"
	kill "$server"
	wait "$server" 2>/dev/null
	server=''
done
echo "1..$n"
[ $failed = 0 ]
