// SPDX-License-Identifier: GPL-2.0
/*
 * Output: what to send now, and the one way out.
 *
 *   xtcp_write_xmit      which segments may leave: cwnd, window, Nagle
 *   xtcp_retransmit_skb  one segment again
 *   xtcp_send_ack ...    segments without payload
 *          \     |     /
 *        xtcp_transmit()      header, options, timestamp, counters
 *               |
 *        af->xmit()           checksum, route, IP
 */
#include <linux/skbuff.h>
#include <net/inet_ecn.h>

#include "engine.h"
#include "trace.h"

/* ------------------------------------------------------------- the way out */

/**
 * xtcp_collect_opts - the options that a segment has to carry now
 * @xs: connection
 * @o: out: the options
 * @sack: room for XTCP_SACK_ALONE + 1 blocks, or XTCP_SACK_WITH_DATA + 1
 * @data: it carries payload too
 *
 * Return: BIT(kind) of each.
 */
u8 xtcp_collect_opts(const struct xtcp_sock *xs, struct xtcp_opts_out *o,
		     struct xtcp_sack_block *sack, bool data)
{
	unsigned int max = data ? XTCP_SACK_WITH_DATA : XTCP_SACK_ALONE;
	unsigned int i, n = 0;

	o->present = 0;
	if (unlikely(xs->cookie)) {
		o->present |= BIT(XTCP_OPT_COOKIE);
		o->cookie = xs->cookie;
		o->cookie_len = xs->cookie_len;
	}
	if (unlikely(xs->dsack_set))
		sack[n++] = xs->dsack;
	for (i = 0; i < xs->sack.n && n < max; i++)
		sack[n++] = xs->sack.r[i];
	if (unlikely(n)) {
		o->present |= BIT(XTCP_OPT_SACK);
		o->sack = sack;
		o->sack_n = n;
	}
	if (unlikely(xs->rcv_ce_bytes)) {
		o->present |= BIT(XTCP_OPT_ECN);
		o->ecn_bytes = xs->rcv_ce_bytes;
	}
	if (unlikely(xs->urgent)) {
		o->present |= BIT(XTCP_OPT_URGENT);
		o->urg_seq = xs->snd_up;
	}
	return o->present;
}

static void xtcp_fill_header(struct sock *sk, struct xtcphdr *th,
			     const struct xtcp_skb_cb *cb, unsigned int hdr_len,
			     u64 now_us)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	bool ack = cb->flags & XTCP_ACK;

	th->source = inet_sk(sk)->inet_sport;
	th->dest = inet_sk(sk)->inet_dport;
	th->seq = htonl(cb->seq);
	th->ack_seq = ack ? htonl(xs->rcv_nxt) : 0;
	th->hlen = hdr_len / 4;
	th->flags = cb->flags;
	th->check = 0;
	th->window = htonl((cb->flags & XTCP_RST) ? 0 : xtcp_select_window(sk));
	th->tsval = htonl(xtcp_tsval(xs, now_us));
	th->tsecr = ack ? htonl(xs->ts_recent) : 0;
}

/* An acknowledgment left: nothing is owed any more. */
static void xtcp_ack_sent(struct xtcp_sock *xs, bool data)
{
	if (xs->quickack && (xs->ack_pending & XTCP_ACK_NOW))
		xs->quickack--;
	/* A program that answers lets its data carry the ACKs. */
	if (data && xs->ack_pending)
		xs->quickack = 0;
	xs->ack_pending = XTCP_ACK_NONE;
	xs->ack_bytes = 0;
	xs->dsack_set = false;
	xs->delack_deadline_us = 0;
}

/*
 * May routers mark this segment instead of dropping it?  Only new data, as RFC
 * 3168 section 6.1.5 has it, unless the controller lives on marks.
 */
