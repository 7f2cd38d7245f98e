// SPDX-License-Identifier: GPL-2.0
/*
 * Offload: what the way to the device and back does for us.
 *
 * Checksums: segments leave with CHECKSUM_PARTIAL, and whoever can finishes
 * them: the card, or the kernel right before it.
 *
 * Segmentation: one skb may hold many segments, a super-segment, for which
 * routing, filters and queues work once.
 *
 *   queue   | header ^ |  mss  |  mss  |  mss  | rest |     one skb, one header
 *                           |
 *      veth, bridge, lo: whole, up to the other socket
 *      a real card: xtcp_gso_segment(), as late as possible
 *                           v
 *           |hdr| mss |   |hdr| mss |   |hdr| mss |   |hdr|rest|
 *            seq           +mss          +2 mss        FIN, PSH
 *
 * Its type is SKB_GSO_SCTP: software devices carry all types that software can
 * segment, and no card's driver takes this one for TCP.
 *
 * On receipt segments are merged into super-segments again: gro.c.
 *
 * How many segments: what pacing lets go at once, so that a super-segment is no
 * burst that separate segments would not be, and what the device allows.
 */
#include <linux/netdevice.h>
#include <net/protocol.h>

#include "net.h"

/**
 * xtcp_setup_caps - a connection takes a route, and what its device can do
 * @sk: socket, locked
 * @dst: route; its reference passes to the socket
 */
void xtcp_setup_caps(struct sock *sk, struct dst_entry *dst)
{
	sk->sk_gso_type = SKB_GSO_SCTP;
	sk_setup_caps(sk, dst);
}

/**
 * xtcp_size_goal - payload bytes that one skb may hold now
 * @sk: socket, locked
 * @mss: bytes per segment
 *
 * Return: a multiple of @mss, at least once.
 */
u32 xtcp_size_goal(const struct sock *sk, u32 mss)
{
	u32 bytes, segs;

	if (!sk_can_gso(sk) || sk->sk_gso_max_size <= XTCP_MAX_HEADER)
		return mss;
	/* IP's length field bounds what goes through the stack in one piece. */
	bytes = min_t(u32, sk->sk_gso_max_size, GSO_LEGACY_MAX_SIZE - 1);
	bytes = min_t(u32, bytes - XTCP_MAX_HEADER, xtcp_pacing_quantum(sk));
	segs = min_t(u32, bytes / mss, READ_ONCE(sk->sk_gso_max_segs));
	return max(segs, 1u) * mss;
}

/**
 * xtcp_gso_set - tell the way out how to cut a segment
 * @skb: clone or copy that is about to leave, payload only
 * @mss: payload bytes per segment
 *
 * Return: segments that it is.
 */
unsigned int xtcp_gso_set(struct sk_buff *skb, u32 mss)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);

	if (skb->len <= mss) {
		shinfo->gso_size = 0;
		shinfo->gso_segs = 0;
		shinfo->gso_type = 0;
		return 1;
	}
	shinfo->gso_size = mss;
	shinfo->gso_segs = DIV_ROUND_UP(skb->len, mss);
	shinfo->gso_type = SKB_GSO_SCTP;
	return shinfo->gso_segs;
}

/* ------------------------------------------------------- cutting them apart */

/*
 * The pseudo-header's sum stands in the checksum field: correct its length from
 * @old to @new, then have it finished, here or by the card.
 */
static void xtcp_segment_csum(struct sk_buff *seg, unsigned int old,
			      unsigned int new)
{
	struct xtcphdr *th = xtcp_hdr(seg);
	__wsum rest;

	th->check = csum16_add(csum16_sub(th->check, htons(old)), htons(new));
	rest = ~csum_unfold(th->check);
	if (seg->ip_summed == CHECKSUM_PARTIAL)
		gso_reset_checksum(seg, rest);
	else
		th->check = gso_make_checksum(seg, rest);
}

static void xtcp_segment_headers(struct sk_buff *segs, unsigned int hdr_len,
				 unsigned int whole)
{
	u32 seq = ntohl(xtcp_hdr(segs)->seq);
	struct sk_buff *seg;

	for (seg = segs; seg; seg = seg->next) {
		unsigned int len = seg->len - skb_transport_offset(seg);
		struct xtcphdr *th = xtcp_hdr(seg);

		th->seq = htonl(seq);
		seq += len - hdr_len;
		if (seg->next)
			th->flags &= ~(XTCP_FIN | XTCP_PSH);
		xtcp_segment_csum(seg, whole, len);
	}
}

/**
 * xtcp_gso_segment - net_offload.gso_segment: a device takes single segments
 * @skb: super-segment; skb->data is at its XTCP header
 * @features: of the device
 *
 * Return: a list of segments, NULL when @skb may go as it is, or an ERR_PTR.
 */
struct sk_buff *xtcp_gso_segment(struct sk_buff *skb,
				 netdev_features_t features)
{
	unsigned int whole = skb->len, mss = skb_shinfo(skb)->gso_size;
	struct sk_buff *segs;
	unsigned int hdr_len;

	if (!(skb_shinfo(skb)->gso_type & SKB_GSO_SCTP) ||
	    skb->ip_summed != CHECKSUM_PARTIAL ||
	    !pskb_may_pull(skb, XTCP_HDR_LEN) ||
	    xtcp_parse_hlen(xtcp_hdr(skb), skb->len, &hdr_len) ||
	    !pskb_may_pull(skb, hdr_len) || whole - hdr_len <= mss)
		return ERR_PTR(-EINVAL);
	__skb_pull(skb, hdr_len);

	if (skb_gso_ok(skb, features | NETIF_F_GSO_ROBUST)) {
		skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(skb->len, mss);
		return NULL;
	}
	/* A card that only sums TCP and UDP does not know where our sum is. */
	if (!(features & NETIF_F_HW_CSUM))
		features &= ~NETIF_F_CSUM_MASK;
	features &= ~NETIF_F_GSO_PARTIAL;
	segs = skb_segment(skb, features);
	if (!IS_ERR_OR_NULL(segs))
		xtcp_segment_headers(segs, hdr_len, whole);
	return segs;
}

/**
 * xtcp_offload_init - super-segments can be cut and made from now on
 *
 * Return: 0 or -EBUSY when another module has the protocol number.
 */
int xtcp_offload_init(void)
{
	if (inet_add_offload(&xtcp_v4_offload, xtcp_protocol))
		return -EBUSY;
#if IS_ENABLED(CONFIG_IPV6)
	if (inet6_add_offload(&xtcp_v6_offload, xtcp_protocol)) {
		inet_del_offload(&xtcp_v4_offload, xtcp_protocol);
		return -EBUSY;
	}
#endif
	return 0;
}

/**
 * xtcp_offload_exit - none is sent or received any more
 */
void xtcp_offload_exit(void)
{
#if IS_ENABLED(CONFIG_IPV6)
	inet6_del_offload(&xtcp_v6_offload, xtcp_protocol);
#endif
	inet_del_offload(&xtcp_v4_offload, xtcp_protocol);
}
