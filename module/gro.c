// SPDX-License-Identifier: GPL-2.0
/*
 * Receive offload: segments that a device hands over in a row become one
 * super-segment, for which IP, filters and the connection work once.
 *
 *   |hdr| mss |  |hdr| mss |  |hdr| mss |  |hdr|rest|      from the device
 *     first ^         \            |           / the last: shorter, or PSH
 *   | header |  mss  |  mss  |  mss  | rest |              to IP
 *
 * It must be possible to cut it again into what came, as a router's other device
 * may want that (offload.c): so all segments but the last are equally long, and
 * their headers differ in nothing but sequence number, timestamp and PSH.  The
 * timestamp that stays is the oldest: that is the one to echo (RFC 7323 4.3).
 * Nothing overtakes: what cannot join sends the train ahead of it on its way.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/gro.h>
#include <net/protocol.h>

#include "net.h"

/* What the headers of a segment are at, and how long they are. */
struct xtcp_gro_seg {
	const struct xtcphdr *th;
	unsigned int nh_off;	/* from skb->data, of IP's */
	unsigned int th_off;
	unsigned int hdr_len;	/* of ours, options included */
};

/* Headers in one piece, IP's without extras; false: leave it alone. */
static bool xtcp_gro_parse(struct sk_buff *skb, struct xtcp_gro_seg *seg)
{
	unsigned int ip_len;

	seg->th_off = skb_gro_offset(skb);
	seg->nh_off = skb_network_offset(skb);
	ip_len = skb->protocol == htons(ETH_P_IP) ? sizeof(struct iphdr) :
						    sizeof(struct ipv6hdr);
	if (NAPI_GRO_CB(skb)->encap_mark ||
	    seg->nh_off + ip_len != seg->th_off)
		return false;
	seg->th = skb_gro_header(skb, seg->th_off + XTCP_HDR_LEN, seg->th_off);
	if (!seg->th ||
	    xtcp_parse_hlen(seg->th, skb_gro_len(skb), &seg->hdr_len))
		return false;
	seg->th = skb_gro_header(skb, seg->th_off + seg->hdr_len, seg->th_off);
	return seg->th;
}

/* The header of a train, which stands where that of @seg does. */
static struct xtcphdr *xtcp_gro_first(const struct sk_buff *p,
				      const struct xtcp_gro_seg *seg)
{
	return (struct xtcphdr *)(p->data + seg->th_off);
}

/* The headers of two segments up to ours: may one stand for both? */
static bool xtcp_gro_same_ip(const struct sk_buff *p, struct sk_buff *skb,
			     const struct xtcp_gro_seg *seg)
{
	const void *one = p->data + seg->nh_off;
	const void *two = (const void *)seg->th - (seg->th_off - seg->nh_off);

	if (skb->protocol == htons(ETH_P_IP)) {
		const struct iphdr *a = one, *b = two;

		/* DF: an identification means nothing (RFC 6864). */
		return a->tos == b->tos && a->ttl == b->ttl &&
		       a->frag_off == b->frag_off &&
		       b->frag_off == htons(IP_DF);
	}
	/* Version, traffic class and flow label stand in the first word. */
	return *(const __be32 *)one == *(const __be32 *)two &&
	       ((const struct ipv6hdr *)one)->hop_limit ==
	       ((const struct ipv6hdr *)two)->hop_limit;
}

/* The next segment of the train @p, alike but for what may differ? */
static bool xtcp_gro_fits(struct sk_buff *p, struct sk_buff *skb,
			  const struct xtcp_gro_seg *seg)
{
	const struct xtcphdr *first = xtcp_gro_first(p, seg);
	const struct xtcphdr *th = seg->th;
	unsigned int len = skb_gro_len(skb);

	return !NAPI_GRO_CB(skb)->flush && !NAPI_GRO_CB(p)->flush &&
	       len && len <= skb_shinfo(p)->gso_size &&
	       p->len + len < min_t(u32, READ_ONCE(p->dev->gro_max_size),
				    GSO_LEGACY_MAX_SIZE) &&
	       first->flags == XTCP_ACK &&
	       (th->flags & ~XTCP_PSH) == XTCP_ACK &&
	       ntohl(th->seq) == ntohl(first->seq) + skb_gro_len(p) &&
	       th->ack_seq == first->ack_seq && th->window == first->window &&
	       th->tsecr == first->tsecr && th->hlen == first->hlen &&
	       !memcmp(th + 1, first + 1, seg->hdr_len - XTCP_HDR_LEN) &&
	       xtcp_gro_same_ip(p, skb, seg) &&
	       p->pp_recycle == skb->pp_recycle &&
	       !skb_zcopy(p) && !skb_zcopy(skb);
}

