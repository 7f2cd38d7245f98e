/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What XTCP keeps per network namespace.
 */
#ifndef _XTCP_NETNS_H
#define _XTCP_NETNS_H

#include <linux/siphash.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "cookie.h"

struct ctl_table;
struct ctl_table_header;
struct xtcp_cong_ops;
struct xtcp_mib;

/* The newest and the previous cookie key; replaced whole, under RCU. */
struct xtcp_cookie_keys_rcu {
	struct xtcp_cookie_keys	k;
	struct rcu_head		rcu;
};

/* sysctl_ecn */
#define XTCP_ECN_NEVER		0
#define XTCP_ECN_ASK		1	/* and accept */
#define XTCP_ECN_ACCEPT		2

/**
 * struct xtcp_net - one namespace
 * @net: the namespace
 * @mib: counters
 * @ctl4: sends what no connection sends (SYN-ACK, RST), IPv4
 * @ctl6: the same, IPv6; NULL where IPv6 is off
 * @keys: cookie keys
 * @rotate: replaces the older key every XTCP_COOKIE_ROTATE_S
 * @isn_key: RFC 6528
 * @ts_key: timestamp offsets
 * @cong: default controller; a reference is held
 * @cong_lock: guards @cong
 * @tw_count: TIME_WAIT records alive
 * @orphans: sockets without a file that still close
 * @challenge_stamp_s: second that @challenge_left belongs to
 * @challenge_left: challenge ACKs still allowed in it
 * @synack_stamp_s: second that @synack_left belongs to
 * @synack_left: SYN-ACKs still allowed in it
 * @sysctl_header: registration
 * @sysctl_table: this namespace's copy
 * @sysctl_*: documented in Documentation/sysctl.rst; times are in the unit
 *	that the name says
 */
struct xtcp_net {
	struct net			*net;
	struct xtcp_mib __percpu	*mib;
	struct sock			*ctl4;
	struct sock			*ctl6;

	struct xtcp_cookie_keys_rcu __rcu *keys;
	struct delayed_work		rotate;
	siphash_key_t			isn_key;
	siphash_key_t			ts_key;

	const struct xtcp_cong_ops	*cong;
	spinlock_t			cong_lock;	/* guards cong */

	atomic_t			tw_count;
	atomic_t			orphans;

	u32				challenge_stamp_s;
	atomic_t			challenge_left;
	u32				synack_stamp_s;
	atomic_t			synack_left;

	struct ctl_table_header		*sysctl_header;
	struct ctl_table		*sysctl_table;

	int	sysctl_syn_retries;
	int	sysctl_synack_rate;		/* per second; 0: no limit */
	int	sysctl_retries2;
	int	sysctl_orphan_retries;
	int	sysctl_fin_timeout_s;
	int	sysctl_time_wait_s;
	int	sysctl_max_tw_buckets;
	int	sysctl_max_orphans;
	int	sysctl_keepalive_time_s;
	int	sysctl_keepalive_intvl_s;
	int	sysctl_keepalive_probes;
	int	sysctl_challenge_ack_rate;	/* per second; 0: no limit */
	int	sysctl_abort_on_overflow;
	int	sysctl_moderate_rcvbuf;
	int	sysctl_ecn;			/* XTCP_ECN_* */
	int	sysctl_rmem[3];			/* bytes: min default max */
	int	sysctl_wmem[3];
};

extern unsigned int xtcp_net_id;

static inline struct xtcp_net *xtcp_net(const struct net *net)
{
	return net_generic(net, xtcp_net_id);
}

int xtcp_netns_init(void);
void xtcp_netns_exit(void);

/* sysctl.c */
int xtcp_sysctl_net_init(struct xtcp_net *xn);
void xtcp_sysctl_net_exit(struct xtcp_net *xn);

/* What all namespaces share (main.c) */
extern long xtcp_sysctl_mem[3];		/* pages: low pressure high */
extern int xtcp_protocol;		/* IP protocol number in use */
extern int xtcp_family;			/* address family in use */

#endif /* _XTCP_NETNS_H */
