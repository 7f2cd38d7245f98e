#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Tests of xss, as TAP, in a network namespace of its own with XTCP's sockets in
# every usual state. Argument: the directory with the built programs.

xss=$1/xss
here=$(dirname "$0")
if [ -z "$XSS_TEST_INSIDE" ]; then
	XSS_TEST_INSIDE=1 exec unshare -n "$0" "$@"
fi
tmp=$(mktemp -d) || exit 1
exec 3<>/dev/null
holder=''
trap 'exec 3>&-; test -z "$holder" || kill "$holder" 2>/dev/null; rm -rf "$tmp"' EXIT
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

# run STATUS ARGUMENT...: does it end with that status?
run() {
	expected=$1
	shift
	timeout 60 "$xss" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	got=$?
	[ "$got" -eq "$expected" ] || echo "$*: status $got, not $expected" >>"$tmp/err"
	[ "$got" -eq "$expected" ]
}

# lists NUMBER ARGUMENT...: so many sockets, without a word on standard error
lists() {
	want=$1
	shift
	run 0 -nH "$@" || return
	[ "$(wc -l <"$tmp/out")" -eq "$want" ] ||
		echo "$*: $(wc -l <"$tmp/out") lines, not $want" >>"$tmp/err"
	[ ! -s "$tmp/err" ]
}

has() { grep -qE -- "$1" "$tmp/out"; }

echo "TAP version 13"

run 0 --help && has '^usage: xss' && run 0 --version && has '^xss [0-9]'
ok $? "help and version"
run 2 --nonsense && run 2 -f ipx && run 2 --watch=soon && run 2 --count=0
ok $? "options that do not exist"
bad=0
for filter in 'state walking' 'sport' 'sport = nowhere-to-go' '( sport = :1' 'sport = :1 )' \
	'dst 10.0.0.0/33' 'dst ::/129' 'sport = :65536' 'dev > lo' 'fwmark = red' \
	'sport = :1 or' 'dst [::1' 'not'; do
	if ! run 2 "$filter" || [ ! -s "$tmp/err" ]; then
		bad=1
		echo "taken: $filter" >>"$tmp/out"
	fi
done
ok $bad "filters that make no sense"

ip link set lo up
mkfifo "$tmp/in" "$tmp/says"
"$here/holder.py" <"$tmp/in" >"$tmp/says" 2>"$tmp/holder-err" &
holder=$!
exec 3>"$tmp/in" 4<"$tmp/says"
read -r -t 120 line <&4 || { cat "$tmp/holder-err"; echo "Bail out! no sockets"; exit 1; }
client='' waits='' pid='' fd='' inode=''
for word in $line; do
	declare "${word%%=*}=${word#*=}"
done
echo "# $line"

# --- completion, of what there really is -----------------------------------------------

# shellcheck source=/dev/null
. "$here/../xss.bash"
# complete WORD...: what the last of these may become, into the file out
complete_words() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	_xss
	printf '%s\n' "${COMPREPLY[@]}" >"$tmp/out"
}
complete_words xss -- && sort "$tmp/out" >"$tmp/completed"
"$xss" --help | grep -o -- '--[a-z46-][a-z0-9-]*' | sort -u >"$tmp/told"
# -4 and -6 share a line of the help
printf '%s\n' --ipv4 --ipv6 | sort - "$tmp/told" | diff - "$tmp/completed" >"$tmp/out" 2>&1
status=$?
complete_words xss -n state time-
[ $status = 0 ] && has '^time-wait$' && complete_words xss -f in && has '^inet6$'
ok $? "completion knows every option, states and families"

# --- what there is ----------------------------------------------------------------

# three connections in ESTABLISHED' ends, one that is half closed with both ends
lists 6 && has "^ESTAB +0 +0 +127.0.0.1:$client +127.0.0.1:7000" &&
	has "^ESTAB +5 +0 +127.0.0.1:7000 +127.0.0.1:$client"
ok $? "open sockets"
lists 2 -l && has '^LISTEN +0 +5 +127.0.0.1:7000 +0.0.0.0:\*' &&
	has '^LISTEN +1 +3 +\[::1\]:7001 +\[::\]:\*'
ok $? "listening sockets and their queues"
lists 9 -a && has "^TIME-WAIT +0 +0 +127.0.0.1:$waits"
ok $? "all sockets"
run 0 -na && [ "$(head -n 1 "$tmp/out" | tr -s ' ')" = \
	'State Recv-Q Send-Q Local Address:Port Peer Address:Port' ] &&
	awk '{ sub(/ +$/, ""); at = match($0, /[^ ]+:[^ ]*$/)
	       if (NR == 1) at = index($0, "Peer")
	       if (first && at != first) bad = 1; first = at } END { exit bad }' "$tmp/out"
ok $? "columns are aligned under their titles"
lists 3 -4 -a state established state close-wait && lists 2 -6 state established &&
	lists 2 -f inet6 exclude listening
ok $? "one IP version"

# --- filters ----------------------------------------------------------------------

lists 4 state established && lists 1 state close-wait && lists 1 state time-wait &&
	lists 1 state fin-wait-2 && lists 2 state listening && lists 5 exclude bucket \
	exclude listening exclude fin-wait-2 && lists 7 state connected &&
	lists 1 state bucket && lists 0 state syn-sent