/* Count @len more bytes of payload, in @truesize bytes of memory, to @skb. */
static void xtcp_gro_grow(struct sk_buff *skb, unsigned int len,
			  unsigned int truesize)
{
	skb->len += len;
	skb->data_len += len;
	skb->truesize += truesize;
}

/* Of headers that stand in fragments, nothing is left there. */
static void xtcp_gro_eat_headers(struct sk_buff *skb)
{
	int eat = skb_gro_offset(skb) - skb_headlen(skb);

	if (eat <= 0)
		return;
	skb_frag_off_add(&skb_shinfo(skb)->frags[0], eat);
	skb_frag_size_sub(&skb_shinfo(skb)->frags[0], eat);
	skb->data_len -= eat;
	skb->len -= eat;
}

/* @skb's payload is all in fragments: they join those of the train's last. */
static bool xtcp_gro_move_frags(struct sk_buff *p, struct sk_buff *skb)
{
	struct sk_buff *last = NAPI_GRO_CB(p)->last;
	struct skb_shared_info *to = skb_shinfo(last);
	struct skb_shared_info *from = skb_shinfo(skb);
	unsigned int len = skb_gro_len(skb);
	unsigned int truesize;

	if (skb_headlen(skb) > skb_gro_offset(skb) ||
	    to->nr_frags + from->nr_frags > MAX_SKB_FRAGS)
		return false;
	xtcp_gro_eat_headers(skb);
	memcpy(to->frags + to->nr_frags, from->frags,
	       from->nr_frags * sizeof(*from->frags));
	to->nr_frags += from->nr_frags;
	to->flags |= from->flags & SKBFL_SHARED_FRAG;
	from->nr_frags = 0;

	/* What is left of it is freed by who called us. */
	truesize = skb->truesize - SKB_TRUESIZE(skb_end_offset(skb));
	skb->truesize -= truesize;
	skb->len -= skb->data_len;
	skb->data_len = 0;
	NAPI_GRO_CB(skb)->free = NAPI_GRO_FREE;

	xtcp_gro_grow(p, len, truesize);
	if (last != p)
		xtcp_gro_grow(last, len, truesize);
	return true;
}

/* @skb as it is, without headers, behind the train's last. */
static void xtcp_gro_chain(struct sk_buff *p, struct sk_buff *skb)
{
	unsigned int len = skb_gro_len(skb);

	skb_orphan(skb);
	xtcp_gro_eat_headers(skb);
	__skb_pull(skb, min(skb_gro_offset(skb), skb_headlen(skb)));
	if (NAPI_GRO_CB(p)->last == p)
		skb_shinfo(p)->frag_list = skb;
	else
		NAPI_GRO_CB(p)->last->next = skb;
	NAPI_GRO_CB(p)->last = skb;
	__skb_header_release(skb);
	skb_shinfo(p)->flags |= skb_shinfo(skb)->flags & SKBFL_SHARED_FRAG;
	xtcp_gro_grow(p, len, skb->truesize);
}

/* The train of @skb's connection, or NULL.  Others are told to be others'. */
static struct sk_buff *xtcp_gro_train(struct list_head *head,
				      const struct xtcp_gro_seg *seg)
{
	struct sk_buff *p;

	list_for_each_entry(p, head, list) {
		const struct xtcphdr *first = xtcp_gro_first(p, seg);

		if (!NAPI_GRO_CB(p)->same_flow)
			continue;
		if (first->source == seg->th->source &&
		    first->dest == seg->th->dest)
			return p;
		NAPI_GRO_CB(p)->same_flow = 0;
	}
	return NULL;
}

