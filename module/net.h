/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Floor 3, the network: between IP and the engine.
 */
#ifndef _XTCP_NET_H
#define _XTCP_NET_H

#include "engine.h"

/**
 * struct xtcp_ctl - a segment that belongs to no connection
 * @saddr: from; IPv4 as v4-mapped
 * @daddr: to
 * @sport: source port
 * @dport: destination port
 * @seq: sequence number
 * @ack: acknowledgment number
 * @wnd: window, bytes
 * @tsval: timestamp
 * @tsecr: timestamp echo
 * @flags: header flags
 * @tos: IP TOS or traffic class
 * @mark: routing mark
 * @priority: of the packet
 * @oif: device to leave by; 0: the route's
 * @sk: whose hop limit; NULL: the route's
 * @state: for the trace: enum xtcp_state of whom it speaks for
 * @opts: options; may be NULL; an MSS of 0 is filled in from the route
 */
struct xtcp_ctl {
	struct in6_addr			saddr;
	struct in6_addr			daddr;
	__be16				sport;
	__be16				dport;
	u32				seq;
	u32				ack;
	u32				wnd;
	u32				tsval;
	u32				tsecr;
	u8				flags;
	u8				tos;
	u32				mark;
	u32				priority;
	int				oif;
	const struct sock		*sk;
	u8				state;
	struct xtcp_opts_out		*opts;
};

/* What IP told about a received segment, taken before skb->cb is ours. */
struct xtcp_rx {
	struct xtcp_key	key;
	int		dif;
	int		sdif;
	int		vrf;		/* routing domain, if not the main one */
	u16		family;		/* of the packet */
};

/* The routing domain of a received packet: IP has made it the device. */
static inline int xtcp_skb_vrf(const struct sk_buff *skb)
{
	return netif_is_l3_master(skb->dev) ? skb->dev->ifindex : 0;
}

extern const struct xtcp_af_ops xtcp_ipv4_af;
extern const struct xtcp_af_ops xtcp_ipv6_af;

/* ip.c */
int xtcp_rcv(struct sk_buff *skb, struct xtcp_rx *rx);
int xtcp_backlog_rcv(struct sock *sk, struct sk_buff *skb);
void xtcp_deliver(struct sock *sk, struct sk_buff *skb);
void xtcp_ctl_send(struct net *net, const struct xtcp_ctl *c);
void xtcp_ctl_reset(struct net *net, const struct sock *sk,
		    const struct sk_buff *skb);
void xtcp_icmp_error(const struct xtcp_key *key, u32 seq, int err, bool hard,
		     u32 mtu);
void xtcp_mtu_reduced(struct sock *sk);

/* offload.c */
int xtcp_offload_init(void);
void xtcp_offload_exit(void);
struct sk_buff *xtcp_gso_segment(struct sk_buff *skb,
				 netdev_features_t features);

/* gro.c */
extern const struct net_offload xtcp_v4_offload;
extern const struct net_offload xtcp_v6_offload;

/* ipv4.c */
int xtcp_ipv4_init(void);
void xtcp_ipv4_exit(void);
int xtcp_ipv4_net_init(struct xtcp_net *xn);
void xtcp_ipv4_net_exit(struct xtcp_net *xn);
struct dst_entry *xtcp_ipv4_ctl_route(struct net *net,
				      const struct xtcp_ctl *c,
				      struct flowi *fl);
void xtcp_ipv4_ctl_xmit(struct net *net, struct sk_buff *skb,
			const struct xtcp_ctl *c, struct flowi *fl);
int xtcp_ipv4_connect_route(struct sock *sk, __be32 daddr, __be16 dport);

/* ipv6.c */
int xtcp_ipv6_init(void);
void xtcp_ipv6_exit(void);
int xtcp_ipv6_net_init(struct xtcp_net *xn);
void xtcp_ipv6_net_exit(struct xtcp_net *xn);
struct dst_entry *xtcp_ipv6_ctl_route(struct net *net,
				      const struct xtcp_ctl *c,
				      struct flowi *fl);
void xtcp_ipv6_ctl_xmit(struct net *net, struct sk_buff *skb,
			const struct xtcp_ctl *c, struct flowi *fl);
int xtcp_ipv6_connect_route(struct sock *sk, const struct in6_addr *daddr,
			    __be16 dport);
void xtcp_ipv6_child_init(struct sock *child);

/* listen.c */
int xtcp_listen_start(struct sock *sk, int backlog);
void xtcp_listen_stop(struct sock *sk);
void xtcp_listen_syn(struct sock *lsk, struct sk_buff *skb,
		     const struct xtcp_rx *rx);
void xtcp_listen_ack(struct sock *lsk, struct sk_buff *skb,
		     const struct xtcp_rx *rx);
struct sock *xtcp_acceptq_take(struct sock *lsk);

#endif /* _XTCP_NET_H */
