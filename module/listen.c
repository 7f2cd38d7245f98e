// SPDX-License-Identifier: GPL-2.0
/*
 * Listening without state.
 *
 *   SYN ----------> make a cookie, send SYN|ACK, forget      xtcp_listen_syn
 *   ACK + COOKIE -> verify; make the connection, ESTABLISHED xtcp_listen_ack
 *                   and into the accept queue
 *
 * No lock of the listener is taken for either: a flood of SYNs costs a hash
 * and a small packet each, and memory stays as it is.  The accept queue has a
 * lock of its own.
 */
#include <net/ipv6.h>
#include <net/transp_v6.h>

#include "net.h"
#include "trace.h"
#include "why.h"

/* ---------------------------------------------------------- accept queue */

static bool xtcp_acceptq_full(const struct sock *lsk)
{
	/* As TCP: backlog N holds N + 1. */
	return READ_ONCE(xtcp_sk(lsk)->acceptq->len) >
	       READ_ONCE(lsk->sk_max_ack_backlog);
}

/* Takes over the caller's reference on @child when it answers true. */
static bool xtcp_acceptq_add(struct sock *lsk, struct sock *child)
{
	struct xtcp_accept_queue *q = xtcp_sk(lsk)->acceptq;
	bool ok = false;

	spin_lock_bh(&q->lock);
	if (READ_ONCE(lsk->sk_state) == XTCP_LISTEN && !q->closed) {
		list_add_tail(&xtcp_sk(child)->accept_node, &q->head);
		WRITE_ONCE(q->len, q->len + 1);
		WRITE_ONCE(lsk->sk_ack_backlog, q->len);
		ok = true;
	}
	spin_unlock_bh(&q->lock);
	return ok;
}

/**
 * xtcp_acceptq_take - the oldest connection that waits for accept()
 * @lsk: listener
 *
 * Return: the socket with its reference, or NULL.
 */
struct sock *xtcp_acceptq_take(struct sock *lsk)
{
	struct xtcp_accept_queue *q = xtcp_sk(lsk)->acceptq;
	struct xtcp_sock *xs;

	spin_lock_bh(&q->lock);
	xs = list_first_entry_or_null(&q->head, struct xtcp_sock, accept_node);
	if (xs) {
		list_del_init(&xs->accept_node);
		WRITE_ONCE(q->len, q->len - 1);
		WRITE_ONCE(lsk->sk_ack_backlog, q->len);
	}
	spin_unlock_bh(&q->lock);
	return (struct sock *)xs;
}

/* A connection that nobody will accept: RST, and away. */
static void xtcp_abort_child(struct sock *child)
{
	sock_hold(child);
	local_bh_disable();
	bh_lock_sock(child);
	sock_orphan(child);
	if (child->sk_state == XTCP_CLOSE) {
		xtcp_destroy_sock(child);
	} else {
		xtcp_send_reset(child, GFP_ATOMIC);
		xtcp_write_queue_purge(child);
		xtcp_done(child);
	}
	bh_unlock_sock(child);
	local_bh_enable();
	sock_put(child);
}

/**
 * xtcp_listen_start - CLOSE to LISTEN
 * @sk: socket, locked, bound
 * @backlog: connections that may wait for accept()
 *
 * Return: 0, -EADDRINUSE, -ENOMEM.
 */
int xtcp_listen_start(struct sock *sk, int backlog)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	int err;

	if (!xs->acceptq) {
		xs->acceptq = kzalloc(sizeof(*xs->acceptq), GFP_KERNEL_ACCOUNT);
		if (!xs->acceptq)
			return -ENOMEM;
		spin_lock_init(&xs->acceptq->lock);
		INIT_LIST_HEAD(&xs->acceptq->head);
	}
	xs->acceptq->closed = false;
	WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
	sk->sk_ack_backlog = 0;

	err = xtcp_port_listen(sk);
	if (err)
		return err;
	inet_sk(sk)->inet_sport = htons(inet_sk(sk)->inet_num);
	sk_dst_reset(sk);
	xtcp_set_key(&xs->node.key, sock_net(sk), &xs->bind.addr,
		     inet_sk(sk)->inet_sport, &in6addr_any, 0, 0);
	xtcp_set_state(sk, XTCP_LISTEN);
	xtcp_hash_listener(sk);
	return 0;
}