static u8 xtcp_ect(const struct xtcp_sock *xs, const struct xtcp_skb_cb *cb,
		   unsigned int payload)
{
	if (!xs->cong.ecn || !payload)
		return INET_ECN_NOT_ECT;
	if (cb->seq != xs->snd_nxt &&
	    !(xs->cong.ops->flags & XTCP_CONG_WANTS_ECN))
		return INET_ECN_NOT_ECT;
	return INET_ECN_ECT_0;
}

/* Room in front of @skb for @opt_len bytes of options. */
static int xtcp_make_room(struct sk_buff *skb, unsigned int opt_len)
{
	if (likely(opt_len <= XTCP_USUAL_OPTS) ||
	    skb_headroom(skb) >= XTCP_MAX_HEADER + opt_len)
		return 0;
	return pskb_expand_head(skb, L1_CACHE_ALIGN(opt_len), 0,
				GFP_ATOMIC | __GFP_NOWARN);
}

/* XTCP_TX_DELAY, for tests of programs: where fq is the qdisc, it waits there. */
static void xtcp_delay_departure(struct sk_buff *skb, u32 delay_us)
{
	u64 at_ns = skb->tstamp ?: ktime_get_ns();

	skb_set_delivery_time(skb, at_ns + (u64)delay_us * NSEC_PER_USEC,
			      SKB_CLOCK_MONOTONIC);
}

/*
 * Every segment of a connection passes here.  @skb is consumed; its cb tells
 * sequence and flags; @o is NULL or the options to put on it.
 */
static int xtcp_transmit(struct sock *sk, struct sk_buff *skb,
			 const struct xtcp_opts_out *o)
{
	struct xtcp_skb_cb cb = *XTCP_SKB_CB(skb);
	struct xtcp_sock *xs = xtcp_sk(sk);
	unsigned int opt_len = o ? xtcp_opts_len(o) : 0;
	unsigned int payload = skb->len;
	u8 ect = xtcp_ect(xs, &cb, payload);
	/* Our clock must not seem to go back: fq may hold data until later. */
	u64 now_us = cb.sent_us ?: max(xtcp_now_us(), xs->last_send_us);
	unsigned int segs = payload ? xtcp_gso_set(skb, cb.mss) : 1;
	struct xtcphdr *th;
	int err;

	if (unlikely(xtcp_make_room(skb, opt_len))) {
		kfree_skb(skb);
		return -ENOBUFS;
	}
	th = skb_push(skb, XTCP_HDR_LEN + opt_len);
	skb_reset_transport_header(skb);
	if (opt_len)
		xtcp_build_opts((u8 *)(th + 1), o);
	xtcp_fill_header(sk, th, &cb, XTCP_HDR_LEN + opt_len, now_us);

	skb_orphan(skb);
	skb_set_owner_w(skb, sk);
	skb->destructor = xtcp_wfree;
	skb_set_dst_pending_confirm(skb, READ_ONCE(sk->sk_dst_pending_confirm));

	if (unlikely(xs->tx_delay_us))
		xtcp_delay_departure(skb, xs->tx_delay_us);

	xs->segs_out += segs;
	XTCP_ADD_STATS(sk, OutSegs, segs);
	if (segs > 1)
		XTCP_INC_STATS(sk, OutSuperSegs);
	if (payload) {
		xs->data_segs_out += segs;
		xs->bytes_sent += payload;
		xs->last_send_us = now_us;
	}
	if (cb.flags & XTCP_RST)
		XTCP_INC_STATS(sk, OutRsts);
	if (cb.flags & XTCP_ACK)
		xtcp_ack_sent(xs, payload);
	trace_xtcp_segment(true, &xs->node.key.t, th, payload, sk->sk_state);

	/* IP wants cb clean: it keeps its own notes there. */
	memset(skb->cb, 0, sizeof(skb->cb));
	err = xs->af->xmit(sk, skb, ect);
	return net_xmit_eval(err);	/* a macro that looks twice */
}

static void xtcp_syn_opts(struct sock *sk, struct xtcp_opts_out *o)
{
	o->present = BIT(XTCP_OPT_MSS) | BIT(XTCP_OPT_FEATURES);
	o->mss = xtcp_advertise_mss(sk);
	o->version = XTCP_VERSION;
	o->features = xtcp_sk(sk)->features;
}

