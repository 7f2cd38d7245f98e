// SPDX-License-Identifier: GPL-2.0
/*
 * Offload: what the way to the device and back does for us.
 *
 * Checksums: yes.  Segments leave with CHECKSUM_PARTIAL, and whoever can
 * finishes them: the card, or the kernel right before it.
 *
 * Segmentation: no.  Each segment is an skb of its own, at most one MSS long,
 * on its way out and on its way in; loopback with its MTU of 64 KiB is the only
 * device on which that is a lot.  So the route's capabilities that speak of
 * super-segments are not for us.
 */
#include <linux/netdevice.h>

#include "engine.h"

/**
 * xtcp_setup_caps - a connection takes a route, and what its device can do
 * @sk: socket, locked
 * @dst: route; its reference passes to the socket
 */
void xtcp_setup_caps(struct sock *sk, struct dst_entry *dst)
{
	sk_setup_caps(sk, dst);
	sk->sk_route_caps &= ~NETIF_F_GSO_MASK;
}

/**
 * xtcp_size_goal - payload bytes to gather in one skb of the send queue
 * @sk: socket, locked
 */
u32 xtcp_size_goal(struct sock *sk)
{
	return xtcp_current_mss(sk);
}
