// SPDX-License-Identifier: GPL-2.0
/*
 * XTCP over IPv6: receive entry, routes, transmission, ICMPv6.
 */
#include <linux/icmpv6.h>
#include <net/addrconf.h>
#include <net/inet_common.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/protocol.h>
#include <net/transp_v6.h>

#include "net.h"

static void xtcp_v6_csum(struct sk_buff *skb, const struct in6_addr *saddr,
			 const struct in6_addr *daddr)
{
	xtcp_hdr(skb)->check = ~csum_ipv6_magic(saddr, daddr, skb->len,
						xtcp_protocol, 0);
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct xtcphdr, check);
}

/* ------------------------------------------------- what the engine asks */

static void xtcp_v6_flow(struct sock *sk, struct flowi6 *fl6,
			 const struct in6_addr *daddr)
{
	const struct ipv6_pinfo *np = inet6_sk(sk);

	memset(fl6, 0, sizeof(*fl6));
	fl6->flowi6_proto = sk->sk_protocol;
	fl6->daddr = *daddr;
	fl6->saddr = np->saddr;
	fl6->flowlabel = ip6_make_flowinfo(READ_ONCE(np->tclass),
					   np->flow_label);
	fl6->flowi6_oif = sk->sk_bound_dev_if;
	fl6->flowi6_mark = READ_ONCE(sk->sk_mark);
	fl6->fl6_sport = inet_sk(sk)->inet_sport;
	fl6->fl6_dport = inet_sk(sk)->inet_dport;
	fl6->flowi6_uid = sk_uid(sk);
	security_sk_classify_flow(sk, flowi6_to_flowi_common(fl6));
}

static struct dst_entry *xtcp_v6_lookup(struct sock *sk, struct flowi6 *fl6)
{
	struct ipv6_pinfo *np = inet6_sk(sk);
	struct in6_addr *final_p, final;

	rcu_read_lock();
	final_p = fl6_update_dst(fl6, rcu_dereference(np->opt), &final);
	rcu_read_unlock();
	return ip6_dst_lookup_flow(sock_net(sk), sk, fl6, final_p);
}

static void xtcp_v6_dst_store(struct sock *sk, struct dst_entry *dst)
{
	inet6_sk(sk)->dst_cookie = xtcp_rt6_cookie(dst);
	xtcp_setup_caps(sk, dst);
}

static struct dst_entry *xtcp_v6_route(struct sock *sk)
{
	struct dst_entry *dst = __sk_dst_check(sk, inet6_sk(sk)->dst_cookie);
	struct flowi6 fl6;

	if (dst)
		return dst;
	xtcp_v6_flow(sk, &fl6, &sk->sk_v6_daddr);
	dst = xtcp_v6_lookup(sk, &fl6);
	if (IS_ERR(dst))
		return NULL;
	xtcp_v6_dst_store(sk, dst);
	return dst;
}

static int xtcp_v6_xmit(struct sock *sk, struct sk_buff *skb, u8 ect)
{
	struct ipv6_pinfo *np = inet6_sk(sk);
	struct dst_entry *dst;
	struct flowi6 fl6;
	int err;

	xtcp_v6_csum(skb, &np->saddr, &sk->sk_v6_daddr);
	rcu_read_lock();
	dst = xtcp_v6_route(sk);
	if (unlikely(!dst)) {
		rcu_read_unlock();
		kfree_skb(skb);
		return -EHOSTUNREACH;
	}
	skb_dst_set_noref(skb, dst);
	xtcp_v6_flow(sk, &fl6, &sk->sk_v6_daddr);
	err = ip6_xmit(sk, skb, &fl6, READ_ONCE(sk->sk_mark),
		       rcu_dereference(np->opt), READ_ONCE(np->tclass) | ect,
		       READ_ONCE(sk->sk_priority));
	rcu_read_unlock();
	return err;
}

static unsigned int xtcp_v6_header_len(const struct sock *sk)
{
	unsigned int len = sizeof(struct ipv6hdr);
	const struct ipv6_txoptions *opt;

	rcu_read_lock();
	opt = rcu_dereference(inet6_sk(sk)->opt);
	if (opt)
		len += opt->opt_flen + opt->opt_nflen;
	rcu_read_unlock();
	return len;
}

static u8 xtcp_v6_tos(const struct sock *sk)
{
	return READ_ONCE(inet6_sk(sk)->tclass);
}

