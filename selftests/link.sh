# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Two namespaces, $a and $b, a link between them, and transfers over it: for the
# scripts that have sourced lib.sh.

a=xt-a-$$
b=xt-b-$$
mb=1048576

tidy()
{
	ip netns del "$a" 2>/dev/null
	ip netns del "$b" 2>/dev/null
}

# link [MTU]: both namespaces anew, joined by a veth pair
link()
{
	local ns mtu=${1:-1500}
	tidy
	ip netns add "$a" && ip netns add "$b" &&
		ip -n "$a" link add xt0 type veth peer name xt0 netns "$b" || return
	# in few processes: they are what takes long on slow kernels
	ends "$a" 1 && ends "$b" 2 || return
	ip -n "$b" addr add fe80::2/64 dev xt0 nodad
	for ns in "$a" "$b"; do
		# orphans hold their namespace, and the module, until they give up
		over_tcp || ip netns exec "$ns" sh -c '
			echo 2 >/proc/sys/net/xtcp/orphan_retries
			echo 5 >/proc/sys/net/xtcp/fin_timeout'
	done
	until_true 20 carrier "$a" && until_true 20 carrier "$b"
}

# ends NAMESPACE NUMBER: addresses; netem is to see segments, not trains of them
ends()
{
	ip -n "$1" -batch - <<-EOF
		link set lo up
		link set xt0 mtu $mtu gso_max_segs 1 up
		addr add 192.0.2.$2/24 dev xt0
		addr add 2001:db8::$2/64 dev xt0 nodad
	EOF
}

carrier() { ip -n "$1" link show xt0 | grep -q LOWER_UP; }

netem() # parameters
{
	ip netns exec "$a" tc qdisc replace dev xt0 root netem "$@" &&
		ip netns exec "$b" tc qdisc replace dev xt0 root netem "$@"
}

# transfer ADDRESS BYTES: both ways at once, compared; b listens, a connects
transfer()
{
	local server status bytes=$(($2 / scale / 8 * 8))
	next_port
	ip netns exec "$b" "$xfer" listen "$1" "$port" "$bytes" >"$work/server" &
	server=$!
	until_true 60 grep -q listening "$work/server" || return 1
	ip netns exec "$a" "$xfer" connect "$1" "$port" "$bytes"
	status=$?
	wait "$server" && [ "$status" = 0 ]
}
