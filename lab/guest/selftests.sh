#!/bin/bash
# Runs in a guest: the kselftests of $XTCP_USER/selftests, the tests of the programs
# and, where the kernel has KUnit, the unit tests. Each leaves $LAB_OUT/NAME.tap and, when it has ended,
# $LAB_OUT/NAME.end: exit status, seconds and CPU seconds. What has ended already is left alone,
# so that a second guest can go on where a first one died.

set -u

dir=$XTCP_USER/selftests
# emulated or instrumented kernels get smaller amounts of data, not fewer cases
[ "$LAB_KERNEL" != debug ] || : "${XTCP_TEST_SCALE:=10}"
export XTCP_TEST_SCALE=${XTCP_TEST_SCALE:-1}
jobs=${LAB_JOBS:-3}
# in virtual time nobody waits, however long it takes
if [ "$LAB_KERNEL" = wan ]; then
	jobs=1
	export XTCP_TEST_LONG=1
fi

mark() { echo "xtcp-lab: $1 $2" >/dev/kmsg; }

# ended NAME STATUS SECONDS [CPU-SECONDS]
ended()
{
	mark end "$1"
	echo "$2 $3 ${4:--}" >"$LAB_OUT/$1.end"
	echo "$LAB_KERNEL: $1: exit status $2, $3 s"
}

# All suites of xtcp_kunit.ko run while it is loaded; debugfs keeps what they said.
kunit()
{
	local suite results name status begin=$SECONDS
	local known=/run/kunit.before
	ls /sys/kernel/debug/kunit >$known
	mark test kunit
	if ! timeout 300 insmod "$XTCP_BUILD/xtcp_kunit.ko" 2>"$LAB_OUT/kunit.tap"; then
		ended kunit 1 $((SECONDS - begin))
		return
	fi
	for suite in /sys/kernel/debug/kunit/*; do
		results=$suite/results
		name=kunit_${suite##*/}
		! grep -qxF "${suite##*/}" $known || continue
		cat "$results" >"$LAB_OUT/$name.tap"
		status=0
		! grep -q '^not ok' "$LAB_OUT/$name.tap" || status=1
		ended "$name" $status $((SECONDS - begin))
	done
	rmmod xtcp_kunit || { rm -f "$LAB_OUT/kunit.tap"; ended kunit 1 0; return; }
	# the module itself is no test: its file only serves when it does not load
	rm -f "$LAB_OUT/kunit.tap"
	: >"$LAB_OUT/kunit.done"
}

# one NAME SECONDS COMMAND...: run a test
one()
{
	local name=$1 seconds=$2 status=0 begin=$SECONDS cpu TIMEFORMAT='%U %S'
	shift 2
	mark test "$name"
	{
		time timeout -k 10 "$seconds" "$@" </dev/null >"$LAB_OUT/$name.tap" 2>&1
	} 2>"/run/$name.cpu" || status=$?
	# what it and its children used, without what softirqs did for them
	cpu=$(awk '{ printf "%.0f", $1 + $2 }' "/run/$name.cpu")
	ended "$name" $status $((SECONDS - begin)) "$cpu"
}

# run NAME SECONDS COMMAND...: start a test, some at a time since most of them wait
# most of the time. Each has a network namespace of its own. A script may do as it
# likes with the module, and runs alone.
run()
{
	local name=$1 seconds=$2
	shift 2
	[ ! -e "$LAB_OUT/$name.end" ] || return 0
	case $name in
	*.sh)
		wait
		one "$name" "$seconds" "$@"
		;;
	*)
		while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
			wait -n
		done
		# shellcheck disable=SC2016 # for the inner shell
		one "$name" "$seconds" unshare -n \
			sh -c 'ip link set lo up && exec "$@"' sh "$@" &
		;;
	esac
}

# What is the same code on all kernels need not be done in full on those that take long
# for it: wan does all of it. LAB_SHARE says how much this one does:
#   0  all, but errno_compare goes through one door for each situation, in turn
#   1  so, and raw segments come in one IP version for each program, in turn
#   2  no raw segments, no xss, and each program goes through one half of its variants
#   3  likewise, through the other half
share=${LAB_SHARE:-0}

elsewhere() # NAME
{
	[ "$share" -ge 2 ] || return
	case $1 in
	wire/* | torture/* | matrix.sh | xss) ;;
	*) return 1 ;;
	esac
}

# variants NAME: the options that leave some out; the harness takes no empty list
variants()
{
	[ "$LAB_KERNEL" != wan ] || return 0
	case $1 in
	errno_compare)
		echo -1
		return
		;;
	offload.sh | netns.sh)
		case $LAB_KERNEL-$share in
		debug-* | *-2) echo -6 ;;
		*) echo -4 ;;
		esac
		return
		;;
	*.sh | torture/* | transfer | bind_matrix) return ;;	# have none, or want all
	wire/*) [ "$share" = 1 ] || return 0 ;;
	*) [ "$share" -ge 2 ] || return 0 ;;
	esac
	case $1-$(((turn + share) % 2)) in
	*-0) echo -V ipv4 ;;
	wire/*-1) echo -V ipv6 ;;
	*-1) echo -V ipv6 -V inet ;;
	esac
}

# each DO: DO NAME SECONDS COMMAND... for every test; a line of the list is NAME or
# COLLECTION:NAME, and timeout=SECONDS may follow
each()
{
	local do=$1 name limit user=$XTCP/userspace turn=0
	while read -r name limit _; do
		case $name in
		'' | '#'*) continue ;;
		esac
		name=${name##*:} limit=${limit#timeout=}
		! elsewhere "$name" || continue
		turn=$((turn + 1))
		# shellcheck disable=SC2046 # some options or none
		$do "${name//\//_}" "${limit:-600}" env -C "$dir" "./$name" $(variants "$name")
	done <"$dir/kselftest-list.txt"
	$do libxtcp 300 "$XTCP_USER/test_libxtcp"
	$do xtcp-run 900 "$user/xtcp-run/test/test_xtcp_run.sh" "$XTCP_USER"
	$do xtcp-bench 300 "$user/xtcp-bench/test/test_xtcp_bench.sh" "$XTCP_USER"
	$do trace 300 "$user/trace/test/test_trace.sh"
	elsewhere xss || $do xss 300 "$user/xss/test/test_xss.sh" "$XTCP_USER"
	$do examples 900 "$user/examples/test/test_examples.sh" "$XTCP_USER/examples"
	# Python is slow to emulate, and the same everywhere
	[ "$share" != 0 ] || $do python 600 python3 "$user/python/test/test_xtcp.py"
	$do readme 300 "$user/examples/test/test_readme.sh" "$XTCP_USER/examples"
	# as printed, where nobody waits: what they do is the others' business
	[ "$LAB_KERNEL" != wan ] || $do documentation.sh 600 "$XTCP/lab/lib/doc-commands" --run
	if [ "${LAB_APPS:-0}" = 1 ]; then
		# alone: such traffic would drown what other tests trace and time
		$do apps.sh 900 python3 "$XTCP/lab/guest/apps.py" --short --tap
	else
		$do programs 900 "$user/xtcp-run/test/test_programs.sh" "$XTCP_USER/xtcp-run"
	fi
}

# whatever happens here, the host knows what should have run
plan() { echo "$1"; }
each plan >"$LAB_OUT/planned"

if [ -d /sys/kernel/debug/kunit ] && [ ! -e "$LAB_OUT/kunit.done" ]; then
	kunit
fi
each run
wait
