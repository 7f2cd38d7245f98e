// SPDX-License-Identifier: GPL-2.0
/*
 * Between IP and the engine, whatever the IP version: one way in, and the way
 * out for segments that belong to no connection.
 *
 *   ipv4.c / ipv6.c receive entry
 *        |
 *     xtcp_rcv: length, checksum, options     malformed: drop, count by cause
 *        |
 *     lookup --- connection --- filter --- locked? backlog : xtcp_rcv_segment
 *        |  \--- TIME_WAIT ---- xtcp_tw_rcv
 *        |  \--- listener ----- listen.c
 *        |
 *     nobody: RST
 */
#include <linux/filter.h>
#include <net/dsfield.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/l3mdev.h>
#include <net/xfrm.h>

#include "net.h"
#include "trace.h"
#include "why.h"

/* ------------------------------------------------------------- the way out */

static bool xtcp_ctl_wants_mss(const struct xtcp_opts_out *o)
{
	return (o->present & BIT(XTCP_OPT_MSS)) && !o->mss;
}

static u16 xtcp_route_mss(const struct dst_entry *dst, bool v4)
{
	u32 ip_len = v4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	s32 mss = dst_mtu(dst) - ip_len - XTCP_HDR_LEN;
	u32 metric = dst_metric_raw(dst, RTAX_ADVMSS);

	if (metric)
		mss = min_t(s32, mss, metric);
	return clamp_t(s32, mss, XTCP_MIN_MSS, U16_MAX);
}

/**
 * xtcp_ctl_send - send a segment that belongs to no connection
 * @net: namespace
 * @c: the segment
 *
 * Softirq or process context.  A SYN without an MSS gets the route's.
 */
void xtcp_ctl_send(struct net *net, const struct xtcp_ctl *c)
{
	bool v4 = ipv6_addr_v4mapped(&c->daddr);
	unsigned int opt_len;
	struct xtcp_tuple4 t;
	struct dst_entry *dst;
	struct xtcphdr *th;
	struct sk_buff *skb;
	struct flowi fl;

	dst = v4 ? xtcp_ipv4_ctl_route(net, c, &fl) :
		   xtcp_ipv6_ctl_route(net, c, &fl);
	if (!dst)
		return;
	if (c->opts && xtcp_ctl_wants_mss(c->opts))
		c->opts->mss = xtcp_route_mss(dst, v4);
	opt_len = c->opts ? xtcp_opts_len(c->opts) : 0;

	skb = alloc_skb(XTCP_MAX_HEADER + opt_len, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb) {
		dst_release(dst);
		return;
	}
	skb_reserve(skb, XTCP_MAX_HEADER + opt_len);
	skb_dst_set(skb, dst);
	th = skb_push(skb, XTCP_HDR_LEN + opt_len);
	skb_reset_transport_header(skb);

	th->source = c->sport;
	th->dest = c->dport;
	th->seq = htonl(c->seq);
	th->ack_seq = htonl(c->ack);
	th->hlen = (XTCP_HDR_LEN + opt_len) / 4;
	th->flags = c->flags;
	th->check = 0;
	th->window = htonl(c->wnd);
	th->tsval = htonl(c->tsval);
	th->tsecr = htonl(c->tsecr);
	if (opt_len)
		xtcp_build_opts((u8 *)(th + 1), c->opts);

	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->mark = c->mark;
	skb->priority = c->priority;
	t.laddr = c->saddr;
	t.faddr = c->daddr;
	trace_xtcp_segment(true, &t, th, 0, c->state);
	xtcp_mib_inc(xtcp_net(net), OutSegs);
	if (c->flags & XTCP_RST)
		xtcp_mib_inc(xtcp_net(net), OutRsts);
	if (v4)
		xtcp_ipv4_ctl_xmit(net, skb, c, &fl);
	else
		xtcp_ipv6_ctl_xmit(net, skb, c, &fl);
}