/* xtcp_transmit_skb() for who knows the segment size and the time. */
static int xtcp_transmit_at(struct sock *sk, struct sk_buff *skb, u32 mss,
			    u64 now_ns, gfp_t gfp)
{
	struct xtcp_sack_block sack[XTCP_SACK_WITH_DATA + 1];
	struct xtcp_sock *xs = xtcp_sk(sk);
	u64 at_ns = xtcp_departure_ns(sk, now_ns);
	struct xtcp_opts_out o;
	struct sk_buff *copy;

	xtcp_rtx_begin_send(sk, skb);
	XTCP_SKB_CB(skb)->sent_us = div_u64(at_ns, NSEC_PER_USEC);
	if (skb->len)
		XTCP_SKB_CB(skb)->mss = mss;
	xtcp_rate_sent(sk, skb);
	/*
	 * While an earlier clone is on its way, its headers stand in the room
	 * that ours would use.
	 */
	if (unlikely(skb_cloned(skb)))
		copy = pskb_copy(skb, gfp);
	else
		copy = skb_clone(skb, gfp);
	xtcp_rtx_end_send(sk, skb);
	if (unlikely(!copy))
		return -ENOBUFS;
	copy->dev = NULL;	/* shares its place with the rbnode */
	skb_set_delivery_time(copy, at_ns, SKB_CLOCK_MONOTONIC);
	xtcp_departed(sk, skb->len, at_ns);
	if (XTCP_SKB_CB(skb)->flags & XTCP_SYN)
		xtcp_syn_opts(sk, &o);
	else
		xtcp_collect_opts(xs, &o, sack, true);
	return xtcp_transmit(sk, copy, o.present ? &o : NULL);
}

/**
 * xtcp_transmit_skb - send a queued segment; the queue keeps it
 * @sk: socket, locked
 * @skb: of the send queue
 * @gfp: allocation flags
 *
 * Return: 0 or a negative errno; a segment that did not leave is treated like
 * one that the network lost.
 */
int xtcp_transmit_skb(struct sock *sk, struct sk_buff *skb, gfp_t gfp)
{
	return xtcp_transmit_at(sk, skb, xtcp_current_mss(sk), ktime_get_ns(),
				gfp);
}

/* ------------------------------------------------------- new data to send */

/*
 * Nagle (RFC 9293 section 3.7.4, in Minshall's form): a small segment waits
 * while an earlier small one is unacknowledged.  CORK holds every small one.
 * Here: the end of @skb, which is less than a segment.
 */
static bool xtcp_nagle_holds(const struct xtcp_sock *xs,
			     const struct sk_buff *skb, bool last)
{
	if (!last || (XTCP_SKB_CB(skb)->flags & XTCP_FIN) || xs->urgent ||
	    (xs->nonagle & XTCP_NAGLE_PUSH))
		return false;
	if (xs->nonagle & XTCP_NAGLE_CORK)
		return true;
	if (xs->nonagle & XTCP_NAGLE_OFF)
		return false;
	return xtcp_after(xs->snd_sml, xs->snd_una) &&
	       !xtcp_after(xs->snd_sml, xs->snd_nxt);
}

/*
 * Of @len bytes, in segments of @mss, those that fit into @room: all, or whole
 * segments.
 */
static u32 xtcp_fitting(u32 len, u32 room, u32 mss)
{
	return len <= room ? len : rounddown(room, mss);
}

/*
 * Bytes of @skb's payload that windows let go now; 0: none.  Sender's
 * silly-window avoidance, RFC 9293 section 3.8.6.2.1: a piece is only cut off
 * for the peer's window when it is a full segment or half of the largest
 * window that the peer ever told.
 */
