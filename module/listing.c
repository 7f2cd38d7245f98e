// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets seen from outside, over netlink: list them, look one up, end one.
 * uapi/linux/xtcp_diag.h describes requests and answers.
 *
 * A listing takes one socket at a time: found under RCU, held by a reference,
 * told, let go.  No lock is kept from one to the next, and none at all unless
 * the numbers of XTCP_INFO are asked for, which belong together.
 */
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <linux/xtcp_diag.h>
#include <net/ipv6.h>
#include <net/netlink.h>

#include "filter.h"
#include "sockets.h"

/**
 * struct xtcp_listing - one request
 * @req: it
 * @code: filter; NULL: none
 * @code_len: its bytes
 * @users: namespace in whose numbers users are told
 * @admin: whoever asks may see marks
 * @walk: place in the tables, for a listing
 */
struct xtcp_listing {
	const struct inet_diag_req_v2	*req;
	const void			*code;
	unsigned int			code_len;
	struct user_namespace		*users;
	bool				admin;
	struct xtcp_walk		walk;
};

static bool xtcp_asked(const struct xtcp_listing *l, int ext)
{
	return l->req->idiag_ext & BIT(ext - 1);
}

/* --------------------------------------------------------------- answers */

/* Room for the longest answer to a request for one socket. */
static size_t xtcp_answer_size(void)
{
	return NLMSG_ALIGN(sizeof(struct inet_diag_msg)) +
	       nla_total_size(sizeof(struct inet_diag_meminfo)) +
	       nla_total_size_64bit(sizeof(struct tcp_info)) +
	       nla_total_size_64bit(sizeof(struct xtcp_info)) +
	       nla_total_size(XTCP_CA_NAME_MAX) +
	       nla_total_size(SK_MEMINFO_VARS * sizeof(u32)) +
	       nla_total_size(sizeof(u32)) +	/* mark */
	       5 * nla_total_size(sizeof(u8));	/* tos, class, v6only, ... */
}

static u32 xtcp_ms_until(u64 when_us)
{
	u64 now_us = xtcp_now_us();

	return when_us > now_us ? div_u64(when_us - now_us, USEC_PER_MSEC) : 0;
}

static void xtcp_answer_timer(const struct sock *sk, struct inet_diag_msg *m)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	u64 rtx_us = READ_ONCE(xs->rtx_deadline_us);
	u64 keep_us = READ_ONCE(xs->keep_deadline_us);

	if (rtx_us && READ_ONCE(xs->rtx_kind) == XTCP_RTX_PROBE) {
		m->idiag_timer = XTCP_DIAG_TIMER_PROBE;
		m->idiag_retrans = READ_ONCE(xs->probes_out);
		m->idiag_expires = xtcp_ms_until(rtx_us);
	} else if (rtx_us) {
		m->idiag_timer = XTCP_DIAG_TIMER_RETRANS;
		m->idiag_retrans = READ_ONCE(xs->retransmits);
		m->idiag_expires = xtcp_ms_until(rtx_us);
	} else if (keep_us) {
		m->idiag_timer = XTCP_DIAG_TIMER_KEEPALIVE;
		m->idiag_retrans = READ_ONCE(xs->keep_probes);
		m->idiag_expires = xtcp_ms_until(keep_us);
	}
}

static void xtcp_answer_queues(const struct sock *sk, struct inet_diag_msg *m)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);

	if (m->idiag_state == XTCP_LISTEN) {
		m->idiag_rqueue = READ_ONCE(sk->sk_ack_backlog);
		m->idiag_wqueue = READ_ONCE(sk->sk_max_ack_backlog);
		return;
	}
	m->idiag_rqueue = max_t(s32, READ_ONCE(xs->rcv_nxt) -
				READ_ONCE(xs->fin_rcvd) -
				READ_ONCE(xs->copied_seq), 0);
	m->idiag_wqueue = READ_ONCE(xs->write_seq) - READ_ONCE(xs->snd_una);
}

/* Addresses as the socket's programs see them. */
static void xtcp_answer_name(const struct xtcp_key *key, bool ipv4,
			     struct inet_diag_msg *m)
{
	m->id.idiag_sport = key->t.lport;
	m->id.idiag_dport = key->t.fport;
	if (ipv4) {
		m->idiag_family = AF_INET;
		m->id.idiag_src[0] = key->t.laddr.s6_addr32[3];
		m->id.idiag_dst[0] = key->t.faddr.s6_addr32[3];
	} else {
		m->idiag_family = AF_INET6;
		memcpy(m->id.idiag_src, &key->t.laddr, sizeof(key->t.laddr));
		memcpy(m->id.idiag_dst, &key->t.faddr, sizeof(key->t.faddr));
	}
}

