// SPDX-License-Identifier: GPL-2.0
/*
 * TIME_WAIT: the side that sent the last ACK remembers the connection for
 * 2 MSL, to answer a repeated FIN and to keep old segments out of a new
 * connection between the same ports (RFC 9293 section 3.10.7.4).  A record of
 * a few hundred bytes does it; the socket itself is gone.
 *
 *   RST               ignored (RFC 1337)
 *   SYN, newer        a new connection: a listener may answer it (RFC 6191);
 *                     RST where nobody listens, and to a SYN|ACK
 *   ACK with COOKIE   the same, one segment later; but not the cookie that made
 *                     the old connection: its client repeats it until it hears
 *                     of us, and the network may deliver that late
 *   data, FIN, SYN    acknowledged again; a FIN restarts the 2 MSL
 *   bare ACK          ignored; RST when neither number is of this connection
 *
 * The same record, without the port, guards a cookie: see xtcp_tw_guard().
 *
 * The record stands in the table of connections in place of the socket and
 * holds its claim on the port.  It holds no reference on the namespace, which
 * purges its records when it ends.
 */
#include <linux/slab.h>

#include "engine.h"
#include "trace.h"
#include "why.h"

static struct kmem_cache *xtcp_tw_cache;

static void xtcp_tw_free_rcu(struct rcu_head *head)
{
	kmem_cache_free(xtcp_tw_cache, container_of(head, struct xtcp_tw, rcu));
}

/**
 * xtcp_tw_put - give a reference back
 * @tw: record
 */
void xtcp_tw_put(struct xtcp_tw *tw)
{
	if (refcount_dec_and_test(&tw->refs))
		call_rcu(&tw->rcu, xtcp_tw_free_rcu);
}

/* Out of the table, off the port.  The timer's reference stays. */
static bool xtcp_tw_unlink(struct xtcp_tw *tw)
{
	if (!xtcp_table_remove(&tw->node))
		return false;
	xtcp_port_release(&tw->bind);
	atomic_dec(&xtcp_net(tw->node.key.net)->tw_count);
	if (!tw->guard)
		trace_xtcp_state(&tw->node.key.t, XTCP_TIME_WAIT, XTCP_CLOSE);
	xtcp_tw_put(tw);
	return true;
}

static void xtcp_tw_timer(struct timer_list *t)
{
	struct xtcp_tw *tw = timer_container_of(tw, t, timer);

	xtcp_tw_unlink(tw);
	xtcp_tw_put(tw);
}

/**
 * xtcp_tw_kill - end a record now
 * @tw: record, found under rcu_read_lock()
 */
void xtcp_tw_kill(struct xtcp_tw *tw)
{
	/* The timer's reference goes with whoever stops the timer. */
	if (xtcp_tw_unlink(tw) && timer_delete(&tw->timer))
		xtcp_tw_put(tw);
}

static unsigned long xtcp_tw_life(const struct net *net)
{
	return READ_ONCE(xtcp_net(net)->sysctl_time_wait_s) * (unsigned long)HZ;
}

/* 2 MSL from now; but the cookie may be valid for longer. */
static void xtcp_tw_restart(struct xtcp_tw *tw)
{
	unsigned long expires = jiffies + xtcp_tw_life(tw->node.key.net);

	if (time_after(expires, READ_ONCE(tw->timer.expires)))
		mod_timer_pending(&tw->timer, expires);
}

static struct xtcp_tw *xtcp_tw_make(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_sk_net(sk);
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_tw *tw;

	if (atomic_inc_return(&xn->tw_count) >
	    READ_ONCE(xn->sysctl_max_tw_buckets))
		goto fail;
	tw = kmem_cache_zalloc(xtcp_tw_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!tw)
		goto fail;
	tw->node.key = xs->node.key;
	tw->node.kind = XTCP_NODE_TIMEWAIT;
	refcount_set(&tw->refs, 2);	/* the table's and the timer's */
	timer_setup(&tw->timer, xtcp_tw_timer, 0);
	tw->rcv_nxt = xs->rcv_nxt;
	tw->snd_nxt = xs->snd_nxt;
	tw->used_iss = xs->cookie_ends_us ? xs->used_iss : xs->iss;
	tw->cookie_ends_us = xs->cookie_ends_us;
	tw->rcv_wnd = xtcp_receive_window(xs);
	tw->ts_recent = xs->ts_recent;
	/* connect() took the name over, and heard nothing newer. */
	if (xs->cookie_ends_us &&
	    (!xs->ts_recent || xtcp_after(xs->used_ts, xs->ts_recent)))
		tw->ts_recent = xs->used_ts;
	tw->ts_offset = xs->ts_offset;
	tw->made_us = xtcp_now_us();
	tw->mark = READ_ONCE(sk->sk_mark);
	tw->ifindex = READ_ONCE(sk->sk_bound_dev_if);
	tw->priority = READ_ONCE(sk->sk_priority);
	tw->tos = xs->af->tos(sk);
	return tw;
fail:
	atomic_dec(&xn->tw_count);
	XTCP_INC_STATS(sk, TimeWaitOverflow);
	return NULL;
}