/* The addresses of a received segment, from its IP header. */
static void xtcp_skb_addrs(const struct sk_buff *skb, struct in6_addr *saddr,
			   struct in6_addr *daddr)
{
	if (ip_hdr(skb)->version == 4) {
		ipv6_addr_set_v4mapped(ip_hdr(skb)->saddr, saddr);
		ipv6_addr_set_v4mapped(ip_hdr(skb)->daddr, daddr);
	} else {
		*saddr = ipv6_hdr(skb)->saddr;
		*daddr = ipv6_hdr(skb)->daddr;
	}
}

/* Back where it came from, when only that link or routing domain leads there. */
static int xtcp_reset_oif(struct net *net, const struct sk_buff *skb, bool v4)
{
	if ((!v4 && ipv6_addr_type(&ipv6_hdr(skb)->saddr) &
		    IPV6_ADDR_LINKLOCAL) ||
	    netif_index_is_l3_master(net, skb->skb_iif))
		return skb->skb_iif;
	return 0;
}

/**
 * xtcp_ctl_reset - answer a segment with a RST (RFC 9293 section 3.10.7.1)
 * @net: namespace
 * @sk: socket that it was for; NULL: nobody's
 * @skb: parsed segment; a RST itself is never answered
 *
 * As with TCP, the TOS is that of the segment.
 */
void xtcp_ctl_reset(struct net *net, const struct sock *sk,
		    const struct sk_buff *skb)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	bool v4 = ip_hdr(skb)->version == 4;
	const struct xtcphdr *th = xtcp_hdr(skb);
	struct xtcp_ctl c = {
		.sport	= th->dest,
		.dport	= th->source,
		.tsecr	= cb->tsval,
		.flags	= XTCP_RST,
		.mark	= v4 ? IP4_REPLY_MARK(net, skb->mark) :
			       IP6_REPLY_MARK(net, skb->mark),
		.tos	= v4 ? ipv4_get_dsfield(ip_hdr(skb)) :
			       ipv6_get_dsfield(ipv6_hdr(skb)),
		.state	= XTCP_CLOSE,
	};

	if (cb->flags & XTCP_RST)
		return;
	c.tos &= ~INET_ECN_MASK;
	if (sk) {
		c.mark = c.mark ?: READ_ONCE(sk->sk_mark);
		c.priority = READ_ONCE(sk->sk_priority);
		c.oif = READ_ONCE(sk->sk_bound_dev_if);
	}
	if (!c.oif)
		c.oif = xtcp_reset_oif(net, skb, v4);
	xtcp_skb_addrs(skb, &c.daddr, &c.saddr);
	if (cb->flags & XTCP_ACK) {
		c.seq = cb->ack;
	} else {
		c.ack = cb->end_seq;
		c.flags |= XTCP_ACK;
	}
	xtcp_ctl_send(net, &c);
}

static void xtcp_tw_ack(struct net *net, const struct xtcp_tw *tw)
{
	struct xtcp_ctl c = {
		.saddr	= tw->node.key.t.laddr,
		.daddr	= tw->node.key.t.faddr,
		.sport	= tw->node.key.t.lport,
		.dport	= tw->node.key.t.fport,
		.seq	= tw->snd_nxt,
		.ack	= tw->rcv_nxt,
		.wnd	= tw->rcv_wnd,
		.tsval	= ((u32)xtcp_now_us() + tw->ts_offset) ?: 1,
		.tsecr	= tw->ts_recent,
		.flags	= XTCP_ACK,
		.tos	= tw->tos,
		.mark	= tw->mark,
		.priority = tw->priority,
		.oif	= tw->ifindex,
		.state	= tw->guard ? XTCP_CLOSE : XTCP_TIME_WAIT,
	};

	xtcp_ctl_send(net, &c);
}

/* ---------------------------------------------------------------- the way in */

static bool xtcp_csum_bad(struct sk_buff *skb, u16 family)
{
	if (family == AF_INET) {
		if (skb_checksum_init(skb, xtcp_protocol, inet_compute_pseudo))
			return true;
	} else if (skb_checksum_init(skb, xtcp_protocol, ip6_compute_pseudo)) {
		return true;
	}
	return skb_checksum_complete(skb);
}