static u32 xtcp_sendable(const struct sock *sk, const struct sk_buff *skb,
			 u32 mss)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	u32 inflight = xtcp_inflight(xs);
	s32 room = xtcp_wnd_end(xs) - XTCP_SKB_CB(skb)->seq;
	u32 len = min_t(u32, skb->len, xtcp_size_goal(sk, mss));
	u32 free = xs->cong.cwnd > inflight ? xs->cong.cwnd - inflight : 0;

	/* With nothing in flight one segment may always leave. */
	if (!inflight)
		free = max(free, mss);
	len = xtcp_fitting(len, free, mss);
	if (!len || room <= 0)
		return 0;
	if (len <= (u32)room || (u32)room >= mss)
		return xtcp_fitting(len, room, mss);
	return (u32)room >= xs->max_wnd / 2 ? room : 0;
}

static void xtcp_note_cwnd_limit(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb = skb_peek(&sk->sk_write_queue);
	bool limited;

	/* The window was the limit if more would have gone without it. */
	limited = skb && xtcp_inflight(xs) + min_t(u32, skb->len, xs->mss) >
			 xs->cong.cwnd;
	if (limited) {
		xs->cong.cwnd_limited = true;
		xs->cwnd_limited_seq = xs->snd_nxt;
	} else if (!xtcp_before(xs->snd_una, xs->cwnd_limited_seq)) {
		xs->cong.cwnd_limited = !xs->cong.ops->control &&
			xtcp_in_slow_start(&xs->cong) &&
			xtcp_inflight(xs) >= xs->cong.cwnd / 2;
	}
}

/*
 * The largest flight of the last two round trips is what the path was seen to
 * carry, when a loss comes while the program sends less (RFC 7661's pipeACK).
 */
static void xtcp_note_flight(struct xtcp_sock *xs)
{
	if (!xtcp_before(xs->snd_una, xs->flight_seq)) {
		xs->flight_seq = xs->snd_nxt;
		xs->flight_prior = xs->flight_max;
		xs->flight_max = 0;
	}
	xs->flight_max = max(xs->flight_max, xs->snd_nxt - xs->snd_una);
}

static void xtcp_sent_first_time(struct sock *sk, struct sk_buff *skb, u32 mss)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	bool idle = RB_EMPTY_ROOT(&xs->rtx_queue);

	__skb_unlink(skb, &sk->sk_write_queue);
	if (skb->len % mss)
		xs->snd_sml = XTCP_SKB_CB(skb)->end_seq;
	WRITE_ONCE(xs->snd_nxt, XTCP_SKB_CB(skb)->end_seq);
	xtcp_rtx_insert(sk, skb);
	xtcp_note_flight(xs);
	xs->prr.out += xtcp_skb_seqlen(skb);
	if (idle || (xs->rtx_kind != XTCP_RTX_RTO &&
		     xs->rtx_kind != XTCP_RTX_REO))
		xtcp_rearm_rtx(sk);
}

/**
 * xtcp_send_one - send one new segment beyond cwnd, for a tail-loss probe
 * @sk: socket, locked
 *
 * Return: false when there is no new data, or the peer's window is closed.
 */
bool xtcp_send_one(struct sock *sk)
{
	struct sk_buff *skb = skb_peek(&sk->sk_write_queue);
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 mss = xtcp_current_mss(sk);
	s32 room;

	if (!skb)
		return false;
	room = xtcp_wnd_end(xs) - XTCP_SKB_CB(skb)->seq;
	if (room < (s32)min_t(u32, skb->len, mss))
		return false;
	if (skb->len > mss && xtcp_fragment(sk, skb, mss, GFP_ATOMIC))
		return false;
	xtcp_transmit_skb(sk, skb, GFP_ATOMIC);
	xtcp_sent_first_time(sk, skb, mss);
	return true;
}

/**
 * xtcp_write_xmit - send what may be sent
 * @sk: socket, locked
 * @gfp: allocation flags
 *
 * Segments leave in batches: where the way to the peer is within this host, what
 * comes next of it runs for all of them at once.
 *
 * Return: true when something left.
 */
