// SPDX-License-Identifier: GPL-2.0
/*
 * The send queue: what the program wrote and the peer did not acknowledge.
 *
 *      snd_una                    snd_nxt                  write_seq
 *         |  rtx_queue (rbtree)      |  sk_write_queue (list)  |
 *         v                          v                         v
 *   ------+---+---+---+---+---+---+--+---+---+---+---+---+-----+
 *         | S |   | L | R | S |   |  | not sent yet            |
 *         +---+---+---+---+---+---+--+---+---+---+---+---+-----+
 *
 * Marks: S SACKED, L LOST, R LOST|RETRANS (resent, unanswered).  The byte
 * sums sacked_out, lost_out, lost_waiting and retrans_out, and the number
 * sacked_skbs, follow the marks exactly; every change of a mark is in this
 * file, so that xtcp_inflight() is a subtraction.
 *
 * sent_order lists, oldest departure first, the segments that RACK may still
 * judge: neither SACKed nor lost and waiting to be resent.  A segment enters
 * at its tail whenever it is sent.  The list's anchor shares its place in the
 * skb with the destination and the destructor, which a queued skb does not
 * have: xtcp_rtx_begin_send() clears it before a clone would copy it.
 *
 * A queued skb may be a super-segment (offload.c), whose segments then share
 * marks and send time.  As soon as the peer tells them apart, by SACK or by an
 * acknowledgment, it is cut where they meet, and no payload is copied.
 *
 * A queued skb holds its payload in page fragments and keeps its linear part
 * as room for headers: a transmission clones it and writes the headers into
 * the clone's room.
 */
#include <linux/skbuff.h>

#include "engine.h"
#include "trace.h"

/**
 * xtcp_alloc_skb - a buffer for the send queue, charged to the socket
 * @sk: socket, locked
 * @linear: bytes of linear payload room
 * @gfp: allocation flags
 *
 * The caller queues it with xtcp_queue_skb() or frees it with __kfree_skb()
 * before it is charged: only the admission against the memory limits happens
 * here.  Return: the skb, or NULL when memory or its limits are exhausted.
 */
struct sk_buff *xtcp_alloc_skb(struct sock *sk, unsigned int linear, gfp_t gfp)
{
	struct sk_buff *skb;

	skb = alloc_skb_fclone(XTCP_MAX_HEADER + linear, gfp);
	if (unlikely(!skb)) {
		XTCP_INC_STATS(sk, OutNoMem);
		sk->sk_prot->enter_memory_pressure(sk);
		sk_stream_moderate_sndbuf(sk);
		return NULL;
	}
	if (unlikely(!sk_wmem_schedule(sk, skb->truesize))) {
		XTCP_INC_STATS(sk, OutNoMem);
		__kfree_skb(skb);
		return NULL;
	}
	__skb_header_release(skb);	/* clones may write their headers */
	skb_reserve(skb, XTCP_MAX_HEADER);
	skb->ip_summed = CHECKSUM_PARTIAL;
	return skb;
}

/**
 * xtcp_free_tx_skb - free a buffer of the send queue and give its charge back
 * @sk: socket, locked
 * @skb: in no queue any more
 */
void xtcp_free_tx_skb(struct sock *sk, struct sk_buff *skb)
{
	sk_wmem_queued_add(sk, -skb->truesize);
	sk_mem_uncharge(sk, skb->truesize);
	__kfree_skb(skb);
}

/**
 * xtcp_rtx_insert - put a sent segment where acknowledgments find it
 * @sk: socket, locked
 * @skb: in no queue
 */
void xtcp_rtx_insert(struct sock *sk, struct sk_buff *skb)
{
	struct rb_root *root = &xtcp_sk(sk)->rtx_queue;
	struct rb_node **p = &root->rb_node;
	struct rb_node *parent = NULL;

	while (*p) {
		parent = *p;
		if (xtcp_before(XTCP_SKB_CB(skb)->seq,
				XTCP_SKB_CB(rb_to_skb(parent))->seq))
			p = &parent->rb_left;
		else
			p = &parent->rb_right;
	}
	rb_link_node(&skb->rbnode, parent, p);
	rb_insert_color(&skb->rbnode, root);
}

/**
 * xtcp_rtx_head - the oldest unacknowledged segment, or NULL
 * @sk: socket, locked
 */