static int xtcp_put_memory(struct sock *sk, struct sk_buff *skb,
			   const struct xtcp_listing *l)
{
	struct inet_diag_meminfo mem = {
		.idiag_rmem = sk_rmem_alloc_get(sk),
		.idiag_wmem = READ_ONCE(sk->sk_wmem_queued),
		.idiag_fmem = READ_ONCE(sk->sk_forward_alloc),
		.idiag_tmem = sk_wmem_alloc_get(sk),
	};
	int err = 0;

	if (xtcp_asked(l, INET_DIAG_MEMINFO))
		err = nla_put(skb, INET_DIAG_MEMINFO, sizeof(mem), &mem);
	if (!err && xtcp_asked(l, INET_DIAG_SKMEMINFO))
		err = sock_diag_put_meminfo(sk, skb, INET_DIAG_SKMEMINFO);
	return err;
}

/* The numbers of one moment: under the socket's lock. */
static int xtcp_put_info(struct sock *sk, struct sk_buff *skb)
{
	struct nlattr *tcp, *own;
	bool slow;

	tcp = nla_reserve_64bit(skb, INET_DIAG_INFO, sizeof(struct tcp_info),
				INET_DIAG_PAD);
	own = nla_reserve_64bit(skb, XTCP_DIAG_INFO, sizeof(struct xtcp_info),
				INET_DIAG_PAD);
	if (!tcp || !own)
		return -EMSGSIZE;
	slow = lock_sock_fast(sk);
	xtcp_get_tcp_info(sk, nla_data(tcp));
	xtcp_get_info(sk, nla_data(own));
	unlock_sock_fast(sk, slow);
	return 0;
}

/* A controller that another one replaces stays until RCU has passed. */
static int xtcp_put_congestion(struct sock *sk, struct sk_buff *skb)
{
	int err;

	rcu_read_lock();
	err = nla_put_string(skb, INET_DIAG_CONG,
			     READ_ONCE(xtcp_sk(sk)->ca_ops)->name);
	rcu_read_unlock();
	return err;
}

static int xtcp_put_attributes(struct sock *sk, struct sk_buff *skb,
			       const struct xtcp_listing *l)
{
	bool ipv6 = sk->sk_family == AF_INET6;

	if (nla_put_u8(skb, INET_DIAG_SHUTDOWN, READ_ONCE(sk->sk_shutdown)) ||
	    nla_put_u8(skb, INET_DIAG_PROTOCOL, sk->sk_protocol))
		return -EMSGSIZE;
	if (l->admin && nla_put_u32(skb, INET_DIAG_MARK,
				    READ_ONCE(sk->sk_mark)))
		return -EMSGSIZE;
	if (xtcp_asked(l, INET_DIAG_TOS) &&
	    nla_put_u8(skb, INET_DIAG_TOS, READ_ONCE(inet_sk(sk)->tos)))
		return -EMSGSIZE;
	if (ipv6 && xtcp_asked(l, INET_DIAG_TCLASS) &&
	    nla_put_u8(skb, INET_DIAG_TCLASS, inet6_sk(sk)->tclass))
		return -EMSGSIZE;
	if (ipv6 && READ_ONCE(sk->sk_state) == XTCP_LISTEN &&
	    nla_put_u8(skb, INET_DIAG_SKV6ONLY, ipv6_only_sock(sk)))
		return -EMSGSIZE;
	if (xtcp_asked(l, INET_DIAG_CONG) && xtcp_put_congestion(sk, skb))
		return -EMSGSIZE;
	if (xtcp_put_memory(sk, skb, l))
		return -EMSGSIZE;
	return xtcp_asked(l, INET_DIAG_INFO) ? xtcp_put_info(sk, skb) : 0;
}

static int xtcp_answer_sock(struct sock *sk, struct sk_buff *skb,
			    struct inet_diag_msg *m,
			    const struct xtcp_listing *l)
{
	m->idiag_state = READ_ONCE(sk->sk_state);
	xtcp_answer_name(&xtcp_sk(sk)->node.key, sk->sk_family == AF_INET, m);
	m->id.idiag_if = READ_ONCE(sk->sk_bound_dev_if);
	sock_diag_save_cookie(sk, m->id.idiag_cookie);
	xtcp_answer_timer(sk, m);
	xtcp_answer_queues(sk, m);
	m->idiag_uid = from_kuid_munged(l->users, sk_uid(sk));
	m->idiag_inode = sock_i_ino(sk);
	return xtcp_put_attributes(sk, skb, l);
}