/**
 * xtcp_listen_stop - LISTEN to CLOSE; who waits for accept() is reset
 * @sk: socket, locked by a user
 */
void xtcp_listen_stop(struct sock *sk)
{
	struct xtcp_accept_queue *q = xtcp_sk(sk)->acceptq;
	struct sock *child;

	xtcp_unhash_listener(sk);
	xtcp_set_state(sk, XTCP_CLOSE);
	xtcp_port_unlisten(sk);
	spin_lock_bh(&q->lock);
	q->closed = true;
	spin_unlock_bh(&q->lock);
	while ((child = xtcp_acceptq_take(sk)))
		xtcp_abort_child(child);
}

/* ------------------------------------------------------------- SYN */

/* So many SYN-ACKs a second and namespace; 0: as many as there are SYNs. */
static bool xtcp_synack_allowed(struct xtcp_net *xn)
{
	int rate = READ_ONCE(xn->sysctl_synack_rate);
	u32 now_s = (u32)ktime_get_seconds();

	if (!rate)
		return true;
	/* Whoever sees the new second finds it filled: acquire and release. */
	if (smp_load_acquire(&xn->synack_stamp_s) != now_s) {
		atomic_set(&xn->synack_left, rate);
		/* pairs with the acquire above */
		smp_store_release(&xn->synack_stamp_s, now_s);
	}
	return atomic_dec_return(&xn->synack_left) >= 0;
}

/*
 * The device that a connection is bound to: a link-local peer is only reachable
 * where it came from, and the peer of a routing domain there.
 */
static int xtcp_request_dev(const struct sock *lsk, struct sk_buff *skb,
			    const struct xtcp_rx *rx)
{
	int dev = inet_request_bound_dev_if(lsk, skb);

	if (!dev && rx->family == AF_INET6 &&
	    ipv6_addr_type(&rx->key.t.faddr) & IPV6_ADDR_LINKLOCAL)
		return rx->dif;
	return dev;
}

/* FEATURES that connections of this listener accept. */
static u32 xtcp_listen_features(const struct sock *lsk)
{
	const struct xtcp_cong_ops *ca = READ_ONCE(xtcp_sk(lsk)->ca_ops);

	if (READ_ONCE(xtcp_sk_net(lsk)->sysctl_ecn) == XTCP_ECN_NEVER &&
	    !(ca->flags & XTCP_CONG_WANTS_ECN))
		return 0;
	return XTCP_FEATURE_ECN;
}

/**
 * xtcp_listen_syn - answer a SYN, keep nothing
 * @lsk: listener, not locked
 * @skb: parsed SYN; not consumed
 * @rx: where it came from
 */
