// SPDX-License-Identifier: GPL-2.0
/*
 * Reassembly: from segments in any order to a queue in order.
 *
 *                copied_seq        rcv_nxt
 *   read by program  |  sk_receive_queue |   gap   | ofo_queue (rbtree) ...
 *   -----------------+---------+---------+ - - - - +-------+ - - +-------+
 *
 * sk_receive_queue holds [copied_seq, rcv_nxt) without holes or overlaps.
 * ofo_queue holds disjoint segments beyond rcv_nxt.  What stands in the first
 * was acknowledged and is never dropped; what stands in the second may be,
 * when memory is short, the newest first (it is the last to be of use).
 *
 * Small segments are merged into what is queued already, so that a peer that
 * sends single bytes cannot make us hold a thousand bytes for each.
 */
#include <linux/skbuff.h>

#include "engine.h"
#include "why.h"

/*
 * Payloads up to this many bytes are copied into the buffer before them: the
 * copy is cheaper than keeping a whole skb.  When half of the receive buffer is
 * in use, larger ones too: windows promise payload at the exchange rate of
 * flow.c, and an skb of 1000 bytes costs more than that.
 */
#define XTCP_COPY_BREAK		256
#define XTCP_COPY_BREAK_TIGHT	1024
#define XTCP_COLLECT_BYTES	(SKB_WITH_OVERHEAD(PAGE_SIZE))

static bool xtcp_rcv_tight(const struct sock *sk)
{
	return atomic_read(&sk->sk_rmem_alloc) > READ_ONCE(sk->sk_rcvbuf) / 2;
}

static unsigned int xtcp_copy_break(const struct sock *sk)
{
	return xtcp_rcv_tight(sk) ? XTCP_COPY_BREAK_TIGHT : XTCP_COPY_BREAK;
}

static bool xtcp_copy_to_tail(struct sock *sk, struct sk_buff *to,
			      struct sk_buff *from)
{
	unsigned int len = from->len;

	if (len > xtcp_copy_break(sk) || skb_cloned(to) || skb_is_nonlinear(to) ||
	    skb_tailroom(to) < len)
		return false;
	if (skb_copy_bits(from, 0, skb_put(to, len), len)) {
		__skb_trim(to, to->len - len);
		return false;
	}
	return true;
}

/* A page-sized buffer for small payloads to come; NULL is no error. */
static struct sk_buff *xtcp_collector(struct sock *sk, struct sk_buff *from)
{
	struct sk_buff *skb;

	skb = alloc_skb(XTCP_COLLECT_BYTES, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	if (!sk_rmem_schedule(sk, skb, skb->truesize) ||
	    skb_copy_bits(from, 0, skb_put(skb, from->len), from->len)) {
		kfree_skb(skb);
		return NULL;
	}
	*XTCP_SKB_CB(skb) = *XTCP_SKB_CB(from);
	skb->tstamp = from->tstamp;
	return skb;
}

/* Append @from to @to when it follows directly; frees @from then. */
static bool xtcp_merge(struct sock *sk, struct sk_buff *to,
		       struct sk_buff *from)
{
	bool stolen = false;
	int delta = 0;

	if (XTCP_SKB_CB(to)->end_seq != XTCP_SKB_CB(from)->seq ||
	    (XTCP_SKB_CB(to)->flags & XTCP_FIN))
		return false;
	if (!xtcp_copy_to_tail(sk, to, from)) {
		if (!skb_try_coalesce(to, from, &stolen, &delta))
			return false;
		atomic_add(delta, &sk->sk_rmem_alloc);
		sk_mem_charge(sk, delta);
	}
	XTCP_SKB_CB(to)->end_seq = XTCP_SKB_CB(from)->end_seq;
	XTCP_SKB_CB(to)->flags |= XTCP_SKB_CB(from)->flags;
	if (unlikely(from->tstamp))	/* the newest counts */
		to->tstamp = from->tstamp;
	XTCP_INC_STATS(sk, RcvCoalesced);
	kfree_skb_partial(from, stolen);
	return true;
}

/**
 * xtcp_rcv_queue_tail - append an in-order segment to the receive queue
 * @sk: socket, locked; memory was admitted
 * @skb: starts at rcv_nxt; has payload; consumed
 *
 * Advances rcv_nxt.  Return: true when @skb itself was merged and freed.
 */
bool xtcp_rcv_queue_tail(struct sock *sk, struct sk_buff *skb)
{
	struct sk_buff *tail = skb_peek_tail(&sk->sk_receive_queue);
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 len = skb->len;

	WRITE_ONCE(xs->rcv_nxt, XTCP_SKB_CB(skb)->end_seq);
	xs->bytes_received += len;

	if (tail && xtcp_merge(sk, tail, skb))
		return true;
	if (tail && len <= xtcp_copy_break(sk) &&
	    (xtcp_rcv_tight(sk) || tail->len <= XTCP_COPY_BREAK)) {
		struct sk_buff *big = xtcp_collector(sk, skb);

		if (big) {
			consume_skb(skb);
			skb = big;
		}
	}
	skb->dev = NULL;	/* may be gone before the queue is read */
	__skb_queue_tail(&sk->sk_receive_queue, skb);
	skb_set_owner_r(skb, sk);
	return false;
}

/**
 * xtcp_ofo_queue - keep a segment that begins beyond rcv_nxt
 * @sk: socket, locked; memory was admitted
 * @skb: consumed
 *
 * What overlaps is resolved for what is held already: bytes that came twice
 * are equal, or the peer is broken.  The SACK ranges follow.
 */
void xtcp_ofo_queue(struct sock *sk, struct sk_buff *skb)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct rb_node **p = &xs->ofo_queue.rb_node;
	struct rb_node *parent = NULL;
	struct sk_buff *next;