/* Answers with a train that must go on its way now, or NULL. */
static struct sk_buff *xtcp_gro_join(struct list_head *head,
				     struct sk_buff *skb,
				     struct xtcp_gro_seg *seg)
{
	struct sk_buff *p = xtcp_gro_train(head, seg);
	unsigned int len;

	skb_gro_pull(skb, seg->hdr_len);
	len = skb_gro_len(skb);
	if (p && xtcp_gro_fits(p, skb, seg)) {
		u8 push = seg->th->flags & XTCP_PSH;

		if (!xtcp_gro_move_frags(p, skb))
			xtcp_gro_chain(p, skb);
		NAPI_GRO_CB(p)->count++;
		NAPI_GRO_CB(skb)->same_flow = 1;
		xtcp_gro_first(p, seg)->flags |= push;
		return push || len < skb_shinfo(p)->gso_size ? p : NULL;
	}
	/* Only plain data begins a train. */
	if (!len || seg->th->flags != XTCP_ACK)
		NAPI_GRO_CB(skb)->flush = 1;
	return p;
}

static struct sk_buff *xtcp_v4_gro_receive(struct list_head *head,
					   struct sk_buff *skb)
{
	struct xtcp_gro_seg seg;

	if (xtcp_gro_parse(skb, &seg) &&
	    (NAPI_GRO_CB(skb)->flush ||
	     !skb_gro_checksum_validate(skb, xtcp_protocol,
					inet_gro_compute_pseudo)))
		return xtcp_gro_join(head, skb, &seg);
	NAPI_GRO_CB(skb)->flush = 1;
	return NULL;
}

/* The train is complete: a super-segment as xtcp_gso_set() makes it. */
static void xtcp_gro_finish(struct sk_buff *skb, struct xtcphdr *th)
{
	skb->csum_start = (unsigned char *)th - skb->head;
	skb->csum_offset = offsetof(struct xtcphdr, check);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb_shinfo(skb)->gso_type |= SKB_GSO_SCTP;
	skb_shinfo(skb)->gso_segs = NAPI_GRO_CB(skb)->count;
}

static int xtcp_v4_gro_complete(struct sk_buff *skb, int th_off)
{
	struct xtcphdr *th = (struct xtcphdr *)(skb->data + th_off);
	const struct iphdr *iph = (const void *)th - sizeof(*iph);

	th->check = ~csum_tcpudp_magic(iph->saddr, iph->daddr,
				       skb->len - th_off, xtcp_protocol, 0);
	xtcp_gro_finish(skb, th);
	return 0;
}

const struct net_offload xtcp_v4_offload = {
	.callbacks = {
		.gso_segment	= xtcp_gso_segment,
		.gro_receive	= xtcp_v4_gro_receive,
		.gro_complete	= xtcp_v4_gro_complete,
	},
};

#if IS_ENABLED(CONFIG_IPV6)
static struct sk_buff *xtcp_v6_gro_receive(struct list_head *head,
					   struct sk_buff *skb)
{
	struct xtcp_gro_seg seg;

	if (xtcp_gro_parse(skb, &seg) &&
	    (NAPI_GRO_CB(skb)->flush ||
	     !skb_gro_checksum_validate(skb, xtcp_protocol,
					ip6_gro_compute_pseudo)))
		return xtcp_gro_join(head, skb, &seg);
	NAPI_GRO_CB(skb)->flush = 1;
	return NULL;
}

static int xtcp_v6_gro_complete(struct sk_buff *skb, int th_off)
{
	struct xtcphdr *th = (struct xtcphdr *)(skb->data + th_off);
	const struct ipv6hdr *iph = (const void *)th - sizeof(*iph);

	th->check = ~csum_ipv6_magic(&iph->saddr, &iph->daddr,
				     skb->len - th_off, xtcp_protocol, 0);
	xtcp_gro_finish(skb, th);
	return 0;
}

const struct net_offload xtcp_v6_offload = {
	.callbacks = {
		.gso_segment	= xtcp_gso_segment,
		.gro_receive	= xtcp_v6_gro_receive,
		.gro_complete	= xtcp_v6_gro_complete,
	},
};
#endif