bool xtcp_write_xmit(struct sock *sk, gfp_t gfp)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb;
	u32 mss, burst = 0;
	bool sent = false;
	u64 now_ns;

	if (xs->ca_state != XTCP_CA_OPEN)
		xtcp_retransmit_lost(sk);

	now_ns = ktime_get_ns();
	mss = xtcp_current_mss(sk);
	local_bh_disable();

	while ((skb = skb_peek(&sk->sk_write_queue))) {
		bool last = skb_queue_is_last(&sk->sk_write_queue, skb);
		u32 len = xtcp_sendable(sk, skb, mss);

		if (len && len == skb->len && len % mss &&
		    xtcp_nagle_holds(xs, skb, last))
			len = rounddown(len, mss);
		if (!len && (skb->len || !(XTCP_SKB_CB(skb)->flags & XTCP_FIN)))
			break;
		if (!xtcp_may_leave(sk, len, &now_ns))
			break;
		if (len < skb->len && xtcp_fragment(sk, skb, len, gfp))
			break;
		/*
		 * The segment counts as sent even when it could not leave: the
		 * retransmission timer will see to it.
		 */
		xtcp_transmit_at(sk, skb, mss, now_ns, gfp);
		xtcp_sent_first_time(sk, skb, mss);
		sent = true;
		burst += len;
		if (burst >= XTCP_BATCH_MAX) {
			local_bh_enable();
			local_bh_disable();
			burst = 0;
		}
	}
	local_bh_enable();
	xs->nonagle &= ~XTCP_NAGLE_PUSH;
	xtcp_note_cwnd_limit(sk);
	return sent;
}

/*
 * Nothing is in flight, and something is to be: what the controller makes of the
 * silence decides how fast.
 */
static void xtcp_begin_flight(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u64 rate = xs->cong.pacing_rate;
	u64 now_us = xtcp_now_us();
	u32 cwnd = xs->cong.cwnd;

	xs->cong.now_us = now_us;
	xtcp_cong_idle(&xs->cong,
		       clamp_t(s64, now_us - xs->last_send_us, 0, U32_MAX),
		       xtcp_rtt_rto(&xs->rtt, 0));
	if (xs->cong.cwnd != cwnd || xs->cong.pacing_rate != rate)
		xtcp_update_pacing(sk);
}

/**
 * xtcp_push - send what may be sent, and see that a timer watches the rest
 * @sk: socket, locked
 */
void xtcp_push(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (skb_queue_empty(&sk->sk_write_queue) ||
	    !xtcp_state_in(sk, XTCPF_SYNCHRONIZED))
		return;
	if (RB_EMPTY_ROOT(&xs->rtx_queue) && xs->last_send_us)
		xtcp_begin_flight(sk);
	xtcp_write_xmit(sk, GFP_ATOMIC);
	/* Held back by the peer's window alone: it must be probed. */
	if (RB_EMPTY_ROOT(&xs->rtx_queue) &&
	    !skb_queue_empty(&sk->sk_write_queue) &&
	    xs->rtx_kind != XTCP_RTX_PROBE)
		xtcp_rearm_rtx(sk);
}

/**
 * xtcp_retransmit_skb - send one segment again
 * @sk: socket, locked
 * @skb: in the rtx queue
 * @why: for the trace
 *
 * Cut first when the path's MTU has shrunk.  Return: 0, or a negative errno
 * when it could not leave; -EBUSY: its last transmission stands in the host's
 * own queue still, and what holds it there would hold this one.
 */
