#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test programs while allocations fail by chance.  What a program reports then is
# its own affair; the kernel has no excuse: it kills what shall be killed, unloads
# the module, and all works again when memory is back.  Whoever runs this reads
# the kernel's log, and looks for leaks.
#
#	failing.sh [-a] [-s SECONDS] [PROGRAM...]
#
# Without programs: those by chance, for a moment; -a: all that there are.  -s: how
# long each may take.  Two ways, for each program: "task", any allocation of the
# program and its children, once it has set its stage (xt_faults()); "segments",
# buffers and sockets, whoever asks, and so in the path of received segments and in
# timers, too.

# shellcheck disable=SC2317 # check() calls the functions by name
set -u
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

debug=/sys/kernel/debug
slab=/sys/kernel/slab
ko=${XTCP_KO:-${XTCP_BUILD:+$XTCP_BUILD/xtcp.ko}}
enough=1000000
seconds=10
faults=0

load()
{
	if [ -e "$ko" ]; then
		insmod "$ko"
	else
		modprobe xtcp
	fi
}

# set_all FILE VALUE: of both kinds of faults
set_all()
{
	echo "$2" >"$debug/failslab/$1" && echo "$2" >"$debug/fail_page_alloc/$1"
}

# one allocation in about a hundred fails
prepare() # FILTER-BY-TASK FILTER-BY-CACHE
{
	set_all probability 0
	set_all interval 10
	set_all task-filter "$1"
	echo "$2" >"$debug/failslab/cache-filter"
	set_all ignore-gfp-wait N
	set_all verbose 0
	set_all space 0
	set_all times "$enough"
	# User-Mode-Linux dies of a page fault that gets no page, in execve()
	echo 1 >"$debug/fail_page_alloc/min-order"
	# pages have no caches to choose from
	[ "$2" = N ] || echo Y >"$debug/fail_page_alloc/task-filter"
}

# mark_caches 0|1: those of buffers, sockets and TIME_WAITs
mark_caches()
{
	local c
	for c in skbuff_head_cache skbuff_fclone_cache skbuff_small_head \
		XTCP XTCPv6 xtcp_tw; do
		echo "$1" >"$slab/$c/failslab" 2>/dev/null
	done
}

calm()
{
	set_all probability 0
	mark_caches 0
}

tidy()
{
	calm
	set_all task-filter N
	echo N >"$debug/failslab/cache-filter"
	[ -d /sys/module/xtcp ] || load
}

injected()
{
	echo $((2 * enough - $(cat "$debug/failslab/times") -
		$(cat "$debug/fail_page_alloc/times")))
}

# disturbed FILTER PROGRAM ARGUMENT...: in a session, to be killed with what it starts
disturbed()
{
	local filter=$1 pid end
	shift
	if [ "$filter" = task ]; then
		prepare Y N
	else
		prepare N Y
		mark_caches 1
	fi
	XTCP_TEST_FAULTS=1 setsid "$@" >"$work/output" 2>&1 </dev/null &
	pid=$!
	set_all probability 10
	end=$((SECONDS + seconds))
	while kill -0 "$pid" 2>/dev/null && [ "$SECONDS" -lt "$end" ]; do
		sleep 0.2
	done
	calm
	pkill -KILL -s "$pid"
	until_true 120 gone "$pid" || { echo 'it cannot be killed'; return 1; }
	faults=$(injected)
	# ERESTARTSYS and its like have no names in user space
	! grep -E 'Unknown error|errno 5[0-9][0-9]' "$work/output"
}

gone()
{
	! kill -0 "$1" 2>/dev/null
}

# What was killed may have to say good-bye first.
unload() { until_true 180 rmmod xtcp; }

undisturbed()
{
	"$here/torture/calls" -n 500
}

begin
[ -e $debug/failslab ] || mount -t debugfs debugfs $debug 2>/dev/null
[ -e $debug/failslab/cache-filter ] || skip_all "no fault injection"
[ -e "$ko" ] || modinfo xtcp >/dev/null 2>&1 ||
	skip_all "set XTCP_KO to the module's file"

programs=()
while [ $# -gt 0 ]; do
	case $1 in
	-a)
		mapfile -t programs < <(sed 's/ .*//; s/.*://; /\.sh$/d; /^faults$/d' \
			"$here/kselftest-list.txt")
		;;
	-s)
		seconds=$2
		shift
		;;
	*) programs+=("$1") ;;
	esac
	shift
done
[ ${#programs[@]} -gt 0 ] || programs=(torture/calls torture/packets)

total=0
for filter in task segments; do
	before=$total
	for program in "${programs[@]}"; do
		check "$filter.$program" disturbed "$filter" "$here/$program"
		echo "# $faults allocations failed"
		total=$((total + faults))
	done
	if [ "$total" -gt "$before" ]; then
		check "$filter.allocations_failed" true
	else
		skip "$filter.allocations_failed" "none did: is the machine that slow?"
	fi
	check "$filter.unloads" unload
	check "$filter.loads" load
	check "$filter.works_again" undisturbed
done
echo "# $total allocations failed in all"
finish