/* Did a router mark the packet (RFC 3168)? */
static bool xtcp_skb_ce(const struct sk_buff *skb)
{
	return INET_ECN_is_ce(ip_hdr(skb)->version == 4 ?
			      ipv4_get_dsfield(ip_hdr(skb)) :
			      ipv6_get_dsfield(ipv6_hdr(skb)));
}

/* The numbers into skb->cb, the header off skb->data. */
static bool xtcp_fill_cb(struct sk_buff *skb, unsigned int hdr_len)
{
	struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	const struct xtcphdr *th;

	if (!pskb_may_pull(skb, hdr_len))
		return false;
	th = xtcp_hdr(skb);
	memset(cb, 0, sizeof(*cb));
	cb->flags = th->flags & XTCP_FLAGS_KNOWN;
	cb->seq = ntohl(th->seq);
	cb->end_seq = cb->seq + skb->len - hdr_len +
		      !!(cb->flags & XTCP_SYN) + !!(cb->flags & XTCP_FIN);
	cb->ack = ntohl(th->ack_seq);
	cb->wnd = min(ntohl(th->window), XTCP_MAX_WINDOW);
	cb->tsval = ntohl(th->tsval);
	cb->tsecr = ntohl(th->tsecr);
	cb->hdr_len = hdr_len;
	cb->ce = xtcp_skb_ce(skb);
	__skb_pull(skb, hdr_len);
	return true;
}

/**
 * xtcp_backlog_rcv - proto.backlog_rcv, and the direct way
 * @sk: socket, locked
 * @skb: parsed segment; consumed
 *
 * Return: 0.
 */
int xtcp_backlog_rcv(struct sock *sk, struct sk_buff *skb)
{
	switch (xtcp_rcv_segment(sk, skb)) {
	case XTCP_VERDICT_DONE:
		break;
	case XTCP_VERDICT_RESET:
		xtcp_ctl_reset(sock_net(sk), sk, skb);
		fallthrough;
	case XTCP_VERDICT_DROP:
		kfree_skb(skb);
		break;
	}
	return 0;
}

/**
 * xtcp_deliver - give a segment to a socket, now or when its user lets go
 * @sk: socket; the caller holds a reference
 * @skb: parsed segment; consumed
 */
void xtcp_deliver(struct sock *sk, struct sk_buff *skb)
{
	/*
	 * The receive queue may be full while a whole window waits here; and
	 * beside that there are ACKs of what we sent.
	 */
	u64 limit = 2ULL * READ_ONCE(sk->sk_rcvbuf) + READ_ONCE(sk->sk_sndbuf) +
		    64 * 1024;

	bh_lock_sock_nested(sk);
	if (!sock_owned_by_user(sk)) {
		xtcp_backlog_rcv(sk, skb);
	} else if (sk_add_backlog(sk, skb, min_t(u64, limit, INT_MAX))) {
		XTCP_DROP(sk, skb, InBacklogDrop);
		kfree_skb_reason(skb, SKB_DROP_REASON_SOCKET_BACKLOG);
	}
	bh_unlock_sock(sk);
}

/* From as near as IP_MINTTL, IPV6_MINHOPCOUNT demand (RFC 5082)? */
static bool xtcp_near_enough(const struct sock *sk, const struct sk_buff *skb,
			     u16 family)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (family == AF_INET6)
		return ipv6_hdr(skb)->hop_limit >=
		       READ_ONCE(inet6_sk(sk)->min_hopcount);
#endif
	return ip_hdr(skb)->ttl >= READ_ONCE(inet_sk(sk)->min_ttl);
}

/*
 * Distance, policy and the program's filter; the segment still has its header
 * on.
 */
static bool xtcp_sock_accepts(struct sock *sk, struct sk_buff *skb, u16 family,
			      const struct xtcp_tuple4 *t)
{
	bool ok = xtcp_near_enough(sk, skb, family) &&
		  (family == AF_INET ?
		   xfrm4_policy_check(sk, XFRM_POLICY_IN, skb) :
		   xfrm6_policy_check(sk, XFRM_POLICY_IN, skb));

	nf_reset_ct(skb);
	if (ok && !sk_filter(sk, skb))
		return true;
	xtcp_drop(xtcp_sk_net(sk), t, skb, InFiltered);
	return false;
}

