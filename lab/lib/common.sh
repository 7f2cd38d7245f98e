# shellcheck shell=bash
# Sourced by the commands of lab/: where things are, how they are built once.

set -eu -o pipefail
umask 022
export LC_ALL=C.UTF-8

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
TREE=${LAB%/*}
CACHE=${XTCP_LAB_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/xtcp-lab}
# shellcheck disable=SC2034 # lab/build and lab/vm use it
BUILD=$TREE/build/lab
ME=lab/${0##*/}

STOCK_KERNELS='6.1 6.12 7.2'
UML_KERNELS='wan debug'
ALL_KERNELS="$STOCK_KERNELS $UML_KERNELS"

say() { printf '%s: %s\n' "$ME" "$*" >&2; }

# die STATUS MESSAGE...: one line, then out.
die()
{
	local status=$1
	shift
	say "$@"
	exit "$status"
}

need_root()
{
	[ "$(id -u)" = 0 ] || die 1 'needs root: it mounts, chroots and makes namespaces'
}

# is_one_of WORD LIST
is_one_of()
{
	case " $2 " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

need_kernel()
{
	is_one_of "$1" "$ALL_KERNELS" || die 2 "no such kernel: '$1' (have: $ALL_KERNELS)"
}

# need_number OPTION VALUE
need_number()
{
	case $2 in
	'' | *[!0-9]*) die 2 "$1 wants a number, not '$2'" ;;
	esac
}

is_uml() { is_one_of "$1" "$UML_KERNELS"; }

# The root file system that kernel $1 is built and run with. Both UML kernels
# share the oldest one: what is linked there runs on every later Debian.
root_of()
{
	if is_uml "$1"; then
		echo root-6.1
	else
		echo "root-$1"
	fi
}

# in_root ROOT-DIRECTORY [HOST-DIR:DIR[:rw]]... -- COMMAND...
in_root() { unshare --mount --propagation private -- "$LAB/lib/in-root" "$@"; }

# --- artefacts ---------------------------------------------------------------
# An artefact NAME is a directory $CACHE/NAME-KEY. KEY is a hash of what
# recipe_NAME prints: everything that it is made from. make_NAME fills a
# directory of another name, which gets its own only when it is whole: so an
# interrupted run leaves nothing that looks done.

# fn NAME: the part of a function's name that stands for an artefact
fn() { echo "${1//[-.]/_}"; }

path_of()
{
	local recipe
	recipe=$("recipe_$(fn "$1")")
	recipe=$(printf '%s\n' "$recipe" | sha256sum)
	echo "$CACHE/$1-${recipe:0:12}"
}

# wait_for PID LOG NAME: until PID has ended, say now and then how it goes
wait_for()
{
	local begin=$SECONDS next=30
	while kill -0 "$1" 2>/dev/null; do
		sleep 0.2
		if [ $((SECONDS - begin)) -ge $next ]; then
			say "$3: $((SECONDS - begin)) s: $(tail -n 1 "$2" | tr -d '\r' | cut -c -60)"
			next=$((next + 30))
		fi
	done
	wait "$1"
}

# ensure NAME: in a subshell, whose exit trap it uses
ensure()
{
	local name=$1 dir tmp log begin=$SECONDS lock
	dir=$(path_of "$name")
	[ ! -d "$dir" ] || return 0
	mkdir -p "$CACHE/log"
	log=$CACHE/log/$name.log
	tmp=$CACHE/tmp-$name
	exec {lock}>"$CACHE/lock-$name"
	if ! flock -n "$lock"; then
		say "$name: another setup is making it, waiting"
		flock -w 3600 "$lock" || die 1 "$name: waited an hour for the other setup"
	fi
	if [ ! -d "$dir" ]; then
		say "$name: making it (log: $log)"
		rm -rf --one-file-system "$tmp"
		mkdir -p "$tmp"
		# in name spaces of its own: no mount and no process outlives it
		setpriv --pdeathsig KILL unshare --mount --propagation private \
			--pid --fork --kill-child --mount-proc -- \
			"$LAB/lib/make" "$name" "$tmp" >"$log" 2>&1 </dev/null {lock}>&- &
		pid=$!
		trap 'kill -KILL $pid 2>/dev/null || :' EXIT
		if ! wait_for $pid "$log" "$name"; then
			tail -n 15 "$log" >&2
			die 1 "$name: failed after $((SECONDS - begin)) s, whole log: $log"
		fi
		trap - EXIT
		mv -T "$tmp" "$dir"
		say "$name: ready after $((SECONDS - begin)) s"
	fi
	exec {lock}>&-
}