const struct xtcp_af_ops xtcp_ipv6_af = {
	.xmit		= xtcp_v6_xmit,
	.route		= xtcp_v6_route,
	.net_header_len	= xtcp_v6_header_len,
	.tos		= xtcp_v6_tos,
	.family		= AF_INET6,
};

/**
 * xtcp_ipv6_connect_route - a route to the peer, and our address on it
 * @sk: socket, locked; bound address and port may be set
 * @daddr: peer, unicast
 * @dport: its port
 *
 * Sets the socket's addresses, peer port and cached route.  Return: 0 or a
 * negative errno.
 */
int xtcp_ipv6_connect_route(struct sock *sk, const struct in6_addr *daddr,
			    __be16 dport)
{
	struct inet_sock *inet = inet_sk(sk);
	struct ipv6_pinfo *np = inet6_sk(sk);
	struct dst_entry *dst;
	struct flowi6 fl6;

	inet->inet_dport = dport;
	xtcp_v6_flow(sk, &fl6, daddr);
	fl6.saddr = sk->sk_v6_rcv_saddr;
	dst = xtcp_v6_lookup(sk, &fl6);
	if (IS_ERR(dst))
		return PTR_ERR(dst);

	sk->sk_v6_daddr = *daddr;
	if (ipv6_addr_any(&sk->sk_v6_rcv_saddr))
		sk->sk_v6_rcv_saddr = fl6.saddr;
	np->saddr = fl6.saddr;
	inet->inet_rcv_saddr = LOOPBACK4_IPV6;
	inet->inet_saddr = LOOPBACK4_IPV6;
	inet->inet_daddr = LOOPBACK4_IPV6;
	xtcp_v6_dst_store(sk, dst);
	return 0;
}

/**
 * xtcp_ipv6_child_init - a listener's clone gets IPv6 state of its own
 * @child: socket, not reachable yet
 */
void xtcp_ipv6_child_init(struct sock *child)
{
	struct ipv6_pinfo *np, *from = inet_sk(child)->pinet6;
	struct ipv6_txoptions *opt;

	if (child->sk_family != AF_INET6) {
		/* Of an AF_XTCP listener that became IPv4: no room for it. */
		inet_sk(child)->pinet6 = NULL;
		xtcp_sk(child)->ip_destruct = inet_sock_destruct;
		return;
	}
	np = &((struct xtcp6_sock *)child)->inet6;
	inet_sk(child)->pinet6 = np;
	memcpy(np, from, sizeof(*np));
	np->ipv6_mc_list = NULL;
	np->ipv6_ac_list = NULL;
	xtcp_clear_fl_list(child);
	np->pktoptions = NULL;
	np->rxpmtu = NULL;
	np->dst_cookie = 0;
	rcu_read_lock();
	opt = rcu_dereference(from->opt);
	RCU_INIT_POINTER(np->opt, opt ? ipv6_dup_options(child, opt) : NULL);
	rcu_read_unlock();
}

/* ------------------------------------------ segments without connection */

/**
 * xtcp_ipv6_ctl_route - a route for a segment that belongs to no connection
 * @net: namespace
 * @c: segment
 * @fl: out: for xtcp_ipv6_ctl_xmit()
 *
 * Return: a route with a reference, or NULL.
 */
struct dst_entry *xtcp_ipv6_ctl_route(struct net *net,
				      const struct xtcp_ctl *c,
				      struct flowi *fl)
{
	struct flowi6 *fl6 = &fl->u.ip6;
	struct dst_entry *dst;

	if (!xtcp_net(net)->ctl6)
		return NULL;
	memset(fl6, 0, sizeof(*fl6));
	fl6->flowi6_proto = xtcp_protocol;
	fl6->saddr = c->saddr;
	fl6->daddr = c->daddr;
	fl6->flowlabel = ip6_make_flowinfo(c->tos, 0);
	fl6->flowi6_oif = c->oif;
	fl6->flowi6_mark = c->mark;
	fl6->fl6_sport = c->sport;
	fl6->fl6_dport = c->dport;
	fl6->flowi6_uid = sock_net_uid(net, c->sk);
	dst = ip6_dst_lookup_flow(net, xtcp_net(net)->ctl6, fl6, NULL);
	return IS_ERR(dst) ? NULL : dst;
}

/**
 * xtcp_ipv6_ctl_xmit - send it
 * @net: namespace
 * @skb: complete but for checksum and IP header, route set; consumed
 * @c: segment
 * @fl: from xtcp_ipv6_ctl_route()
 */