/* A connection or record of that name, with a reference. */
static struct xtcp_node *xtcp_find(const struct xtcp_rx *rx)
{
	struct xtcp_node *node = xtcp_lookup(&rx->key);
	struct xtcp_key key;
	struct sock *sk;
	bool held;

	if (!node && rx->vrf) {
		/* Of a socket that is in no domain but may hear all of them. */
		key = rx->key;
		key.scope = 0;
		node = xtcp_lookup(&key);
	}
	if (!node)
		return NULL;
	if (node->kind == XTCP_NODE_TIMEWAIT)
		return refcount_inc_not_zero(&xtcp_node_tw(node)->refs) ?
		       node : NULL;
	sk = xtcp_node_sk(node);
	held = inet_sk_bound_dev_eq(sock_net(sk),
				    READ_ONCE(sk->sk_bound_dev_if), rx->dif,
				    rx->sdif) &&
	       refcount_inc_not_zero(&sk->sk_refcnt);
	return held ? node : NULL;
}

static void xtcp_rcv_sock(struct sock *sk, struct sk_buff *skb,
			  const struct xtcp_rx *rx, unsigned int hdr_len)
{
	if (xtcp_sock_accepts(sk, skb, rx->family, &rx->key.t) &&
	    xtcp_fill_cb(skb, hdr_len))
		xtcp_deliver(sk, skb);
	else
		kfree_skb_reason(skb, SKB_DROP_REASON_SOCKET_FILTER);
	sock_put(sk);
}

/* Consumes @skb. */
static void xtcp_rcv_listener(struct sock *lsk, struct sk_buff *skb,
			      const struct xtcp_rx *rx)
{
	u8 flags = XTCP_SKB_CB(skb)->flags;

	/* What brings a cookie is traced where it is accepted or refused. */
	if ((flags & (XTCP_RST | XTCP_ACK)) != XTCP_ACK)
		trace_xtcp_segment(false, &rx->key.t, xtcp_hdr(skb), skb->len,
				   XTCP_LISTEN);
	if ((flags & (XTCP_RST | XTCP_ACK)) == XTCP_ACK) {
		xtcp_listen_ack(lsk, skb, rx);
		return;
	}
	if ((flags & (XTCP_RST | XTCP_SYN)) == XTCP_SYN)
		xtcp_listen_syn(lsk, skb, rx);
	else
		xtcp_drop(xtcp_sk_net(lsk), &rx->key.t, skb, InUnexpected);
	kfree_skb(skb);
}

/* Nobody: RST, unless it came by a policy that forbids even that. */
static void xtcp_rcv_nobody(struct net *net, struct sk_buff *skb,
			    const struct xtcp_rx *rx)
{
	bool ok = rx->family == AF_INET ?
		  xfrm4_policy_check(NULL, XFRM_POLICY_IN, skb) :
		  xfrm6_policy_check(NULL, XFRM_POLICY_IN, skb);

	xtcp_drop(xtcp_net(net), &rx->key.t, skb, InNoSocket);
	trace_xtcp_segment(false, &rx->key.t, xtcp_hdr(skb), skb->len,
			   XTCP_CLOSE);
	if (ok)
		xtcp_ctl_reset(net, NULL, skb);
	kfree_skb_reason(skb, SKB_DROP_REASON_NO_SOCKET);
}

static void xtcp_rcv_other(struct net *net, struct sk_buff *skb,
			   const struct xtcp_rx *rx, unsigned int hdr_len)
{
	struct sock *lsk;

	lsk = xtcp_lookup_listener(net, &rx->key, rx->dif, rx->sdif);
	if (!lsk) {
		if (xtcp_fill_cb(skb, hdr_len))
			xtcp_rcv_nobody(net, skb, rx);
		else
			kfree_skb(skb);
		return;
	}
	if (xtcp_sock_accepts(lsk, skb, rx->family, &rx->key.t) &&
	    xtcp_fill_cb(skb, hdr_len))
		xtcp_rcv_listener(lsk, skb, rx);
	else
		kfree_skb_reason(skb, SKB_DROP_REASON_SOCKET_FILTER);
	sock_put(lsk);
}

