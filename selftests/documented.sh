#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What Documentation/counters.rst and sysctl.rst tell is what the kernel has: the same
# names, both ways, and the defaults; and what is out of range is refused.
# shellcheck disable=SC2317 # check calls them
. "$(dirname "$0")/lib.sh"

documents=${XTCP:-$here/..}/Documentation
stat=/proc/net/xtcp_stat
settings=/proc/sys/net/xtcp

over_tcp && skip_all "XTCP's own counters and settings"
if [ -z "${DOCUMENTED_INSIDE:-}" ]; then
	# a namespace whose settings nobody has changed
	DOCUMENTED_INSIDE=1 exec unshare -n --mount "$0" "$@"
fi
mount -t sysfs none /sys 2>/dev/null
begin

# --- counters -------------------------------------------------------------------------

counters__documented_are_there_and_the_reverse()
{
	local of_kernel of_document
	of_kernel=$(head -n 1 "$stat" | tr ' ' '\n' | sed 1d | sort)
	# shellcheck disable=SC2016 # backquotes as they are
	# the terms of the list: lines of nothing but ``Name``, ``Name``
	of_document=$(grep -E '^(``[A-Za-z0-9]+``(, )?)+$' "$documents/counters.rst" |
		grep -oE '[A-Za-z0-9]+' | sort)
	[ -n "$of_kernel" ] && diff <(echo "$of_kernel") <(echo "$of_document")
}

counters__form_is_nstats()
{
	[ "$(wc -l <"$stat")" = 2 ] || return
	awk '{ if ($1 != "Xtcp:") exit 1; n[NR] = NF }
	     NR == 2 { for (i = 2; i <= NF; i++) if ($i !~ /^[0-9]+$/) exit 1 }
	     END { exit n[1] != n[2] }' "$stat" || return
	NSTAT_HISTORY=$work/nstat PROC_NET_NETSTAT="$stat" PROC_NET_SNMP=/dev/null \
		PROC_NET_SNMP6=/dev/null nstat -az >"$work/seen" || return
	cat "$work/seen"
	grep -q '^XtcpInSegs ' "$work/seen"
}

# --- settings -------------------------------------------------------------------------

# rows: name|default|range|unit of each row of the table in sysctl.rst; those that go on
# in the next line joined
rows()
{
	awk '/^``net\.xtcp/ { inside = 1 }
	     inside && /^=====/ {
		rules++
		if (rules == 1) {
			for (i = 1; i <= length($0); i++)
				if (substr(" " $0, i, 2) == " =")
					from[++n] = i
		}
		next
	     }
	     rules == 2 {
		for (i = 1; i <= n; i++) {
			cell[i] = i < n ? substr($0, from[i], from[i + 1] - from[i]) : substr($0, from[i])
			gsub(/^ +| +$/, "", cell[i])
		}
		if (cell[1] != "") {
			if (row != "")
				print row
			gsub(/`/, "", cell[1])
			row = cell[1] "|" cell[2] "|" cell[3] "|" cell[4]
		} else {
			split(row, old, "|")
			row = old[1] "|" old[2] " " cell[2] "|" old[3] "|" old[4]
		}
	     }
	     END { print row }' "$documents/sysctl.rst"
}

settings__documented_are_there_and_the_reverse()
{
	# mem is everybody's, and stands in the initial namespace only
	diff <(cd "$settings" && printf '%s\n' * mem | sort -u) <(rows | cut -d'|' -f1 | sort)
}

settings__defaults_are_true()
{
	local name default is status=0
	while IFS='|' read -r name default _; do
		case $default in
		'by memory' | 'read only') continue ;;
		esac
		is=$(tr -s '\t ' ' ' <"$settings/$name")
		if [ "$is" != "$(tr -s ' ' <<<"$default" | sed 's/ $//')" ]; then
			echo "$name is '$is', documented as '$default'"
			status=1
		fi
	done < <(rows)
	return "$status"
}

# refused NAME VALUE: with EINVAL, and nothing changed
refused()
{
	local before
	before=$(cat "$settings/$1")
	if printf '%s\n' "$2" >"$settings/$1" 2>"$work/why"; then
		echo "$1 takes '$2'"
		return 1
	fi
	grep -q 'Invalid argument' "$work/why" && [ "$(cat "$settings/$1")" = "$before" ]
}

taken()
{
	local before
	before=$(cat "$settings/$1")
	printf '%s\n' "$2" >"$settings/$1" && [ "$(cat "$settings/$1")" = "$2" ] &&
		printf '%s\n' "$before" >"$settings/$1"
}

settings__ranges_are_kept()
{
	local name range low high n=0
	while IFS='|' read -r name _ range _; do
		case $range in
		'0, 1') low=0 high=1 ;;
		*' to INT_MAX') low=${range%% *} high=2147483647 ;;
		[0-9]*' to '[0-9]*) low=${range%% *} high=${range##* } ;;
		'from '*)
			low=${range#from }
			echo "$name: $range"
			refused "$name" "$((low - 1)) $low $low" || return
			refused "$name" "$low $low 99999999999" || return
			n=$((n + 1))
			continue
			;;
		*) continue ;;
		esac
		echo "$name: $range"
		taken "$name" "$low" || return
		taken "$name" "$high" || return
		refused "$name" $((low - 1)) || return
		refused "$name" $((high + 1)) || return
		refused "$name" many || return
		n=$((n + 1))
	done < <(rows)
	echo "$n settings"
	[ "$n" -ge 15 ]
}

settings__read_only_and_names()
{
	! echo reno >"$settings/available_congestion_control" || return
	! echo no-such-controller >"$settings/congestion_control" || return
	[ "$(cat "$settings/congestion_control")" = cubic ] || return
	echo reno >"$settings/congestion_control" && [ "$(cat "$settings/congestion_control")" = reno ]
}

check counters__documented_are_there_and_the_reverse
check counters__form_is_nstats
check settings__documented_are_there_and_the_reverse
check settings__defaults_are_true
check settings__ranges_are_kept
check settings__read_only_and_names
finish