void xtcp_listen_syn(struct sock *lsk, struct sk_buff *skb,
		     const struct xtcp_rx *rx)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct net *net = sock_net(lsk);
	struct xtcp_net *xn = xtcp_net(net);
	const struct xtcp_af_ops *af;
	u64 now_us = xtcp_now_us();
	u8 cookie[XTCP_COOKIE_LEN];
	struct xtcp_opts opts;
	struct xtcp_opts_out out = {};
	struct xtcp_cookie ck = {};
	struct xtcp_ctl c = {};

	if (!xtcp_synack_allowed(xn)) {
		xtcp_drop(xn, &rx->key.t, skb, SynRateLimited);
		return;
	}
	xtcp_parse_opts((const u8 *)(xtcp_hdr(skb) + 1),
			cb->hdr_len - XTCP_HDR_LEN, &opts);

	ck.irs = cb->seq;
	ck.iss = xtcp_isn(&xn->isn_key, &rx->key.t, now_us);
	ck.mss = xtcp_opt_has(&opts, XTCP_OPT_MSS) ? opts.mss :
						     XTCP_DEFAULT_MSS;
	ck.version = XTCP_VERSION;
	ck.features = opts.features & xtcp_listen_features(lsk);
	ck.time_s = (u32)ktime_get_seconds();
	rcu_read_lock();
	xtcp_cookie_make(cookie, &rcu_dereference(xn->keys)->k, &rx->key.t,
			 &ck);
	rcu_read_unlock();

	out.present = BIT(XTCP_OPT_MSS) | BIT(XTCP_OPT_FEATURES) |
		      BIT(XTCP_OPT_COOKIE);
	out.mss = READ_ONCE(xtcp_sk(lsk)->user_mss);	/* 0: by the route */
	out.version = XTCP_VERSION;
	out.features = ck.features;
	out.cookie = cookie;
	out.cookie_len = sizeof(cookie);

	c.saddr = rx->key.t.laddr;
	c.daddr = rx->key.t.faddr;
	c.sport = rx->key.t.lport;
	c.dport = rx->key.t.fport;
	c.seq = ck.iss;
	c.ack = cb->seq + 1;
	c.wnd = xtcp_initial_window(lsk);
	c.tsval = ((u32)now_us + xtcp_ts_offset(&xn->ts_key, &rx->key.t)) ?: 1;
	c.tsecr = cb->tsval;
	c.flags = XTCP_SYN | XTCP_ACK;
	c.mark = inet_request_mark(lsk, skb);
	c.priority = READ_ONCE(lsk->sk_priority);
	c.oif = xtcp_request_dev(lsk, skb, rx);
	c.sk = lsk;
	af = rx->family == AF_INET ? &xtcp_ipv4_af : &xtcp_ipv6_af;
	c.tos = af->tos(lsk);
	c.state = XTCP_LISTEN;
	c.opts = &out;
	xtcp_mib_inc(xn, SynRecv);
	xtcp_ctl_send(net, &c);
}

/* ------------------------------------------------------- ACK with COOKIE */

/* A clone of the listener: make it a socket of its own, in CLOSE. */
static void xtcp_child_init(struct sock *child)
{
	struct xtcp_sock *xs = xtcp_sk(child);
	struct inet_sock *inet = inet_sk(child);

	inet_sk_set_state(child, XTCP_CLOSE);
	RCU_INIT_POINTER(child->sk_dst_cache, NULL);
	RCU_INIT_POINTER(inet->inet_opt, NULL);
	RCU_INIT_POINTER(inet->mc_list, NULL);
	inet->cork.base.dst = NULL;
	inet->cork.base.opt = NULL;
#if IS_ENABLED(CONFIG_IPV6)
	xtcp_ipv6_child_init(child);
#endif
	memset(&xs->bind, 0, sizeof(xs->bind));
	INIT_HLIST_NODE(&xs->listen_node);
	INIT_LIST_HEAD(&xs->accept_node);
	xs->acceptq = NULL;
	xs->cookie = NULL;
	xs->cookie_len = 0;
	xs->any_family = false;
	xs->orphan_counted = false;
	xs->node.hashed = false;
	xtcp_init_timers(child);
	xtcp_init_sock_state(child);
	sk_set_txhash(child);
	atomic_set(&inet_sk(child)->inet_id, get_random_u16());
	/*
	 * The listener may choose another one just now, and let ours go: its
	 * module waits for RCU, and refuses us when it is going.
	 */
	if (!try_module_get(xs->ca_ops->owner))
		xs->ca_ops = &xtcp_cubic;
	xtcp_cong_start(&xs->cong, xs->ca_ops, xs->mss);
}

/* Addresses, as the segment's name tells them. */
static void xtcp_child_addresses(struct sock *child, const struct xtcp_rx *rx)
{
	const struct xtcp_tuple4 *t = &rx->key.t;
	struct inet_sock *inet = inet_sk(child);
	struct xtcp_sock *xs = xtcp_sk(child);
	bool v4 = ipv6_addr_v4mapped(&t->laddr);

	xs->node.key = rx->key;
	inet->inet_num = ntohs(t->lport);
	inet->inet_sport = t->lport;
	inet->inet_dport = t->fport;
	inet->mc_index = rx->dif;
	if (v4) {
		xs->af = &xtcp_ipv4_af;
		inet->inet_saddr = t->laddr.s6_addr32[3];
		inet->inet_rcv_saddr = inet->inet_saddr;
		inet->inet_daddr = t->faddr.s6_addr32[3];
	}
#if IS_ENABLED(CONFIG_IPV6)
	if (child->sk_family == AF_INET6) {
		if (!v4) {
			xs->af = &xtcp_ipv6_af;
			inet->inet_saddr = LOOPBACK4_IPV6;
			inet->inet_rcv_saddr = LOOPBACK4_IPV6;
			inet->inet_daddr = LOOPBACK4_IPV6;
		}
		child->sk_v6_rcv_saddr = t->laddr;
		child->sk_v6_daddr = t->faddr;
		inet6_sk(child)->saddr = t->laddr;
	}
#endif
}