static void xtcp_rcv_tw(struct net *net, struct xtcp_tw *tw,
			struct sk_buff *skb, const struct xtcp_rx *rx,
			unsigned int hdr_len)
{
	struct sock *lsk;

	if (!xtcp_fill_cb(skb, hdr_len))
		goto drop;
	switch (xtcp_tw_rcv(tw, skb)) {
	case XTCP_TW_DROP:
		break;
	case XTCP_TW_ACK:
		xtcp_tw_ack(net, tw);
		break;
	case XTCP_TW_RESET:
		xtcp_ctl_reset(net, NULL, skb);
		break;
	case XTCP_TW_SYN:
		lsk = xtcp_lookup_listener(net, &rx->key, rx->dif, rx->sdif);
		if (!lsk) {	/* refused at once, as without the record */
			xtcp_ctl_reset(net, NULL, skb);
			break;
		}
		xtcp_tw_put(tw);
		xtcp_rcv_listener(lsk, skb, rx);
		sock_put(lsk);
		return;
	}
drop:
	xtcp_tw_put(tw);
	kfree_skb(skb);
}

/*
 * Sound in itself?  Counts the cause when not.  The ports of what is shorter than
 * a header are not known.
 */
static bool xtcp_well_formed(struct xtcp_net *xn, struct sk_buff *skb,
			     struct xtcp_rx *rx, unsigned int *hdr_len)
{
	const struct xtcp_tuple4 *t = &rx->key.t;
	struct xtcp_opts opts;

	if (!pskb_may_pull(skb, XTCP_HDR_LEN)) {
		xtcp_mib_inc(xn, InTruncated);
		trace_xtcp_drop(t, NULL, skb->len, "InTruncated");
		return false;
	}
	rx->key.t.fport = xtcp_hdr(skb)->source;
	rx->key.t.lport = xtcp_hdr(skb)->dest;
	if (xtcp_parse_hlen(xtcp_hdr(skb), skb->len, hdr_len) ||
	    !pskb_may_pull(skb, *hdr_len)) {
		xtcp_drop(xn, t, skb, InHdrLen);
		return false;
	}
	if (xtcp_csum_bad(skb, rx->family)) {
		xtcp_drop(xn, t, skb, InCsumErrors);
		return false;
	}
	if (*hdr_len == XTCP_HDR_LEN)
		return true;

	switch (xtcp_parse_opts((const u8 *)(xtcp_hdr(skb) + 1),
				*hdr_len - XTCP_HDR_LEN, &opts)) {
	case XTCP_PARSE_OK:
		return true;
	case XTCP_PARSE_OPT_MUST:
		xtcp_drop(xn, t, skb, InOptUnknown);
		/* In a SYN it is a refusal, and the client must learn it. */
		if (xtcp_hdr(skb)->flags & XTCP_SYN &&
		    xtcp_fill_cb(skb, *hdr_len)) {
			xtcp_mib_inc(xn, SynBadMust);
			xtcp_ctl_reset(xn->net, NULL, skb);
		}
		return false;
	default:
		xtcp_drop(xn, t, skb, InOptMalformed);
		return false;
	}
}

/**
 * xtcp_rcv - one segment from IP
 * @skb: transport header at skb->data; consumed
 * @rx: filled but for the ports
 *
 * Softirq, under rcu_read_lock().  Return: 0.
 */