struct sk_buff *xtcp_rtx_head(const struct sock *sk)
{
	return skb_rb_first(&xtcp_sk(sk)->rtx_queue);
}

/**
 * xtcp_rtx_tail - the newest segment sent, or NULL
 * @sk: socket, locked
 */
struct sk_buff *xtcp_rtx_tail(const struct sock *sk)
{
	return skb_rb_last(&xtcp_sk(sk)->rtx_queue);
}

static void xtcp_anchor_clear(struct sk_buff *skb)
{
	skb->destructor = NULL;
	skb->_skb_refdst = 0UL;
}

/**
 * xtcp_rtx_begin_send - a segment is about to be cloned and sent
 * @sk: socket, locked
 * @skb: in the rtx queue, or in none yet
 */
void xtcp_rtx_begin_send(struct sock *sk, struct sk_buff *skb)
{
	if (skb->tcp_tsorted_anchor.next)
		list_del(&skb->tcp_tsorted_anchor);
	xtcp_anchor_clear(skb);
}

/**
 * xtcp_rtx_end_send - it was: the newest departure
 * @sk: socket, locked
 * @skb: its sent_us is set
 */
void xtcp_rtx_end_send(struct sock *sk, struct sk_buff *skb)
{
	list_add_tail(&skb->tcp_tsorted_anchor, &xtcp_sk(sk)->sent_order);
}

static void xtcp_rtx_unlink(struct sock *sk, struct sk_buff *skb)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (xs->rtx_hint == skb)
		xs->rtx_hint = NULL;
	if (skb->tcp_tsorted_anchor.next)
		list_del(&skb->tcp_tsorted_anchor);
	xtcp_anchor_clear(skb);
	rb_erase(&skb->rbnode, &xs->rtx_queue);
}

/* Judged lost, and not resent since. */
static bool xtcp_waits_for_resend(u8 marks)
{
	return (marks & (XTCP_MARK_LOST | XTCP_MARK_RETRANS)) == XTCP_MARK_LOST;
}

static void xtcp_change_marks(struct xtcp_sock *xs, struct sk_buff *skb,
			      u8 marks)
{
	struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	u8 changed = cb->marks ^ marks;
	u32 len = xtcp_skb_seqlen(skb);

	if (changed & XTCP_MARK_SACKED) {
		xs->sacked_out += marks & XTCP_MARK_SACKED ? len : -len;
		xs->sacked_skbs += marks & XTCP_MARK_SACKED ? 1 : -1;
	}
	if (changed & XTCP_MARK_LOST)
		xs->lost_out += marks & XTCP_MARK_LOST ? len : -len;
	if (changed & XTCP_MARK_RETRANS)
		xs->retrans_out += marks & XTCP_MARK_RETRANS ? len : -len;
	if (xtcp_waits_for_resend(cb->marks) != xtcp_waits_for_resend(marks))
		xs->lost_waiting += xtcp_waits_for_resend(marks) ? len : -len;
	cb->marks = marks;
}

static void xtcp_clear_marks(struct xtcp_sock *xs, struct sk_buff *skb,
			     u8 marks)
{
	xtcp_change_marks(xs, skb, XTCP_SKB_CB(skb)->marks & ~marks);
}

static void xtcp_set_marks(struct xtcp_sock *xs, struct sk_buff *skb, u8 marks)
{
	xtcp_change_marks(xs, skb, XTCP_SKB_CB(skb)->marks | marks);
}

/* The request for times goes with the byte that it is about. */
static void xtcp_split_stamp(struct sk_buff *skb, struct sk_buff *rest)
{
	struct skb_shared_info *front = skb_shinfo(skb);
	struct skb_shared_info *back = skb_shinfo(rest);

	if (likely(!(front->tx_flags & SKBTX_ANY_TSTAMP) &&
		   !XTCP_SKB_CB(skb)->stamp_ack))
		return;
	if (xtcp_before(XTCP_SKB_CB(skb)->stamp_seq, XTCP_SKB_CB(rest)->seq)) {
		XTCP_SKB_CB(rest)->stamp_ack = false;
		return;
	}
	back->tx_flags |= front->tx_flags & SKBTX_ANY_TSTAMP;
	back->tskey = front->tskey;
	front->tx_flags &= ~SKBTX_ANY_TSTAMP;
	XTCP_SKB_CB(skb)->stamp_ack = false;
}

