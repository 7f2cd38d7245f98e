# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For the tests that are scripts: TAP, namespaces, and the xfer program.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC2034 # the scripts use both
xfer=$here/xfer scale=${XTCP_TEST_SCALE:-1}
# -4 or -6: of the cases that come in both IP versions only these
case ${1:-} in
-4) only=ipv4 ;;
-6) only=ipv6 ;;
*) only= ;;
esac
count=0
failed=0
work=

over_tcp() { [ "${XTCP_TEST_PROTO:-}" = tcp ]; }

skip_all()
{
	echo "TAP version 13"
	echo "1..0 # SKIP $*"
	exit 4
}

begin()
{
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	over_tcp || [ -d /sys/module/xtcp ] ||
		skip_all "module xtcp is not loaded"
	work=$(mktemp -d)
	trap cleanup EXIT
	echo "TAP version 13"
}

# Scripts that make something else to tidy up define their own tidy().
tidy() { :; }

cleanup()
{
	local job
	for job in $(jobs -p); do
		kill -9 "$job" 2>/dev/null
	done
	wait
	tidy
	rm -rf "$work"
}

note() { sed 's/^/# /'; }

# check NAME COMMAND...: one case; its output is kept for when it fails
check()
{
	local name=$1
	shift
	count=$((count + 1))
	if "$@" >"$work/log" 2>&1; then
		echo "ok $count $name"
	else
		note <"$work/log"
		echo "not ok $count $name"
		failed=$((failed + 1))
	fi
}

# in_both NAME ADDRESS-4 ADDRESS-6 COMMAND [PARAMETERS behind the address]
in_both()
{
	local name=$1 four=$2 six=$3 command=$4
	shift 4
	[ "$only" = ipv6 ] || check "ipv4.$name" "$command" "$four" "$@"
	[ "$only" = ipv4 ] || check "ipv6.$name" "$command" "$six" "$@"
}

skip()
{
	count=$((count + 1))
	echo "ok $count $1 # SKIP $2"
}

finish()
{
	echo "1..$count"
	echo "# $((count - failed)) passed or skipped, $failed failed"
	[ "$failed" = 0 ]
	exit
}

# A port of its own for each case, and nothing left that an earlier one said.
next_port()
{
	port=$((${port:-5000} + 1))
	rm -f "$work/server" "$work/client"
}

# until_true SECONDS COMMAND...
until_true()
{
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}