void xtcp_ipv6_ctl_xmit(struct net *net, struct sk_buff *skb,
			const struct xtcp_ctl *c, struct flowi *fl)
{
	xtcp_v6_csum(skb, &c->saddr, &c->daddr);
	local_bh_disable();
	rcu_read_lock();
	ip6_xmit(c->sk ?: xtcp_net(net)->ctl6, skb, &fl->u.ip6, c->mark, NULL,
		 c->tos, c->priority);
	rcu_read_unlock();
	local_bh_enable();
}

/* ------------------------------------------------------------- receive */

static int xtcp_v6_rcv(struct sk_buff *skb)
{
	struct net *net = dev_net(skb->dev);
	struct xtcp_rx rx = {
		.dif	= inet6_iif(skb),
		.sdif	= inet6_sdif(skb),
		.vrf	= xtcp_skb_vrf(skb),
		.family	= AF_INET6,
	};

	rx.key.net = net;
	/* A mapped address on the wire is somebody's trick (RFC 4942 2.2). */
	if (skb->pkt_type != PACKET_HOST ||
	    !ipv6_unicast_destination(skb) ||
	    ipv6_addr_v4mapped(&ipv6_hdr(skb)->saddr) ||
	    ipv6_addr_v4mapped(&ipv6_hdr(skb)->daddr)) {
		xtcp_mib_inc(xtcp_net(net), InBadDst);
		kfree_skb(skb);
		return 0;
	}
	rx.key.t.laddr = ipv6_hdr(skb)->daddr;
	rx.key.t.faddr = ipv6_hdr(skb)->saddr;
	return xtcp_rcv(skb, &rx);
}

static int xtcp_v6_err(struct sk_buff *skb, struct inet6_skb_parm *opt,
		       u8 type, u8 code, int offset, __be32 info)
{
	const struct ipv6hdr *hdr = (const struct ipv6hdr *)skb->data;
	const struct xtcphdr *th = (const void *)skb->data + offset;
	struct xtcp_key key;
	bool hard = false;
	u32 mtu = 0;
	int err = 0;

	if (type == NDISC_REDIRECT)
		return 0;
	if (type == ICMPV6_PKT_TOOBIG) {
		mtu = ntohl(info);
		if (mtu < IPV6_MIN_MTU)
			return 0;
	} else {
		hard = icmpv6_err_convert(type, code, &err);
		hard |= type == ICMPV6_DEST_UNREACH;
	}
	xtcp_set_key(&key, dev_net(skb->dev), &hdr->saddr, th->source,
		     &hdr->daddr, th->dest,
		     xtcp_scope(&hdr->daddr, inet6_iif(skb), xtcp_skb_vrf(skb)));
	xtcp_icmp_error(&key, ntohl(th->seq), err, hard, mtu);
	return 0;
}

static const struct inet6_protocol xtcp_v6_protocol = {
	.handler	= xtcp_v6_rcv,
	.err_handler	= xtcp_v6_err,
	.flags		= INET6_PROTO_NOPOLICY | INET6_PROTO_FINAL,
};

/**
 * xtcp_ipv6_net_init - a namespace begins: its socket for bare segments
 * @xn: namespace
 *
 * Return: 0 or a negative errno.
 */
int xtcp_ipv6_net_init(struct xtcp_net *xn)
{
	int err;

	err = inet_ctl_sock_create(&xn->ctl6, PF_INET6, SOCK_RAW,
				   xtcp_protocol, xn->net);
	if (err == -EAFNOSUPPORT) {	/* ipv6.disable=1 */
		xn->ctl6 = NULL;
		return 0;
	}
	return err;
}

/**
 * xtcp_ipv6_net_exit - a namespace ends
 * @xn: namespace
 */
void xtcp_ipv6_net_exit(struct xtcp_net *xn)
{
	if (xn->ctl6)
		inet_ctl_sock_destroy(xn->ctl6);
}

/**
 * xtcp_ipv6_init - segments arrive from now on
 *
 * Return: 0 or -EBUSY when another module has the protocol number.
 */
int xtcp_ipv6_init(void)
{
	int err = inet6_add_protocol(&xtcp_v6_protocol, xtcp_protocol);

	return err ? -EBUSY : 0;
}

/**
 * xtcp_ipv6_exit - none arrives any more
 */
void xtcp_ipv6_exit(void)
{
	inet6_del_protocol(&xtcp_v6_protocol, xtcp_protocol);
}
