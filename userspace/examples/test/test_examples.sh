#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs the examples against one another, C and Python mixed, as TAP.
# Argument: the directory with the built C examples.
# XTCP_FAMILY=2 runs them over plain TCP.

bin=$1
py=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d) || exit 1
port=$((20000 + $$ % 10000))
server=
n=0
failed=0

cleanup() {
	[ -z "$server" ] || kill "$server" 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT

# program NAME: a C example, or a Python one when the name ends in .py
program() {
	case $1 in
	*.py) echo "python3 $py/$1" ;;
	*) echo "$bin/$1" ;;
	esac
}

# wait_for TEXT: until the server has said it
wait_for() {
	local tries

	for ((tries = 0; tries < 200; tries++)); do
		grep -q "$1" "$tmp/server" && return
		sleep 0.05
	done
	echo "# the server does not say \"$1\""
}

# serve NAME ARGUMENT...: starts a server on a new port, waits until it listens
serve() {
	local name=$1
	shift
	port=$((port + 1))
	: >"$tmp/server"
	# shellcheck disable=SC2046  # program and its interpreter
	timeout 60 $(program "$name") "$@" "$port" >"$tmp/server" 2>&1 &
	server=$!
	wait_for listening
}

stop() {
	kill "$server" 2>/dev/null
	wait "$server" 2>/dev/null
	server=
}

# client NAME ARGUMENT...: output to $tmp/client
client() {
	local name=$1
	shift
	# shellcheck disable=SC2046
	timeout 30 $(program "$name") "$@" >"$tmp/client" 2>&1
}

# ok STATUS NAME
ok() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# server: /' "$tmp/server"
		sed 's/^/# client: /' "$tmp/client"
		failed=$((failed + 1))
	fi
}

# raw TEXT: sends the bytes of a Python literal and leaves
raw() {
	PYTHONPATH=$py timeout 30 python3 -c "
import sys, xtcp
with xtcp.create_connection(('127.0.0.1', $port)) as conn:
    conn.sendall($1)
    conn.shutdown(1)
    print(conn.recv(1000))" >"$tmp/client" 2>&1
}

: >"$tmp/server"
: >"$tmp/client"
echo "TAP version 13"

for s in echo_server echo_server.py thread_server thread_server.py epoll_server asyncio_server.py; do
	serve $s 127.0.0.1
	for c in echo_client echo_client.py; do
		client $c 127.0.0.1 "$port" "grüße von $c" &&
			grep -q "^reply: grüße von $c$" "$tmp/client"
		ok $? "$s and $c"
	done
	for c in interactive_client interactive_client.py; do
		printf 'one\ntwo\nquit\nnever\n' | client $c 127.0.0.1 "$port" &&
			[ "$(grep -o 'echo: .*' "$tmp/client" | tr '\n' ' ')" = "echo: one echo: two " ]
		ok $? "$s and $c"
	done
	stop
done
serve echo_server.py 127.0.0.1
client echo_client 127.0.0.1 "$port" text
grep -q "connected" "$tmp/server" && grep -q "received b'text'" "$tmp/server"
ok $? "the echo server tells who connected and what it received"
stop

serve echo_server 127.0.0.1
if [ "$XTCP_FAMILY" = 2 ]; then
	client info_client 127.0.0.1 "$port" || grep -q 'no information (XTCP_FAMILY=2)' "$tmp/client"
	ok $? "info_client: nothing to tell of TCP"
else
	client info_client 127.0.0.1 "$port" 50000 &&
		grep -q '^5[0-9]* bytes sent, [0-9]* of them again, 50000 received$' "$tmp/client"
	ok $? "info_client"
fi
stop

for s in thread_server thread_server.py epoll_server asyncio_server.py; do
	serve $s 127.0.0.1
	# a client that stays must not keep a second one out
	sleep 3 | "$bin/interactive_client" 127.0.0.1 "$port" >"$tmp/idle" 2>&1 &
	idle=$!
	wait_for connected
	client echo_client 127.0.0.1 "$port" second
	ok $? "$s: two clients at once"
	wait $idle
	stop