static void xtcp_answer_tw(const struct xtcp_tw *tw, struct inet_diag_msg *m)
{
	m->idiag_state = XTCP_TIME_WAIT;
	xtcp_answer_name(&tw->node.key,
			 ipv6_addr_v4mapped(&tw->node.key.t.laddr), m);
	m->id.idiag_if = tw->ifindex;
	m->id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	m->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	m->idiag_timer = XTCP_DIAG_TIMER_TIMEWAIT;
	m->idiag_expires = jiffies_to_msecs(max_t(long, READ_ONCE(tw->timer.expires) -
						  jiffies, 0));
}

static struct nlmsghdr *xtcp_answer(struct xtcp_node *node, struct sk_buff *skb,
				    u32 portid, u32 seq, int flags,
				    const struct xtcp_listing *l)
{
	struct inet_diag_msg *m;
	struct nlmsghdr *nlh;

	nlh = nlmsg_put(skb, portid, seq, SOCK_DIAG_BY_FAMILY, sizeof(*m),
			flags);
	if (!nlh)
		return NULL;
	m = nlmsg_data(nlh);
	memset(m, 0, sizeof(*m));
	if (node->kind == XTCP_NODE_TIMEWAIT) {
		xtcp_answer_tw(xtcp_node_tw(node), m);
	} else if (xtcp_answer_sock(xtcp_node_sk(node), skb, m, l)) {
		nlmsg_cancel(skb, nlh);
		return NULL;
	}
	nlmsg_end(skb, nlh);
	return nlh;
}

/* --------------------------------------------------------------- filters */

static enum xtcp_state xtcp_node_state(struct xtcp_node *node)
{
	if (node->kind == XTCP_NODE_TIMEWAIT)
		return XTCP_TIME_WAIT;
	return READ_ONCE(xtcp_node_sk(node)->sk_state);
}

static void xtcp_node_facts(struct xtcp_node *node, struct xtcp_filter_facts *f)
{
	const struct xtcp_key *key = &node->key;

	f->laddr = key->t.laddr;
	f->faddr = key->t.faddr;
	f->lport = ntohs(key->t.lport);
	f->fport = ntohs(key->t.fport);
	if (node->kind == XTCP_NODE_TIMEWAIT) {
		const struct xtcp_tw *tw = xtcp_node_tw(node);

		f->ipv4 = ipv6_addr_v4mapped(&key->t.laddr);
		f->autobound = false;
		f->ifindex = tw->ifindex;
		f->mark = tw->mark;
	} else {
		const struct sock *sk = xtcp_node_sk(node);

		f->ipv4 = sk->sk_family == AF_INET;
		f->autobound = !(sk->sk_userlocks & SOCK_BINDPORT_LOCK);
		f->ifindex = READ_ONCE(sk->sk_bound_dev_if);
		f->mark = READ_ONCE(sk->sk_mark);
	}
}

static bool xtcp_wanted(struct xtcp_node *node, const struct xtcp_listing *l)
{
	const struct inet_diag_req_v2 *req = l->req;
	struct xtcp_filter_facts f;

	/* A guard is no connection any more; see timewait.c. */
	if (node->kind == XTCP_NODE_TIMEWAIT && xtcp_node_tw(node)->guard)
		return false;
	if (!(req->idiag_states & XTCPF(xtcp_node_state(node))))
		return false;
	if ((req->id.idiag_sport && req->id.idiag_sport != node->key.t.lport) ||
	    (req->id.idiag_dport && req->id.idiag_dport != node->key.t.fport))
		return false;
	xtcp_node_facts(node, &f);
	if (req->id.idiag_if && req->id.idiag_if != f.ifindex)
		return false;
	if (req->pad && req->pad != (f.ipv4 ? AF_INET : AF_INET6))
		return false;
	return !l->code || xtcp_filter_run(l->code, l->code_len, &f);
}

/* --------------------------------------------------------------- listing */

