// SPDX-License-Identifier: GPL-2.0
/*
 * XTCP over IPv4: receive entry, routes, transmission, ICMP.  Also used by
 * IPv6 sockets whose peer is ::ffff:a.b.c.d.
 */
#include <linux/icmp.h>
#include <net/icmp.h>
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/protocol.h>
#include <net/route.h>
#include <net/tcp.h>

#include "net.h"

/* Checksum of the pseudo-header; the card or the kernel adds the rest. */
static void xtcp_v4_csum(struct sk_buff *skb, __be32 saddr, __be32 daddr)
{
	xtcp_hdr(skb)->check = ~csum_tcpudp_magic(saddr, daddr, skb->len,
						  xtcp_protocol, 0);
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct xtcphdr, check);
}

/* ------------------------------------------------- what the engine asks */

static int xtcp_v4_xmit(struct sock *sk, struct sk_buff *skb, u8 ect)
{
	struct inet_sock *inet = inet_sk(sk);

	xtcp_v4_csum(skb, inet->inet_saddr, inet->inet_daddr);
	return __ip_queue_xmit(sk, skb, &inet->cork.fl,
			       READ_ONCE(inet->tos) | ect);
}

static struct dst_entry *xtcp_v4_route(struct sock *sk)
{
	struct dst_entry *dst = __sk_dst_check(sk, 0);
	struct inet_sock *inet = inet_sk(sk);
	struct ip_options_rcu *opt;
	__be32 daddr = inet->inet_daddr;
	struct rtable *rt;

	if (dst)
		return dst;
	rcu_read_lock();
	opt = rcu_dereference(inet->inet_opt);
	if (opt && opt->opt.srr)
		daddr = opt->opt.faddr;
	rt = ip_route_output_ports(sock_net(sk), &inet->cork.fl.u.ip4, sk,
				   daddr, inet->inet_saddr, inet->inet_dport,
				   inet->inet_sport, sk->sk_protocol,
				   ip_sock_rt_tos(sk), sk->sk_bound_dev_if);
	rcu_read_unlock();
	if (IS_ERR(rt))
		return NULL;
	xtcp_setup_caps(sk, &rt->dst);
	return &rt->dst;
}

static unsigned int xtcp_v4_header_len(const struct sock *sk)
{
	const struct ip_options_rcu *opt;
	unsigned int len = sizeof(struct iphdr);

	rcu_read_lock();
	opt = rcu_dereference(inet_sk(sk)->inet_opt);
	if (opt)
		len += opt->opt.optlen;
	rcu_read_unlock();
	return len;
}

static u8 xtcp_v4_tos(const struct sock *sk)
{
	return READ_ONCE(inet_sk(sk)->tos);
}

const struct xtcp_af_ops xtcp_ipv4_af = {
	.xmit		= xtcp_v4_xmit,
	.route		= xtcp_v4_route,
	.net_header_len	= xtcp_v4_header_len,
	.tos		= xtcp_v4_tos,
	.family		= AF_INET,
};

/**
 * xtcp_ipv4_connect_route - a route to the peer, and our address on it
 * @sk: socket, locked; bound address and port may be set
 * @daddr: peer
 * @dport: its port
 *
 * Sets the socket's addresses, peer port and cached route.  Return: 0 or a
 * negative errno (ENETUNREACH for a multicast or broadcast peer).
 */
int xtcp_ipv4_connect_route(struct sock *sk, __be32 daddr, __be16 dport)
{
	struct inet_sock *inet = inet_sk(sk);
	struct flowi4 *fl4 = &inet->cork.fl.u.ip4;
	struct ip_options_rcu *opt;
	__be32 hop = daddr;
	struct rtable *rt;

	opt = rcu_dereference_protected(inet->inet_opt, lockdep_sock_is_held(sk));
	if (opt && opt->opt.srr) {
		if (!daddr)
			return -EINVAL;
		hop = opt->opt.faddr;
	}
	rt = ip_route_connect(fl4, hop, inet->inet_saddr, sk->sk_bound_dev_if,
			      sk->sk_protocol, inet->inet_sport, dport, sk);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	if (rt->rt_flags & (RTCF_MULTICAST | RTCF_BROADCAST)) {
		ip_rt_put(rt);
		return -ENETUNREACH;
	}
	if (!opt || !opt->opt.srr)
		daddr = fl4->daddr;	/* 0.0.0.0 means this host */
	if (!inet->inet_saddr) {
		inet->inet_saddr = fl4->saddr;
		inet->inet_rcv_saddr = fl4->saddr;
	}
	inet->inet_daddr = daddr;
	inet->inet_dport = dport;
	xtcp_setup_caps(sk, &rt->dst);
	return 0;
}

/* ------------------------------------------ segments without connection */

/**
 * xtcp_ipv4_ctl_route - a route for a segment that belongs to no connection
 * @net: namespace
 * @c: segment
 * @fl: out: for xtcp_ipv4_ctl_xmit()
 *
 * Return: a route with a reference, or NULL.
 */
struct dst_entry *xtcp_ipv4_ctl_route(struct net *net,
				      const struct xtcp_ctl *c,
				      struct flowi *fl)
{
	struct flowi4 *fl4 = &fl->u.ip4;
	struct rtable *rt;

	flowi4_init_output(fl4, c->oif, c->mark, c->tos & INET_DSCP_MASK,
			   RT_SCOPE_UNIVERSE, xtcp_protocol, FLOWI_FLAG_ANYSRC,
			   c->daddr.s6_addr32[3], c->saddr.s6_addr32[3],
			   c->dport, c->sport, sock_net_uid(net, c->sk));
	rt = ip_route_output_key(net, fl4);
	return IS_ERR(rt) ? NULL : &rt->dst;
}