/*
 * SOF_TIMESTAMPING_TX_ACK: the byte is acknowledged.  @skb is the rtx queue's
 * first: what shares its place with the tree's node, and what does with the
 * list's, must look like no device and no route to the copy that is made.
 */
static void xtcp_stamp_acked(struct sock *sk, struct sk_buff *skb, u32 ack)
{
	struct list_head anchor = skb->tcp_tsorted_anchor;

	if (likely(!XTCP_SKB_CB(skb)->stamp_ack) ||
	    !xtcp_before(XTCP_SKB_CB(skb)->stamp_seq, ack))
		return;
	XTCP_SKB_CB(skb)->stamp_ack = false;
	xtcp_anchor_clear(skb);
	xtcp_tell_acked(sk, skb);
	skb->tcp_tsorted_anchor = anchor;
}

/**
 * xtcp_fragment - cut a queued segment in two
 * @sk: socket, locked
 * @skb: in the rtx queue or in the write queue
 * @len: payload bytes that stay in @skb; 0 < @len < @skb->len
 * @gfp: allocation flags
 *
 * Payload is shared, not copied; marks and send time go to both halves, FIN
 * and PSH to the second one.  Return: 0, or -ENOMEM and nothing changed.
 */
int xtcp_fragment(struct sock *sk, struct sk_buff *skb, u32 len, gfp_t gfp)
{
	struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	bool sent = xtcp_before(cb->seq, xtcp_sk(sk)->snd_nxt);
	unsigned int truesize = skb->truesize;
	struct sk_buff *rest;
	u32 moved;

	if (WARN_ON_ONCE(len == 0 || len >= skb->len))
		return -EINVAL;
	/* A clone in flight shares our fragment list: get one of our own. */
	if (skb_unclone(skb, gfp))
		return -ENOMEM;
	skb->truesize = truesize;

	rest = xtcp_alloc_skb(sk, 0, gfp);
	if (!rest)
		return -ENOMEM;
	sk_wmem_queued_add(sk, rest->truesize);
	sk_mem_charge(sk, rest->truesize);

	moved = skb->len - len;
	rest->truesize += moved;
	skb->truesize -= moved;
	skb_split(skb, rest, len);

	*XTCP_SKB_CB(rest) = *cb;
	XTCP_SKB_CB(rest)->seq = cb->seq + len;
	cb->end_seq = cb->seq + len;
	cb->flags &= ~(XTCP_FIN | XTCP_PSH);
	cb->eor = false;
	xtcp_split_stamp(skb, rest);

	/* The sums hold: two marked halves weigh what the whole did. */
	xtcp_sk(sk)->sacked_skbs += !!(cb->marks & XTCP_MARK_SACKED);
	if (sent) {
		xtcp_rtx_insert(sk, rest);
		if (!list_empty(&skb->tcp_tsorted_anchor))
			list_add(&rest->tcp_tsorted_anchor,
				 &skb->tcp_tsorted_anchor);
		else
			INIT_LIST_HEAD(&rest->tcp_tsorted_anchor);
	} else {
		__skb_queue_after(&sk->sk_write_queue, skb, rest);
	}
	return 0;
}

/* The peer has it, and told so for the first time. */
static void xtcp_rtx_delivered(struct sock *sk, const struct sk_buff *skb,
			       struct xtcp_ack_state *a, u32 tsecr)
{
	a->acked += xtcp_skb_seqlen(skb);
	xtcp_rack_delivered(sk, skb, tsecr);
	xtcp_rate_delivered(sk, skb, a);
	if (unlikely(xtcp_sk(sk)->hole.suspected_mtu))
		xtcp_hole_delivered(sk, xtcp_skb_largest(skb));
}

/* Forget the first @len bytes of payload; false: no memory, nothing changed. */
static bool xtcp_drop_front(struct sock *sk, struct sk_buff *skb, u32 len)
{
	struct skb_shared_info *shinfo;
	u32 left = len, kept = 0, i;
	unsigned int truesize = skb->truesize;

	/* A clone in flight shares our fragment list: get one of our own. */
	if (skb_unclone(skb, GFP_ATOMIC))
		return false;
	shinfo = skb_shinfo(skb);
	for (i = 0; i < shinfo->nr_frags; i++) {
		skb_frag_t *frag = &shinfo->frags[i];
		u32 size = skb_frag_size(frag);

		if (left >= size) {
			left -= size;
			skb_frag_unref(skb, i);
			continue;
		}
		skb_frag_off_add(frag, left);
		skb_frag_size_sub(frag, left);
		left = 0;
		shinfo->frags[kept++] = *frag;
	}
	shinfo->nr_frags = kept;
	skb->data_len -= len;
	skb->len -= len;
	skb->truesize = truesize - len;
	sk_wmem_queued_add(sk, -(int)len);
	sk_mem_uncharge(sk, len);
	return true;
}