int xtcp_retransmit_skb(struct sock *sk, struct sk_buff *skb, const char *why)
{
	struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	const struct xtcp_sock *xs = xtcp_sk(sk);
	u32 mss = xtcp_current_mss(sk);
	int err;

	if (xtcp_still_in_host(sk, skb))
		return -EBUSY;
	if (skb->len > mss) {
		err = xtcp_fragment(sk, skb, mss, GFP_ATOMIC);
		if (err)
			return err;
	}
	err = xtcp_transmit_skb(sk, skb, GFP_ATOMIC);
	if (err)
		return err;
	xtcp_sk(sk)->bytes_retrans += skb->len;
	xtcp_sk(sk)->prr.out += xtcp_skb_seqlen(skb);
	XTCP_INC_STATS(sk, RetransSegs);
	trace_xtcp_retransmit(&xs->node.key.t, cb->seq, skb->len, cb->retrans,
			      xtcp_srtt_us(&xs->rtt), xs->cong.cwnd,
			      xtcp_inflight(xs),
			      cb->flags & XTCP_SYN ? "syn" : why);
	if (!(cb->marks & XTCP_MARK_RETRANS))
		xtcp_mark_retransmitted(sk, skb);
	return 0;
}

/* ------------------------------------------------- segments without payload */

static int xtcp_send_bare(struct sock *sk, u32 seq, u8 flags, gfp_t gfp)
{
	struct xtcp_sack_block sack[XTCP_SACK_ALONE + 1];
	unsigned int room = XTCP_MAX_HEADER;
	struct xtcp_opts_out o;
	struct sk_buff *skb;

	if (flags & XTCP_RST)
		o.present = 0;
	else if (unlikely(xtcp_collect_opts(xtcp_sk(sk), &o, sack, false)))
		room += xtcp_opts_len(&o);
	skb = alloc_skb(room, gfp | __GFP_NOWARN);
	if (!skb)
		return -ENOMEM;
	skb_reserve(skb, room);
	skb->ip_summed = CHECKSUM_PARTIAL;
	memset(XTCP_SKB_CB(skb), 0, sizeof(struct xtcp_skb_cb));
	XTCP_SKB_CB(skb)->seq = seq;
	XTCP_SKB_CB(skb)->end_seq = seq;
	XTCP_SKB_CB(skb)->flags = flags;
	return xtcp_transmit(sk, skb, o.present ? &o : NULL);
}

/*
 * A segment without payload must be acceptable to the peer: not beyond its
 * window, where a FIN of ours may stand.
 */
static u32 xtcp_acceptable_seq(const struct xtcp_sock *xs)
{
	return xtcp_seq_min(xs->snd_nxt,
			    xtcp_seq_max(xtcp_wnd_end(xs), xs->snd_una));
}

/**
 * xtcp_send_ack - acknowledge now
 * @sk: socket, locked
 */
void xtcp_send_ack(struct sock *sk)
{
	if (sk->sk_state == XTCP_CLOSE)
		return;
	if (xtcp_send_bare(sk, xtcp_acceptable_seq(xtcp_sk(sk)), XTCP_ACK,
			   GFP_ATOMIC) == -ENOMEM) {
		xtcp_sk(sk)->ack_pending |= XTCP_ACK_DELAYED;
		xtcp_arm_delack(sk);
	}
}

/**
 * xtcp_schedule_ack - note that an acknowledgment is owed
 * @sk: socket, locked
 * @how: XTCP_ACK_DELAYED, XTCP_ACK_BATCH or XTCP_ACK_NOW
 *
 * NOW means at the end of the segment's processing (xtcp_ack_if_due()), so
 * that data which the segment releases can carry it; BATCH: when those that
 * came with it have been processed.
 */
void xtcp_schedule_ack(struct sock *sk, u8 how)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (how == XTCP_ACK_DELAYED && !xs->ack_pending)
		xtcp_arm_delack(sk);
	xs->ack_pending |= how;
}

/**
 * xtcp_ack_if_due - send the acknowledgment that must not wait
 * @sk: socket, locked
 */
void xtcp_ack_if_due(struct sock *sk)
{
	if (xtcp_sk(sk)->ack_pending & XTCP_ACK_NOW)
		xtcp_send_ack(sk);
	else if (xtcp_sk(sk)->ack_pending & XTCP_ACK_BATCH)
		xtcp_after_batch(sk);
}

/**
 * xtcp_enter_quickack - acknowledge the next segments at once
 * @sk: socket, locked
 * @acks: how many
 */