/* The record takes the socket's place for @life jiffies. */
static bool xtcp_tw_place(struct sock *sk, struct xtcp_tw *tw,
			  unsigned long life)
{
	/* Started before anyone can find and kill the record. */
	tw->timer.expires = jiffies + life;
	add_timer(&tw->timer);
	if (!xtcp_table_replace(sk, &tw->node))
		return true;
	/* It was not in the table: nothing to guard. */
	timer_delete_sync(&tw->timer);
	xtcp_port_release(&tw->bind);
	atomic_dec(&xtcp_sk_net(sk)->tw_count);
	kmem_cache_free(xtcp_tw_cache, tw);
	return false;
}

/* What is left of the life of the cookie that made this connection. */
static unsigned long xtcp_cookie_left(const struct sock *sk)
{
	u64 ends_us = xtcp_sk(sk)->cookie_ends_us;
	u64 now_us = xtcp_now_us();

	return ends_us > now_us ? usecs_to_jiffies(ends_us - now_us) : 0;
}

/**
 * xtcp_time_wait - the connection is closed both ways: leave a record
 * @sk: socket, locked; in CLOSE, perhaps destroyed, when this returns
 *
 * Without memory, or beyond max_tw_buckets, the connection just ends: that is
 * what RFC 9293 calls taking a risk, and is counted.
 */
void xtcp_time_wait(struct sock *sk)
{
	struct xtcp_tw *tw = xtcp_tw_make(sk);

	if (tw) {
		xtcp_port_move(&tw->bind, &xtcp_sk(sk)->bind);
		if (xtcp_tw_place(sk, tw, max(xtcp_tw_life(sock_net(sk)),
					      xtcp_cookie_left(sk))))
			XTCP_INC_STATS(sk, TimeWait);
	}
	xtcp_end(sk, XTCP_TIME_WAIT);
}

/**
 * xtcp_tw_guard - a connection ends while its cookie is still valid
 * @sk: socket, locked, about to become CLOSE
 *
 * A third segment that the network doubled would make the connection once
 * more, and deliver its data twice.  So its name stays taken until the cookie
 * is void; only a newer cookie, of a new attempt, passes.
 * The record holds no port.
 */
void xtcp_tw_guard(struct sock *sk)
{
	unsigned long left = xtcp_cookie_left(sk);
	struct xtcp_tw *tw;

	if (!left || !xtcp_sk(sk)->node.hashed)
		return;
	tw = xtcp_tw_make(sk);
	if (!tw)
		return;
	tw->guard = true;
	tw->aborted = sk->sk_state != XTCP_LAST_ACK;
	if (xtcp_tw_place(sk, tw, left))
		XTCP_INC_STATS(sk, CookieGuards);
}

/**
 * xtcp_tw_reusable - may a new connection take the four-tuple over?
 * @tw: record
 * @xs: what asks: a cookie's child knows a timestamp of its peer, a connect()
 *	does not yet
 *
 * RFC 6191: timestamps tell the two connections apart.  Another cookie that
 * came with a newer one proves that the peer has begun anew.  connect() cannot
 * know the peer's; our own continue across connections of one tuple, and a
 * second, in which the network is unlikely to still hold an old segment, is
 * plenty.  A guard yields at once, see xtcp_tw_hand_over().
 */
bool xtcp_tw_reusable(const struct xtcp_tw *tw, const struct xtcp_sock *xs)
{
	if (xs->ts_recent)
		return xs->iss != tw->used_iss &&
		       xtcp_after(xs->ts_recent, tw->ts_recent);
	if (tw->guard)
		return true;
	return xtcp_now_us() - tw->made_us >= USEC_PER_SEC;
}

/**
 * xtcp_tw_hand_over - connect() takes the place of a record
 * @tw: record, to be killed
 * @xs: the connection, not found by anyone yet; a cookie's child has a cookie of
 *	its own to guard
 *
 * Should it end while the old cookie is still valid, it leaves a guard again.
 */
void xtcp_tw_hand_over(const struct xtcp_tw *tw, struct xtcp_sock *xs)
{
	if (xs->ts_recent)
		return;
	xs->cookie_ends_us = tw->cookie_ends_us;
	xs->used_iss = tw->used_iss;
	xs->used_ts = tw->ts_recent;
}