/*
 * The peer acknowledged some of a super-segment's segments, or the path cut one.
 * The front counts as if it had been a segment by itself.
 */
static void xtcp_rtx_ack_partly(struct sock *sk, struct sk_buff *skb, u32 ack,
				struct xtcp_ack_state *a)
{
	struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	u32 end_seq = cb->end_seq;
	u32 done = ack - cb->seq;
	u8 marks = cb->marks;

	xtcp_stamp_acked(sk, skb, ack);
	if (done >= skb->len || !xtcp_drop_front(sk, skb, done))
		return;
	cb->end_seq = ack;
	if (!(marks & XTCP_MARK_SACKED))
		xtcp_rtx_delivered(sk, skb, a, a->tsecr);
	xtcp_clear_marks(xtcp_sk(sk), skb, ~0);
	cb->seq = ack;
	cb->end_seq = end_seq;
	cb->marks = marks;
	/* Fewer bytes, but one buffer as before. */
	xtcp_sk(sk)->sacked_skbs += !!(marks & XTCP_MARK_SACKED);
}

/**
 * xtcp_rtx_ack - drop what a cumulative acknowledgment covers
 * @sk: socket, locked
 * @ack: acknowledgment number, snd_una < @ack <= snd_nxt
 * @a: the acknowledgment; its @acked grows by what was not SACKed before
 */
void xtcp_rtx_ack(struct sock *sk, u32 ack, struct xtcp_ack_state *a)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb;

	if (unlikely(xs->urgent) && !xtcp_before(ack, xs->snd_up))
		xs->urgent = false;
	while ((skb = xtcp_rtx_head(sk))) {
		struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);

		if (xtcp_after(cb->end_seq, ack)) {
			if (xtcp_before(cb->seq, ack))
				xtcp_rtx_ack_partly(sk, skb, ack, a);
			break;
		}
		if (!(cb->marks & XTCP_MARK_SACKED))
			xtcp_rtx_delivered(sk, skb, a, a->tsecr);
		xtcp_stamp_acked(sk, skb, ack);
		xtcp_clear_marks(xs, skb, ~0);
		xtcp_rtx_unlink(sk, skb);
		xtcp_free_tx_skb(sk, skb);
	}
}

/* The segment that holds @seq, or the first one after it. */
static struct sk_buff *xtcp_rtx_find(const struct sock *sk, u32 seq)
{
	struct rb_node *n = xtcp_sk(sk)->rtx_queue.rb_node;
	struct sk_buff *best = NULL;

	while (n) {
		struct sk_buff *skb = rb_to_skb(n);

		if (xtcp_after(XTCP_SKB_CB(skb)->end_seq, seq)) {
			best = skb;
			n = n->rb_left;
		} else {
			n = n->rb_right;
		}
	}
	return best;
}

/*
 * A block covers a super-segment in part: cut it where the block begins, or
 * ends, but only between two segments that it was sent as.  So a peer that
 * invents blocks makes us no more pieces than segments.  Answers true when all
 * of what is @skb now is covered.
 */
static bool xtcp_cut_to_block(struct sock *sk, struct sk_buff *skb,
			      const struct xtcp_sack_block *b)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	u32 keep;

	if (xtcp_before(cb->seq, b->start)) {
		/* The next one begins with the block. */
		keep = roundup(b->start - cb->seq, cb->mss);
		if (keep < skb->len)
			xtcp_fragment(sk, skb, keep, GFP_ATOMIC);
		return false;
	}
	if (!xtcp_after(cb->end_seq, b->end))
		return true;
	keep = rounddown(b->end - cb->seq, cb->mss);
	return keep && keep < skb->len &&
	       !xtcp_fragment(sk, skb, keep, GFP_ATOMIC);
}

