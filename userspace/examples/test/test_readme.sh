#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Compiles and runs the programs that README.md shows, as TAP.  Needs the module.
# Argument: the directory with the built C examples.

bin=$1
tree=$(cd "$(dirname "$0")/../../.." && pwd)
tmp=$(mktemp -d) || exit 1
server=
failed=0

# shellcheck disable=SC2317 # the trap calls it
cleanup() {
	[ -z "$server" ] || kill "$server" 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT

# ok STATUS NUMBER NAME
ok() {
	if [ "$1" -eq 0 ]; then
		echo "ok $2 - $3"
	else
		echo "not ok $2 - $3"
		sed 's/^/# /' "$tmp/out"
		failed=1
	fi
}

# says_hello COMMAND...
says_hello() {
	timeout 40 "$@" >"$tmp/out" 2>&1 && grep -qx hello "$tmp/out"
}

# snippet LANGUAGE: the block of that language
snippet() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/{/^\`\`\`/d; p}" "$tree/README.md"; }

echo "TAP version 13"
timeout 100 "$bin/echo_server" 127.0.0.1 7000 >"$tmp/server" 2>&1 &
server=$!
for _ in {1..100}; do
	grep -q listening "$tmp/server" && break
	sleep 0.1
done

snippet c >"$tmp/client.c"
cc -Wall -Wextra -Werror -I"$tree/uapi" -o "$tmp/client" "$tmp/client.c" >"$tmp/out" 2>&1 &&
	says_hello "$tmp/client"
ok $? 1 "the C client"

snippet python >"$tmp/client.py"
says_hello python3 "$tmp/client.py"
ok $? 2 "the Python client"

# Python spells addresses only for families that it knows
sed 's/^conn = .*/fd = socket.socket(19, socket.SOCK_STREAM).detach()\n&/; s/, 253).*/, fileno=fd)/' \
	"$tmp/client.py" >"$tmp/client2.py"
says_hello python3 "$tmp/client2.py"
ok $? 3 "the Python client by AF_XTCP"

echo "1..3"
exit $failed