/*
 * Newer than all that the old connection's peer sent?  RFC 6191: a newer
 * timestamp suffices, PAWS keeps the old segments out of the new connection.
 */
static bool xtcp_tw_newer(const struct xtcp_tw *tw, const struct sk_buff *skb)
{
	return xtcp_after(XTCP_SKB_CB(skb)->tsval, tw->ts_recent);
}

/* What brings a cookie acknowledges the first number that goes with it. */
static bool xtcp_tw_other_cookie(const struct xtcp_tw *tw,
				 const struct sk_buff *skb)
{
	unsigned int len = XTCP_SKB_CB(skb)->hdr_len - XTCP_HDR_LEN;
	struct xtcp_opts opts;

	return len && XTCP_SKB_CB(skb)->ack != tw->used_iss + 1 &&
	       !xtcp_parse_opts((const u8 *)(xtcp_hdr(skb) + 1), len, &opts) &&
	       xtcp_opt_has(&opts, XTCP_OPT_COOKIE);
}

/**
 * xtcp_tw_rcv - a segment for a connection that is in TIME_WAIT
 * @tw: record, with a reference
 * @skb: parsed segment
 *
 * Any context.  Return: what the caller must answer.
 */
enum xtcp_tw_verdict xtcp_tw_rcv(struct xtcp_tw *tw, const struct sk_buff *skb)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct net *net = tw->node.key.net;

	trace_xtcp_segment(false, &tw->node.key.t, xtcp_hdr(skb), skb->len,
			   tw->guard ? XTCP_CLOSE : XTCP_TIME_WAIT);
	if (cb->flags & XTCP_RST) {
		xtcp_drop(xtcp_net(net), &tw->node.key.t, skb, TimeWaitRsts);
		return XTCP_TW_DROP;
	}
	if (cb->flags & XTCP_SYN) {
		/*
		 * A newer SYN|ACK is of an attempt that an old SYN of ours has
		 * misled: it must begin anew, or would wait for our record.
		 */
		if (xtcp_tw_newer(tw, skb))
			return cb->flags & XTCP_ACK ? XTCP_TW_RESET :
						      XTCP_TW_SYN;
		return tw->aborted ? XTCP_TW_RESET : XTCP_TW_ACK;
	}
	if (xtcp_tw_newer(tw, skb) && xtcp_tw_other_cookie(tw, skb))
		return XTCP_TW_SYN;
	if (tw->aborted)
		return XTCP_TW_RESET;
	if (cb->seq == cb->end_seq) {
		/*
		 * A stray third segment can have made a connection at the
		 * peer that never was here: its ACK tells, and must end it.
		 */
		if (cb->ack != tw->snd_nxt && cb->seq != tw->rcv_nxt)
			return XTCP_TW_RESET;
		xtcp_drop(xtcp_net(net), &tw->node.key.t, skb, TimeWaitDrops);
		return XTCP_TW_DROP;
	}
	if ((cb->flags & XTCP_FIN) && cb->end_seq == tw->rcv_nxt) {
		if (xtcp_after(cb->tsval, tw->ts_recent))
			tw->ts_recent = cb->tsval;
		if (!tw->guard)
			xtcp_tw_restart(tw);
	}
	return XTCP_TW_ACK;
}

static void xtcp_tw_purge_one(struct xtcp_node *node, void *arg)
{
	if (node->kind == XTCP_NODE_TIMEWAIT)
		xtcp_tw_kill(xtcp_node_tw(node));
}

/**
 * xtcp_tw_purge_net - a namespace ends: so do its records
 * @net: namespace; no socket of it is left
 */
void xtcp_tw_purge_net(struct net *net)
{
	struct xtcp_net *xn = xtcp_net(net);

	/*
	 * A timer that runs on another CPU has taken its record out of the
	 * table before it lets go of the count, or is about to: wait for it.
	 */
	while (atomic_read(&xn->tw_count)) {
		xtcp_table_walk_net(net, xtcp_tw_purge_one, NULL);
		cond_resched();
	}
}

/**
 * xtcp_tw_init - module init
 *
 * Return: 0 or -ENOMEM.
 */
int xtcp_tw_init(void)
{
	xtcp_tw_cache = KMEM_CACHE(xtcp_tw, SLAB_ACCOUNT);
	return xtcp_tw_cache ? 0 : -ENOMEM;
}

/**
 * xtcp_tw_exit - module exit, after the last namespace was purged
 */
void xtcp_tw_exit(void)
{
	synchronize_rcu();	/* a timer handler may be at its last lines */
	rcu_barrier();
	kmem_cache_destroy(xtcp_tw_cache);
}