static void xtcp_sack_block(struct sock *sk, struct xtcp_sack_block b,
			    struct xtcp_ack_state *a)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb;

	for (skb = xtcp_rtx_find(sk, b.start); skb; skb = skb_rb_next(skb)) {
		struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);

		if (!xtcp_before(cb->seq, b.end))
			break;
		if ((cb->marks & XTCP_MARK_SACKED) ||
		    !xtcp_cut_to_block(sk, skb, &b))
			continue;
		xtcp_rtx_delivered(sk, skb, a, 0);
		xtcp_clear_marks(xs, skb, XTCP_MARK_LOST | XTCP_MARK_RETRANS);
		xtcp_set_marks(xs, skb, XTCP_MARK_SACKED);
		list_del_init(&skb->tcp_tsorted_anchor);
	}
}

/* Walks each part of the queue once, and empties @ranges. */
static void xtcp_sack_ranges(struct sock *sk, struct xtcp_ranges *ranges,
			     struct xtcp_ack_state *a)
{
	unsigned int i;

	for (i = 0; i < ranges->n; i++)
		xtcp_sack_block(sk, ranges->r[i], a);
	xtcp_ranges_init(ranges);
}

/* RFC 2883 section 4: is the first block, @b, a D-SACK? */
static bool xtcp_is_dsack(const struct xtcp_ack_state *a,
			  const struct xtcp_opts *opts, struct xtcp_sack_block b)
{
	struct xtcp_sack_block next;

	if (xtcp_before(b.start, a->ack))
		return true;
	if (opts->sack_n < 2)
		return false;
	next = xtcp_opt_sack(opts, 1);
	return !xtcp_before(b.start, next.start) &&
	       !xtcp_after(b.end, next.end);
}

/**
 * xtcp_rtx_sack - mark what the SACK option says the peer holds (RFC 2018)
 * @sk: socket, locked; snd_una is already advanced
 * @opts: options with at least one SACK block
 * @a: the acknowledgment; its @acked grows by what is newly marked, its @dsack
 *	becomes true when the first block is a D-SACK
 *
 * A first block below the acknowledgment number is a D-SACK (RFC 2883), and one
 * within the second block: data that waits beyond a gap came twice.  What is not
 * outstanding marks nothing.
 *
 * A peer may tell blocks that overlap, as many as an option holds: they are
 * merged before the queue is walked for them.
 */
void xtcp_rtx_sack(struct sock *sk, const struct xtcp_opts *opts,
		   struct xtcp_ack_state *a)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_ranges ranges;
	unsigned int i;

	xtcp_ranges_init(&ranges);
	for (i = 0; i < opts->sack_n; i++) {
		struct xtcp_sack_block b = xtcp_opt_sack(opts, i);

		if (!xtcp_before(b.start, b.end) ||
		    xtcp_after(b.end, xs->snd_nxt))
			continue;
		if (i == 0 && xtcp_is_dsack(a, opts, b)) {
			XTCP_INC_STATS(sk, DsackReceived);
			a->dsack = true;
			a->dsack_start = b.start;
			a->dsack_end = b.end;
		}
		if (xtcp_before(b.start, xs->snd_una))
			continue;
		xtcp_ranges_add(&ranges, b.start, b.end);
		if (ranges.n == XTCP_RANGES_MAX)
			xtcp_sack_ranges(sk, &ranges, a);
	}
	xtcp_sack_ranges(sk, &ranges, a);
}

/**
 * xtcp_rtx_renege - a timeout: did the peer throw away what it reported?
 * @sk: socket, locked
 *
 * A SACKed segment at the front of the queue would have been acknowledged: the
 * peer no longer has it (RFC 2018 section 8), and all reports are void.
 * Return: true when that was so.
 */
bool xtcp_rtx_renege(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb = xtcp_rtx_head(sk);

	if (!skb || !(XTCP_SKB_CB(skb)->marks & XTCP_MARK_SACKED))
		return false;
	XTCP_INC_STATS(sk, SackReneging);
	for (; skb; skb = skb_rb_next(skb))
		xtcp_clear_marks(xs, skb, XTCP_MARK_SACKED);
	return true;
}

/**
 * xtcp_mark_lost - this segment, or its last resend, is lost
 * @sk: socket, locked
 * @skb: in the rtx queue, not SACKed
 */