done

for c in echo_client echo_client.py interactive_client interactive_client.py; do
	! client $c 127.0.0.1 1 && [ "$(wc -l <"$tmp/client")" -eq 1 ] &&
		grep -q 'Connection refused' "$tmp/client"
	ok $? "$c: nobody listens: one clear line"
done

for s in restart_server restart_server.py; do
	serve $s 127.0.0.1
	for life in 1 2 3; do
		wait_for "life $life: listening"
		raw "b''"
		grep -q "hello from life $life" "$tmp/client"
		ok $? "$s: life $life"
	done
	stop
done

for s in message_server message_server.py; do
	serve $s 127.0.0.1
	for c in message_client message_client.py; do
		client $c 127.0.0.1 "$port" "first" "" "zweite: ß" &&
			grep -q '^answer: FIRST$' "$tmp/client" &&
			grep -q '^answer: $' "$tmp/client" &&
			grep -q '^answer: ZWEITE: ' "$tmp/client"
		ok $? "$s and $c"
	done
	raw "b'\0\0\0\5ab'"
	client message_client 127.0.0.1 "$port" again &&
		grep -Eq 'left, 3 of 5 bytes missing|Bad message' "$tmp/server"
	ok $? "$s: a client that leaves in the middle of a message"
	raw "b'\xff\0\0\0'"
	client message_client 127.0.0.1 "$port" again &&
		grep -Eq 'at most 65536 expected|Message too long' "$tmp/server"
	ok $? "$s: a message that is too long"
	stop
done

if [ -e /proc/net/if_inet6 ] && grep -qw lo /proc/net/if_inet6; then
	for s in message_server message_server.py; do
		serve $s ::1
		for c in message_client message_client.py; do
			client $c ::1 "$port" six && grep -q '^answer: SIX$' "$tmp/client"
			ok $? "$s and $c over IPv6"
		done
		stop
	done
else
	n=$((n + 1))
	echo "ok $n - over IPv6 # SKIP no IPv6 here"
fi

mkdir "$tmp/in" "$tmp/out"
: >"$tmp/in/empty"
echo short >"$tmp/in/short file"
head -c 1500000 /dev/urandom >"$tmp/in/large"
for s in file_receive file_receive.py; do
	for c in file_send file_send.py; do
		for f in "$tmp"/in/*; do
			serve $s "$tmp/out" 127.0.0.1
			client $c "$f" 127.0.0.1 "$port" && wait "$server" &&
				cmp "$f" "$tmp/out/${f##*/}" &&
				grep -q "$(sha256sum <"$f" | cut -d' ' -f1)" "$tmp/client"
			ok $? "$s and $c: ${f##*/}"
			stop
			rm -f "$tmp/out/${f##*/}"
		done
	done
	serve $s "$tmp/out" 127.0.0.1
	raw "b'\0\0\0\4../x' + bytes(8)"
	# its answer may be lost: it closes with bytes unread, which resets
	! wait "$server" && grep -q 'not a plain file name' "$tmp/server" &&
		[ -z "$(ls -A "$tmp/out")" ]
	ok $? "$s: refuses a path"
	stop
	serve $s "$tmp/out" 127.0.0.1
	raw "b'\0\0\0\1x' + bytes(7) + b'\1a' + bytes(32)"
	grep -q 'checksum differs' "$tmp/client" && ! wait "$server" &&
		[ -z "$(ls -A "$tmp/out")" ]
	ok $? "$s: refuses a wrong checksum and leaves nothing"
	stop
	serve $s "$tmp/out" 127.0.0.1
	raw "b'\0\0\0\1x' + bytes(7) + b'\5ab'"
	! wait "$server" && [ -z "$(ls -A "$tmp/out")" ]
	ok $? "$s: a sender that leaves early"
	stop
done

echo "1..$n"
[ $failed -eq 0 ]