static int xtcp_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct xtcp_listing *l = (struct xtcp_listing *)cb->args[0];
	struct xtcp_node *node;
	struct nlmsghdr *nlh;

	while ((node = xtcp_walk_get(&l->walk))) {
		bool wanted = xtcp_wanted(node, l);

		cb->seq = l->walk.restarts + 1;
		nlh = NULL;
		if (wanted)
			nlh = xtcp_answer(node, skb, NETLINK_CB(cb->skb).portid,
					  cb->nlh->nlmsg_seq, NLM_F_MULTI, l);
		xtcp_node_put(node);
		if (wanted && !nlh)
			break;		/* full: the next call begins here */
		if (nlh)
			nl_dump_check_consistent(cb, nlh);
		xtcp_walk_pass(&l->walk);
		cond_resched();
	}
	return skb->len;
}

static int xtcp_dump_start(struct netlink_callback *cb)
{
	const struct nlmsghdr *nlh = cb->nlh;
	const struct nlattr *code;
	struct xtcp_listing *l;
	int err;

	l = kzalloc(sizeof(*l), GFP_KERNEL_ACCOUNT);
	if (!l)
		return -ENOMEM;
	l->req = nlmsg_data(nlh);
	l->users = sk_user_ns(NETLINK_CB(cb->skb).sk);
	l->admin = netlink_net_capable(cb->skb, CAP_NET_ADMIN);
	code = nlmsg_find_attr(nlh, sizeof(*l->req), INET_DIAG_REQ_BYTECODE);
	if (code) {
		l->code = nla_data(code);
		l->code_len = nla_len(code);
		err = xtcp_filter_check(l->code, l->code_len, l->admin);
		if (err) {
			kfree(l);
			return err;
		}
	}
	xtcp_walk_begin(&l->walk, sock_net(cb->skb->sk));
	cb->args[0] = (long)l;
	return 0;
}

static int xtcp_dump_done(struct netlink_callback *cb)
{
	struct xtcp_listing *l = (struct xtcp_listing *)cb->args[0];

	xtcp_walk_end(&l->walk);
	kfree(l);
	return 0;
}

/* ------------------------------------------------------------ one socket */

/* What 0 stands for in a request: IPv4 addresses fill the first word only. */
static bool xtcp_req_ipv4(const struct inet_diag_req_v2 *req)
{
	const struct inet_diag_sockid *id = &req->id;

	if (req->pad)
		return req->pad == AF_INET;
	return !(id->idiag_src[1] | id->idiag_src[2] | id->idiag_src[3] |
		 id->idiag_dst[1] | id->idiag_dst[2] | id->idiag_dst[3]);
}

static void xtcp_req_addr(const __be32 *from, bool ipv4, struct in6_addr *to)
{
	if (!ipv4)
		memcpy(to, from, sizeof(*to));
	else if (from[0])
		ipv6_addr_set_v4mapped(from[0], to);
	else
		*to = in6addr_any;
}

static bool xtcp_cookie_is(struct xtcp_node *node, const __u32 *cookie)
{
	if (node->kind == XTCP_NODE_SOCK)
		return !sock_diag_check_cookie(xtcp_node_sk(node), cookie);
	return cookie[0] == INET_DIAG_NOCOOKIE &&
	       cookie[1] == INET_DIAG_NOCOOKIE;
}

static bool xtcp_listener_is(struct xtcp_node *node, const struct xtcp_key *key,
			     const struct inet_diag_req_v2 *req, bool ipv4)
{
	const struct sock *sk = xtcp_node_sk(node);

	return node->key.t.lport == key->t.lport &&
	       ipv6_addr_equal(&node->key.t.laddr, &key->t.laddr) &&
	       (sk->sk_family == AF_INET) == ipv4 &&
	       READ_ONCE(sk->sk_bound_dev_if) == req->id.idiag_if &&
	       xtcp_cookie_is(node, req->id.idiag_cookie);
}

static struct xtcp_node *xtcp_find_listener(const struct xtcp_key *key,
					    const struct inet_diag_req_v2 *req,
					    bool ipv4)
{
	struct xtcp_walk walk;
	struct xtcp_node *node;

	xtcp_walk_begin(&walk, key->net);
	while ((node = xtcp_walk_get(&walk))) {
		if (xtcp_node_state(node) != XTCP_LISTEN) {
			xtcp_node_put(node);	/* behind the listeners */
			node = NULL;
			break;
		}
		if (xtcp_listener_is(node, key, req, ipv4))
			break;
		xtcp_node_put(node);
		xtcp_walk_pass(&walk);
	}
	xtcp_walk_end(&walk);
	return node;
}