void xtcp_mark_lost(struct sock *sk, struct sk_buff *skb)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_loss_sample l = {
		.delivered	= xs->delivered,
		.size		= xtcp_skb_seqlen(skb),
		.tx_inflight	= cb->tx_inflight,
		.app_limited	= cb->app_limited,
	};

	/* Lost before, and not resent since: nothing new. */
	if ((cb->marks & (XTCP_MARK_LOST | XTCP_MARK_RETRANS)) == XTCP_MARK_LOST)
		return;
	trace_xtcp_loss(&xs->node.key.t, cb->seq, skb->len,
			xtcp_now_us() - cb->sent_us, xtcp_srtt_us(&xs->rtt),
			cb->retrans);
	xs->lost += l.size;
	l.tx_lost = (u32)xs->lost - cb->tx_lost;
	xtcp_cong_lost(&xs->cong, &l);
	xtcp_clear_marks(xs, skb, XTCP_MARK_RETRANS);
	xtcp_set_marks(xs, skb, XTCP_MARK_LOST);
	list_del_init(&skb->tcp_tsorted_anchor);
	if (xs->rtx_hint && xtcp_before(XTCP_SKB_CB(skb)->seq,
					XTCP_SKB_CB(xs->rtx_hint)->seq))
		xs->rtx_hint = skb;
}

/**
 * xtcp_rtx_unmark_lost - the judgment was wrong: what is not resent yet may
 * still arrive
 * @sk: socket, locked
 *
 * Such segments left before every resent one, in order of their numbers.
 */
void xtcp_rtx_unmark_lost(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb;

	for (skb = xtcp_rtx_tail(sk); skb; skb = skb_rb_prev(skb)) {
		if (!(XTCP_SKB_CB(skb)->marks & XTCP_MARK_LOST))
			continue;
		xtcp_clear_marks(xs, skb, XTCP_MARK_LOST);
		if (list_empty(&skb->tcp_tsorted_anchor))
			list_add(&skb->tcp_tsorted_anchor, &xs->sent_order);
	}
	xs->rtx_hint = NULL;
}

/**
 * xtcp_rtx_last_segment - the newest segment sent, by itself
 * @sk: socket, locked
 *
 * Cuts it off a super-segment.  Return: it, or NULL.
 */
struct sk_buff *xtcp_rtx_last_segment(struct sock *sk)
{
	struct sk_buff *skb = xtcp_rtx_tail(sk);
	u32 mss;

	if (!skb)
		return NULL;
	mss = XTCP_SKB_CB(skb)->mss;
	if (skb->len > mss &&
	    !xtcp_fragment(sk, skb, rounddown(skb->len - 1, mss), GFP_ATOMIC))
		skb = skb_rb_next(skb);
	return skb;
}

/**
 * xtcp_rtx_next_lost - the oldest segment judged lost and not resent yet
 * @sk: socket, locked
 *
 * The search resumes where the last one ended; xtcp_mark_lost() moves that
 * point back when an older segment becomes lost.
 */
struct sk_buff *xtcp_rtx_next_lost(const struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb = xs->rtx_hint ?: xtcp_rtx_head(sk);

	if (!xs->lost_waiting)
		return NULL;
	for (; skb; skb = skb_rb_next(skb)) {
		u8 marks = XTCP_SKB_CB(skb)->marks;

		if ((marks & XTCP_MARK_LOST) && !(marks & XTCP_MARK_RETRANS)) {
			xs->rtx_hint = skb;
			return skb;
		}
	}
	return NULL;
}

/**
 * xtcp_mark_retransmitted - account a segment that was just resent
 * @sk: socket, locked
 * @skb: in the rtx queue
 */
void xtcp_mark_retransmitted(struct sock *sk, struct sk_buff *skb)
{
	struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);

	/* A probe may resend what is not judged lost: in flight twice. */
	xtcp_set_marks(xtcp_sk(sk), skb, XTCP_MARK_RETRANS);
	if (cb->retrans < U8_MAX)
		cb->retrans++;
}

/**
 * xtcp_write_queue_purge - forget all that was written
 * @sk: socket, locked, or no longer reachable
 */
void xtcp_write_queue_purge(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(&sk->sk_write_queue)))
		xtcp_free_tx_skb(sk, skb);
	while ((skb = xtcp_rtx_head(sk))) {
		xtcp_rtx_unlink(sk, skb);
		xtcp_free_tx_skb(sk, skb);
	}
	xs->sacked_out = 0;
	xs->sacked_skbs = 0;
	xs->lost_out = 0;
	xs->lost_waiting = 0;
	xs->retrans_out = 0;
	sk_mem_reclaim(sk);
}