/* Not hashed, not queued, locked, two references: undo xtcp_child_make(). */
static void xtcp_child_discard(struct sock *child)
{
	__acquire(&child->sk_lock.slock);	/* by sk_clone_lock() */
	sock_set_flag(child, SOCK_DEAD);
	xtcp_stop_timers(child);
	xtcp_destroy_sock(child);
	bh_unlock_sock(child);
	sock_put(child);
}

/*
 * The new connection, ESTABLISHED and findable; locked, with two references.
 * NULL: no memory, no route, or another CPU was faster.
 */
static struct sock *xtcp_child_make(struct sock *lsk, struct sk_buff *skb,
				    const struct xtcp_rx *rx,
				    const struct xtcp_cookie *ck)
{
	struct sock *child = sk_clone_lock(lsk, GFP_ATOMIC);
	struct xtcp_sock *xs;

	if (!child)
		return NULL;
	xs = xtcp_sk(child);
	xtcp_child_init(child);
	xtcp_child_addresses(child, rx);
	xs->ts_offset = xtcp_ts_offset(&xtcp_sk_net(child)->ts_key,
				       &rx->key.t);
	child->sk_mark = inet_request_mark(lsk, skb);
	child->sk_bound_dev_if = xtcp_request_dev(lsk, skb, rx);
	if (!xs->af->route(child))
		goto discard;
	xtcp_rcv_child_start(child, skb, ck);
	if (xtcp_port_inherit(child, lsk))
		goto discard;
	if (xtcp_hash(child))
		goto discard;
	xtcp_set_state(child, XTCP_ESTABLISHED);
	if (sock_flag(child, SOCK_KEEPOPEN))
		xtcp_reset_keepalive(child, xtcp_keepidle_us(child));
	return child;

discard:
	xtcp_child_discard(child);
	return NULL;
}

/* The cookie's verdict, with counters; answers with a RST where one is due. */
static bool xtcp_cookie_accept(struct sock *lsk, const struct sk_buff *skb,
			       const struct xtcp_rx *rx,
			       struct xtcp_cookie *ck)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct xtcp_net *xn = xtcp_sk_net(lsk);
	enum xtcp_cookie_verdict verdict;
	struct xtcp_opts opts;

	xtcp_parse_opts((const u8 *)(xtcp_hdr(skb) + 1),
			cb->hdr_len - XTCP_HDR_LEN, &opts);
	if (!xtcp_opt_has(&opts, XTCP_OPT_COOKIE)) {
		xtcp_drop(xn, &rx->key.t, skb, CookieMissing);
		goto reset;
	}
	ck->iss = cb->ack - 1;
	rcu_read_lock();
	verdict = xtcp_cookie_check(opts.cookie, opts.cookie_len,
				    &rcu_dereference(xn->keys)->k, &rx->key.t,
				    (u32)ktime_get_seconds(),
				    XTCP_COOKIE_LIFE_S, ck);
	rcu_read_unlock();
	switch (verdict) {
	case XTCP_COOKIE_OK:
		/* Its data must be within the window that we offered. */
		if (cb->seq - (ck->irs + 1) <= xtcp_initial_window(lsk)) {
			xtcp_mib_inc(xn, CookieOk);
			return true;
		}
		xtcp_drop(xn, &rx->key.t, skb, InOutOfWindow);
		return false;
	case XTCP_COOKIE_EXPIRED:
		xtcp_drop(xn, &rx->key.t, skb, CookieExpired);
		break;
	case XTCP_COOKIE_BAD:
		xtcp_drop(xn, &rx->key.t, skb, CookieBad);
		break;
	}