/* With a reference; NULL: there is none of that name. */
static struct xtcp_node *xtcp_find(struct net *net,
				   const struct inet_diag_req_v2 *req)
{
	bool ipv4 = xtcp_req_ipv4(req);
	struct xtcp_node *node;
	struct xtcp_key key;

	memset(&key, 0, sizeof(key));
	xtcp_req_addr(req->id.idiag_src, ipv4, &key.t.laddr);
	xtcp_req_addr(req->id.idiag_dst, ipv4, &key.t.faddr);
	key.t.lport = req->id.idiag_sport;
	key.t.fport = req->id.idiag_dport;
	key.scope = xtcp_scope(&key.t.faddr, req->id.idiag_if, 0);
	key.net = net;
	if (!key.t.fport)
		return xtcp_find_listener(&key, req, ipv4);

	rcu_read_lock();
	node = xtcp_lookup(&key);
	if (!node && req->id.idiag_if) {	/* of a routing domain */
		key.scope = req->id.idiag_if;
		node = xtcp_lookup(&key);
	}
	if (node && !xtcp_node_hold(node))
		node = NULL;
	rcu_read_unlock();
	if (node && !xtcp_cookie_is(node, req->id.idiag_cookie)) {
		xtcp_node_put(node);
		node = NULL;
	}
	return node;
}

static int xtcp_get_one(struct sk_buff *in, struct nlmsghdr *nlh)
{
	struct xtcp_listing l = {
		.req = nlmsg_data(nlh),
		.users = sk_user_ns(NETLINK_CB(in).sk),
		.admin = netlink_net_capable(in, CAP_NET_ADMIN),
	};
	struct net *net = sock_net(in->sk);
	struct xtcp_node *node;
	struct sk_buff *skb;

	node = xtcp_find(net, l.req);
	if (!node)
		return -ENOENT;
	skb = nlmsg_new(xtcp_answer_size(), GFP_KERNEL);
	if (!skb || WARN_ON(!xtcp_answer(node, skb, NETLINK_CB(in).portid,
					 nlh->nlmsg_seq, 0, &l))) {
		xtcp_node_put(node);
		kfree_skb(skb);
		return -ENOMEM;
	}
	xtcp_node_put(node);
	return nlmsg_unicast(net->diag_nlsk, skb, NETLINK_CB(in).portid);
}

/* ------------------------------------------------------------- the door */

static int xtcp_req_check(const struct nlmsghdr *nlh)
{
	const struct inet_diag_req_v2 *req = nlmsg_data(nlh);

	if (nlmsg_len(nlh) < sizeof(*req))
		return -EINVAL;
	if (req->sdiag_protocol && req->sdiag_protocol != xtcp_protocol)
		return -ENOENT;
	if (req->pad && req->pad != AF_INET && req->pad != AF_INET6)
		return -EAFNOSUPPORT;
	return 0;
}

static int xtcp_listing_request(struct sk_buff *skb, struct nlmsghdr *nlh)
{
	struct netlink_dump_control control = {
		.start	= xtcp_dump_start,
		.dump	= xtcp_dump,
		.done	= xtcp_dump_done,
	};
	int err = xtcp_req_check(nlh);

	if (err)
		return err;
	if (nlh->nlmsg_flags & NLM_F_DUMP)
		return netlink_dump_start(sock_net(skb->sk)->diag_nlsk, skb,
					  nlh, &control);
	return xtcp_get_one(skb, nlh);
}

static int xtcp_listing_destroy(struct sk_buff *skb, struct nlmsghdr *nlh)
{
	struct xtcp_node *node;
	int err = xtcp_req_check(nlh);

	if (err)
		return err;
	if (!netlink_net_capable(skb, CAP_NET_ADMIN))
		return -EPERM;
	node = xtcp_find(sock_net(skb->sk), nlmsg_data(nlh));
	if (!node)
		return -ENOENT;
	if (node->kind == XTCP_NODE_SOCK)
		err = sock_diag_destroy(xtcp_node_sk(node), ECONNABORTED);
	else
		xtcp_tw_kill(xtcp_node_tw(node));
	xtcp_node_put(node);
	return err;
}

static struct sock_diag_handler xtcp_diag_handler __read_mostly = {
	XTCP_DIAG_OWNER
	.dump		= xtcp_listing_request,
	.destroy	= xtcp_listing_destroy,
};

/**
 * xtcp_listing_init - sockets can be seen from now on
 *
 * Return: 0 or a negative errno.
 */
int xtcp_listing_init(void)
{
	xtcp_diag_handler.family = xtcp_family;
	return sock_diag_register(&xtcp_diag_handler);
}

/**
 * xtcp_listing_exit - no request comes any more
 */
void xtcp_listing_exit(void)
{
	sock_diag_unregister(&xtcp_diag_handler);
}
