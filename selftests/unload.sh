#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Unloading: refused while a socket exists, works afterwards, leaves nothing,
# and the module can be loaded again, many times.
#
# XTCP_KO names the module's file, if modprobe would not find it.

# shellcheck disable=SC2317 # check() calls the functions by name
set -u
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

ko=${XTCP_KO:-${XTCP_BUILD:+$XTCP_BUILD/xtcp.ko}}
mb=1048576

load()
{
	if [ -e "$ko" ]; then
		insmod "$ko"
	else
		modprobe xtcp
	fi
}

# The last references go with the orphans that still say good-bye.
unload() { until_true 90 rmmod xtcp; }

tidy() { [ -d /sys/module/xtcp ] || load; }

refused_while() # ADDRESS COMMAND... in the background
{
	local holder
	rm -f "$work/holder"
	"$xfer" "$@" >"$work/holder" &
	holder=$!
	until_true 60 grep -q listening "$work/holder" || return 1
	if rmmod xtcp; then
		kill -9 "$holder"
		return 1
	fi
	kill -9 "$holder"
	wait "$holder"
	[ -d /sys/module/xtcp ]
}

refused_with_a_connection()
{
	local server client status=0
	next_port
	"$xfer" hold-listen 127.0.0.1 "$port" >"$work/server" &
	server=$!
	until_true 60 grep -q listening "$work/server" || return 1
	"$xfer" hold-connect 127.0.0.1 "$port" >"$work/client" &
	client=$!
	until_true 60 grep -q held "$work/client" || status=1
	! rmmod xtcp || status=1
	kill -9 "$server" "$client"
	wait "$server" "$client"
	return "$status"
}

# Caches whose objects readers may still look at go a little later.
slabs()
{
	grep -io '^xtcp[^ ]*' /proc/slabinfo
	# the links to merged caches stay, whatever module made them
	find /sys/kernel/slab -maxdepth 1 -type d -iname 'xtcp*' 2>/dev/null
}

no_slabs() { [ -z "$(slabs)" ]; }

nothing_is_left()
{
	local status=0
	until_true 30 no_slabs || { slabs; status=1; }
	! grep -i xtcp /proc/net/protocols || status=1
	! grep -w xtcp /proc/modules || status=1
	[ ! -e /proc/net/xtcp_stat ] || status=1
	[ ! -e /proc/sys/net/xtcp ] || status=1
	return "$status"
}

transfer() # BYTES
{
	local server status
	next_port
	"$xfer" listen ::1 "$port" "$1" >"$work/server" &
	server=$!
	until_true 60 grep -q listening "$work/server" || return 1
	"$xfer" connect ::1 "$port" "$1"
	status=$?
	wait "$server" && [ "$status" = 0 ]
}

# With a fresh TIME_WAIT, and with one connection that dies just before.
round()
{
	local server client
	load && transfer "$mb" || return 1
	next_port
	"$xfer" hold-listen 127.0.0.1 "$port" >"$work/server" &
	server=$!
	until_true 60 grep -q listening "$work/server" || return 1
	"$xfer" hold-connect 127.0.0.1 "$port" >"$work/client" &
	client=$!
	until_true 60 grep -q held "$work/client" || return 1
	kill -9 "$server" "$client"
	wait "$server" "$client"
	unload && nothing_is_left
}

rounds()
{
	local i
	for i in $(seq "$1"); do
		round || { echo "round $i"; return 1; }
	done
}

# Namespaces come and go while the module does.
with_namespaces()
{
	local i
	load || return 1
	for i in 1 2 3; do
		ip netns add "xt-u$i-$$" || return 1
	done
	unload || return 1
	load || return 1
	for i in 1 2 3; do
		ip netns del "xt-u$i-$$" || return 1
	done
	unload && nothing_is_left
}

# Transfers in namespaces of their own, one after the other, whatever becomes of them.
busy()
{
	# shellcheck disable=SC2016 # for the inner shell
	setsid sh -c '
		while :; do
			unshare -n sh -c "
				ip link set lo up
				\"\$0\" listen 127.0.0.1 5000 \"\$1\" &
				sleep 0.2
				\"\$0\" connect 127.0.0.1 5000 \"\$1\"
				wait" "$0" "$1"
			sleep 0.05
		done' "$xfer" $((mb / scale / 8 * 8)) >/dev/null 2>&1 &
}

# Whenever nobody has a socket just then it goes, and comes back; else it is refused.
under_load()
{
	local job jobs="" gone=0 status=0
	load || return 1
	for _ in 1 2 3; do
		busy
		jobs="$jobs $!"
	done
	for _ in $(seq "$1"); do
		sleep 0.1
		rmmod xtcp 2>/dev/null || continue
		gone=$((gone + 1))
		nothing_is_left && load || status=1
	done
	for job in $jobs; do
		kill -9 -- "-$job"
		wait "$job"
	done
	echo "went $gone times of $1"
	unload && nothing_is_left && [ "$status" = 0 ]
}

# A segment for which there is no module any more: IP refuses it.
handler_comes_and_goes()
{
	local i
	for i in 1 2; do
		XTCP_TEST_PROTO=tcp "$here/handler" gone || return 1
		load || return 1
		XTCP_TEST_PROTO=tcp "$here/handler" there || return 1
		unload || return 1
	done
}

over_tcp && skip_all "TCP cannot be unloaded"
begin
[ -e "$ko" ] || modinfo xtcp >/dev/null 2>&1 ||
	skip_all "set XTCP_KO to the module's file"

check refused_while_listening refused_while hold-listen 127.0.0.1 6000
check refused_with_a_connection refused_with_a_connection
check unloads unload
check nothing_is_left nothing_is_left
check rounds rounds 5
check with_namespaces with_namespaces
check rounds_under_load under_load 10
check handler_comes_and_goes handler_comes_and_goes
check loads_again load
finish