reset:
	xtcp_ctl_reset(sock_net(lsk), lsk, skb);
	return false;
}

/*
 * DEFER_ACCEPT: wake the program for data only.  A third segment without any
 * is dropped for that long; the client repeats it, or sends data.  Not longer
 * than half of a cookie's life: the next repetition, twice as late, must still
 * find it valid.
 */
static bool xtcp_accept_deferred(const struct sock *lsk,
				 const struct sk_buff *skb,
				 const struct xtcp_cookie *ck)
{
	u32 defer_s = READ_ONCE(xtcp_sk(lsk)->defer_accept_s);

	defer_s = min_t(u32, defer_s, XTCP_COOKIE_LIFE_S / 2);
	return defer_s && !skb->len &&
	       (u32)ktime_get_seconds() - ck->time_s < defer_s;
}

/* Somebody was faster: the connection exists, the segment is for it. */
static void xtcp_redeliver(struct sk_buff *skb, const struct xtcp_rx *rx)
{
	struct xtcp_node *node = xtcp_lookup(&rx->key);
	struct sock *sk;

	if (node && node->kind == XTCP_NODE_SOCK) {
		sk = xtcp_node_sk(node);
		if (refcount_inc_not_zero(&sk->sk_refcnt)) {
			xtcp_deliver(sk, skb);
			sock_put(sk);
			return;
		}
	}
	xtcp_drop(xtcp_net(rx->key.net), &rx->key.t, skb, AcceptFails);
	kfree_skb(skb);
}

/* Then the client need only say it again: any of a group takes the cookie. */
static bool xtcp_another_listens(const struct xtcp_rx *rx)
{
	struct sock *sk = xtcp_lookup_listener(rx->key.net, &rx->key, rx->dif,
					       rx->sdif);

	if (sk)
		sock_put(sk);
	return sk;
}

/**
 * xtcp_listen_ack - the third segment: make the connection
 * @lsk: listener, not locked; the caller holds a reference
 * @skb: parsed segment with ACK; consumed
 * @rx: where it came from
 */
void xtcp_listen_ack(struct sock *lsk, struct sk_buff *skb,
		     const struct xtcp_rx *rx)
{
	struct xtcp_net *xn = xtcp_sk_net(lsk);
	struct xtcp_cookie ck = {};
	struct sock *child;

	if (!xtcp_cookie_accept(lsk, skb, rx, &ck))
		goto drop;
	if (xtcp_accept_deferred(lsk, skb, &ck)) {
		xtcp_drop(xn, &rx->key.t, skb, AcceptDeferred);
		goto drop;
	}
	if (xtcp_acceptq_full(lsk)) {
		xtcp_drop(xn, &rx->key.t, skb, AcceptOverflow);
		if (READ_ONCE(xn->sysctl_abort_on_overflow))
			xtcp_ctl_reset(sock_net(lsk), lsk, skb);
		goto drop;
	}
	child = xtcp_child_make(lsk, skb, rx, &ck);
	if (!child) {
		xtcp_redeliver(skb, rx);
		return;
	}
	__acquire(&child->sk_lock.slock);	/* by sk_clone_lock() */
	if (!xtcp_acceptq_add(lsk, child)) {	/* it closed meanwhile */
		sock_set_flag(child, SOCK_DEAD);
		if (xtcp_another_listens(rx))
			xtcp_sk(child)->cookie_ends_us = 0;	/* not used */
		else
			xtcp_send_reset(child, GFP_ATOMIC);
		xtcp_done(child);
		bh_unlock_sock(child);
		sock_put(child);
		xtcp_drop(xn, &rx->key.t, skb, AcceptFails);
		goto drop;
	}
	xtcp_mib_inc(xn, PassiveOpens);
	trace_xtcp_accept(&rx->key.t);
	xtcp_backlog_rcv(child, skb);
	bh_unlock_sock(child);
	sock_put(child);
	lsk->sk_data_ready(lsk);
	return;
drop:
	trace_xtcp_segment(false, &rx->key.t, xtcp_hdr(skb), skb->len,
			   XTCP_LISTEN);
	kfree_skb(skb);
}