/**
 * xtcp_ipv4_ctl_xmit - send it
 * @net: namespace
 * @skb: complete but for checksum and IP header, route set; consumed
 * @c: segment
 * @fl: from xtcp_ipv4_ctl_route()
 */
void xtcp_ipv4_ctl_xmit(struct net *net, struct sk_buff *skb,
			const struct xtcp_ctl *c, struct flowi *fl)
{
	int ttl = c->sk ? READ_ONCE(inet_sk(c->sk)->uc_ttl) : -1;
	struct iphdr *iph;

	xtcp_v4_csum(skb, c->saddr.s6_addr32[3], c->daddr.s6_addr32[3]);
	iph = skb_push(skb, sizeof(*iph));
	skb_reset_network_header(skb);
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tos = c->tos;
	iph->id = 0;	/* it is never a fragment (RFC 6864) */
	iph->frag_off = htons(IP_DF);
	iph->ttl = ttl >= 0 ? ttl : ip4_dst_hoplimit(skb_dst(skb));
	iph->protocol = xtcp_protocol;
	iph->saddr = c->saddr.s6_addr32[3];
	iph->daddr = c->daddr.s6_addr32[3];
	local_bh_disable();
	ip_local_out(net, xtcp_net(net)->ctl4, skb);
	local_bh_enable();
}

/* ------------------------------------------------------------- receive */

static int xtcp_v4_rcv(struct sk_buff *skb)
{
	struct net *net = dev_net(skb->dev);
	struct xtcp_rx rx = {
		.dif	= inet_iif(skb),
		.sdif	= inet_sdif(skb),
		.vrf	= xtcp_skb_vrf(skb),
		.family	= AF_INET,
	};

	rx.key.net = net;
	if (skb->pkt_type != PACKET_HOST ||
	    (skb_rtable(skb)->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST))) {
		xtcp_mib_inc(xtcp_net(net), InBadDst);
		kfree_skb(skb);
		return 0;
	}
	ipv6_addr_set_v4mapped(ip_hdr(skb)->daddr, &rx.key.t.laddr);
	ipv6_addr_set_v4mapped(ip_hdr(skb)->saddr, &rx.key.t.faddr);
	return xtcp_rcv(skb, &rx);
}

/* skb->data is the IP header that the ICMP message quotes: our segment. */
static int xtcp_v4_err(struct sk_buff *skb, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const struct xtcphdr *th = (const void *)skb->data + iph->ihl * 4;
	struct net *net = dev_net(skb->dev);
	u8 type = icmp_hdr(skb)->type;
	u8 code = icmp_hdr(skb)->code;
	struct in6_addr laddr, faddr;
	struct xtcp_key key;
	bool hard = false;
	int err = EPROTO;
	u32 mtu = 0;

	switch (type) {
	case ICMP_DEST_UNREACH:
		if (code > NR_ICMP_UNREACH)
			return 0;
		if (code == ICMP_FRAG_NEEDED) {
			mtu = info;
			break;
		}
		err = icmp_err_convert[code].errno;
		hard = icmp_err_convert[code].fatal || code == ICMP_NET_UNREACH ||
		       code == ICMP_HOST_UNREACH;
		break;
	case ICMP_TIME_EXCEEDED:
		err = EHOSTUNREACH;
		break;
	case ICMP_PARAMETERPROB:
		break;
	default:	/* redirects and quenches change no connection */
		return 0;
	}
	ipv6_addr_set_v4mapped(iph->saddr, &laddr);
	ipv6_addr_set_v4mapped(iph->daddr, &faddr);
	/* ICMP quotes at least 8 bytes: ports and sequence number. */
	xtcp_set_key(&key, net, &laddr, th->source, &faddr, th->dest,
		     xtcp_skb_vrf(skb));
	xtcp_icmp_error(&key, ntohl(th->seq), err, hard, mtu);
	return 0;
}

static const struct net_protocol xtcp_v4_protocol = {
	.handler		= xtcp_v4_rcv,
	.err_handler		= xtcp_v4_err,
	.no_policy		= 1,
	.icmp_strict_tag_validation = 1,
};

/**
 * xtcp_ipv4_net_init - a namespace begins: its socket for bare segments
 * @xn: namespace
 *
 * Return: 0 or a negative errno.
 */
int xtcp_ipv4_net_init(struct xtcp_net *xn)
{
	return inet_ctl_sock_create(&xn->ctl4, PF_INET, SOCK_RAW,
				    xtcp_protocol, xn->net);
}

/**
 * xtcp_ipv4_net_exit - a namespace ends
 * @xn: namespace
 */
void xtcp_ipv4_net_exit(struct xtcp_net *xn)
{
	inet_ctl_sock_destroy(xn->ctl4);
}

/**
 * xtcp_ipv4_init - segments arrive from now on
 *
 * Return: 0 or -EBUSY when another module has the protocol number.
 */
int xtcp_ipv4_init(void)
{
	int err = inet_add_protocol(&xtcp_v4_protocol, xtcp_protocol);

	return err ? -EBUSY : 0;
}

/**
 * xtcp_ipv4_exit - none arrives any more
 */
void xtcp_ipv4_exit(void)
{
	inet_del_protocol(&xtcp_v4_protocol, xtcp_protocol);
}