ok $? "states"
lists 1 "sport = :$client" && lists 1 sport = "$client" && lists 1 dport == "$client" &&
	lists 2 "sport = :$client or dport = :$client" &&
	lists 0 "sport = :$client and dport = :$client" && lists 5 "sport != $client" &&
	lists 3 'sport <= :7001' && lists 3 'sport gt 7001' && lists 3 'sport < 7002' &&
	lists 6 'sport >= :7000'
ok $? "ports"
lists 4 dst 127.0.0.1 && lists 4 dst 127.0.0.0/8 && lists 0 dst 10.0.0.0/8 &&
	lists 2 src ::1 && lists 1 dst '[::1]:7001' && lists 2 'dst 127.0.0.1:7000' &&
	lists 6 dst '*' && lists 2 dst ':7000' && lists 2 'dst != 127.0.0.1' &&
	lists 6 dst 127.0.0.1 or dst ::1 && lists 4 dst 0.0.0.0/0
ok $? "addresses"
lists 2 "( sport = :7000 or sport = :7001 ) and dst 127.0.0.1" &&
	lists 4 "not ( sport = :7000 or dport = :7000 ) or dport = :7000" &&
	lists 2 "! dport=:7000 && !(sport=:7000)" && lists 2 dst 127.0.0.1 sport = 7000 &&
	lists 6 "not not ( dst 127.0.0.1 | dst ::1 )"
ok $? "expressions"
lists 0 dev lo && lists 6 dev != lo && lists 0 fwmark = 7 && lists 6 fwmark = 0/0xff &&
	lists 6 autobound && lists 0 not autobound
ok $? "devices, marks, automatic ports"

# --- details ----------------------------------------------------------------------

run 0 -np && has "127.0.0.1:$client .*users:\(\(\"[^\"]+\",pid=$pid,fd=$fd\)\)" &&
	has "^CLOSE-WAIT .*pid=$pid" && ! has "^ESTAB +[0-9]+ +0 +\[::1\]:7001 .*users:"
ok $? "processes: whose a socket is, a leaked one's too, none before accept()"
run 0 -ne "sport = :$client" && has "ino:$inode sk:[0-9a-f]+ <->"
ok $? "extended: inode and cookie"
run 0 -nai && has '^[[:space:]]+cubic ca_state:open rto:[0-9.]+ .*rtt:[0-9.]+/' &&
	has 'bytes_acked:5 ' && has 'bytes_received:5 '
ok $? "info"
run 0 -nm && [ "$(grep -c 'skmem:(r[0-9]*,rb[1-9][0-9]*,t[0-9]*,tb[1-9]' "$tmp/out")" = 6 ]
ok $? "memory"
run 0 -no state time-wait && has 'timer:\(timewait,[0-9a-z.]+,0\)'
ok $? "timers"
lists 6 -aOim exclude time-wait exclude listening
ok $? "a line per socket"
run 0 -s && has "^XTCP:  9 \(estab 4, listen 2, closing 2, orphaned 1, timewait 1\)" &&
	has '^XTCP +8 +5 +3$'
ok $? "summary"
run 0 --json -napeim && python3 - "$client" "$pid" "$tmp/out" <<-'EOF'
	import json, sys
	port, pid = int(sys.argv[1]), int(sys.argv[2])
	sockets = json.load(open(sys.argv[3]))
	assert len(sockets) == 9, len(sockets)
	one, = [s for s in sockets if s['local_port'] == port]
	assert one['state'] == 'established' and one['peer_port'] == 7000, one
	assert one['processes'][0]['pid'] == pid, one
	assert one['bytes_acked'] == 5 and one['congestion'] == 'cubic', one
	assert one['rcvbuf'] > 0 and one['local_address'] == '127.0.0.1', one
	EOF
ok $? "JSON"

# --- live -------------------------------------------------------------------------

run 0 -n --watch=0.1 --count=2 && [ "$(grep -c '^6 sockets, sending ' "$tmp/out")" = 2 ] &&
	has '^State +Local Address:Port +Peer Address:Port +Sends +Receives'
ok $? "watch"
timeout 60 "$xss" -n --watch=1 --count=2 state established dport = 7000 \
	>"$tmp/out" 2>"$tmp/err" </dev/null &
watcher=$!
# between its two looks, or before both: then the rate is 0
sleep 0.3
echo write >&3
wait $watcher
has "^established .*127.0.0.1:$client "
ok $? "watch while data flows"

# --- the end ----------------------------------------------------------------------

run 0 -nHK "sport = :$client" && has "^ESTAB .*:$client"
status=$?
echo read >&3
read -r -t 60 got <&4
[ $status = 0 ] && [ "$got" = 103 ] && lists 0 "sport = :$client or dport = :$client"
ok $? "kill: the program gets ECONNABORTED"
run 0 -nHK state time-wait && lists 0 state time-wait
ok $? "kill: TIME-WAIT"
ip netns add xss-test && ip netns exec xss-test ip link set lo up && lists 0 -a -N xss-test
status=$?
ip netns del xss-test
ok $status "another namespace"
run 1 -N no-such-namespace
ok $? "a namespace that does not exist"

echo "1..$n"
exit $((failed > 0))