void xtcp_enter_quickack(struct sock *sk, u8 acks)
{
	xtcp_sk(sk)->quickack = max(xtcp_sk(sk)->quickack, acks);
}

/* RFC 5961 section 7.  One connection must not use up what all have, either. */
static bool xtcp_challenge_of_sk(struct xtcp_sock *xs)
{
	u32 now_us = (u32)xs->last_rcv_us;

	if (now_us - xs->challenge_us >= XTCP_CHALLENGE_SPAN_US) {
		xs->challenge_us = now_us;
		xs->challenges = 0;
	}
	if (xs->challenges >= XTCP_CHALLENGES)
		return false;
	xs->challenges++;
	return true;
}

/* So many a second for the whole namespace, give or take a half. */
static bool xtcp_challenge_of_net(struct xtcp_net *xn)
{
	int rate = READ_ONCE(xn->sysctl_challenge_ack_rate);
	u32 now_s = (u32)ktime_get_seconds();
	u32 then_s = READ_ONCE(xn->challenge_stamp_s);

	if (!rate)
		return true;
	/* One CPU of those that see the new second begins it. */
	if (then_s != now_s &&
	    cmpxchg(&xn->challenge_stamp_s, then_s, now_s) == then_s) {
		int half = (rate + 1) / 2;

		atomic_set(&xn->challenge_left, half +
			   (int)reciprocal_scale(get_random_u32(), rate));
	}
	return atomic_dec_return(&xn->challenge_left) >= 0;
}

/**
 * xtcp_challenge_ack - answer a doubtful RST, SYN or ACK (RFC 5961)
 * @sk: socket, locked, that processes a segment
 *
 * Rate-limited per connection, and per namespace and second, the latter with a
 * limit that is randomised so that counting the answers tells an observer
 * nothing about others.
 */
void xtcp_challenge_ack(struct sock *sk)
{
	if (!xtcp_challenge_of_sk(xtcp_sk(sk)) ||
	    !xtcp_challenge_of_net(xtcp_sk_net(sk)))
		return;
	XTCP_INC_STATS(sk, ChallengeAcks);
	xtcp_send_ack(sk);
}

/**
 * xtcp_send_probe - make the peer answer, without new data if possible
 * @sk: socket, locked
 *
 * When the window lets part of a segment go that silly-window avoidance held
 * back, that part is sent: the override of RFC 9293 section 3.8.6.2.1.  Else
 * one old sequence number, which the peer must acknowledge.
 */
void xtcp_send_probe(struct sock *sk)
{
	struct sk_buff *skb = skb_peek(&sk->sk_write_queue);
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 mss = xtcp_current_mss(sk);
	s32 room;

	if (skb && RB_EMPTY_ROOT(&xs->rtx_queue)) {
		room = xtcp_wnd_end(xs) - XTCP_SKB_CB(skb)->seq;
		room = min_t(s32, room, mss);
		if (room > 0 &&
		    (skb->len <= room ||
		     !xtcp_fragment(sk, skb, room, GFP_ATOMIC))) {
			xtcp_transmit_skb(sk, skb, GFP_ATOMIC);
			xtcp_sent_first_time(sk, skb, mss);
			return;
		}
	}
	xtcp_send_bare(sk, xs->snd_una - 1, XTCP_ACK, GFP_ATOMIC);
}

/**
 * xtcp_send_fin - queue our FIN behind all data, and send what may be sent
 * @sk: socket, locked; the state was changed already
 *
 * A FIN must not be lost for want of memory: it rides on unsent data where
 * there is some, and else may exceed the limits.
 */
