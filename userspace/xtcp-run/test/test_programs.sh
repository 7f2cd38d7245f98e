#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Unmodified programs with one another, all under xtcp-run, as TAP.  Those that
# are not installed are skipped.
# Argument: the command that runs them, normally .../xtcp-run; "env" runs them over
# TCP, which shows that a failure is not the test's.

run=$1
tmp=$(mktemp -d) || exit 1
port=$((30000 + $$ % 10000))
server=
n=0
failed=0

cleanup() {
	[ -z "$server" ] || kill "$server" 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT

# ok STATUS NAME
ok() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		head -n 20 "$tmp/server" | cat -v | cut -c -200 | sed 's/^/# server: /'
		head -n 20 "$tmp/client" | cat -v | cut -c -200 | sed 's/^/# client: /'
		failed=$((failed + 1))
	fi
}

# need NAME PROGRAM...: false, and the test skipped, when one is missing
need() {
	local name=$1 p
	shift
	for p; do
		if ! command -v "$p" >/dev/null; then
			n=$((n + 1))
			echo "ok $n - $name # SKIP $p is not installed"
			return 1
		fi
	done
}

# serve COMMAND...: in the background, until stop
serve() {
	timeout 120 "$run" "$@" >"$tmp/server" 2>&1 </dev/null &
	server=$!
}

# XTCP segments sent by this machine so far
segments() {
	awk 'NR == 1 { for (i = 2; i <= NF; i++) if ($i == "OutSegs") at = i }
	     NR == 2 { sum += $at }
	     END { print sum + 0 }' /proc/net/xtcp_stat
}

# retry COMMAND...: a client, until it gets through to a server that just starts
retry() {
	local end=$((SECONDS + 40))
	while ! timeout 60 "$run" "$@" >"$tmp/client" 2>"$tmp/client.err"; do
		if [ $SECONDS -ge $end ] || ! kill -0 "$server" 2>/dev/null; then
			cat "$tmp/client.err" >>"$tmp/client"
			return 1
		fi
		sleep 0.2
	done
}

stop() {
	kill "$server" 2>/dev/null
	wait "$server" 2>/dev/null
	server=
	port=$((port + 1))
}

: >"$tmp/server"
: >"$tmp/client"
head -c 3000000 /dev/urandom >"$tmp/data"
echo "TAP version 13"
[ "$run" = env ] || before=$(segments)

hosts=127.0.0.1
if grep -qw lo /proc/net/if_inet6 2>/dev/null; then
	hosts="$hosts ::1"
fi

for host in $hosts; do
	url=$host
	[ "$host" = 127.0.0.1 ] || url="[$host]"

	name="iperf3, $host"
	if need "$name" iperf3; then
		serve iperf3 -s -1 -B "$host" -p $port
		retry iperf3 -c "$host" -p $port -n 5M && grep -q receiver "$tmp/client"
		ok $? "$name"
		stop
	fi

	name="netcat, $host: a file"
	if need "$name" nc; then
		timeout 60 "$run" nc -l "$host" $port >"$tmp/server" 2>&1 </dev/null &
		server=$!
		# shellcheck disable=SC2016 # the inner shell expands it
		retry sh -c 'nc -N "$1" "$2" <"$3"' sh "$host" $port "$tmp/data" &&
			wait "$server" && cmp "$tmp/data" "$tmp/server"
		ok $? "$name"
		: >"$tmp/server"
		stop
	fi

	name="socat, $host: 3 MB there and back"
	if need "$name" socat; then
		if [ "$host" = 127.0.0.1 ]; then
			serve socat "TCP4-LISTEN:$port,reuseaddr" EXEC:cat
			peer=TCP4:$host:$port
		else
			serve socat "TCP6-LISTEN:$port,reuseaddr" EXEC:cat
			peer="TCP6:[$host]:$port"
		fi
		# shellcheck disable=SC2016
		retry sh -c 'socat -t 30 - "$1" <"$2"' sh "$peer" "$tmp/data" &&
			cmp "$tmp/data" "$tmp/client"
		ok $? "$name"
		stop
	fi

	name="curl and Python's http.server, $host"
	if need "$name" curl python3; then
		serve python3 -m http.server --bind "$host" --directory "$tmp" $port
		retry curl -sSf --noproxy '*' "http://$url:$port/data" &&
			cmp "$tmp/data" "$tmp/client"
		ok $? "$name"
		timeout 60 "$run" curl -sSf --noproxy '*' -o /dev/null -w '%{num_connects} ' \
			"http://$url:$port/data" -o /dev/null "http://$url:$port/missing" \
			>"$tmp/client" 2>&1
		[ $? -eq 22 ] && grep -q 404 "$tmp/client"
		ok $? "$name: an error of the server's"
		stop
	fi

	name="TLS: openssl s_server and s_client, $host"
	if need "$name" openssl; then
		[ -e "$tmp/cert" ] ||
			openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
				-keyout "$tmp/key" -out "$tmp/cert" -days 2 -subj /CN=test \
				>"$tmp/client" 2>&1
		serve openssl s_server -accept "$url:$port" -cert "$tmp/cert" -key "$tmp/key" -rev
		# shellcheck disable=SC2016
		retry sh -c '(echo secret; sleep 2) |
			openssl s_client -connect "$1" -CAfile "$2" -verify_return_error \
				-quiet -no_ign_eof |
			grep -x terces' sh "$url:$port" "$tmp/cert"
		ok $? "$name"
		stop
	fi
done

name="Python's ssl"
if need "$name" python3 openssl; then
	cat >"$tmp/tls.py" <<-'END'
		import socket, ssl, sys, threading

		server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		server.load_cert_chain(sys.argv[1], sys.argv[2])
		client = ssl.create_default_context(cafile=sys.argv[1])
		client.check_hostname = False
		listener = socket.create_server(("127.0.0.1", 0))

		def serve():
		    with server.wrap_socket(listener.accept()[0], server_side=True) as conn:
		        conn.sendall(conn.recv(100).upper())

		threading.Thread(target=serve, daemon=True).start()
		with client.wrap_socket(socket.create_connection(listener.getsockname())) as conn:
		    conn.sendall(b"secret")
		    print(conn.version(), conn.recv(100).decode())
	END
	timeout 60 "$run" python3 "$tmp/tls.py" "$tmp/cert" "$tmp/key" >"$tmp/client" 2>&1 &&
		grep -q '^TLSv1.* SECRET$' "$tmp/client"
	ok $? "$name"
fi

if [ "$run" != env ]; then
	sent=$(($(segments) - before))
	echo "# $sent XTCP segments"
	[ $sent -gt $((n * 10)) ]
	ok $? "all that went over XTCP"
fi

echo "1..$n"
[ $failed -eq 0 ]