	xs->ofo_segs++;
	XTCP_INC_STATS(sk, InQueuedOutOfOrder);
	/* Also for what is held: a D-SACK wants its range behind it. */
	xtcp_ranges_add(&xs->sack, cb->seq, cb->end_seq);

	while (*p) {
		struct xtcp_skb_cb *other;

		parent = *p;
		other = XTCP_SKB_CB(rb_to_skb(parent));
		if (xtcp_before(cb->seq, other->seq)) {
			p = &parent->rb_left;
			continue;
		}
		if (!xtcp_after(cb->end_seq, other->end_seq)) {
			/* held already, whole: tell the sender (RFC 2883) */
			xs->dsack.start = cb->seq;
			xs->dsack.end = cb->end_seq;
			xs->dsack_set = true;
			xs->dsack_dups++;
			XTCP_DROP(sk, skb, InDuplicate);
			kfree_skb(skb);
			return;
		}
		p = &parent->rb_right;
	}

	rb_link_node(&skb->rbnode, parent, p);
	rb_insert_color(&skb->rbnode, &xs->ofo_queue);
	xs->ofo_bytes += skb->len;
	xtcp_rcv_hole_adjust(sk);
	skb_set_owner_r(skb, sk);

	/* Swallow what the new one covers whole. */
	while ((next = skb_rb_next(skb)) &&
	       !xtcp_before(cb->end_seq, XTCP_SKB_CB(next)->end_seq)) {
		rb_erase(&next->rbnode, &xs->ofo_queue);
		xs->ofo_bytes -= next->len;
		kfree_skb(next);
	}
}

/* SACK ranges after segments were thrown away: tell what is left. */
static void xtcp_ranges_rebuild(struct xtcp_sock *xs)
{
	struct sk_buff *skb;

	xtcp_ranges_init(&xs->sack);
	for (skb = skb_rb_last(&xs->ofo_queue); skb; skb = skb_rb_prev(skb))
		xtcp_ranges_add(&xs->sack, XTCP_SKB_CB(skb)->seq,
				XTCP_SKB_CB(skb)->end_seq);
}

/**
 * xtcp_ofo_drain - move what rcv_nxt has reached to the receive queue
 * @sk: socket, locked
 *
 * Return: true when the peer's FIN is now in order too.
 */
bool xtcp_ofo_drain(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb;
	bool fin = false;

	while (!fin && (skb = skb_rb_first(&xs->ofo_queue))) {
		struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
		u32 overlap = xs->rcv_nxt - cb->seq;

		if (xtcp_after(cb->seq, xs->rcv_nxt))
			break;
		rb_erase(&skb->rbnode, &xs->ofo_queue);
		skb->dev = NULL;	/* shares its place with the rbnode */
		xs->ofo_bytes -= skb->len;
		skb_orphan(skb);

		if (!xtcp_after(cb->end_seq, xs->rcv_nxt)) {
			kfree_skb(skb);
			continue;
		}
		fin = cb->flags & XTCP_FIN;
		if (overlap >= skb->len) {	/* only the FIN is new */
			WRITE_ONCE(xs->rcv_nxt, cb->end_seq);
			kfree_skb(skb);
			continue;
		}
		if (overlap && !pskb_pull(skb, overlap)) {
			/* As if it had never come. */
			XTCP_DROP(sk, skb, InNoMem);
			kfree_skb(skb);
			xtcp_ranges_rebuild(xs);
			return false;
		}
		cb->seq += overlap;
		xtcp_rcv_queue_tail(sk, skb);
	}
	xtcp_ranges_advance(&xs->sack, xs->rcv_nxt);
	return fin;
}

/**
 * xtcp_ofo_prune - throw away out-of-order segments until memory suffices
 * @sk: socket, locked
 *
 * RFC 2018 section 8 allows it: only the cumulative acknowledgment binds.
 * An eighth of the buffer is freed at a time, so that a peer that stays at the
 * limit does not make each segment cost a walk.
 * Return: true when the socket is within its receive buffer again.
 */
bool xtcp_ofo_prune(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	int goal = READ_ONCE(sk->sk_rcvbuf) - (READ_ONCE(sk->sk_rcvbuf) >> 3);
	struct sk_buff *skb;
	bool any = false;

	while (atomic_read(&sk->sk_rmem_alloc) > goal &&
	       (skb = skb_rb_last(&xs->ofo_queue))) {
		rb_erase(&skb->rbnode, &xs->ofo_queue);
		xs->ofo_bytes -= skb->len;
		XTCP_DROP(sk, skb, InOfoPruned);
		kfree_skb(skb);
		any = true;
	}
	if (any)
		xtcp_ranges_rebuild(xs);
	return atomic_read(&sk->sk_rmem_alloc) <= READ_ONCE(sk->sk_rcvbuf);
}

/**
 * xtcp_ofo_purge - forget all that is out of order
 * @sk: socket, locked, or no longer reachable
 */
void xtcp_ofo_purge(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb;

	while ((skb = skb_rb_first(&xs->ofo_queue))) {
		rb_erase(&skb->rbnode, &xs->ofo_queue);
		kfree_skb(skb);
	}
	xs->ofo_bytes = 0;
	xtcp_ranges_init(&xs->sack);
}