void xtcp_send_fin(struct sock *sk)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (!skb) {
		skb = alloc_skb_fclone(XTCP_MAX_HEADER,
				       sk->sk_allocation | __GFP_NOFAIL);
		__skb_header_release(skb);
		skb_reserve(skb, XTCP_MAX_HEADER);
		skb->ip_summed = CHECKSUM_PARTIAL;
		memset(XTCP_SKB_CB(skb), 0, sizeof(struct xtcp_skb_cb));
		XTCP_SKB_CB(skb)->seq = xs->write_seq;
		XTCP_SKB_CB(skb)->end_seq = xs->write_seq;
		XTCP_SKB_CB(skb)->flags = XTCP_ACK;
		sk_wmem_queued_add(sk, skb->truesize);
		sk_mem_charge(sk, skb->truesize);
		__skb_queue_tail(&sk->sk_write_queue, skb);
	}
	XTCP_SKB_CB(skb)->flags |= XTCP_FIN;
	XTCP_SKB_CB(skb)->end_seq++;
	WRITE_ONCE(xs->write_seq, xs->write_seq + 1);
	xs->nonagle |= XTCP_NAGLE_PUSH;
	xtcp_push(sk);
}

/**
 * xtcp_send_reset - tell the peer that the connection is dead
 * @sk: socket, locked
 * @gfp: allocation flags
 */
void xtcp_send_reset(struct sock *sk, gfp_t gfp)
{
	if (xtcp_state_in(sk, XTCPF_SYNCHRONIZED | XTCPF(XTCP_SYN_RECV)))
		xtcp_send_bare(sk, xtcp_acceptable_seq(xtcp_sk(sk)),
			       XTCP_RST | XTCP_ACK, gfp);
}

/* The SYN stands in the rtx queue like data; the timer repeats it. */
static struct sk_buff *xtcp_queue_syn(struct sock *sk, u8 flags, gfp_t gfp)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb = xtcp_alloc_skb(sk, 0, gfp);

	if (!skb)
		return NULL;
	memset(XTCP_SKB_CB(skb), 0, sizeof(struct xtcp_skb_cb));
	XTCP_SKB_CB(skb)->seq = xs->iss;
	XTCP_SKB_CB(skb)->end_seq = xs->iss + 1;
	XTCP_SKB_CB(skb)->flags = flags;
	sk_wmem_queued_add(sk, skb->truesize);
	sk_mem_charge(sk, skb->truesize);
	xtcp_rtx_insert(sk, skb);
	return skb;
}

/* Shall we ask the peer for ECN? */
static bool xtcp_ecn_wanted(const struct sock *sk)
{
	return READ_ONCE(xtcp_sk_net(sk)->sysctl_ecn) == XTCP_ECN_ASK ||
	       (xtcp_sk(sk)->cong.ops->flags & XTCP_CONG_WANTS_ECN);
}

/**
 * xtcp_send_syn - open actively
 * @sk: socket, locked, in SYN_SENT, addresses and route known
 *
 * Return: 0 or -ENOBUFS.
 */
int xtcp_send_syn(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb;
	int err;

	skb = xtcp_queue_syn(sk, XTCP_SYN, sk->sk_allocation);
	if (!skb)
		return -ENOBUFS;
	xs->snd_nxt = xs->iss + 1;
	xs->write_seq = xs->iss + 1;
	xs->features = xtcp_ecn_wanted(sk) ? XTCP_FEATURE_ECN : 0;
	err = xtcp_transmit_skb(sk, skb, sk->sk_allocation);
	XTCP_INC_STATS(sk, ActiveOpens);
	trace_xtcp_connect(&xs->node.key.t);
	xtcp_rearm_rtx(sk);
	/* Only a refusal that waiting cannot cure is told at once. */
	return err == -ECONNREFUSED || err == -EPERM ? err : 0;
}

/**
 * xtcp_send_synack - simultaneous open: our SYN, now with an ACK
 * @sk: socket, locked, in SYN_RECV
 */
void xtcp_send_synack(struct sock *sk)
{
	struct sk_buff *skb = xtcp_rtx_head(sk);

	if (!skb || !(XTCP_SKB_CB(skb)->flags & XTCP_SYN))
		return;
	XTCP_SKB_CB(skb)->flags |= XTCP_ACK;
	xtcp_transmit_skb(sk, skb, GFP_ATOMIC);
	xtcp_rearm_rtx(sk);
}