int xtcp_rcv(struct sk_buff *skb, struct xtcp_rx *rx)
{
	struct net *net = rx->key.net;
	struct xtcp_net *xn = xtcp_net(net);
	struct xtcp_node *node;
	unsigned int hdr_len;

	xtcp_mib_add(xn, InSegs, xtcp_skb_segs(skb));
	if (skb_is_gso(skb))
		xtcp_mib_inc(xn, InSuperSegs);
	if (!xtcp_well_formed(xn, skb, rx, &hdr_len)) {
		xtcp_mib_inc(xn, InErrs);
		kfree_skb(skb);
		return 0;
	}
	rx->key.scope = xtcp_scope(&rx->key.t.faddr, rx->dif, rx->vrf);

	node = xtcp_find(rx);
	if (!node)
		xtcp_rcv_other(net, skb, rx, hdr_len);
	else if (node->kind == XTCP_NODE_SOCK)
		xtcp_rcv_sock(xtcp_node_sk(node), skb, rx, hdr_len);
	else
		xtcp_rcv_tw(net, xtcp_node_tw(node), skb, rx, hdr_len);
	return 0;
}

/* ------------------------------------------------------------------- ICMP */

/**
 * xtcp_mtu_reduced - a router told that our segments are too big (RFC 1191)
 * @sk: socket, locked
 */
void xtcp_mtu_reduced(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 mtu = READ_ONCE(xs->mtu_info);
	struct dst_entry *dst;
	struct sk_buff *skb;

	if (!xtcp_state_in(sk, XTCPF_SYNCHRONIZED))
		return;
	dst = xs->af->route(sk);
	if (!dst)
		return;
	dst->ops->update_pmtu(dst, sk, NULL, mtu, true);
	dst = xs->af->route(sk);
	if (!dst || dst_mtu(dst) >= xs->pmtu)
		return;
	XTCP_INC_STATS(sk, PmtuReduced);
	xtcp_sync_mss(sk, dst_mtu(dst));
	/* What was too big is gone: send the oldest piece again at once. */
	skb = xtcp_rtx_head(sk);
	if (skb)
		xtcp_retransmit_skb(sk, skb, "mtu");
}

static void xtcp_icmp_locked(struct sock *sk, u32 seq, int err, bool hard,
			     u32 mtu)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	bool opening = xtcp_state_in(sk, XTCPF(XTCP_SYN_SENT) |
					 XTCPF(XTCP_SYN_RECV));

	if (sk->sk_state == XTCP_CLOSE || sk->sk_state == XTCP_LISTEN)
		return;
	/* RFC 5927: about something that is really in flight? */
	if (!xtcp_between(seq, xs->snd_una, xs->snd_nxt)) {
		XTCP_INC_STATS(sk, IcmpOutOfWindow);
		return;
	}
	XTCP_INC_STATS(sk, IcmpErrors);
	if (mtu) {
		WRITE_ONCE(xs->mtu_info, mtu);
		if (!sock_owned_by_user(sk))
			xtcp_mtu_reduced(sk);
		else if (!test_and_set_bit(XTCP_DEFER_MTU, &xs->deferred))
			sock_hold(sk);
		return;
	}
	if (opening && hard && !sock_owned_by_user(sk))
		xtcp_error(sk, err);
	else
		WRITE_ONCE(sk->sk_err_soft, err);
}

/**
 * xtcp_icmp_error - an ICMP error quotes a segment of ours
 * @key: connection, as we see it
 * @seq: sequence number quoted
 * @err: positive errno it stands for; 0 with @mtu
 * @hard: it ends a connection that is still opening (RFC 1122 4.2.3.9)
 * @mtu: the next hop's MTU, bytes; 0: not that kind of error
 *
 * Softirq, under rcu_read_lock().
 */
void xtcp_icmp_error(const struct xtcp_key *key, u32 seq, int err, bool hard,
		     u32 mtu)
{
	struct xtcp_node *node = xtcp_lookup(key);
	struct sock *sk;

	if (!node || node->kind != XTCP_NODE_SOCK)
		return;
	sk = xtcp_node_sk(node);
	if (!refcount_inc_not_zero(&sk->sk_refcnt))
		return;
	bh_lock_sock(sk);
	xtcp_icmp_locked(sk, seq, err, hard, mtu);
	bh_unlock_sock(sk);
	sock_put(sk);
}
